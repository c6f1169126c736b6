package attack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// reaper ends a function's process at a chosen call: nothing after it happens any more.
type reaper struct {
	mu    sync.Mutex
	at    string // "Claim" dies before the call, "Claim done" after it
	died  chan struct{}
	never chan struct{}
}

func newReaper() *reaper { return &reaper{never: make(chan struct{})} }

// arm has the next call with the name kill the function.
func (d *reaper) arm(at string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.died = at, make(chan struct{})
}

// pending returns what is closed by the death that is to come, nil where none is.
func (d *reaper) pending() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == "" {
		return nil
	}
	return d.died
}

// pass is called at every call; it doesn't return where the function dies.
func (d *reaper) pass(at string) {
	d.mu.Lock()
	if d.at != at {
		d.mu.Unlock()
		return
	}
	d.at = ""
	close(d.died)
	d.mu.Unlock()
	<-d.never // the process is gone: what follows in it never runs
}

var errDied = errors.New("the process is gone")

// mortal is a function that the reaper can end.
type mortal struct {
	function
	reaper *reaper
}

// Invoke runs the function to its end or its death.
func (f mortal) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	died := f.reaper.pending()
	type answer struct {
		out []byte
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := f.function.Invoke(ctx, event)
		done <- answer{out, err}
	}()
	select {
	case a := <-done:
		return a.out, a.err
	case <-died:
		return nil, errDied
	}
}

// mortalStore lets the reaper see the store's calls.
type mortalStore struct {
	trigger.Store
	reaper *reaper
}

func (s mortalStore) Read(ctx context.Context, key string) (guard.Item, error) {
	s.reaper.pass("Read")
	return s.Store.Read(ctx, key)
}

func (s mortalStore) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	s.reaper.pass("Claim")
	won, err := s.Store.Claim(ctx, key, before, after, now)
	s.reaper.pass("Claim done")
	return won, err
}

func (s mortalStore) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	s.reaper.pass("SpendGuess")
	ok, err := s.Store.SpendGuess(ctx, key, b, limit, now)
	s.reaper.pass("SpendGuess done")
	return ok, err
}

func (s mortalStore) Use(ctx context.Context, key string, issued time.Time, challenge string, refund time.Duration, now time.Time) (bool, error) {
	s.reaper.pass("Use")
	won, err := s.Store.Use(ctx, key, issued, challenge, refund, now)
	s.reaper.pass("Use done")
	return won, err
}

// deaths ends create and verify at every call that they make, and has the owner go on as a page would
// have it: begin anew, and ask for the mail again if it doesn't come.
func deaths(ctx context.Context, r *run, m settings.Mode) error {
	for _, at := range []string{"Read", "Claim", "Claim done", "Send", "Send done"} {
		if err := dieAt(ctx, r, m, at, false); err != nil {
			return err
		}
	}
	for _, at := range []string{"SpendGuess", "SpendGuess done", "Use", "Use done"} {
		if err := dieAt(ctx, r, m, at, true); err != nil {
			return err
		}
	}
	return nil
}

func dieAt(ctx context.Context, r *run, m settings.Mode, at string, answering bool) error {
	reaper := newReaper()
	defer close(reaper.never)
	l, err := r.bench.mortalLab(m, reaper)
	if err != nil {
		return err
	}
	defer l.close()
	who := owner(1)
	if !answering {
		reaper.arm(at)
	}
	s := l.start(ctx, who)
	if answering {
		reaper.arm(at)
		s.answer(ctx, l.inbox.code(who.email()))
	}
	dead := errors.Is(s.err, errDied)
	mails, in, took := goOn(ctx, l, who)
	word := "before "
	if len(at) > 5 && at[len(at)-5:] == " done" {
		at, word = at[:len(at)-5], "after "
	}
	// A code that was used may have been used by a call whose answer was lost: a second mail is then due.
	most := 1
	if answering {
		most = 2
	}
	r.add(Row{Mode: string(m), Tried: "the function dies " + word + at, Count: 1,
		Result: fmt.Sprintf("%d mail(s), signed in after %s", mails, short(took)), Bound: fmt.Sprintf("%d mail(s), 2.0 min", most)},
		unless(dead, "it did not die there: %v", s.err), unless(in, "the owner did not get in"),
		unless(mails >= 1 && mails <= most, "%d mails", mails), unless(took <= 2*time.Minute, "it took %s", short(took)))
	return nil
}

// goOn is an owner after an error: begins anew, waits for the mail, asks for it again.
func goOn(ctx context.Context, l *lab, who person) (mails int, in bool, took time.Duration) {
	began := l.clock.now()
	s := l.start(ctx, who)
	l.clock.advance(20 * time.Second)
	if l.inbox.mails(who.email()) == 0 {
		l.clock.until(began.Add(cooldown))
		s.resend(ctx)
	}
	s.answer(ctx, l.inbox.code(who.email()))
	return l.inbox.mails(who.email()), s.end == signed, l.clock.now().Sub(began)
}

// mortalLab is a lab whose create and verify the reaper can end.
func (b *bench) mortalLab(m settings.Mode, d *reaper) (*lab, error) {
	opts := b.opts
	weak := opts.weaken
	opts.weaken.store = func(s trigger.Store) trigger.Store {
		if weak.store != nil {
			s = weak.store(s)
		}
		return mortalStore{s, d}
	}
	opts.weaken.function = func(f settings.Function, h function) function {
		if weak.function != nil {
			h = weak.function(f, h)
		}
		return mortal{h, d}
	}
	deadly := &bench{opts: opts, tables: b.tables, signing: b.signing}
	deadly.labs.Store(b.labs.Add(1) + 500_000)
	l, err := deadly.lab(plan{mode: m, memory: true})
	if err != nil {
		return nil, err
	}
	l.inbox.onSend(func(string) error { d.pass("Send"); return nil })
	l.inbox.onSent(func() { d.pass("Send done") })
	return l, nil
}
