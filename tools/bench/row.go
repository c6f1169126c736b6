package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Row is one measurement beside its baseline.
type Row struct {
	Section string `json:"section"`
	What    string `json:"what"`
	// Value is what was measured; nil if it could not be, and Missing then has the reason.
	Value *Value `json:"value,omitempty"`
	// Baseline is what Of names, measured in turns with Value.
	Baseline *Value `json:"baseline,omitempty"`
	Of       string `json:"of,omitempty"`
	// Ratio is Value's median divided by Baseline's.
	Ratio *float64 `json:"ratio,omitempty"`
	// Target is the aim; Met reports whether it was reached, nil without a number.
	Target *Target `json:"target,omitempty"`
	Met    *bool   `json:"met,omitempty"`
	// Budget is the reason for a target of budgets.json.
	Budget  string `json:"budget,omitempty"`
	Note    string `json:"note,omitempty"`
	Missing string `json:"missing,omitempty"`
}

// Value is a sample: its median, and the quartiles around it.
type Value struct {
	Median float64 `json:"median"`
	Low    float64 `json:"q1"`
	High   float64 `json:"q3"`
	// Unit is "s", "B", "/s" or what is counted.
	Unit string `json:"unit"`
	// N is the number of samples.
	N int `json:"n"`
}

// Target is a bound for a row's ratio or, with OfValue, for its value: the most that it may be or,
// with Least, the least.
type Target struct {
	OfValue bool    `json:"ofValue,omitempty"`
	Least   bool    `json:"least,omitempty"`
	Bound   float64 `json:"bound"`
}

func ratioAtMost(x float64) *Target  { return &Target{Bound: x} }
func ratioAtLeast(x float64) *Target { return &Target{Bound: x, Least: true} }
func valueAtMost(x float64) *Target  { return &Target{Bound: x, OfValue: true} }
func valueAtLeast(x float64) *Target { return &Target{Bound: x, OfValue: true, Least: true} }

func (r *run) add(row *Row) *Row {
	row.Section = r.section
	r.rows = append(r.rows, row)
	return row
}

// value adds a row without a baseline. The target may be nil.
func (r *run) value(what, unit string, t *Target, xs ...float64) *Row {
	return r.add(&Row{What: what, Value: sample(unit, xs), Target: t})
}

// compare adds a row with a baseline. The target may be nil.
func (r *run) compare(what, unit string, xs []float64, of string, baseline []float64, t *Target) *Row {
	return r.add(&Row{What: what, Value: sample(unit, xs), Of: of, Baseline: sample(unit, baseline), Target: t})
}

// unsteady is the spread, between the quartiles and as a part of the median, from which a sample of
// times proves nothing.
const unsteady = 1.0

// judge fills in ratio and verdict.
func (r *Row) judge() {
	if r.Value == nil {
		if r.Missing == "" {
			r.Missing = "this system does not report it"
		}
		return
	}
	for _, v := range []*Value{r.Value, r.Baseline} {
		if v != nil && v.N > 2 && v.Unit == "s" && v.High-v.Low > unsteady*v.Median {
			r.Missing = fmt.Sprintf("the machine was too busy: half of %d samples lie between %s and %s",
				v.N, amount(v.Low, v.Unit), amount(v.High, v.Unit))
			r.Value, r.Baseline = nil, nil
			return
		}
	}
	if r.Baseline != nil && r.Baseline.Median != 0 {
		q := r.Value.Median / r.Baseline.Median
		r.Ratio = &q
	}
	if r.Target == nil {
		return
	}
	x := r.Ratio
	if r.Target.OfValue {
		x = &r.Value.Median
	}
	if x != nil {
		met := *x <= r.Target.Bound
		if r.Target.Least {
			met = *x >= r.Target.Bound
		}
		r.Met = &met
	}
}

// sample makes a value of measurements, nil of none.
func sample(unit string, xs []float64) *Value {
	if len(xs) == 0 {
		return nil
	}
	xs = slices.Sorted(slices.Values(xs))
	// quantile interpolates between the samples around the rank.
	quantile := func(q float64) float64 {
		rank := q * float64(len(xs)-1)
		below := int(rank)
		part := rank - float64(below)
		return xs[below]*(1-part) + xs[min(below+1, len(xs)-1)]*part
	}
	return &Value{Median: quantile(0.5), Low: quantile(0.25), High: quantile(0.75), Unit: unit, N: len(xs)}
}

// String returns median and quartiles, "2.1 ms (2.0-2.4)".
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
	return digits(x/scale) + " " + name
}

func scaled(x float64, unit string) (name string, scale float64) {
	switch x = math.Abs(x); {
	case unit == "s" && x < 1e-3:
		return "µs", 1e-6
	case unit == "s" && x < 1:
		return "ms", 1e-3
	case unit == "B" && x >= 1e6:
		return "MB", 1e6
	case unit == "B" && x >= 1e4:
		return "kB", 1e3
	}
	return unit, 1
}

// digits writes three significant digits, and whole numbers whole.
func digits(x float64) string {
	a, places := math.Abs(x), 2
	switch {
	case x == math.Trunc(x), a >= 100:
		places = 0
	case a >= 10:
		places = 1
	case a < 0.01:
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return strconv.FormatFloat(x, 'f', places, 64)
}

// words writes the bound of a row whose values have the unit, "<= 2.20 x".
func (t *Target) words(unit string) string {
	if t == nil {
		return ""
	}
	sign := map[bool]string{false: "<= ", true: ">= "}[t.Least]
	if t.OfValue {
		return sign + amount(t.Bound, unit)
	}
	return sign + digits(t.Bound) + " x"
}
