package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// warmCalls measures functions that run already: from the event's handing over to the answer.
func warmCalls(ctx context.Context, r *run) error {
	p, err := r.getPrograms(ctx)
	if err != nil {
		return err
	}
	served, err := startServices(nil, 0)
	if err != nil {
		return err
	}
	defer served.close()
	targets := map[settings.Function]*Target{
		settings.CreateAuthChallenge: ratioAtMost(1.2), settings.VerifyAuthChallenge: ratioAtMost(1.2)}
	for _, f := range functions {
		bareName, nodeName := peers(f)
		got, err := inTurns(ctx, p, served, f, []string{string(f), bareName, nodeName}, r.samples(1000, 100))
		if err != nil {
			return err
		}
		r.add(got.row(string(f)+": one call", string(f), bareName, "the same calls in Go", "s", answered, targets[f]))
		r.add(got.row("Node beside "+string(f)+": one call", nodeName, string(f), string(f), "s", answered, nil))
		r.add(got.row(string(f)+fmt.Sprintf(": memory after %d calls", len(got.entrants[string(f)].got.answered)),
			string(f), bareName, "the same calls in Go", "B", memory, valueAtMost(16e6)))
	}
	return nil
}

// inTurns keeps the programs running and gives each a few events at a time.
func inTurns(ctx context.Context, p *programs, served *services, f settings.Function, names []string, n int) (*starter, error) {
	const turn = 10
	s := newStarter(p, served)
	workers := map[string]*worker{}
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	for _, name := range names {
		s.enter(name, f)
		e := s.entrants[name]
		if e.err != nil {
			continue
		}
		if workers[name], e.err = startWorker(e.program); e.err != nil {
			delete(workers, name)
		}
	}
	for done := -3 * turn; done < n; done += turn { // the first turns are not counted
		for _, name := range names {
			e := s.entrants[name]
			for range turn {
				if e.err == nil {
					e.err = e.call(ctx, workers[name], done >= 0)
				}
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
	}
	for _, name := range names {
		if w := workers[name]; w != nil && s.entrants[name].err == nil {
			if rss, ok := residentMemory(w.cmd.Process.Pid); ok {
				s.entrants[name].got.memory = []float64{rss}
			}
		}
	}
	return s, nil
}

func (e *entrant) call(ctx context.Context, w *worker, counts bool) error {
	given := time.Now()
	w.give(e.event)
	a, err := w.await(ctx)
	if err == nil {
		err = accepted(e.check, a.body)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.program.name, err)
	}
	if counts {
		e.got.answered = append(e.got.answered, a.at.Sub(given).Seconds())
	}
	return nil
}

// ownWork measures the handlers in process, with stand-ins for everything outside.
func ownWork(ctx context.Context, r *run) error {
	all := handlers(io.Discard)
	for _, f := range functions {
		h, e := all[f], event(f)
		invoke := func() {
			if _, err := h.Invoke(ctx, e); err != nil {
				panic(err) // TestOwnWork holds that none of them fails
			}
		}
		var target *Target
		if f == settings.DefineAuthChallenge {
			target = valueAtMost(50e-6)
		}
		value := sample("s", timed(ctx, r.samples(200, 20), 20, invoke)...)
		r.add(Row{What: string(f) + ": own work of a call", Value: value, Target: target})
	}
	budgets, err := Budgets()
	if err != nil {
		return err
	}
	for _, f := range functions {
		n := Allocations(f)
		r.add(Row{What: string(f) + ": allocations of a call", Value: sample("allocations", n), Target: valueAtMost(float64(budgets.Allocations[string(f)].Limit))})
	}
	return ctx.Err()
}

// timed runs f in n batches and returns the seconds that one run takes in each.
func timed(ctx context.Context, n, batch int, f func()) []float64 {
	xs := make([]float64, 0, n)
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

// Allocations returns how many heap allocations one call of a trigger makes with stand-ins for all that
// lies outside. The number is the same on every machine, but for goroutines that the runtime may have
// at hand or not.
func Allocations(f settings.Function) float64 {
	h, e := handlers(io.Discard)[f], event(f)
	defer runtime.GC()
	var failure error
	n := testing.AllocsPerRun(200, func() {
		_, err := h.Invoke(context.Background(), e)
		failure = errors.Join(failure, err)
	})
	if failure != nil {
		panic(failure) // a trigger that refuses would be cheap
	}
	return n
}
