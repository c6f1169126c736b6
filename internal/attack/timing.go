package attack

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A difference in time is a leak if it is no accident, and large enough to be used.
const (
	leakP      = 0.001
	leakMedian = 0.05
	// samples is how often each step is timed with each sort of name.
	samples = 500
)

// pair is a sort of account that is timed against names that nobody has.
type pair struct {
	name string
	spec userpool.UserSpec
	// lanes must not end in the run: past their end no mail goes to anybody, and time shows that.
	lanes lanes
	// others sign in before, so that the lane for people is in use and the one for invented names is not.
	others int
}

// timing measures how long the pool takes to answer, with the real clients against the sandbox's
// services over loopback: known names against names that nobody has, one of each in turn.
func timing(ctx context.Context, r *run) error {
	quiet, busy := lanes{100_000, 100_000, 100_000}, lanes{10_000, 10_000, 3_600_000}
	for _, p := range []pair{
		{"known", userpool.UserSpec{EmailVerified: true}, quiet, 0},
		{"known, address not proven", userpool.UserSpec{}, quiet, 0},
		{"known, in a pool that people use", userpool.UserSpec{EmailVerified: true}, busy, 400},
	} {
		known, nobody, err := p.stopwatch(ctx, r)
		if err != nil {
			return err
		}
		for i, step := range timedSteps {
			row, broken := timingRow(p.name, step, known[i], nobody[i])
			r.add(row, broken)
		}
	}
	return nil
}

var timedSteps = []string{"start", "wrong answer", "start again", "resend too soon"}

func timingRow(name, step string, known, nobody []float64) (Row, string) {
	p, a, b := mannWhitney(known, nobody), median(known), median(nobody)
	apart := math.Abs(a-b) / min(a, b)
	leak := p < leakP && apart > leakMedian
	return Row{Mode: string(settings.Passwordless), Tried: fmt.Sprintf("%s, %s: %d samples each", step, name, len(known)), Count: int64(len(known) + len(nobody)),
			Result: fmt.Sprintf("medians %.2f and %.2f ms, %.1f %% apart, p = %.2g", a, b, 100*apart, p),
			Bound:  fmt.Sprintf("not both p < %g and > %.0f %%", leakP, 100*leakMedian)},
		unless(!leak, "%s tells known names from others: %.2f against %.2f ms, p = %.2g", step, a, b, p)
}

// stopwatch times every step for known and unknown names, in random order, in milliseconds. Each name is
// used once, so that no budget or cool-down is in play but what the steps themselves bring.
func (p pair) stopwatch(ctx context.Context, r *run) (known, nobody [][]float64, err error) {
	l, err := r.bench.lab(plan{mode: settings.Passwordless, wire: true, change: p.lanes.set})
	if err != nil {
		return nil, nil, err
	}
	defer l.close()
	for n := range p.others {
		l.start(ctx, owner(50_000+n))
	}
	known, nobody = make([][]float64, len(timedSteps)), make([][]float64, len(timedSteps))
	const warm = 20
	for i := range samples + warm {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		names := []string{fmt.Sprintf("user%05d@example.com", i), fmt.Sprintf("none%05d@example.com", i)}
		spec := p.spec
		spec.Email = names[0]
		if err := l.user(ctx, spec); err != nil {
			return nil, nil, err
		}
		if i%100 == 0 {
			r.say("%d of %d samples", i, samples)
		}
		for _, which := range rand.Perm(2) {
			times, err := walkTimed(ctx, l, names[which])
			if err != nil {
				return nil, nil, err
			}
			for step, t := range times {
				if i < warm {
					continue
				}
				if which == 0 {
					known[step] = append(known[step], t)
				} else {
					nobody[step] = append(nobody[step], t)
				}
			}
		}
	}
	return known, nobody, nil
}

// walkTimed takes the timed steps at one name.
func walkTimed(ctx context.Context, l *lab, name string) ([]float64, error) {
	w := &watcher{lab: l, name: name}
	var times []float64
	for _, take := range []func() (answerOf, error){
		func() (answerOf, error) { return l.initiate(ctx, name) },
		func() (answerOf, error) { return w.respond(ctx, "00000000") },
		func() (answerOf, error) { return l.initiate(ctx, name) },
		func() (answerOf, error) { return w.respond(ctx, "resend", "resend") },
	} {
		began := time.Now()
		a, err := take()
		if err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(began))/float64(time.Millisecond))
		w.last = a
	}
	return times, nil
}
