package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Function is a trigger as Lambda calls it.
type Function interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// KeyService is what the triggers need of a key.
type KeyService interface {
	otp.Generator
	otp.Verifier
}

// Weakness replaces parts of a lab by worse ones. A nil member changes nothing.
type Weakness struct {
	// Store, Key and Function return what takes the place of the given one.
	Store    func(guard.Store) guard.Store
	Key      func(KeyService) KeyService
	Function func(settings.Function, Function) Function
	// Renderer returns what takes the place of the mail's renderer.
	Renderer func(trigger.Renderer) trigger.Renderer
	// Verify returns what takes verify's place, from verify's configuration.
	Verify func(trigger.Verify) Function
	// Codes returns what takes the place of the store of authorization codes.
	Codes func(oauth.Store) oauth.Store
	// Client changes the app client.
	Client func(*PoolClient)
}

// Reaper ends a function's process at a chosen moment: the rest of its code never runs.
type Reaper struct {
	mu   sync.Mutex
	at   string // "Claim" is the moment before the call, "Claim done" the one after it
	died chan struct{}
	// Never blocks what died. The user makes the channel, and closes it in the end.
	Never chan struct{}
}

// Weakness lets the reaper end every function at each of its calls to the store.
func (d *Reaper) Weakness() Weakness {
	return Weakness{
		Store:    func(s guard.Store) guard.Store { return mortalStore{s, d} },
		Function: func(_ settings.Function, f Function) Function { return mortal{f, d} },
	}
}

// Arm makes the next function that reaches the moment die there.
func (d *Reaper) Arm(at string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.died = at, make(chan struct{})
}

// Pass is called at every moment. It doesn't return if the function dies.
func (d *Reaper) Pass(at string) {
	d.mu.Lock()
	if d.at != at {
		d.mu.Unlock()
		return
	}
	close(d.died)
	d.at, d.died = "", nil
	d.mu.Unlock()
	<-d.Never
}

// ErrDied is the error of a function that the reaper ended.
var ErrDied = errors.New("the process is gone")

// mortal is a function that the reaper can end.
type mortal struct {
	Function
	reaper *Reaper
}

// Invoke returns when the function returns or dies.
func (f mortal) Invoke(ctx context.Context, event []byte) (out []byte, err error) {
	f.reaper.mu.Lock()
	died := f.reaper.died
	f.reaper.mu.Unlock()
	type answer struct {
		out []byte
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := f.Function.Invoke(ctx, event)
		done <- answer{out, err}
	}()
	select {
	case a := <-done:
		return a.out, a.err
	case <-died:
		return nil, ErrDied
	}
}

// mortalStore reports the moments before and after the store's calls to the reaper.
type mortalStore struct {
	guard.Store
	reaper *Reaper
}

func (s mortalStore) around(call string) func() {
	s.reaper.Pass(call)
	return func() { s.reaper.Pass(call + " done") }
}

func (s mortalStore) Read(ctx context.Context, key string) (guard.Item, error) {
	defer s.around("Read")()
	return s.Store.Read(ctx, key)
}

func (s mortalStore) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	defer s.around("Claim")()
	return s.Store.Claim(ctx, key, before, after, now)
}

func (s mortalStore) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool,
	error) {
	defer s.around("SpendGuess")()
	return s.Store.SpendGuess(ctx, key, b, limit, now)
}

func (s mortalStore) Use(ctx context.Context, key string, u guard.Use, now time.Time) (bool, error) {
	defer s.around("Use")()
	return s.Store.Use(ctx, key, u, now)
}
