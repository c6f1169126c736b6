package attack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attack"
)

// needEngine skips a test of the real store where there is no Node; CI has one.
func needEngine(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil && os.Getenv("CI") == "" {
		t.Skip("the table engine needs Node and npm, which are not on PATH")
	}
}

func TestEveryBoundHolds(t *testing.T) {
	needEngine(t)
	report, err := attack.Run(t.Context(), attack.Options{Small: true})
	if err != nil {
		t.Fatal(err)
	}
	attacked := map[string]bool{}
	for _, row := range report.Rows {
		attacked[row.Attack] = true
		if !row.OK && !holdsOnAQuietMoment(t, row) {
			t.Errorf("%s, %s, %s: %s", row.Attack, row.Mode, row.Tried, row.Why)
		}
	}
	for _, name := range attack.Names() {
		if !attacked[name] && name != "timing" {
			t.Errorf("the attack %s left no row", name)
		}
	}
	t.Logf("%d bounds in %.0f s", len(report.Rows), report.Seconds)
}

// holdsOnAQuietMoment tries an attack again that goes by the machine's clock: where the machine is too busy
// to answer within the shortened five seconds, the simulated Cognito gives up on sound triggers.
func holdsOnAQuietMoment(t *testing.T, broken attack.Row) bool {
	t.Helper()
	if broken.Attack != "retries" && broken.Attack != "faults" {
		return false
	}
	for range 3 {
		again, err := attack.Run(t.Context(), attack.Options{Small: true, Only: []string{broken.Attack}})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range again.Rows {
			if row.Mode == broken.Mode && row.Tried == broken.Tried && row.OK {
				return true
			}
		}
	}
	return false
}

// A harness that always says ok would be worth nothing: each mutant must be found by the attack that
// is about its weakness.
// It takes minutes, so it runs with make attack.
func TestEveryWeaknessIsFound(t *testing.T) {
	if os.Getenv("EMAILOTP_ATTACK") != "all" {
		t.Skip("set EMAILOTP_ATTACK=all to attack worlds that deserve to break; make attack does")
	}
	needEngine(t)
	for name, m := range attack.Mutants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, by := range m.FoundBy {
				report, err := m.Run(t.Context(), by)
				if err != nil {
					t.Fatal(err)
				}
				found := false
				for _, row := range report.Rows {
					found = found || !row.OK && strings.Contains(row.Why, m.Words)
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
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := attack.Run(ctx, attack.Options{}); err == nil {
		t.Error("a run that was broken off has no error")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it went on for %v", took)
	}
}

func TestAnUnknownAttackIsNamedWithThoseThereAre(t *testing.T) {
	_, err := attack.Run(t.Context(), attack.Options{Only: []string{"nothing", "year"}})
	if err == nil || !strings.Contains(err.Error(), "no attack nothing") || !strings.Contains(err.Error(), "lockout") {
		t.Errorf("%v", err)
	}
}

func report() attack.Report {
	return attack.Report{Seconds: 2, Rows: []attack.Row{
		{Attack: "year", Mode: "password", Tried: "guesses", Count: 8770, Result: "8,770 compared", Bound: "≤ 8,770", OK: true},
		{Attack: "doors", Mode: "password", Tried: "an entry", Count: 1, Result: "tokens", Bound: "0", Why: "tokens were given"},
	}}
}

func TestTheTableNamesWhatBroke(t *testing.T) {
	var b strings.Builder
	if err := report().Table(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"attack", "8,770 compared", "≤ 8,770  ok", "0        BROKEN", "BROKEN doors, password, an entry:\n  tokens were given", "2 bounds, 1 broken, 2 s"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in\n%s", want, b.String())
		}
	}
}

func TestTheJSONReadsBack(t *testing.T) {
	var b bytes.Buffer
	if err := report().JSON(&b); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Broken int
		Rows   []attack.Row
	}
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Broken != 1 || len(back.Rows) != 2 || back.Rows[0] != report().Rows[0] {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestTheArithmetic(t *testing.T) {
	if n := attack.MaxGuesses(365); n != 8770 {
		t.Errorf("%d guesses a year", n)
	}
	for digits, want := range map[int]float64{6: 8.73e-3, 8: 8.77e-5, 10: 8.77e-7} {
		if got := attack.Chance(8770, digits); math.Abs(got-want)/want > 0.001 {
			t.Errorf("%d digits: %g, want %g", digits, got, want)
		}
	}
}

// series draws times of about a millisecond, shifted by a factor.
func series(dice *rand.Rand, n int, factor float64) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = factor * (1 + 0.2*math.Abs(dice.NormFloat64()))
	}
	return s
}

func TestTimesThatDifferAreALeakAndEqualOnesAreNot(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a := series(dice, 500, 1)
		if attack.Leaks(a, series(dice, 500, 1)) {
			t.Error("equal times count as a leak")
		}
		if !attack.Leaks(a, series(dice, 500, 1.1)) {
			t.Error("ten percent more are not found")
		}
		if attack.Leaks(a, series(dice, 500, 1.02)) {
			t.Error("two percent count as a leak")
		}
	}
}

func TestMannWhitney(t *testing.T) {
	// By hand: ranks of a are 1, 2, 4, 5, so U = 2 of a mean of 10 and a deviation of √(4·5·10/12).
	a, b := []float64{1, 2, 4, 5}, []float64{3, 6, 7, 8, 9}
	want := math.Erfc(8 / math.Sqrt(4*5*10/12.0) / math.Sqrt2)
	if p := attack.MannWhitney(a, b); math.Abs(p-want) > 1e-12 {
		t.Errorf("p = %v, want %v", p, want)
	}
	if p := attack.MannWhitney([]float64{1, 1}, []float64{1, 1}); p != 1 {
		t.Errorf("all equal: p = %v", p)
	}
	if attack.Median([]float64{3, 1, 2}) != 2 || attack.Median([]float64{4, 1, 2, 3}) != 2.5 {
		t.Error("the median is off")
	}
}
