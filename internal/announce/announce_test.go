package announce

import (
	"slices"
	"testing"
)

func TestAReportHasOneLineForSeveralFunctions(t *testing.T) {
	t.Parallel()
	got := merged([]string{"function A: rebuilt", "table T: keeps all", "function B: rebuilt", "function C: other"})
	if want := []string{"2 functions: rebuilt", "table T: keeps all", "function C: other"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
