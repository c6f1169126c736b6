package attack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// ledger is what one person's client was told: nothing of it may be lost.
type ledger struct {
	mu sync.Mutex
	// wrong is how many answers were compared and found wrong.
	// held is a sign-in that is open when the engine dies, with its code.
	wrong int
	held  *signIn
	code  string
}

// crash kills the engine in the middle of many sign-ins and starts it again. What a client was told
// before must still be counted, and everybody gets in afterwards.
func crash(ctx context.Context, r *run) error {
	dir, err := os.MkdirTemp("", "emailotp-attack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	engine, err := startTables(ctx, r.opts, dir)
	if err != nil {
		return err
	}
	defer engine.Close()
	for _, m := range bothModes {
		if err := crashDuring(ctx, r, m, engine); err != nil {
			return err
		}
	}
	return nil
}

func crashDuring(ctx context.Context, r *run, m settings.Mode, engine *tables.Service) error {
	l, err := r.bench.lab(plan{mode: m, tables: engine})
	if err != nil {
		return err
	}
	defer l.close()
	signIns := scale(r, 1000, 120)
	people := make([]ledger, signIns/2) // each comes twice
	var done atomic.Int64
	restarted := make(chan error, 1)
	go func() {
		for done.Load() < int64(signIns/2) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		engine.Crash()
		restarted <- engine.Restart(ctx)
	}()
	work := func(ctx context.Context, i int) error {
		people[i%len(people)].visit(ctx, l, owner(i%len(people)), i >= len(people))
		done.Add(1)
		return ctx.Err()
	}
	err = sideBySide(ctx, signIns, 16, work)
	if err := errors.Join(err, <-restarted); err != nil {
		return err
	}
	return settle(ctx, r, l, people)
}

// visit begins a sign-in and gives one wrong answer. The second sign-in of a person stays open, to be
// ended after the crash.
func (b *ledger) visit(ctx context.Context, l *lab, who person, second bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := l.start(ctx, who)
	code := l.inbox.code(who.email())
	if s.end != open || code == "" {
		return // the engine is down
	}
	var t tally
	if right, err := s.verify(counting(ctx, &t), wrongCode(code), nil); err == nil && !right {
		b.wrong += int(t.wrong())
	}
	if second {
		b.held, b.code = s, code
	}
}

// settle compares what was told with what is left, and has everybody sign in.
func settle(ctx context.Context, r *run, l *lab, people []ledger) error {
	told, lost, stuck, heldOpen, heldIn := 0, 0, 0, 0, 0
	for i := range people {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, who := &people[i], owner(i)
		item, err := l.store.Read(ctx, guard.Key(l.id, who.name))
		if err != nil {
			return err
		}
		told += b.wrong
		lost += max(0, b.wrong-item.Failures)
		if b.held != nil && i%2 == 0 {
			heldOpen++
			if right, _ := b.held.verify(ctx, b.code, nil); right {
				heldIn++
			}
		}
	}
	l.clock.advance(cooldown)
	for i := range people {
		s := l.start(ctx, owner(i))
		if s.answer(ctx, l.inbox.code(owner(i).email())); s.end != signed {
			stuck++
		}
	}
	r.add(Row{Mode: string(l.plan.mode), Tried: "the engine killed in the middle of sign-ins and restarted", Count: int64(2 * len(people)),
		Result: fmt.Sprintf("%d of %d counted failures lost, %d of %d people stuck; %d of %d open sign-ins ended well", lost, told, stuck, len(people), heldIn, heldOpen),
		Bound:  "0, 0; all"},
		unless(told > 0, "nothing was counted before the crash"), unless(lost == 0, "%d failures are forgotten", lost), unless(stuck == 0, "%d people are stuck", stuck),
		unless(heldIn == heldOpen, "%d open sign-ins of %d were lost", heldOpen-heldIn, heldOpen))
	return nil
}
