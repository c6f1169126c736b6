package sandbox

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

// One build makes several functions, so the compiler's words come once.
func TestACauseThatStopsSeveralFunctionsIsReportedOnce(t *testing.T) {
	s := &Sandbox{plan: &assembly.Plan{Functions: []assembly.Function{{Name: "a", LogicalID: "A", IsOwn: true},
		{Name: "b", LogicalID: "B", IsOwn: true}, {Name: "c", LogicalID: "C", IsOwn: true}, {Name: "d", LogicalID: "D", IsOwn: true}}}}
	broken := errors.New("it does not compile")
	err := s.replaceFailed(map[string]error{"a": fmt.Errorf("wrapped: %w", broken), "b": errors.New("no source"),
		"d": fmt.Errorf("wrapped: %w", broken)})
	if want := "function A, D: wrapped: it does not compile\nfunction B: no source"; err == nil || err.Error() != want ||
		!errors.Is(err, broken) {
		t.Errorf("%v, want %s", err, want)
	}
}
