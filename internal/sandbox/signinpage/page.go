// Package signinpage serves the sign-in page for a local user pool.
//
//	page, err := signinpage.New(signinpage.Options{Settings: settings, CacheDir: dir})
//	loopback.Serve(listener, loopback.Guard(page), logger)
//
// The first request bundles the page; the first on a machine also installs its npm packages.
// [Page.Prepare] does both in advance.
package signinpage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/brand"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// Options configure the page.
type Options struct {
	Settings webbundle.Settings
	// Look is the brand's; the zero value is the look that ships.
	Look brand.Look
	// CacheDir is where the page's npm packages are installed the first time, which takes some
	// seconds.
	CacheDir string
	// Source is the web directory of a checkout, to be bundled anew when a file in it changes;
	// empty serves the page that is part of the program.
	Source string
	// Progress receives a sentence about an installation; nil drops it.
	Progress func(string)
	// Logger receives the errors of bundles; nil drops them.
	Logger *slog.Logger
}

// Page is the handler.
type Page struct {
	options  Options
	headers  []webbundle.Header
	settings []byte
	sources  fs.FS
	live     bool
	logger   *slog.Logger
	mux      *http.ServeMux

	mu      sync.Mutex
	modules string // where the npm packages are; empty until they are installed
	bundle  *webbundle.Bundle
	stamp   string // of the bundle's sources
	broken  error  // the error of the present sources
}

// New makes the handler. An error is one of the settings.
func New(o Options) (*Page, error) {
	o.Settings.Live = o.Source != ""
	if err := o.Settings.Validate(); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(o.Settings)
	if err != nil {
		return nil, err
	}
	p := &Page{
		options: o, headers: webbundle.Headers(o.Settings.API()), settings: settings, sources: web.Sources(),
		live: o.Settings.Live, logger: o.Logger, mux: http.NewServeMux(),
	}
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	if p.live {
		p.sources = os.DirFS(o.Source)
	}
	p.mux.HandleFunc("GET /{$}", p.index)
	p.mux.HandleFunc("GET /"+webbundle.SettingsName, p.serveSettings)
	p.mux.HandleFunc("GET /assets/{name}", p.asset)
	if p.live {
		p.mux.HandleFunc("GET /reload", p.reload)
	}
	return p, nil
}

// Prepare installs the page's packages if they are missing, and bundles the page, so that the first
// request is fast. Until a later call or request succeeds, requests are answered with the error.
func (p *Page) Prepare(ctx context.Context) error {
	_, err := p.current(ctx)
	return err
}

// ServeHTTP answers one request. No request changes anything.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, h := range p.headers {
		w.Header().Set(h.Name, h.Value)
	}
	w.Header().Set("Cache-Control", "no-store")
	p.mux.ServeHTTP(w, r)
}

func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	bundle, err := p.current(r.Context())
	if err != nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Refresh", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><title>No sign-in page</title>"+
			"<h1>There is no sign-in page</h1><pre>%s</pre>", html.EscapeString(err.Error()))
		return
	}
	serve(w, r, bundle, webbundle.IndexName)
}

func (p *Page) asset(w http.ResponseWriter, r *http.Request) {
	bundle, err := p.current(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	serve(w, r, bundle, "assets/"+r.PathValue("name"))
}

func serve(w http.ResponseWriter, r *http.Request, bundle *webbundle.Bundle, name string) {
	f, ok := bundle.File(name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.ContentType)
	if f.Immutable {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.Body))
}

func (p *Page) serveSettings(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	http.ServeContent(w, r, webbundle.SettingsName, time.Time{}, bytes.NewReader(p.settings))
}

// current returns the bundle of the sources as they are now.
func (p *Page) current(ctx context.Context) (*webbundle.Bundle, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.modules == "" {
		// A request that ends must not stop an installation that others wait for.
		modules, err := webbundle.Install(context.WithoutCancel(ctx), p.options.CacheDir, p.options.Progress)
		if err != nil {
			p.logger.Warn("the sign-in page's packages could not be installed", "error", err)
			return nil, err
		}
		p.modules = modules
	}
	if stamp := p.look(); p.bundle == nil && p.broken == nil || stamp != p.stamp {
		p.stamp = stamp
		bundle, err := webbundle.BuildWith(p.sources, p.modules, p.options.Look)
		p.broken = err
		if err == nil {
			p.bundle = bundle
		} else {
			p.logger.Warn("the sign-in page could not be bundled", "error", err)
		}
	}
	return p.bundle, p.broken
}

// look describes the sources by names, sizes and times. Those in the program never change.
func (p *Page) look() string {
	if !p.live {
		return ""
	}
	var b strings.Builder
	var errs error
	for _, root := range []string{"src", webbundle.IndexName, "icon.svg"} {
		errs = errors.Join(errs, fs.WalkDir(p.sources, root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
			}
			return err
		}))
	}
	if errs != nil {
		// A file that is being replaced: look again.
		return errs.Error()
	}
	return b.String()
}

// interval is the time between two looks at the sources while a page is open.
const interval = 300 * time.Millisecond

// reload sends a page a server-sent event when its sources change.
func (p *Page) reload(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 500\n\n"); err != nil || flusher.Flush() != nil {
		return
	}
	first := p.look()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
		if p.look() == first {
			continue
		}
		_, _ = fmt.Fprint(w, "data: new\n\n")
		_ = flusher.Flush()
		return
	}
}
