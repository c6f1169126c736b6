// Package lab is the laboratory in which the attacks run: user pools with the real trigger
// functions, their budgets in a table engine or in memory, mailboxes, users who sign in, and a
// clock that the attacks move. Parts of it can be replaced by worse ones, which the attacks must
// notice.
//
// A failure of the laboratory itself ends the attack under way; see [Scope].
package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Plan describes a lab.
type Plan struct {
	Mode settings.Mode
	// Change adjusts the default settings.
	Change func(*settings.Settings)
	// Memory keeps the budgets in process instead of in the engine.
	Memory bool
	// Tables is an engine of the lab's own; nil means the run's.
	Tables *tables.Service
	// Share is a lab whose key and inbox this one uses too: another pool of the same account.
	Share *Lab
	// Recovery has the pool reset forgotten passwords by e-mail, and verify called after it.
	Recovery bool
	// Blind keeps client metadata from create.
	Blind bool
	// Pool adjusts the user pool.
	Pool func(*PoolOptions)
	// Wire has the triggers call their services over loopback by the clients that they have in the
	// cloud; the key, the mail service and the clock are then the sandbox's and the machine's.
	Wire bool
	// Weaken breaks parts of this lab.
	Weaken Weakness
}

// Lab is one user pool with its triggers, budgets, mails and time.
type Lab struct {
	Scope *Scope
	Plan  Plan
	// ID is the user pool's id, Client that of its app client.
	ID, Client string
	// Clock is the simulated time; a wired lab has the machine's.
	Clock *Clock
	// Key counts the comparisons of codes.
	Key *watchedKey
	// Store holds the budgets.
	Store guard.Store
	// Inbox receives the mails; those of a wired lab are in [Lab.MailsTo].
	Inbox *Inbox
	Log   *Logbook
	// Gateway is in front of the services; it can inject faults.
	Gateway *gateway.Gateway
	// Functions are the triggers.
	Functions map[settings.Function]Function

	settings  settings.Settings
	now       func() time.Time
	letters   *mailbox.Store // of the sandbox's SES; nil without wire
	sender    trigger.Sender
	directory trigger.Directory

	poolOnce sync.Once
	pool     *userpool.Pool
	poolErr  error

	// running are the calls of triggers under way. patience is how long the pool waits for one, if
	// that is changed, outlasted how many took longer. late is set when time ran out elsewhere.
	running   sync.WaitGroup
	patience  time.Duration
	outlasted atomic.Int64
	late      atomic.Bool
}

// Settle waits for the calls of triggers that the pool no longer waits for.
func (l *Lab) Settle() { l.running.Wait() }

// Late waits for every call of a trigger and reports whether time ran out in the lab: a function's,
// that of a client's call, or the pool's patience more often than meant.
func (l *Lab) Late(meant int) bool {
	l.Settle()
	return l.late.Load() || l.Log.Timeouts() > 0 || int(l.outlasted.Load()) > meant
}

// Lab builds a lab.
func (s *Scope) Lab(p Plan) *Lab {
	s.Alive()
	l := &Lab{Scope: s, Plan: p, ID: fmt.Sprintf("%s_Lab%06d", Region, s.World.labs.Add(1)), Client: "1example23456789",
		Clock: &Clock{t: Epoch}, Log: &Logbook{}, Functions: map[settings.Function]Function{}}
	l.settings = settings.Defaults(p.Mode)
	l.settings.KeyARN, l.settings.TableName, l.settings.From, l.settings.ProductName = keyARN, tableName, sender, "Example"
	if p.Change != nil {
		p.Change(&l.settings)
	}
	l.now, l.Inbox, l.Key = l.Clock.Now, newInbox(l.Clock), &watchedKey{KeyService: newLocalKey()}
	if p.Share != nil {
		l.Clock, l.now, l.Inbox, l.Key = p.Share.Clock, p.Share.now, p.Share.Inbox, p.Share.Key
	}
	l.sender, l.directory = l.Inbox, poolDirectory{l}
	if p.Wire {
		s.Check(l.openServices())
	} else {
		l.Gateway = gateway.New(map[string]gateway.Service{gateway.DynamoDB: l.tables()}, nil, quiet)
		l.Store = newStore(l.Gateway, p.Memory)
	}
	l.makeFunctions()
	return l
}

func (l *Lab) tables() *tables.Service {
	if l.Plan.Tables != nil {
		return l.Plan.Tables
	}
	return l.Scope.World.tables
}

// weaken applies f to the weaknesses of the run and of the lab.
func (l *Lab) weaken(f func(Weakness)) {
	f(l.Scope.World.weaken)
	f(l.Plan.Weaken)
}

// makeFunctions builds the triggers as their main functions do.
func (l *Lab) makeFunctions() {
	written, err := mail.New(trigger.MailConfig(l.settings))
	l.Scope.Check(err)
	renderer := trigger.Renderer(written)
	l.weaken(func(w Weakness) {
		if w.Store != nil {
			l.Store = w.Store(l.Store)
		}
		if w.Key != nil {
			l.Key.KeyService = w.Key(l.Key.KeyService)
		}
		if w.Renderer != nil {
			renderer = w.Renderer(renderer)
		}
	})
	report := func(f settings.Function) *trigger.Reporter { return trigger.NewReporter(l.Log, f, l.now) }
	verify := trigger.Verify{Settings: l.settings, Reporter: report(settings.VerifyAuthChallenge), Keys: l.Key,
		Store: l.Store, Now: l.now}
	if l.Plan.Mode == settings.Passwordless {
		verify.Directory = l.directory
	}
	l.Functions = map[settings.Function]Function{
		settings.DefineAuthChallenge: trigger.Define{Settings: l.settings,
			Reporter: report(settings.DefineAuthChallenge)}.Handler(),
		settings.CreateAuthChallenge: trigger.Create{Settings: l.settings, Reporter: report(settings.CreateAuthChallenge),
			Keys: l.Key, Store: l.Store, Renderer: renderer, Sender: l.sender, Now: l.now, Random: rand.Reader}.Handler(),
		settings.VerifyAuthChallenge: verify.Handler(),
		settings.PreSignUp:           trigger.SignUp{Settings: l.settings, Reporter: report(settings.PreSignUp)}.Handler(),
		settings.PreTokenGeneration:  trigger.Tokens{Reporter: report(settings.PreTokenGeneration)}.Handler(),
	}
	l.weaken(func(w Weakness) {
		for f, h := range l.Functions {
			if w.Verify != nil && f == settings.VerifyAuthChallenge {
				h = w.Verify(verify)
			}
			if w.Function != nil {
				h = w.Function(f, h)
			}
			l.Functions[f] = h
		}
	})
}

// Calls counts the triggers' calls, by service and operation.
func (l *Lab) Calls() map[string]int {
	all := l.Gateway.Counts()
	all["kms:VerifyMac"], all["kms:GenerateMac"] = int(l.Key.All.Compared.Load()), int(l.Key.made.Load())
	l.Inbox.mu.Lock()
	defer l.Inbox.mu.Unlock()
	all["ses:SendEmail"] = l.Inbox.tried
	return all
}

// Need aborts the attack if what the use presupposes did not happen.
func (l *Lab) Need(happened bool, what string) {
	if !happened {
		l.Scope.Check(errors.New(what))
	}
}
