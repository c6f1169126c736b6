// Package inprocess runs the functions of a sandbox in the test's process, put together as their
// programs put them together, by a clock that the test moves. A code then expires without waiting.
package inprocess

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/changeaddress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	cloudfunctions "github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/handover"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/page"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Clock is the machine's clock, moved forward by the test. The zero value is not moved.
type Clock struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the clock forward.
func (c *Clock) Advance(by time.Duration) { c.ahead.Add(int64(by)) }

// Options returns o with the pool and the functions by this clock.
func (c *Clock) Options(o sandbox.Options) sandbox.Options {
	o.Clock, o.InProcess = c.Now, func(_ context.Context, s *sandbox.Sandbox) (sandbox.Invoker, error) {
		all, err := c.Handlers(s, func(map[string]string) {})
		errs := []error{err}
		for t, make := range map[sandbox.Trigger]func(page.Options) (cloud.Handler, error){
			sandbox.HandOver: handover.New, changeAddress: changeaddress.New} {
			if variables, err := s.Environment(t); err == nil {
				lookup := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
				h, err := make(page.Options{Lookup: lookup, Now: c.Now, Random: rand.Reader,
					Log: slog.New(slog.NewJSONHandler(s.LogOf(t), nil)), Ahead: &cloud.Ahead{}})
				all[t] = h
				errs = append(errs, err)
			}
		}
		return all, errors.Join(errs...)
	}
	return o
}

// Handlers are the triggers' handlers, with a change of their environment variables: those of
// another deployment.
func (c *Clock) Handlers(s *sandbox.Sandbox, change func(variables map[string]string)) (sandbox.Handlers, error) {
	all := sandbox.Handlers{}
	var errs []error
	for _, t := range append(s.Triggers(), sandbox.MailEvents) {
		h, err := handler(s, t, c.Now, change)
		all[t] = h
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// changeAddress names the function as the sandbox names those behind the page's HTTP API.
const changeAddress = sandbox.Trigger(settings.ChangeAddress)

// functions are the functions behind the triggers.
var functions = map[sandbox.Trigger]settings.Function{
	sandbox.DefineAuthChallenge: settings.DefineAuthChallenge, sandbox.CreateAuthChallenge: settings.CreateAuthChallenge,
	sandbox.VerifyAuthChallengeResponse: settings.VerifyAuthChallenge, sandbox.PreSignUp: settings.PreSignUp,
	sandbox.CustomMessage:      settings.CreateAuthChallenge,
	sandbox.PostConfirmation:   settings.VerifyAuthChallenge,
	sandbox.PreTokenGeneration: settings.PreTokenGeneration, sandbox.MailEvents: settings.MailEvents,
}

// handler makes the handler of one function, as the main function in lambdas/ does.
func handler(sb *sandbox.Sandbox, t sandbox.Trigger, now func() time.Time, change func(map[string]string),
) (sandbox.Handler, error) {
	f, ok := functions[t]
	if !ok {
		return nil, fmt.Errorf("trigger %s is not EmailOTP's", t)
	}
	variables, err := sb.Environment(t)
	if err != nil {
		return nil, err
	}
	change(variables)
	lookup := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	s, err := settings.Parse(f, lookup)
	if err != nil {
		return nil, err
	}
	log := trigger.NewReporter(sb.LogOf(t), f, now)
	switch f {
	case settings.DefineAuthChallenge:
		return trigger.Define{Settings: s, Reporter: log}.Handler(), nil
	case settings.PreSignUp:
		chained, err := chained(s, lookup)
		return trigger.SignUp{Settings: s, Reporter: log, Chained: chained}.Handler(), err
	case settings.PreTokenGeneration:
		chained, err := chained(s, lookup)
		return trigger.Tokens{Reporter: log, Chained: chained}.Handler(), err
	}
	store, err := table.New(s.TableName, lookup)
	if err != nil {
		return nil, err
	}
	if f == settings.MailEvents {
		return trigger.MailEvents{Settings: s, Reporter: log, Store: store, Now: now}, nil
	}
	keys, err := macs.New(s.KeyARN, lookup)
	if err != nil {
		return nil, err
	}
	if f == settings.VerifyAuthChallenge {
		v := trigger.Verify{Settings: s, Reporter: log, Keys: keys, Store: store, Now: now}
		if s.Mode == settings.Passwordless {
			v.Directory, err = directory.New(lookup)
		}
		var failed error
		v.Chained, failed = chained(s, lookup)
		return v.Handler(), errors.Join(err, failed)
	}
	renderer, err := trigger.MailRenderer(s, lookup)
	if err != nil {
		return nil, err
	}
	sender, err := email.New(s, lookup)
	if err != nil {
		return nil, err
	}
	own, err := chained(s, lookup)
	return trigger.Create{Settings: s, Reporter: log, Keys: keys, Store: store, Renderer: renderer, Sender: sender,
		Now: now, Random: rand.Reader, Chained: own}.Handler(), err
}

// chained returns the app's own function behind EmailOTP's; nil for none.
func chained(s settings.Settings, lookup func(string) (string, bool)) (trigger.Chained, error) {
	if s.Chained == "" {
		return nil, nil
	}
	return cloudfunctions.New(s.Chained, lookup)
}
