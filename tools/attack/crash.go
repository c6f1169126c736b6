package main

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// ledger is what the service confirmed to one owner before the crash: none of it may be lost.
type ledger struct {
	mu sync.Mutex
	// wrong is how many answers were compared and found wrong.
	wrong int
	// held is a sign-in that is open when the engine dies, with its code.
	held *lab.SignIn
	code string
}

// crash kills the engine in the middle of many sign-ins and restarts it. What was confirmed before
// must still be counted, and every owner gets in afterwards.
func crash(r *rig.Run, m settings.Mode) {
	dir, err := os.MkdirTemp("", "emailotp-attack-")
	r.Check(err)
	defer os.RemoveAll(dir)
	engine, err := r.World.StartTables(r.Ctx, dir)
	r.Check(err)
	defer engine.Close()
	l := r.Lab(lab.Plan{Mode: m, Tables: engine})
	signIns := r.Scale(1000, 120)
	owners := make([]ledger, signIns/2) // each comes twice
	var done atomic.Int64
	r.Parallel(2, 2, func(r *rig.Run, job int) {
		if job == 1 {
			for done.Load() < int64(signIns/2) {
				r.Alive()
				time.Sleep(time.Millisecond)
			}
			engine.Crash()
			r.Check(engine.Restart(r.Ctx))
			return
		}
		r.Parallel(signIns, 16, func(_ *rig.Run, i int) {
			owners[i%len(owners)].visit(l, lab.Owner(i%len(owners)), i >= len(owners))
			done.Add(1)
		})
	})
	settle(r, l, owners)
}

// visit begins a sign-in and gives one wrong answer. The second sign-in of an owner stays open.
func (b *ledger) visit(l *lab.Lab, who lab.Person, second bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := l.Start(who)
	code := s.Code()
	if s.End != lab.Open || code == "" {
		return // the engine is down
	}
	var t lab.Tally
	s.Tally = &t
	if right, err := s.Verify(rig.WrongCode(code), nil); err == nil && !right {
		b.wrong += t.Wrong()
	}
	if second {
		b.held, b.code = s, code
	}
}

// settle compares what was confirmed with what is left, and has every owner sign in.
func settle(r *rig.Run, l *lab.Lab, owners []ledger) {
	counted, lost, stuck, heldOpen, heldIn := 0, 0, 0, 0, 0
	for i := range owners {
		b := &owners[i]
		counted += b.wrong
		lost += max(0, b.wrong-l.Failures(lab.Owner(i)))
		if b.held != nil && i%2 == 0 {
			heldOpen++
			if right, _ := b.held.Verify(b.code, nil); right {
				heldIn++
			}
		}
	}
	l.Clock.Advance(rig.Cooldown)
	for i := range owners {
		if !l.SignsIn(lab.Owner(i)) {
			stuck++
		}
	}
	r.Add(l.Plan.Mode, "the engine killed in the middle of sign-ins and restarted", 2*len(owners),
		fmt.Sprintf("%d of %d counted failures lost, %d of %d owners stuck; %d of %d open sign-ins ended well",
			lost, counted, stuck, len(owners), heldIn, heldOpen), "0, 0; all",
		rig.Unless(counted > 0, "nothing was counted before the crash"), rig.Unless(lost == 0, "%d failures are forgotten",
			lost),
		rig.Unless(stuck == 0, "%d owners are stuck", stuck),
		rig.Unless(heldIn == heldOpen, "%d open sign-ins of %d were lost", heldOpen-heldIn, heldOpen))
}
