package rig_test

import (
	"math"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

func TestTheArithmetic(t *testing.T) {
	if n := rig.MaxGuesses(365); n != 8770 {
		t.Errorf("%d guesses a year", n)
	}
	for digits, want := range map[int]float64{6: 8.73e-3, 8: 8.77e-5, 10: 8.77e-7} {
		if got := rig.Chance(8770, digits); math.Abs(got-want)/want > 0.001 {
			t.Errorf("%d digits: %g, want %g", digits, got, want)
		}
	}
}
