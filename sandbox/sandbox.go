package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/control"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Sandbox is a running EmailOTP. Its methods may be called from several goroutines at once, until
// Close.
type Sandbox struct {
	opts     Options
	logger   *slog.Logger
	plan     *assembly.Plan
	config   Config
	clock    clock
	identity map[string]Credentials // of the functions, by name
	// replacements run in place of functions, by the function's name.
	replacements map[string]Handler
	listen       *listeners

	mail    *mailbox.Service
	store   *mailbox.Store
	inbox   *mailbox.Inbox
	gateway *gateway.Gateway
	table   *tables.Service // nil without tables
	bus     *eventbus.Bus
	host    *runtimeapi.Host
	pool    *userpool.Pool
	logs    control.Logs
	page    atomic.Pointer[http.Handler] // the sign-in page's files; nil until SetPage

	mu      sync.Mutex
	report  []string
	calls   map[Trigger]int
	chosen  Invoker // nil until the services run
	closers []func() error
	// attached is the physical id of the attachment to an imported pool; empty for none.
	attached string
}

// Start runs the EmailOTP that the options choose. The error reports everything that is wrong with
// the options; a failed start leaves nothing behind. ctx limits the start only: [Sandbox.Close]
// ends the sandbox.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	loaded, err := assembly.Load(opts.Assembly, opts.Region)
	if err != nil {
		return nil, err
	}
	choice, err := opts.choice()
	if err != nil {
		return nil, err
	}
	plan, err := loaded.Plan(choice)
	if err != nil {
		return nil, err
	}
	if opts.TLS && plan.Page == nil {
		return nil, errors.New("sandbox: TLS (--tls) serves the origin of the sign-in page, which this template does not " +
			"have; give the address of an app that redirects to it by CallbackURLs (--callback)")
	}
	s := &Sandbox{opts: opts, logger: opts.Logger, plan: plan, calls: map[Trigger]int{}}
	s.clock.base = opts.Clock
	if err := s.checkBypasses(); err != nil {
		return nil, err
	}
	s.report = append(s.report, plan.Warnings...)
	if err := s.chooseReplacements(); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops everything that Start started and removes its temporary files. A second call does
// nothing.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	var errs []error
	for _, c := range slices.Backward(closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// onClose registers f to run in Close, in reverse order of registration.
func (s *Sandbox) onClose(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Config returns the addresses and ids of the sandbox.
func (s *Sandbox) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

// SetSignInURL sets the URL of a sign-in page, for a link in the inbox and for [Sandbox.Config].
func (s *Sandbox) SetSignInURL(u string) {
	s.inbox.SetSignInURL(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.SignInURL = u
}

// Report lists, in a sentence each, what the template has and the sandbox lacks, and the functions
// that were rebuilt.
func (s *Sandbox) Report() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.report)
}

func (s *Sandbox) addToReport(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report = append(s.report, lines...)
}

// Messages lists the mails in the inbox, newest first, without those to SES's mailbox simulator.
func (s *Sandbox) Messages(f MessageFilter) []Message { return s.store.Messages(f.To, f.Since, 0) }

// DeleteMessages empties the inbox.
func (s *Sandbox) DeleteMessages() { s.store.Delete() }

// WaitForMessage waits for a mail to an address that is not older than since, by the machine's
// time, and returns the newest. The error wraps that of ctx.
func (s *Sandbox) WaitForMessage(ctx context.Context, to string, since time.Time) (Message, error) {
	return s.store.Wait(ctx, to, since)
}

// SimulatedMessages returns the number of mails to SES's mailbox simulator by scenario: "success",
// "bounce", "complaint", "suppressionlist".
func (s *Sandbox) SimulatedMessages() map[string]int { return s.mail.Simulated() }

// SuppressAddress adds an address to SES's suppression list: SES accepts mails to it, delivers none
// and reports a bounce.
func (s *Sandbox) SuppressAddress(address string) { s.mail.Suppress(address) }

// WaitForMailEvents blocks until every bounce and complaint event published so far has been
// handled. SES publishes them for suppressed addresses, and for bounce@, complaint@ and
// suppressionlist@ of its mailbox simulator, simulator.amazonses.com, with a label
// ("bounce+person@") or without. The error wraps that of ctx.
func (s *Sandbox) WaitForMailEvents(ctx context.Context) error { return s.bus.Wait(ctx) }

// RestartTables kills the table engine, as a crash would, and starts it again. The data is lost
// unless Options.TablePath keeps it. Without a table it does nothing.
func (s *Sandbox) RestartTables(ctx context.Context) error {
	if s.table == nil {
		return nil
	}
	s.table.Crash()
	return s.table.Restart(ctx)
}
