package bench

import (
	"strings"
	"testing"
)

func TestSample(t *testing.T) {
	v := sample("s", 4, 1, 3, 2)
	if v.Median != 2.5 || v.Low != 1.75 || v.High != 3.25 || v.N != 4 {
		t.Errorf("got %+v", *v)
	}
	if v := sample("s", 7); v.Median != 7 || v.Low != 7 || v.High != 7 {
		t.Errorf("of one: %+v", *v)
	}
	if sample("s") != nil {
		t.Error("no samples have a value")
	}
}

func TestJudged(t *testing.T) {
	steady, baseline := sample("s", 0.9, 1, 1.1), sample("s", 0.45, 0.5, 0.55)
	for _, c := range []struct {
		what string
		row  Row
		met  string // "yes", "no" or "" for no verdict
	}{
		{"a ratio within its bound", Row{Value: steady, Baseline: baseline, Target: ratioAtMost(2)}, "yes"},
		{"a ratio above its bound", Row{Value: steady, Baseline: baseline, Target: ratioAtMost(1.9)}, "no"},
		{"a ratio that is to be large", Row{Value: steady, Baseline: baseline, Target: ratioAtLeast(2.1)}, "no"},
		{"a value within its bound", Row{Value: steady, Target: valueAtMost(1)}, "yes"},
		{"a value below its floor", Row{Value: steady, Target: valueAtLeast(1.5)}, "no"},
		{"no bound", Row{Value: steady, Baseline: baseline}, ""},
		{"no number", Row{Missing: "why", Target: valueAtMost(1)}, ""},
		{"a ratio to be judged without a baseline", Row{Value: steady, Target: ratioAtMost(1)}, ""},
	} {
		got := c.row.judged()
		verdict := ""
		if got.Met != nil {
			verdict = map[bool]string{true: "yes", false: "no"}[*got.Met]
		}
		if verdict != c.met {
			t.Errorf("%s: %q, want %q", c.what, verdict, c.met)
		}
	}
	if r := (Row{Value: steady, Baseline: baseline}).judged(); r.Ratio == nil || *r.Ratio != 2 {
		t.Errorf("the ratio is %v", r.Ratio)
	}
}

func TestNumbersOfABusyMachineAreNotPrinted(t *testing.T) {
	wild := sample("s", 1, 2, 10, 20, 30)
	for _, row := range []Row{{Value: wild, Baseline: sample("s", 1, 1, 1)}, {Value: sample("s", 1, 1, 1), Baseline: wild, Target: ratioAtMost(2)}} {
		got := row.judged()
		if got.Value != nil || got.Ratio != nil || got.Met != nil || !strings.Contains(got.Missing, "too busy") {
			t.Errorf("got %+v", got)
		}
	}
}

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		x    float64
		unit string
		want string
	}{
		{0.0000123, "s", "12.3 µs"}, {0.00234, "s", "2.34 ms"}, {1.5, "s", "1.50 s"}, {4_060_000, "B", "4.06 MB"}, {12_000, "B", "12 kB"},
		{239, "B", "239 B"}, {48.123, "/s", "48.1 /s"}, {2, "calls", "2 calls"}, {0.00324, "USD", "0.00324 USD"},
	} {
		if got := amount(c.x, c.unit); got != c.want {
			t.Errorf("amount(%v, %q) = %q, want %q", c.x, c.unit, got, c.want)
		}
	}
}
