package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// function is a trigger as Lambda calls it.
type function interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// keyService is what the triggers need of a key.
type keyService interface {
	otp.Generator
	otp.Verifier
}

// weakness replaces parts of a lab by worse ones. A nil member changes nothing.
type weakness struct {
	store    func(store) store
	key      func(keyService) keyService
	function func(settings.Function, function) function
	verify   func(trigger.Verify) function
	client   func(*poolClient)
}

// reaper ends a function's process at a chosen moment: the rest of its code never runs.
type reaper struct {
	mu    sync.Mutex
	at    string // "Claim" is the moment before the call, "Claim done" the one after it
	died  chan struct{}
	never chan struct{}
}

// weakness lets the reaper end every function at each of its calls to the store.
func (d *reaper) weakness() weakness {
	return weakness{
		store:    func(s store) store { return mortalStore{s, d} },
		function: func(_ settings.Function, f function) function { return mortal{f, d} },
	}
}

// arm makes the next function that reaches the moment die there.
func (d *reaper) arm(at string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.died = at, make(chan struct{})
}

// pass is called at every moment. It doesn't return if the function dies.
func (d *reaper) pass(at string) {
	d.mu.Lock()
	if d.at != at {
		d.mu.Unlock()
		return
	}
	d.at = ""
	close(d.died)
	d.mu.Unlock()
	<-d.never
}

var errDied = errors.New("the process is gone")

// mortal is a function that the reaper can end.
type mortal struct {
	function
	reaper *reaper
}

// Invoke returns when the function returns or dies.
func (f mortal) Invoke(ctx context.Context, event []byte) (out []byte, err error) {
	f.reaper.mu.Lock()
	died := f.reaper.died
	if f.reaper.at == "" {
		died = nil
	}
	f.reaper.mu.Unlock()
	done := make(chan struct{})
	var answer []byte
	var failure error
	go func() {
		answer, failure = f.function.Invoke(ctx, event)
		close(done)
	}()
	select {
	case <-done:
		return answer, failure
	case <-died:
		return nil, errDied
	}
}

// mortalStore reports the moments before and after the store's calls to the reaper.
type mortalStore struct {
	store
	reaper *reaper
}

func (s mortalStore) around(call string) func() {
	s.reaper.pass(call)
	return func() { s.reaper.pass(call + " done") }
}

func (s mortalStore) Read(ctx context.Context, key string) (item, error) {
	defer s.around("Read")()
	return s.store.Read(ctx, key)
}

func (s mortalStore) Claim(ctx context.Context, key string, before, after item, now time.Time) (bool, error) {
	defer s.around("Claim")()
	return s.store.Claim(ctx, key, before, after, now)
}

func (s mortalStore) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool,
	error) {
	defer s.around("SpendGuess")()
	return s.store.SpendGuess(ctx, key, b, limit, now)
}

func (s mortalStore) Use(ctx context.Context, key string, u guard.Use, now time.Time) (bool, error) {
	defer s.around("Use")()
	return s.store.Use(ctx, key, u, now)
}
