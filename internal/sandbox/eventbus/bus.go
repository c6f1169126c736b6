// Package eventbus emulates the default event bus of EventBridge: AWS services publish events, and
// rules pass the matching ones to Lambda functions.
package eventbus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
)

// Event is an event that an AWS service publishes.
type Event struct {
	Source, DetailType string
	Resources          []string
	Time               time.Time
	Detail             any
}

// Rule passes the events that match its pattern to a function.
type Rule struct {
	Name     string
	Pattern  Pattern
	Function string
}

// Config is the bus and what is behind it.
type Config struct {
	Account, Region string
	Rules           []Rule
	// Invoke runs a function on an event; after an error it is called again.
	Invoke func(ctx context.Context, function string, event []byte) error
	// Waits are the pauses before each repetition of a failed call. Nil means two pauses of
	// fractions of a second, where Lambda waits one minute and then two.
	Waits  []time.Duration
	Logger *slog.Logger
}

// Bus delivers events in the background.
type Bus struct {
	cfg  Config
	ctx  context.Context
	stop context.CancelFunc

	mu      sync.Mutex
	pending int
	idle    chan struct{} // closed while nothing is pending
	closed  bool
}

// New makes a bus; [Bus.Close] ends it.
func New(cfg Config) *Bus {
	if cfg.Waits == nil {
		cfg.Waits = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}
	}
	b := &Bus{cfg: cfg, idle: make(chan struct{})}
	close(b.idle)
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// Publish starts the delivery to the function of every rule that the event matches.
func (b *Bus) Publish(e Event) error {
	payload, err := b.envelope(e)
	if err != nil {
		return err
	}
	var decoded map[string]any
	if err := json.Unmarshal(payload, &decoded); err != nil {
		return fmt.Errorf("event %s: %w", e.DetailType, err)
	}
	for _, r := range b.cfg.Rules {
		if r.Pattern.Matches(decoded) && b.begin() {
			go b.deliver(r, payload)
		}
	}
	return nil
}

// envelope is the JSON that EventBridge passes to a function.
func (b *Bus) envelope(e Event) ([]byte, error) {
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	payload, err := json.Marshal(map[string]any{
		"version": "0", "id": random.UUID(), "detail-type": e.DetailType, "source": e.Source,
		"account": b.cfg.Account,
		"time":    e.Time.UTC().Format("2006-01-02T15:04:05Z"), "region": b.cfg.Region, "resources": resources,
		"detail": e.Detail,
	})
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.DetailType, err)
	}
	return payload, nil
}

// deliver invokes the function as Lambda does asynchronously: a failed call is repeated, in the end
// dropped.
func (b *Bus) deliver(r Rule, payload []byte) {
	defer b.end()
	for attempt := 0; ; attempt++ {
		err := b.cfg.Invoke(b.ctx, r.Function, payload)
		if err == nil || b.ctx.Err() != nil {
			return
		}
		b.cfg.Logger.Warn("an event's function failed", "rule", r.Name, "function", r.Function,
			"attempt", attempt+1, "error", err)
		if attempt == len(b.cfg.Waits) {
			return
		}
		select {
		case <-time.After(b.cfg.Waits[attempt]):
		case <-b.ctx.Done():
			return
		}
	}
}

func (b *Bus) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	if b.pending++; b.pending == 1 {
		b.idle = make(chan struct{})
	}
	return true
}

func (b *Bus) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending--; b.pending == 0 {
		close(b.idle)
	}
}

// Wait blocks until every event published so far has been handled or dropped. The error wraps that
// of ctx.
func (b *Bus) Wait(ctx context.Context) error {
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("events are still being handled: %w", context.Cause(ctx))
	}
}

// Close drops the undelivered events and waits for running calls.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.stop()
	return b.Wait(context.Background())
}
