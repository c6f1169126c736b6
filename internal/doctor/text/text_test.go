package text_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/text"
)

// A sentence is one line at any width of a terminal, the worst level comes first, and a terminal
// obeys nothing of it.
func TestFindingsAreLinesByLevel(t *testing.T) {
	long := "the key is disabled, " + strings.Repeat("and more, ", 40) + "\x1b]0;title\a\x1b[2J"
	var out strings.Builder
	err := text.Findings(&out, &doctor.Report{Stack: "Shop", Findings: []doctor.Finding{
		{Level: doctor.Right, Area: "table", What: "the table is there"},
		{Level: doctor.Broken, Area: "key", What: long, Remedy: "enable it", Command: "aws kms enable-key"}}})
	lines := strings.Split(out.String(), "\n")
	if err != nil || !strings.HasPrefix(lines[0], "stack Shop (") || !strings.Contains(lines[0], "mode not known") ||
		strings.Index(out.String(), "Broken") > strings.Index(out.String(), "Right") ||
		strings.ContainsAny(out.String(), "\x1b\a") {
		t.Errorf("%v, %q", err, out.String())
	}
	shown := strings.NewReplacer("\x1b", "·", "\a", "·").Replace(long)
	if lines[3] != "  key: "+shown || lines[4] != "    remedy: enable it" || lines[5] != "    aws kms enable-key" {
		t.Errorf("%q", lines)
	}
}

func TestAProofNamesWhatIsLeft(t *testing.T) {
	proof := &live.Proof{Steps: []live.Step{{Name: "a start", Outcome: "asked", Took: 1500 * time.Microsecond}}, Removed: 2,
		Triggers: []live.TriggerTime{{Function: "create-auth-challenge", Calls: 7, Slowest: 121.6, Start: 80.2}},
		Points:   []live.Point{{Question: "Is it so?", Answer: live.NotObservable, Reason: "nobody looked"}}}
	var out strings.Builder
	if err := text.Proof(&out, proof); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a start: asked (2 ms)", "7 calls, the slowest 122 ms, the longest start 80 ms",
		"Is it so? not observable: nobody looked", "removed: 2 users"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
	out.Reset()
	proof.Left = []string{"1f0c9d3e"}
	err := text.Proof(&out, proof)
	if err != nil || !strings.Contains(out.String(), "Not removed: 1f0c9d3e\n") {
		t.Errorf("%v, %q", err, out.String())
	}
}

// A pipe that is closed is an error, not silence.
func TestAClosedPipeIsAnError(t *testing.T) {
	if err := text.Findings(closed{}, &doctor.Report{}); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if err := text.Proof(closed{}, &live.Proof{}); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

var errClosed = errors.New("closed")

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errClosed }
