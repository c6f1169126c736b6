package stats

import (
	"math"
	"testing"
)

func TestMannWhitney(t *testing.T) {
	// By hand: ranks of a are 1, 2, 4, 5, so U = 2 of a mean of 10 and a deviation of √(4·5·10/12).
	a, b := []float64{1, 2, 4, 5}, []float64{3, 6, 7, 8, 9}
	want := math.Erfc(8 / math.Sqrt(4*5*10/12.0) / math.Sqrt2)
	if p := MannWhitney(a, b); math.Abs(p-want) > 1e-12 {
		t.Errorf("p = %v, want %v", p, want)
	}
	if p := MannWhitney([]float64{1, 1}, []float64{1, 1}); p != 1 {
		t.Errorf("all equal: p = %v", p)
	}
	if Median([]float64{3, 1, 2}) != 2 || Median([]float64{4, 1, 2, 3}) != 2.5 {
		t.Error("the median is wrong")
	}
}
