// Package eventbus is the default event bus of an account in EventBridge: AWS services put events on
// it, and rules hand those that fit to Lambda functions.
package eventbus

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Event is what an AWS service puts on the bus.
type Event struct {
	Source, DetailType string
	Resources          []string
	Time               time.Time
	Detail             any
}

// Rule hands events that fit its pattern to a function.
type Rule struct {
	Name     string
	Pattern  Pattern
	Function string
}

// Config is the bus and what is behind it.
type Config struct {
	Account, Region string
	Rules           []Rule
	// Invoke runs a function on an event; an error means that it is to be tried again.
	Invoke func(ctx context.Context, function string, event []byte) error
	// Waits are the pauses before each repetition of a failed call. Lambda waits one minute and then two;
	// nil is the same number with shorter ones.
	Waits  []time.Duration
	Logger *slog.Logger
}

// Bus takes events and delivers them in the background.
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

// Publish has the event delivered to the function of every rule that it fits, and does not wait for it.
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

// envelope is the event as EventBridge hands it on.
func (b *Bus) envelope(e Event) ([]byte, error) {
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	payload, err := json.Marshal(map[string]any{
		"version": "0", "id": newID(), "detail-type": e.DetailType, "source": e.Source, "account": b.cfg.Account,
		"time": e.Time.UTC().Format("2006-01-02T15:04:05Z"), "region": b.cfg.Region, "resources": resources, "detail": e.Detail,
	})
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.DetailType, err)
	}
	return payload, nil
}

// deliver is Lambda's asynchronous invocation: a call that fails is repeated, and in the end dropped.
func (b *Bus) deliver(r Rule, payload []byte) {
	defer b.end()
	for attempt := 0; ; attempt++ {
		err := b.cfg.Invoke(b.ctx, r.Function, payload)
		if err == nil || b.ctx.Err() != nil {
			return
		}
		b.cfg.Logger.Warn("an event's function failed", "rule", r.Name, "function", r.Function, "attempt", attempt+1, "error", err)
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

// Wait returns when every event so far was handled or dropped. Its error wraps the context's.
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

// Close drops what was not delivered and waits for what is running.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.stop()
	return b.Wait(context.Background())
}

// newID has the form of a UUID of version 4.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
