package sandbox

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// validate reports everything that is wrong with the options at once.
func (o Options) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sandbox: "+format, args...)) }
	if o.Assembly == "" {
		wrong("Assembly must be the directory that cdk synth wrote, mostly cdk.out (received: none)")
	}
	if o.Mode != "" && o.Mode != Password && o.Mode != Passwordless {
		wrong("Mode must be password or passwordless, or empty for any (received: %q)", o.Mode)
	}
	for _, p := range []struct {
		name string
		port int
	}{{"Port", o.Port}, {"InboxPort", o.InboxPort}, {"PagePort", o.PagePort}, {"TLSPort", o.TLSPort}} {
		if p.port < 0 || p.port > 65535 {
			wrong("%s must be 1 to 65535, or 0 for a free one (received: %d)", p.name, p.port)
		}
	}
	if o.Port != 0 && o.Port == o.InboxPort {
		wrong("Port and InboxPort must differ (received: %d for both)", o.Port)
	}
	if o.Invoker != nil && o.InProcess != nil {
		wrong("Invoker and InProcess exclude each other; set one")
	}
	if o.TriggerTimeout < 0 || o.TriggerTimeout > 15*time.Minute {
		wrong("TriggerTimeout must be at most 15 minutes, or 0 for Cognito's 5 seconds (received: %v)", o.TriggerTimeout)
	}
	if o.TriggerAttempts < 0 || o.TriggerAttempts > 10 {
		wrong("TriggerAttempts must be 1 to 10, or 0 for 1 (received: %d)", o.TriggerAttempts)
	}
	if o.SessionOverhead < 0 {
		wrong("SessionOverhead must not be negative (received: %d)", o.SessionOverhead)
	}
	if o.CacheDir == "" {
		if _, err := cachedir.Dir(); err != nil {
			wrong("CacheDir: %w", err)
		}
	}
	if o.InboxSize < 0 {
		wrong("InboxSize must be 1 or more mails, or 0 for 50,000 (received: %d)", o.InboxSize)
	}
	for _, origin := range o.AllowedOrigins {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			wrong("AllowedOrigins must be origins such as https://app.example.com, without a path (received: %q)", origin)
		}
	}
	for _, list := range [][]string{o.CallbackURLs, o.LogoutURLs} {
		for _, u := range list {
			if err := settings.CheckRedirectURI(u); err != nil {
				wrong("CallbackURLs, LogoutURLs: %w", err)
			}
		}
	}
	if len(o.LogoutURLs) > 0 && len(o.CallbackURLs) == 0 {
		wrong("LogoutURLs belong to the client that CallbackURLs make; set CallbackURLs too")
	}
	if err := o.SESSandbox.validate(); err != nil {
		wrong("SESSandbox: %w", err)
	}
	errs = append(errs, o.functions()...)
	errs = append(errs, o.usersAndFaults()...)
	return errors.Join(errs...)
}

func (o Options) functions() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sandbox: "+format, args...)) }
	if (o.Invoker != nil || o.InProcess != nil) && len(o.Functions)+len(o.Stub)+len(o.Require) > 0 {
		wrong("Functions, Stub and Require are for the assembly's functions, which Invoker and InProcess replace; " +
			"set one or the other")
	}
	for name, handler := range o.Functions {
		if handler == nil {
			wrong("Functions[%q] must be a handler (received: nil)", name)
		}
		if slices.Contains(o.Stub, name) {
			wrong("Functions and Stub exclude each other for a function (both name %q)", name)
		}
	}
	for _, name := range o.Require {
		if slices.Contains(o.Stub, name) {
			wrong("Require and Stub exclude each other for a function (both name %q)", name)
		}
	}
	for _, dir := range o.Modules {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			wrong("Modules must be directories, such as node_modules (received: %q)", dir)
		}
	}
	return errs
}

func (o Options) usersAndFaults() []error {
	var errs []error
	seen := map[string]bool{}
	for i, u := range o.Users {
		if err := u.validate(); err != nil {
			errs = append(errs, fmt.Errorf("sandbox: Users[%d]: %w", i, err))
		}
		key := strings.ToLower(u.Email)
		if u.Email != "" && seen[key] {
			errs = append(errs, fmt.Errorf("sandbox: Users[%d]: the address is there twice; name each user once", i))
		}
		seen[key] = true
	}
	for i, f := range o.Faults {
		if err := f.validate(); err != nil {
			errs = append(errs, fmt.Errorf("sandbox: Faults[%d]: %w", i, err))
		}
	}
	return errs
}

// withDefaults replaces nil and 0 by their defaults.
func (o Options) withDefaults() Options {
	o = o.withRecord(recordFile)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FunctionLog == nil {
		o.FunctionLog = io.Discard
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.CacheDir == "" {
		o.CacheDir, _ = cachedir.Dir() // validate has checked it
	}
	o.Modules = slices.Clone(o.Modules)
	for i, dir := range o.Modules {
		o.Modules[i], _ = filepath.Abs(dir) // fails without a working directory only
	}
	return o
}

// isAllowedOrigin reports whether pages of an origin may call the pool's API: local ones, and those
// in the options.
func (o Options) isAllowedOrigin(origin string) bool {
	if slices.Contains(o.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
}

// checkBypasses returns an error for a template with ways around the mailed code. The construct's
// checks are not enough: the template may have changed after them.
func (s *Sandbox) checkBypasses() error {
	var errs []error
	for _, f := range s.plan.Bypasses {
		if s.opts.AllowBypasses {
			s.report = append(s.report, "open bypass "+f.Mark()+": "+f.Problem())
			continue
		}
		errs = append(errs, fmt.Errorf("%s; %s", f, f.TemplateRemedy()))
	}
	return errors.Join(errs...)
}
