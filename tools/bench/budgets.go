package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// budgets are what holds on every machine and is therefore tested: budgets.json.
var budgets = func() (b struct {
	// Zips are sizes in bytes, by GOARCH and function.
	Zips map[string]map[string]Budget `json:"zips"`
	// Allocations are those of one call with stand-ins for all that lies outside.
	Allocations map[string]Budget `json:"allocations"`
	// Calls are requests to AWS of one call, by function and operation. An operation that isn't
	// named may not be called.
	Calls map[string]map[string]Budget `json:"calls"`
}) {
	if err := json.Unmarshal(budgetsFile, &b); err != nil {
		panic(fmt.Errorf("budgets.json: %w", err)) // TestEveryFunctionHasBudgets reads it
	}
	return b
}()

//go:embed budgets.json
var budgetsFile []byte

// Budget is a limit with its reason.
type Budget struct {
	Limit int    `json:"limit"`
	Why   string `json:"why"`
}

// budgeted adds a row for a value with a budget.
func (r *run) budgeted(what, unit string, x float64, b Budget) *Row {
	row := r.value(what, unit, valueAtMost(float64(b.Limit)), x)
	row.Budget = b.Why
	return row
}

// zipSizes weighs the zips that Lambda would get. A quick run weighs this machine's, since it
// compiles for no other processor.
func zipSizes(r *run) error {
	architectures := []string{"arm64", "amd64"}
	if r.Fewer {
		architectures = []string{runtime.GOARCH}
	}
	for _, arch := range architectures {
		target := build.Target{GOOS: "linux", GOARCH: arch}
		binary := filepath.Join(r.dir, "empty-"+arch, build.Bootstrap)
		if err := r.compile("./tools/bench/bare/empty", target, binary); err != nil {
			return err
		}
		content, err := os.ReadFile(binary)
		if err != nil {
			return err
		}
		empty := counter(0)
		if err := build.Archive(&empty, []build.File{{Name: build.Bootstrap, Content: content}}); err != nil {
			return err
		}
		for _, name := range build.Names() {
			p, err := build.WritePackage(r.ctx, r.app, name, target, filepath.Join(r.dir, arch))
			if err != nil {
				return err
			}
			info, err := os.Stat(p.Path)
			if err != nil {
				return err
			}
			row := r.budgeted(name+" for "+arch, "B", float64(info.Size()), budgets.Zips[arch][name])
			row.Baseline, row.Of = sample("B", []float64{float64(empty)}), emptyGo
		}
	}
	return nil
}

// counter counts the bytes that are written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// awsCalls counts the calls to AWS of the compiled functions for a known user who gives the right
// answer.
func awsCalls(r *run) error {
	c, err := r.newContest(false, 0)
	if err != nil {
		return err
	}
	defer c.services.close()
	for _, f := range functions {
		name, e := string(f), c.enter(string(f), f)
		if e.err == nil {
			e.err = r.coldStart(e, true)
		}
		if err := e.err; err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		counted := c.services.take()
		limits := budgets.Calls[name]
		for operation := range limits {
			counted[operation] += 0 // an operation that is not called any more shows too
		}
		if len(counted) == 0 {
			r.budgeted(name+": calls to AWS", "calls", 0, Budget{})
		}
		for _, operation := range slices.Sorted(maps.Keys(counted)) {
			r.budgeted(name+": "+operation, "calls", float64(counted[operation]), limits[operation])
		}
	}
	return nil
}

// ownWork measures the handlers in process, with stand-ins for everything outside.
func ownWork(r *run) error {
	all := handlers()
	for _, f := range functions {
		h, e := all[f], event(f)
		var failure error
		invoke := func() {
			_, err := h.Invoke(r.ctx, e)
			failure = errors.Join(failure, err)
		}
		var target *Target
		if f == settings.DefineAuthChallenge {
			target = valueAtMost(50e-6)
		}
		r.value(string(f)+": own work of a call", "s", target, timed(r.ctx, r.samples(200, 20), 20, invoke)...)
		// The number is the same on every machine, but for goroutines that the runtime may have at
		// hand.
		r.budgeted(string(f)+": allocations of a call", "allocations", testing.AllocsPerRun(200, invoke),
			budgets.Allocations[string(f)])
		if failure != nil {
			return fmt.Errorf("%s: %w", f, failure)
		}
		runtime.GC()
	}
	return nil
}

// mailTimes measures a mail beside its bare encoding as JSON, which every sender has to do.
func mailTimes(r *run) error {
	c := trigger.MailConfig(functionSettings(settings.Passwordless))
	m := mail.Message{To: "user@example.com", Code: "12345678", ExpiresIn: 5 * time.Minute, RequestedAt: time.Now(),
		Zoneinfo: "Europe/Berlin"}
	for _, m.Locale = range []string{"en", "ar"} {
		warm, err := mail.New(c)
		if err != nil {
			return err
		}
		written, err := warm.Render(m)
		if err != nil {
			return err
		}
		first := func() {
			if fresh, err := mail.New(c); err == nil {
				_, _ = fresh.Render(m)
			}
		}
		runtime.GC()
		var firsts, renders, encodes []float64
		for range r.samples(200, 20) {
			firsts = append(firsts, timed(r.ctx, 1, 4, first)...)
			renders = append(renders, timed(r.ctx, 1, 20, func() { _, _ = warm.Render(m) })...)
			encodes = append(encodes, timed(r.ctx, 1, 20, func() { _, _ = json.Marshal(written) })...)
		}
		r.compare(m.Locale+": the first mail of a process", "s", firsts, "encoding it as JSON", encodes, valueAtMost(1e-3))
		r.compare(m.Locale+": each further mail", "s", renders, "encoding it as JSON", encodes, valueAtMost(100e-6))
	}
	return nil
}

// timed runs f in n batches and returns the seconds that one run takes in each.
func timed(ctx context.Context, n, batch int, f func()) []float64 {
	var xs []float64
	for range n {
		if ctx.Err() != nil {
			return nil
		}
		began := time.Now()
		for range batch {
			f()
		}
		xs = append(xs, time.Since(began).Seconds()/float64(batch))
	}
	return xs
}
