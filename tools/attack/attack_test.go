package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// needEngine skips a test of the real store where there is no Node; CI has one.
func needEngine(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil && os.Getenv("CI") == "" {
		t.Skip("the table engine needs Node and npm, which are not on PATH")
	}
}

func TestSmallRunHoldsEveryBound(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for a minute and more; leave out -short")
	}
	needEngine(t)
	got, err := attackAll(t.Context(), options{small: true})
	if err != nil {
		t.Fatal(err)
	}
	attacked := map[string]bool{}
	for _, row := range got.Rows {
		attacked[row.Attack] = true
		if !row.OK {
			t.Errorf("%s, %s, %s: %s", row.Attack, row.Mode, row.Tried, row.Why)
		}
	}
	for _, a := range attacks() {
		if !attacked[a.name] && !a.slow {
			t.Errorf("the attack %s left no row", a.name)
		}
	}
	t.Logf("%d bounds in %.0f s", len(got.Rows), got.Seconds)
}

// A harness that always reports success is worthless: the attack on each weakness must find it.
// This takes minutes, so it runs with make attack.
func TestEveryWeaknessIsFound(t *testing.T) {
	if os.Getenv("EMAILOTP_ATTACK") != "all" {
		t.Skip("set EMAILOTP_ATTACK=all to attack weakened worlds; make attack does")
	}
	needEngine(t)
	for name, m := range mutants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, by := range m.foundBy {
				got, err := attackAll(t.Context(), options{small: true, only: []string{by}, weaken: m.weak})
				if err != nil {
					t.Fatal(err)
				}
				found := false
				for _, row := range got.Rows {
					found = found || !row.OK && strings.Contains(row.Why, m.words)
				}
				if !found {
					t.Errorf("%s did not find it", by)
				}
			}
		})
	}
}

func TestAnEndedContextEndsTheRun(t *testing.T) {
	needEngine(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The run ends as its first attack begins, whose full run would take minutes.
	atFirstAttack := writerFunc(func(line []byte) {
		if bytes.HasPrefix(line, []byte(attacks()[0].name)) {
			cancel()
		}
	})
	got, err := attackAll(ctx, options{progress: atFirstAttack})
	if !errors.Is(err, context.Canceled) || len(got.Rows) > 0 {
		t.Errorf("a cancelled run returned %d rows and %v", len(got.Rows), err)
	}
}

// writerFunc is a writer that passes each write to a function.
type writerFunc func(line []byte)

func (f writerFunc) Write(line []byte) (int, error) { f(line); return len(line), nil }

func TestTimesThatDifferAreALeakAndEqualOnesAreNot(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	// series draws times of about a millisecond, multiplied by a factor.
	series := func(factor float64) []float64 {
		s := make([]float64, 500)
		for i := range s {
			s[i] = factor * (1 + 0.2*math.Abs(dice.NormFloat64()))
		}
		return s
	}
	leaks := func(a, b []float64) bool { _, _, broken := compareTimes("start", a, b); return broken != "" }
	for range 50 {
		a := series(1)
		if leaks(a, series(1)) {
			t.Error("equal times count as a leak")
		}
		if !leaks(a, series(1.1)) {
			t.Error("ten percent more are not found")
		}
		if leaks(a, series(1.02)) {
			t.Error("two percent count as a leak")
		}
	}
}
