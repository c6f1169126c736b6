package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/page"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

type attack struct {
	name, title string
	modes       []settings.Mode
	// slow attacks depend on the machine's clock and are not part of small runs.
	slow bool
	run  func(r *rig.Run, m settings.Mode)
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
		{"recovery", "a forgotten password", password, false, recoveries},
		{"redirect", "signing in by redirect", first, false, page.Redirects},
		{"address", "changing an address", both, false, page.Addresses},
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
	r := &rig.Run{Scope: lab.Scope{Ctx: ctx, World: world}, Small: opts.small, Log: progress}
	for _, a := range attacks() {
		if !tool.Chosen(opts.only, a.name) || opts.small && a.slow {
			continue
		}
		r.Attack = a.name
		progress.Printf("%-12s %s", a.name, a.title)
		started := time.Now()
		for _, m := range a.modes {
			if err := r.Guard(func() { a.run(r, m) }); err != nil {
				return reportOf(r, began), fmt.Errorf("attack %s: %w", a.name, err)
			}
		}
		r.Progress("%.1f s", time.Since(started).Seconds())
	}
	return reportOf(r, began), nil
}

// reportOf returns the rows of the run.
func reportOf(r *rig.Run, began time.Time) report.Report {
	all := report.Report{Small: r.Small, Rows: r.Rows, Seconds: time.Since(began).Seconds()}
	for _, row := range r.Rows {
		if !row.OK {
			all.Broken++
		}
	}
	return all
}
