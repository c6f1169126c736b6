package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/stats"
)

// A difference in time is a leak if it is no accident and large enough to be used.
const (
	leakP      = 0.001
	leakMedian = 0.05
	// samples is how often each step is timed with each sort of name.
	samples = 500
)

// timing measures how long the pool takes to answer, with the functions' real clients and the
// sandbox's services over loopback: known names and invented ones, in turns.
func timing(r *rig.Run, m settings.Mode) {
	// No quota may end in the run: past its end no mail goes out, which time shows.
	idle, busy := quotas{100_000, 100_000, 100_000}, quotas{10_000, 10_000, settings.MaxPoolMails}
	for _, p := range []struct {
		name   string
		spec   lab.UserSpec
		quotas quotas
		others int // owners who sign in before, so that the quota for proven addresses is in use
	}{
		{"known", lab.UserSpec{EmailVerified: true}, idle, 0},
		{"known, address not proven", lab.UserSpec{}, idle, 0},
		{"known, in a pool with other sign-ins", lab.UserSpec{EmailVerified: true}, busy, 400},
	} {
		l := r.Lab(lab.Plan{Mode: m, Wire: true, Change: p.quotas.set})
		for n := range p.others {
			l.Start(lab.Owner(50_000 + n))
		}
		times := stopwatch(r, l, p.spec)
		for _, step := range steps {
			if step.timed {
				result, bound, broken := compareTimes(step.name, times[true][step.name], times[false][step.name])
				r.Add(m, fmt.Sprintf("%s, %s: %d samples each", step.name, p.name, samples), 2*samples, result, bound, broken)
			}
		}
	}
}

// stopwatch times every step in milliseconds, by whether the name is known and by step, in random
// order. Each name is used once, so that no budget or cool-down matters but what the steps
// themselves cause.
func stopwatch(r *rig.Run, l *lab.Lab, spec lab.UserSpec) map[bool]map[string][]float64 {
	times := map[bool]map[string][]float64{true: {}, false: {}}
	const warm = 20
	for i := range samples + warm {
		spec.Email = fmt.Sprintf("user%05d@example.com", i)
		if l.User(spec); i%100 == 0 {
			r.Progress("%d of %d samples", i, samples)
		}
		for _, which := range rand.Perm(2) {
			known := which == 0
			s := &stranger{lab: l, name: spec.Email}
			if !known {
				s.name = fmt.Sprintf("none%05d@example.com", i)
			}
			for _, step := range steps {
				if !step.timed {
					continue
				}
				began := time.Now()
				a, err := step.take(s)
				took := float64(time.Since(began)) / float64(time.Millisecond)
				l.Scope.Check(err)
				if s.last = a; i >= warm {
					times[known][step.name] = append(times[known][step.name], took)
				}
			}
		}
	}
	return times
}

func compareTimes(step string, known, invented []float64) (result, bound, broken string) {
	p, a, b := stats.MannWhitney(known, invented), stats.Median(known), stats.Median(invented)
	apart := math.Abs(a-b) / min(a, b)
	return fmt.Sprintf("medians %.2f and %.2f ms, %.1f %% apart, p = %.2g", a, b, 100*apart, p),
		fmt.Sprintf("not both p < %g and > %.0f %%", leakP, 100*leakMedian),
		rig.Unless(p >= leakP || apart <= leakMedian,
			"%s differs between known and invented names: %.2f against %.2f ms, p = %.2g", step, a, b, p)
}
