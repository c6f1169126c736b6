package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsfront"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Sandbox is a running EmailOTP. Its methods may be called from several
// goroutines at once, until Close.
type Sandbox struct {
	opts     Options
	logger   *slog.Logger
	plan     *assembly.Plan
	config   Config
	identity map[string]Credentials // of the functions, by name
	listen   *listeners

	mail  *mailbox.Service
	store *mailbox.Store
	inbox *mailbox.Inbox
	front *awsfront.Front
	table *tables.Service // nil without tables
	bus   *eventbus.Bus
	host  *runtimeapi.Host
	pool  *userpool.Pool

	mu      sync.Mutex
	report  []string
	calls   map[Trigger]int
	chosen  Invoker // nil until the services run
	closers []func() error
}

// Start runs the EmailOTP that the options choose. It checks all options at
// once, and when it fails it leaves nothing behind. ctx limits the start, not
// the life of what it starts: that ends with [Sandbox.Close].
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	loaded, err := assembly.Load(opts.Assembly, opts.Region)
	if err != nil {
		return nil, err
	}
	plan, err := loaded.Plan(assembly.Choice{Stack: opts.Stack, Pool: opts.Pool, Mode: opts.Mode})
	if err != nil {
		return nil, err
	}
	s := &Sandbox{opts: opts, logger: opts.Logger, plan: plan, calls: map[Trigger]int{}}
	if err := s.guardDoors(); err != nil {
		return nil, err
	}
	s.report = append(s.report, plan.Warnings...)
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops everything that Start started and removes its temporary files. It
// may be called again and then does nothing.
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

// onClose has something done at Close, the last first.
func (s *Sandbox) onClose(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Config says where the sandbox is.
func (s *Sandbox) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

// SetSignInURL names a sign-in page: the inbox links to it, and [Sandbox.Config]
// has it from now on.
func (s *Sandbox) SetSignInURL(u string) {
	s.inbox.SetSignInURL(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.SignInURL = u
}

// Report lists, a sentence each, what the template has and the sandbox lacks,
// and where what runs is not the very asset that would be deployed.
func (s *Sandbox) Report() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.report)
}

func (s *Sandbox) tell(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report = append(s.report, lines...)
}

// Messages lists the mails in the inbox, newest first. Mails to SES's mailbox
// simulator aren't among them.
func (s *Sandbox) Messages(f MessageFilter) []Message {
	var all []Message
	for _, m := range s.store.Messages(f.To, f.Since, 0) {
		all = append(all, message(m))
	}
	return all
}

// DeleteMessages empties the inbox.
func (s *Sandbox) DeleteMessages() { s.store.Delete() }

// WaitForMessage returns the newest mail to an address that is not older than
// since, as soon as there is one. The error wraps that of ctx.
func (s *Sandbox) WaitForMessage(ctx context.Context, to string, since time.Time) (Message, error) {
	m, err := s.store.Wait(ctx, to, since)
	if err != nil {
		return Message{}, err
	}
	return message(m), nil
}

func message(m mailbox.Message) Message {
	return Message{ID: m.ID, To: m.To, From: m.From, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Headers: m.Headers, SentAt: m.SentAt}
}

// SimulatedMessages counts the mails that went to SES's mailbox simulator, by
// scenario: "success", "bounce", "complaint", "suppressionlist".
func (s *Sandbox) SimulatedMessages() map[string]int { return s.mail.Simulated() }

// SuppressAddress puts an address on SES's suppression list: mails to it are
// accepted, never arrive and count as bounced.
func (s *Sandbox) SuppressAddress(address string) { s.mail.Suppress(address) }

// WaitForMailEvents returns when all that SES has said so far of mails that came
// back was handled: of mails to suppressed addresses, and to bounce@, complaint@
// and suppressionlist@ of its mailbox simulator, simulator.amazonses.com, with a
// label ("bounce+person@") or without. The error wraps that of ctx.
func (s *Sandbox) WaitForMailEvents(ctx context.Context) error { return s.bus.Wait(ctx) }

// RestartTables ends the table engine at once, as a crash would, and starts it
// anew. What the tables held is gone unless Options.TablePath keeps it. It does
// nothing where the template has no table.
func (s *Sandbox) RestartTables(ctx context.Context) error {
	if s.table == nil {
		return nil
	}
	s.table.Crash()
	return s.table.Restart(ctx)
}
