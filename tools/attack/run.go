package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

// attack is one kind of attack.
type attack struct {
	name, title string
	modes       []settings.Mode
	// slow attacks depend on the machine's clock and are not part of small runs.
	slow bool
	run  func(r *run, m settings.Mode)
}

// attacks returns every attack in the order of the report.
func attacks() []attack {
	both, first := []settings.Mode{settings.Passwordless, settings.Password}, []settings.Mode{settings.Passwordless}
	password := []settings.Mode{settings.Password}
	return []attack{
		{"year", "a year of guesses", both, false, yearOfGuesses},
		{"parallel", "parallel answers", both, false, parallelAnswers},
		{"replay", "a Session used again", both, false, replayedSession},
		{"elsewhere", "a right code in the wrong place", both, false, elsewhere},
		{"bypass", "every entry with one factor too few", both, false, bypasses},
		{"forged", "forged session rows", both, false, forgedRows},
		{"devices", "remembered devices", password, false, devices},
		{"redirect", "signing in by redirect", first, false, redirects},
		{"address", "changing an address", both, false, addresses},
		{"lockout", "locking the owner out", both, false, lockout},
		{"flood", "floods of mail", both, false, floods},
		{"enumeration", "finding out who has an account", both, false, enumeration},
		{"timing", "finding out by time", first, true, timing},
		{"retries", "calls that Cognito repeats, calls that die", both, false, retries},
		{"hostile", "hostile strings", both, false, hostile},
		{"crash", "a table engine that dies", both, false, crash},
		{"faults", "services that fail", both, false, faults},
	}
}

func names() []string {
	var all []string
	for _, a := range attacks() {
		all = append(all, a.name)
	}
	return all
}

// options select what runs.
type options struct {
	small    bool
	only     []string  // empty means all
	progress io.Writer // may be nil
	// weaken breaks parts of the world. The tests use it to see every attack succeed.
	weaken lab.Weakness
}

// run is one run of the harness, or one parallel job of it.
type run struct {
	lab.Scope
	opts options
	log  *log.Logger
	name string // of the attack under way
	rows []report.Row
}

// attackAll runs the attacks one after the other. Its error means that the harness failed; what an
// attack achieved is in the report. When ctx ends, the run ends, with all that it started.
func attackAll(ctx context.Context, opts options) (report.Report, error) {
	began := time.Now()
	progress := log.New(cmp.Or(opts.progress, io.Discard), "", 0)
	world, err := lab.NewWorld(ctx, opts.weaken, func(line string) { progress.Print(line) })
	if err != nil {
		return report.Report{}, err
	}
	defer world.Close()
	r := &run{Scope: lab.Scope{Ctx: ctx, World: world}, opts: opts, log: progress}
	for _, a := range attacks() {
		if !tool.Chosen(opts.only, a.name) || opts.small && a.slow {
			continue
		}
		r.name = a.name
		progress.Printf("%-12s %s", a.name, a.title)
		started := time.Now()
		for _, m := range a.modes {
			if err := r.Guard(func() { a.run(r, m) }); err != nil {
				return r.report(began), fmt.Errorf("attack %s: %w", a.name, err)
			}
		}
		r.progress("%.1f s", time.Since(started).Seconds())
	}
	return r.report(began), nil
}

// report returns the rows of the run.
func (r *run) report(began time.Time) report.Report {
	all := report.Report{Small: r.opts.small, Rows: r.rows, Seconds: time.Since(began).Seconds()}
	for _, row := range r.rows {
		if !row.OK {
			all.Broken++
		}
	}
	return all
}

// parallel runs n jobs, at most limit at a time, and appends their rows in order. The first error
// aborts the attack.
func (r *run) parallel(n, limit int, job func(r *run, i int)) {
	ctx, cancel := context.WithCancelCause(r.Ctx)
	defer cancel(nil)
	jobs, slots := make([]*run, n), make(chan struct{}, limit)
	var wait sync.WaitGroup
	for i := range n {
		j := &run{Scope: lab.Scope{Ctx: ctx, World: r.World}, opts: r.opts, log: r.log,
			name: r.name}
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
		r.rows = append(r.rows, j.rows...)
	}
	r.Check(context.Cause(ctx))
}

// atOnce runs f n times at the same moment. It returns how often f returned true, and the errors.
func (r *run) atOnce(n int, f func(i int) (bool, error)) (yes int, errs []error) {
	var ready sync.WaitGroup
	ready.Add(n)
	is, errs := make([]bool, n), make([]error, n)
	r.parallel(n, n, func(_ *run, i int) {
		ready.Done()
		ready.Wait()
		is[i], errs[i] = f(i)
	})
	return count(is...), errs
}

// count returns how many are true.
func count(all ...bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

func (r *run) progress(format string, args ...any) {
	r.log.Printf("             "+format, args...)
}

// add records a row. Each of broken is a sentence about a broken bound, or empty; see [unless].
func (r *run) add(m settings.Mode, tried string, count int, result, bound string, broken ...string) {
	broken = slices.DeleteFunc(slices.Clone(broken), func(s string) bool { return s == "" })
	row := report.Row{Attack: r.name, Mode: string(m), Tried: tried, Count: count, Result: result, Bound: bound,
		OK: len(broken) == 0}
	if len(broken) > 3 {
		broken = append(broken[:3:3], fmt.Sprintf("and %d more", len(broken)-3))
	}
	row.Why = strings.Join(broken, "; ")
	r.rows = append(r.rows, row)
	if !row.OK {
		r.progress("BROKEN: %s", row.Why)
	}
}

// unless returns a sentence about a broken bound, or nothing if it held.
func unless(held bool, format string, args ...any) string {
	if held {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// tally counts tries, and those that achieved something.
type tally struct{ tried, achieved int }

func (t *tally) note(achieved bool) {
	if t.tried++; achieved {
		t.achieved++
	}
}

// all returns a sentence about a broken bound unless every try achieved it.
func (t tally) all(what string) string {
	return unless(t.achieved == t.tried, "%d of %d %s", t.achieved, t.tried, what)
}

// add adds the row of tries that may achieve nothing.
func (t tally) add(r *run, m settings.Mode, tried, what string, broken ...string) {
	r.add(m, tried, t.tried, fmt.Sprintf("%d %s", t.achieved, what), "0",
		append(broken, unless(t.achieved == 0, "%d %s", t.achieved, what))...)
}

// scale returns full, or small in a small run.
func (r *run) scale(full, small int) int {
	if r.opts.small {
		return small
	}
	return full
}
