package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// modes are the construct's, as the sandbox names them.
var modes = []string{"passwordless", "password"}

// floors are sign-ins a second by real functions on two processors, by the number of clients.
var floors = map[string]map[int]float64{"passwordless": {1: 60, 8: 120}}

// sandboxLoad measures the start and the sign-ins a second, beside a pool whose triggers do nothing.
func sandboxLoad(ctx context.Context, r *run) error {
	if err := r.startTimes(ctx); err != nil {
		return err
	}
	for _, mode := range modes {
		if err := r.throughput(ctx, mode); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) startTimes(ctx context.Context) error {
	var whole, engine []float64
	for i := range r.samples(7, 2) + 1 { // the first installs and builds
		began := time.Now()
		s, err := r.startSandbox(ctx, "passwordless", 1, nil)
		if err != nil {
			return err
		}
		took := time.Since(began).Seconds()
		if err := s.Close(); err != nil {
			return err
		}
		began = time.Now()
		t, err := tables.Start(ctx, tables.Config{CacheDir: r.opts.CacheDir, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			return err
		}
		alone := time.Since(began).Seconds()
		if err := t.Close(); err != nil {
			return err
		}
		if i > 0 {
			whole, engine = append(whole, took), append(engine, alone)
		}
	}
	r.add(Row{What: "synthesised assembly to ready", Value: sample("s", whole...), Baseline: sample("s", engine...), Of: "the table engine alone",
		Target: valueAtMost(2)})
	return nil
}

func (r *run) throughput(ctx context.Context, mode string) error {
	counts := []int{1, 8, 64}
	limit := 10 * time.Second
	if r.opts.Quick {
		counts, limit = []int{1, 8}, 3*time.Second
	}
	most := counts[len(counts)-1]
	real, err := r.startSandbox(ctx, mode, most, nil)
	if err != nil {
		return err
	}
	defer func() { _ = real.Close() }() // nothing is measured any more
	alone, err := r.startSandbox(ctx, mode, most, trivial())
	if err != nil {
		return err
	}
	defer func() { _ = alone.Close() }()
	for _, s := range []struct {
		*sandbox.Sandbox
		fixed string
	}{{real, ""}, {alone, "1"}} { // warm up: processes, connections, users
		if _, err := drive(ctx, s.Sandbox, min(8, most), 40, time.Minute, s.fixed); err != nil {
			return err
		}
	}
	for _, clients := range counts {
		got, err := drive(ctx, real, clients, 0, limit, "")
		if err != nil {
			return err
		}
		bare, err := drive(ctx, alone, clients, 0, limit, "1")
		if err != nil {
			return err
		}
		r.addLoad(mode, clients, got, bare)
	}
	return nil
}

func (r *run) addLoad(mode string, clients int, got, bare load) {
	what := fmt.Sprintf("%s, %d clients", mode, clients)
	if clients == 1 {
		what = mode + ", 1 client"
	}
	row := Row{What: what + ": sign-ins a second", Value: sample("/s", got.perSecond...), Baseline: sample("/s", bare.perSecond...), Of: "triggers that do nothing"}
	if floor := floors[mode][clients]; floor > 0 {
		row.Target = valueAtLeast(floor)
	}
	r.add(row)
	r.add(Row{What: what + ": one sign-in", Value: sample("s", got.latency...), Baseline: sample("s", bare.latency...), Of: "triggers that do nothing"})
	r.add(Row{What: what + ": until the code is in the inbox", Value: sample("s", got.mailed...)})
	if !got.usageKnown {
		r.add(Row{What: what + ": processor time and memory", Missing: "this system does not tell it (" + runtime.GOOS + ")"})
		return
	}
	r.add(Row{What: what + ": processor time of a sign-in", Value: sample("s", got.cpu), Baseline: sample("s", bare.cpu), Of: "triggers that do nothing",
		Note: fmt.Sprintf("%s in the sandbox with its clients, %s in the table engine, the rest in the functions; then %s of memory in the sandbox and %s in %d processes",
			amount(got.ownCPU, "s"), amount(got.engineCPU, "s"), amount(got.own, "B"), amount(got.others, "B"), got.processes-1)})
}

// sandboxLeak signs in thousands of times and compares the end with the beginning.
func sandboxLeak(ctx context.Context, r *run) error {
	total := r.samples(20_000, 500)
	s, err := r.startSandbox(ctx, "passwordless", 8, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // nothing is measured any more
	if _, err := drive(ctx, s, 8, total/20, time.Hour, ""); err != nil {
		return err
	}
	before, known := measureUsage()
	goroutines := runtime.NumGoroutine()
	l, err := drive(ctx, s, 8, total, time.Hour, "")
	if err != nil {
		return err
	}
	after, ok := measureUsage()
	if !known || !ok {
		return errors.New("this system does not tell the memory of processes (" + runtime.GOOS + ")")
	}
	r.add(Row{What: fmt.Sprintf("sign-ins a second, the last tenth of %d", total), Value: sample("/s", l.last), Baseline: sample("/s", l.first), Of: "the first tenth"})
	r.add(Row{What: "memory of the sandbox, for a sign-in", Value: sample("B", max(0, after.own-before.own)/float64(total)),
		Note: fmt.Sprintf("from %s to %s; the inbox keeps every mail, which is most of it", amount(before.own, "B"), amount(after.own, "B"))})
	r.add(Row{What: "memory of its processes, afterwards", Value: sample("B", after.others), Baseline: sample("B", before.others), Of: "before"})
	r.add(Row{What: "processes afterwards", Value: sample("processes", float64(after.processes)), Baseline: sample("processes", float64(before.processes)), Of: "before", Target: ratioAtMost(1.2)})
	r.add(Row{What: "goroutines afterwards", Value: sample("goroutines", float64(runtime.NumGoroutine())), Baseline: sample("goroutines", float64(goroutines)), Of: "before", Target: ratioAtMost(1.2)})
	return nil
}
