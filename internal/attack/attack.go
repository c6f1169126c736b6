// Package attack attacks EmailOTP and says whether it held.
//
// The triggers are the real ones, called in process; the budgets lie in the real engine behind the
// real store; Cognito's part is the sandbox's user pool wherever its protocol matters. Time is
// simulated, so a year of guessing takes seconds. Each attack ends in rows: what was tried, how
// often, what came of it, and the bound that must hold. The bounds are written down here, as
// arithmetic of this package: nothing that is under test computes its own limit.
//
//	report, err := attack.Run(ctx, attack.Options{Progress: os.Stderr})
//	report.Table(os.Stdout)
//	if report.Broken() > 0 { ... }
package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what to run.
type Options struct {
	// Small runs everything in some 20 seconds: shorter years and fewer samples, and nothing that goes
	// by the machine's clock.
	Small bool
	// Only names the attacks to run; empty means all. [Names] has them.
	Only []string
	// CacheDir keeps the table engine; empty means the user's cache directory.
	CacheDir string
	// Progress is told what is going on, a line at a time; nil means nobody.
	Progress io.Writer

	// weaken swaps parts of the world for broken ones. The tests of this package use it to see every
	// attack succeed against something that deserves it.
	weaken weakness
}

// A Row is one attack in one mode and what came of it.
type Row struct {
	Attack string `json:"attack"`
	// Mode is "password", "passwordless" or, where it makes no difference, "both".
	Mode string `json:"mode"`
	// Tried is what was done, and Count how often.
	Tried string `json:"tried"`
	Count int64  `json:"count"`
	// Result is what came of it, Bound what must hold.
	Result string `json:"result"`
	Bound  string `json:"bound"`
	OK     bool   `json:"ok"`
	// Why says what broke, where OK is false.
	Why string `json:"why,omitempty"`
}

// attack is one kind of attack.
type attack struct {
	name, title string
	// slow attacks go by the machine's clock and stay out of small runs.
	slow bool
	run  func(ctx context.Context, r *run) error
}

// attacks returns every attack in the order in which they are reported.
func attacks() []attack {
	return []attack{
		{"year", "a year of guessing", false, yearOfGuessing},
		{"parallel", "parallel answers", false, parallelAnswers},
		{"replay", "a Session used again", false, replayedSession},
		{"elsewhere", "a right code in the wrong place", false, elsewhere},
		{"doors", "every way in", false, everyDoor},
		{"forged", "forged session rows", false, forgedRows},
		{"lockout", "keeping the owner out", false, lockout},
		{"flood", "mail floods", false, floods},
		{"enumeration", "finding out who has an account", false, enumeration},
		{"timing", "finding out by time", true, timing},
		{"retries", "calls that Cognito repeats, calls that die", false, retries},
		{"hostile", "hostile strings", false, hostile},
		{"crash", "a table engine that dies", false, crash},
		{"faults", "services that fail", false, faults},
	}
}

// Names returns the names that [Options.Only] takes.
func Names() []string {
	var names []string
	for _, a := range attacks() {
		names = append(names, a.name)
	}
	return names
}

// run is one run of the harness: what the attacks share.
type run struct {
	opts  Options
	bench *bench

	mu   sync.Mutex
	name string
	rows []Row
}

// Run carries the attacks out, one after the other. Its error says that the harness itself failed;
// what an attack achieved is in the report. A context that ends ends the run, and what it started.
func Run(ctx context.Context, opts Options) (Report, error) {
	chosen, err := choose(opts.Only)
	if err != nil {
		return Report{}, err
	}
	if opts.Progress == nil {
		opts.Progress = io.Discard
	}
	began := time.Now()
	b, err := newBench(ctx, opts)
	if err != nil {
		return Report{}, err
	}
	defer b.close()
	r := &run{opts: opts, bench: b}
	for _, a := range chosen {
		if opts.Small && a.slow {
			continue
		}
		r.begin(a)
		started := time.Now()
		if err := a.run(ctx, r); err != nil {
			return r.report(began), fmt.Errorf("attack %s: %w", a.name, errors.Join(err, context.Cause(ctx)))
		}
		if err := ctx.Err(); err != nil {
			return r.report(began), fmt.Errorf("attack %s: %w", a.name, context.Cause(ctx))
		}
		r.say("%.1f s", time.Since(started).Seconds())
	}
	return r.report(began), nil
}

// Check returns an error that names the unknown ones among the names of attacks.
func Check(only []string) error {
	_, err := choose(only)
	return err
}

func choose(only []string) ([]attack, error) {
	all := attacks()
	if len(only) == 0 {
		return all, nil
	}
	var chosen []attack
	var unknown []string
	for _, name := range only {
		i := slices.IndexFunc(all, func(a attack) bool { return a.name == name })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		chosen = append(chosen, all[i])
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("there is no attack %s; there are %s", strings.Join(unknown, ", "), strings.Join(Names(), ", "))
	}
	return chosen, nil
}

func (r *run) begin(a attack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.name = a.name
	fmt.Fprintf(r.opts.Progress, "%-12s %s\n", a.name, a.title)
}

// say tells the progress of an attack.
func (r *run) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.opts.Progress, "             "+format+"\n", args...)
}

// add notes a row. Broken says what broke the bound; none means that it held.
func (r *run) add(row Row, broken ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row.Attack = r.name
	broken = slices.DeleteFunc(slices.Clone(broken), func(s string) bool { return s == "" })
	row.OK = len(broken) == 0
	if len(broken) > 3 {
		broken = append(broken[:3:3], fmt.Sprintf("and %d more", len(broken)-3))
	}
	row.Why = strings.Join(broken, "; ")
	r.rows = append(r.rows, row)
	if !row.OK {
		fmt.Fprintf(r.opts.Progress, "             BROKEN: %s\n", row.Why)
	}
}

// unless returns the words of a broken bound, or nothing where it held.
func unless(held bool, format string, args ...any) string {
	if held {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// scale returns full, or small in a small run.
func scale[T any](r *run, full, small T) T {
	if r.opts.Small {
		return small
	}
	return full
}
