package e2e_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Functions are processes with deadlines of seconds: more sign-ins at once would meet them.
func TestMain(m *testing.M) { testkit.Main(m, 4) }

type (
	person = testkit.Person
	round  = testkit.Round
)

var newPerson, newUser, wantRefusal, wrong = testkit.NewPerson, testkit.NewUser, testkit.WantRefusal, testkit.Wrong

// modes runs a test in both modes.
func modes(t *testing.T, test func(t *testing.T, stack string)) {
	t.Helper()
	t.Parallel()
	for _, stack := range app.Stacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			test(t, stack)
		})
	}
}

// clocked starts a sandbox that goes by a clock of the test's.
func clocked(t *testing.T, stack string) (*sandbox.Sandbox, *inprocess.Clock) {
	t.Helper()
	clock := &inprocess.Clock{}
	return app.Own(t, clock.Options(sandbox.Options{Stack: stack})), clock
}

// breakdown injects a fault and returns the function that removes it.
func breakdown(t *testing.T, sb *sandbox.Sandbox, f sandbox.Fault) (repair func()) {
	t.Helper()
	repair, err := sb.Inject(f)
	if err != nil {
		t.Fatal(err)
	}
	return repair
}
