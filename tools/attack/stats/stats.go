// Package stats compares two samples of times.
package stats

import (
	"math"
	"slices"
)

// MannWhitney returns the two-sided p-value of the test that neither of two samples tends to be the
// larger, by the normal approximation: good from some twenty samples.
func MannWhitney(a, b []float64) float64 {
	u, n, m := 0.0, float64(len(a)), float64(len(b))
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				u++
			case x == y:
				u += 0.5
			}
		}
	}
	return math.Erfc(math.Abs(u-n*m/2) / math.Sqrt(n*m*(n+m+1)/12) / math.Sqrt2)
}

// Median returns the middle of the samples.
func Median(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
