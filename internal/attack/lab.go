package attack

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// bothModes are the modes in the order of the report.
var bothModes = []settings.Mode{settings.Passwordless, settings.Password}

// function is a trigger as Lambda calls it; lambda.Handler has this form.
type function interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// weakness makes a part of the world worse than it is. Nil members change nothing.
type weakness struct {
	store    func(trigger.Store) trigger.Store
	key      func(keyService) keyService
	function func(settings.Function, function) function
	verify   func(trigger.Verify) function
	client   func(*userpool.Client)
}

// plan is what a lab is to be.
type plan struct {
	mode settings.Mode
	// change adjusts the defaults.
	change func(*settings.Settings)
	// memory keeps the budgets in process instead of in the engine.
	memory bool
	// tables is an engine of the lab's own; nil means the run's.
	tables *tables.Service
	// share is a lab whose key and inbox this one uses too: another pool of the same account.
	share *lab
	// pool adjusts the user pool.
	pool func(*userpool.Config, *userpool.Options)
	// wire has the triggers call their services over loopback by the very clients that they have in the
	// cloud; the key, the mail service and the clock are then the sandbox's and the machine's.
	wire bool
}

// lab is one user pool with its triggers, its budgets, its mail and its time.
type lab struct {
	bench      *bench
	plan       plan
	settings   settings.Settings
	id, client string
	clock      *clock
	now        func() time.Time
	key        *watchedKey
	store      trigger.Store
	inbox      *inbox
	log        *logbook
	front      *gateway.Gateway
	services   *services // nil without wire
	functions  map[settings.Function]function

	poolOnce sync.Once
	pool     *userpool.Pool
	poolErr  error
}

func (b *bench) lab(p plan) (*lab, error) {
	n := b.labs.Add(1)
	l := &lab{bench: b, plan: p, id: fmt.Sprintf("%s_Lab%06d", region, n), client: "1example23456789",
		clock: newClock(), log: &logbook{}, functions: map[settings.Function]function{}}
	l.settings = settings.Defaults(p.mode)
	l.settings.KeyARN, l.settings.TableName, l.settings.From, l.settings.ProductName = keyARN, tableName, sender, "Example"
	if p.change != nil {
		p.change(&l.settings)
	}
	if p.tables == nil {
		l.plan.tables = b.tables
	}
	l.now, l.inbox, l.key = l.clock.now, newInbox(l.clock), &watchedKey{keyService: newLocalKey()}
	if p.share != nil {
		l.clock, l.now, l.inbox, l.key = p.share.clock, p.share.now, p.share.inbox, p.share.key
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, l.makeFunctions()
}

// open connects the lab with its services.
func (l *lab) open() error {
	if l.plan.wire {
		return l.openServices()
	}
	l.front = gateway.New(map[string]gateway.Service{gateway.DynamoDB: l.plan.tables}, nil, quiet)
	if l.plan.memory {
		l.store = newMemory()
		return nil
	}
	l.store = dynamo.New(dynamodb.New(dynamodb.Options{Region: region, HTTPClient: inProcess{l.front}, RetryMaxAttempts: 2,
		BaseEndpoint: aws.String("http://127.0.0.1"), Credentials: credentials.NewStaticCredentialsProvider("lab", "lab", "")}), tableName)
	return nil
}

// makeFunctions makes the triggers, as their main functions do.
func (l *lab) makeFunctions() error {
	renderer, err := mail.New(trigger.MailConfig(l.settings))
	if err != nil {
		return err
	}
	weak := l.bench.opts.weaken
	if weak.store != nil {
		l.store = weak.store(l.store)
	}
	if weak.key != nil {
		l.key.keyService = weak.key(l.key.keyService)
	}
	var send trigger.Sender = l.inbox
	var people trigger.Directory = poolDirectory{l}
	if l.services != nil {
		send, people = l.services.sender, l.services.directory
	}
	report := func(f settings.Function) *trigger.Reporter { return trigger.NewReporter(l.log, f, l.now) }
	make := func(f settings.Function, handler function) {
		if weak.function != nil {
			handler = weak.function(f, handler)
		}
		l.functions[f] = handler
	}
	make(settings.DefineAuthChallenge, trigger.Define{Settings: l.settings, Reporter: report(settings.DefineAuthChallenge)}.Handler())
	make(settings.CreateAuthChallenge, trigger.Create{Settings: l.settings, Reporter: report(settings.CreateAuthChallenge),
		Keys: l.key, Store: l.store, Renderer: renderer, Sender: send, Now: l.now, Random: rand.Reader}.Handler())
	verify := trigger.Verify{Settings: l.settings, Reporter: report(settings.VerifyAuthChallenge), Keys: l.key, Store: l.store, Now: l.now}
	if l.plan.mode == settings.Passwordless {
		verify.Directory = people
	}
	if weak.verify != nil {
		make(settings.VerifyAuthChallenge, weak.verify(verify))
	} else {
		make(settings.VerifyAuthChallenge, verify.Handler())
	}
	make(settings.PreSignUp, trigger.SignUp{Settings: l.settings, Reporter: report(settings.PreSignUp)}.Handler())
	make(settings.PreTokenGeneration, trigger.Tokens{Settings: l.settings, Reporter: report(settings.PreTokenGeneration)}.Handler())
	return nil
}

// poolDirectory is the user pool as verify changes it, without the way over HTTP.
type poolDirectory struct{ l *lab }

func (d poolDirectory) MarkVerified(ctx context.Context, _, username string) error {
	if d.l.pool == nil {
		return nil // a lab that is led without a pool
	}
	_, err := d.l.call(ctx, "AdminUpdateUserAttributes", map[string]any{"UserPoolId": d.l.id, "Username": username,
		"UserAttributes": []any{map[string]any{"Name": "email_verified", "Value": "true"}}})
	return err
}

// close frees what the lab holds.
func (l *lab) close() {
	if l.services != nil {
		l.services.close()
	}
}

// logbook takes the triggers' log and keeps the end of it.
type logbook struct {
	mu     sync.Mutex
	text   []byte
	panics int
}

const keptLog = 1 << 20

func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes.Contains(line, []byte(`"reason":"panic"`)) {
		b.panics++
	}
	if len(b.text) > keptLog {
		b.text = append(b.text[:0], b.text[len(b.text)/2:]...)
	}
	b.text = append(b.text, line...)
	return len(line), nil
}

// contains reports whether the log says any of the words.
func (b *logbook) contains(words ...string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range words {
		if w != "" && bytes.Contains(b.text, []byte(w)) {
			return true
		}
	}
	return false
}

// forget drops what was logged so far, but not how many panics there were.
func (b *logbook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = b.text[:0]
}

func (b *logbook) panicked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.panics
}
