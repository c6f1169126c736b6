package bench

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A Row is one thing that was measured, beside its baseline.
type Row struct {
	Section string `json:"section"`
	What    string `json:"what"`
	// Value is what was measured; nil where it could not be, and Missing then says why.
	Value *Value `json:"value,omitempty"`
	// Baseline is what Of names, measured in turns with Value.
	Baseline *Value `json:"baseline,omitempty"`
	Of       string `json:"of,omitempty"`
	// Ratio is Value's median by Baseline's.
	Ratio *float64 `json:"ratio,omitempty"`
	// Target is what was aimed at; Met says whether it was reached, nil without a number to judge.
	Target *Target `json:"target,omitempty"`
	Met    *bool   `json:"met,omitempty"`
	// Note adds what the numbers don't say.
	Note    string `json:"note,omitempty"`
	Missing string `json:"missing,omitempty"`
}

// A Value is a sample: its median, and the quartiles around it.
type Value struct {
	Median float64 `json:"median"`
	Low    float64 `json:"q1"`
	High   float64 `json:"q3"`
	// Unit is "s", "B", "/s" or what is counted.
	Unit string `json:"unit"`
	// N is how many samples there are.
	N int `json:"n"`
}

// A Target is a bound for a row's ratio or, with Value, for its value: the most that it may be or, with
// Least, the least.
type Target struct {
	Value bool    `json:"ofValue,omitempty"`
	Least bool    `json:"least,omitempty"`
	Bound float64 `json:"bound"`
}

func ratioAtMost(x float64) *Target  { return &Target{Bound: x} }
func ratioAtLeast(x float64) *Target { return &Target{Bound: x, Least: true} }
func valueAtMost(x float64) *Target  { return &Target{Bound: x, Value: true} }
func valueAtLeast(x float64) *Target { return &Target{Bound: x, Value: true, Least: true} }

// unsteady is the spread, between the quartiles and as a part of the median, from which a sample says
// nothing.
const unsteady = 1.0

// judged fills in ratio and verdict.
func (r Row) judged() Row {
	if r.Value == nil {
		return r
	}
	for _, v := range []*Value{r.Value, r.Baseline} {
		if v != nil && v.N > 2 && v.Unit == "s" && v.High-v.Low > unsteady*v.Median {
			r.Missing = fmt.Sprintf("the machine was too busy: half of %d samples lie between %s and %s",
				v.N, amount(v.Low, v.Unit), amount(v.High, v.Unit))
			r.Value, r.Baseline = nil, nil
			return r
		}
	}
	if r.Baseline != nil && r.Baseline.Median != 0 {
		q := r.Value.Median / r.Baseline.Median
		r.Ratio = &q
	}
	if r.Target == nil {
		return r
	}
	x := r.Ratio
	if r.Target.Value {
		x = &r.Value.Median
	}
	if x != nil {
		met := *x <= r.Target.Bound
		if r.Target.Least {
			met = *x >= r.Target.Bound
		}
		r.Met = &met
	}
	return r
}

// sample makes a value of measurements.
func sample(unit string, xs ...float64) *Value {
	if len(xs) == 0 {
		return nil
	}
	xs = slices.Sorted(slices.Values(xs))
	return &Value{Median: quantile(xs, 0.5), Low: quantile(xs, 0.25), High: quantile(xs, 0.75), Unit: unit, N: len(xs)}
}

// quantile interpolates between the samples around the rank; xs is sorted.
func quantile(xs []float64, q float64) float64 {
	rank := q * float64(len(xs)-1)
	below := int(rank)
	if below+1 >= len(xs) {
		return xs[len(xs)-1]
	}
	part := rank - float64(below)
	return xs[below]*(1-part) + xs[below+1]*part
}

// String gives median and quartiles, "2.1 ms (2.0-2.4)".
func (v *Value) String() string {
	if v == nil {
		return ""
	}
	s := amount(v.Median, v.Unit)
	if v.N > 1 && v.Low != v.High {
		_, scale := scaled(v.Median, v.Unit)
		s += fmt.Sprintf(" (%s-%s)", digits(v.Low/scale), digits(v.High/scale))
	}
	return s
}

// amount writes a number with its unit, in the unit's handiest multiple.
func amount(x float64, unit string) string {
	name, scale := scaled(x, unit)
	if name == "" {
		return digits(x / scale)
	}
	return digits(x/scale) + " " + name
}

func scaled(x float64, unit string) (name string, scale float64) {
	x = math.Abs(x)
	switch unit {
	case "s":
		switch {
		case x < 1e-3:
			return "µs", 1e-6
		case x < 1:
			return "ms", 1e-3
		}
	case "B":
		switch {
		case x >= 1e6:
			return "MB", 1e6
		case x >= 1e4:
			return "kB", 1e3
		}
	}
	return unit, 1
}

// digits writes three significant digits, and whole numbers whole.
func digits(x float64) string {
	switch a := math.Abs(x); {
	case x == math.Trunc(x) && a < 1e15:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= 0.01:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// words gives the bound of a row whose values have the unit, "<= 2.20 x".
func (t *Target) words(unit string) string {
	if t == nil {
		return ""
	}
	sign := "<= "
	if t.Least {
		sign = ">= "
	}
	if t.Value {
		return sign + amount(t.Bound, unit)
	}
	return sign + digits(t.Bound) + " x"
}
