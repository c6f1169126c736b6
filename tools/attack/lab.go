package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// plan describes a lab.
type plan struct {
	mode settings.Mode
	// change adjusts the default settings.
	change func(*settings.Settings)
	// memory keeps the budgets in process instead of in the engine.
	memory bool
	// tables is an engine of the lab's own; nil means the run's.
	tables *tables.Service
	// share is a lab whose key and inbox this one uses too: another pool of the same account.
	share *lab
	// pool adjusts the user pool.
	pool func(*poolOptions)
	// wire has the triggers call their services over loopback by the clients that they have in the
	// cloud; the key, the mail service and the clock are then the sandbox's and the machine's.
	wire bool
	// weaken breaks parts of this lab.
	weaken weakness
}

// lab is one user pool with its triggers, budgets, mails and time.
type lab struct {
	run        *run
	plan       plan
	settings   settings.Settings
	id, client string
	clock      *clock
	now        func() time.Time
	key        *watchedKey
	store      store
	inbox      *inbox
	letters    *mailbox.Store // of the sandbox's SES; nil without wire
	sender     trigger.Sender
	directory  trigger.Directory
	log        *logbook
	gateway    *gateway.Gateway
	functions  map[settings.Function]function

	poolOnce sync.Once
	pool     *userpool.Pool
	poolErr  error
}

// lab builds a lab.
func (r *run) lab(p plan) *lab {
	r.alive()
	l := &lab{run: r, plan: p, id: fmt.Sprintf("%s_Lab%06d", region, r.world.labs.Add(1)), client: "1example23456789",
		clock: &clock{t: epoch}, log: &logbook{}, functions: map[settings.Function]function{}}
	l.settings = settings.Defaults(p.mode)
	l.settings.KeyARN, l.settings.TableName, l.settings.From, l.settings.ProductName = keyARN, tableName, sender, "Example"
	if p.change != nil {
		p.change(&l.settings)
	}
	l.now, l.inbox, l.key = l.clock.now, newInbox(l.clock), &watchedKey{keyService: newLocalKey()}
	if p.share != nil {
		l.clock, l.now, l.inbox, l.key = p.share.clock, p.share.now, p.share.inbox, p.share.key
	}
	l.sender, l.directory = l.inbox, poolDirectory{l}
	if p.wire {
		r.check(l.openServices())
	} else {
		l.gateway = gateway.New(map[string]gateway.Service{gateway.DynamoDB: l.tables()}, nil, quiet)
		l.store = newStore(l.gateway, p.memory)
	}
	l.makeFunctions()
	return l
}

func (l *lab) tables() *tables.Service {
	if l.plan.tables != nil {
		return l.plan.tables
	}
	return l.run.world.tables
}

// weaken applies f to the weaknesses of the run and of the lab.
func (l *lab) weaken(f func(weakness)) {
	f(l.run.opts.weaken)
	f(l.plan.weaken)
}

// makeFunctions builds the triggers as their main functions do.
func (l *lab) makeFunctions() {
	renderer, err := mail.New(trigger.MailConfig(l.settings))
	l.run.check(err)
	l.weaken(func(w weakness) {
		if w.store != nil {
			l.store = w.store(l.store)
		}
		if w.key != nil {
			l.key.keyService = w.key(l.key.keyService)
		}
	})
	report := func(f settings.Function) *trigger.Reporter { return trigger.NewReporter(l.log, f, l.now) }
	verify := trigger.Verify{Settings: l.settings, Reporter: report(settings.VerifyAuthChallenge), Keys: l.key,
		Store: l.store, Now: l.now}
	if l.plan.mode == passwordless {
		verify.Directory = l.directory
	}
	l.functions = map[settings.Function]function{
		settings.DefineAuthChallenge: trigger.Define{Settings: l.settings,
			Reporter: report(settings.DefineAuthChallenge)}.Handler(),
		settings.CreateAuthChallenge: trigger.Create{Settings: l.settings, Reporter: report(settings.CreateAuthChallenge),
			Keys: l.key, Store: l.store, Renderer: renderer, Sender: l.sender, Now: l.now, Random: rand.Reader}.Handler(),
		settings.VerifyAuthChallenge: verify.Handler(),
		settings.PreSignUp:           trigger.SignUp{Settings: l.settings, Reporter: report(settings.PreSignUp)}.Handler(),
		settings.PreTokenGeneration: trigger.Tokens{Settings: l.settings,
			Reporter: report(settings.PreTokenGeneration)}.Handler(),
	}
	l.weaken(func(w weakness) {
		for f, h := range l.functions {
			if w.verify != nil && f == settings.VerifyAuthChallenge {
				h = w.verify(verify)
			}
			if w.function != nil {
				h = w.function(f, h)
			}
			l.functions[f] = h
		}
	})
}

// calls counts the triggers' calls, by service and operation.
func (l *lab) calls() map[string]int {
	all := l.gateway.Counts()
	all["kms:VerifyMac"], all["kms:GenerateMac"] = int(l.key.all.compared.Load()), int(l.key.made.Load())
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	all["ses:SendEmail"] = l.inbox.tried
	return all
}

// localKey is a key in process.
type localKey [32]byte

func newLocalKey() *localKey {
	k := new(localKey)
	_, _ = rand.Read(k[:]) // never fails
	return k
}

func (k *localKey) GenerateMAC(_ context.Context, message []byte) ([]byte, error) {
	h := hmac.New(sha256.New, k[:])
	h.Write(message)
	return h.Sum(nil), nil
}

func (k *localKey) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	want, err := k.GenerateMAC(ctx, message)
	return hmac.Equal(want, mac), err
}

// tally counts comparisons: calls of VerifyMAC, for nothing else reveals whether an answer is
// right.
type tally struct{ compared, right atomic.Int64 }

// wrong returns how many comparisons found a wrong answer.
func (t *tally) wrong() int { return int(t.compared.Load() - t.right.Load()) }

type tallyKey struct{}

// watchedKey counts all comparisons, and those of the caller in the caller's tally.
type watchedKey struct {
	keyService
	all  tally
	made atomic.Int64
}

func (k *watchedKey) GenerateMAC(ctx context.Context, message []byte) ([]byte, error) {
	k.made.Add(1)
	return k.keyService.GenerateMAC(ctx, message)
}

func (k *watchedKey) VerifyMAC(ctx context.Context, message, mac []byte) (bool, error) {
	right, err := k.keyService.VerifyMAC(ctx, message, mac)
	own, _ := ctx.Value(tallyKey{}).(*tally)
	for _, t := range []*tally{&k.all, own} {
		if t != nil {
			t.compared.Add(1)
			if right {
				t.right.Add(1)
			}
		}
	}
	return right, err
}
