// Package rig is what the attacks are written with: a run that records rows, the arithmetic of the
// bounds, and attacks that are tables.
package rig

import (
	"context"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
)

// Run is one run of the attacks, or one parallel job of it.
type Run struct {
	lab.Scope
	// Small is true for shorter years and fewer samples.
	Small bool
	// Log receives the progress.
	Log *log.Logger
	// Attack is the name of the attack under way.
	Attack string
	// Rows are what the attacks found.
	Rows []report.Row
}

// Parallel runs n jobs, at most limit at a time, and appends their rows in order. The first error
// aborts the attack.
func (r *Run) Parallel(n, limit int, job func(r *Run, i int)) {
	ctx, cancel := context.WithCancelCause(r.Ctx)
	defer cancel(nil)
	jobs, slots := make([]*Run, n), make(chan struct{}, limit)
	var wait sync.WaitGroup
	for i := range n {
		j := &Run{Scope: lab.Scope{Ctx: ctx, World: r.World}, Small: r.Small, Log: r.Log, Attack: r.Attack}
		jobs[i] = j
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := j.Guard(func() { job(j, i) }); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	for _, j := range jobs {
		r.Rows = append(r.Rows, j.Rows...)
	}
	r.Check(context.Cause(ctx))
}

// AtOnce runs f n times at the same moment. It returns how often f returned true, and the errors.
func (r *Run) AtOnce(n int, f func(i int) (bool, error)) (yes int, errs []error) {
	var ready sync.WaitGroup
	ready.Add(n)
	is, errs := make([]bool, n), make([]error, n)
	r.Parallel(n, n, func(_ *Run, i int) {
		ready.Done()
		ready.Wait()
		is[i], errs[i] = f(i)
	})
	return Count(is...), errs
}

// Count returns how many are true.
func Count(all ...bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

// Progress writes a line about the attack under way.
func (r *Run) Progress(format string, args ...any) {
	r.Log.Printf("             "+format, args...)
}

// Add records a row. Each of broken is a sentence about a broken bound, or empty; see [Unless].
func (r *Run) Add(m settings.Mode, tried string, Count int, result, bound string, broken ...string) {
	broken = slices.DeleteFunc(slices.Clone(broken), func(s string) bool { return s == "" })
	row := report.Row{Attack: r.Attack, Mode: string(m), Tried: tried, Count: Count, Result: result, Bound: bound,
		OK: len(broken) == 0}
	if len(broken) > 3 {
		broken = append(broken[:3:3], fmt.Sprintf("and %d more", len(broken)-3))
	}
	row.Why = strings.Join(broken, "; ")
	r.Rows = append(r.Rows, row)
	if !row.OK {
		r.Progress("BROKEN: %s", row.Why)
	}
}

// Unless returns a sentence about a broken bound, or nothing if it held.
func Unless(held bool, format string, args ...any) string {
	if held {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// Tally counts tries, and those that achieved something.
type Tally struct {
	Tried, Achieved int
}

// Note counts a try.
func (t *Tally) Note(achieved bool) {
	if t.Tried++; achieved {
		t.Achieved++
	}
}

// All returns a sentence about a broken bound unless every try achieved it.
func (t Tally) All(what string) string {
	return Unless(t.Achieved == t.Tried, "%d of %d %s", t.Achieved, t.Tried, what)
}

// Add adds the row of tries that may achieve nothing.
func (t Tally) Add(r *Run, m settings.Mode, tried, what string, broken ...string) {
	r.Add(m, tried, t.Tried, fmt.Sprintf("%d %s", t.Achieved, what), "0",
		append(broken, Unless(t.Achieved == 0, "%d %s", t.Achieved, what))...)
}

// Scale returns full, or small in a small run.
func (r *Run) Scale(full, small int) int {
	if r.Small {
		return small
	}
	return full
}
