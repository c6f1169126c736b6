package progress

import (
	"bytes"
	"testing"
	"time"
)

// moved returns a display whose clock the test moves.
func moved(out *bytes.Buffer, width, expect int) (*Display, func(time.Duration)) {
	now := time.Unix(0, 0)
	d := newDisplay(out, width, expect, func() time.Time { return now })
	return d, func(by time.Duration) { now = now.Add(by) }
}

func TestAPipeGetsALineForEachStepAndOneAfterTenQuietSeconds(t *testing.T) {
	var out bytes.Buffer
	d, move := moved(&out, 0, 3)
	engine := Begin(d.Report, "installing the engine")
	functions := Begin(d.Report, "building 5 functions")
	move(2 * time.Second)
	engine("9.1 MB")
	move(9 * time.Second)
	d.tick()
	d.Detail("building 5 functions", "120 of 300 packages")
	move(time.Second)
	d.tick()
	d.tick()
	functions("")
	quick := Begin(d.Report, "starting the tables")
	quick("")
	d.Print("ready")
	d.Close()
	d.Close()
	d.Print("too late")
	if want := `  [  0 s, 0 of 3] installing the engine ...
  [  0 s, 0 of 3] building 5 functions ...
  [  2 s, 1 of 3] took 2.0 s: installing the engine, 9.1 MB
  [ 12 s, 1 of 3] still building 5 functions, 120 of 300 packages (12 s)
  [ 12 s, 2 of 3] took 12.0 s: building 5 functions
  [ 12 s, 2 of 3] starting the tables ...
  [ 12 s, 3 of 3] ready
`; out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
}

func TestATerminalGetsALineThatMoves(t *testing.T) {
	var out bytes.Buffer
	d, move := moved(&out, 60, 2)
	first := Begin(d.Report, "one")
	move(3 * time.Second)
	d.tick()
	first("")
	Begin(d.Report, "a step whose name is longer than what is left of the terminal")
	d.tick()
	d.Close()
	if want := "  ░░░░░░░░░░ 0 of 2, 3 s: one (3 s)" +
		"\r\x1b[K  [  3 s, 1 of 2] took 3.0 s: one\n" +
		"  █████░░░░░ 1 of 2, 3 s: a step whose name is longer than " + "\r\x1b[K"; out.String() != want {
		t.Errorf("printed\n%q\nwant\n%q", out.String(), want)
	}
}

func TestNoReportAndUnknownStepsAreHarmless(t *testing.T) {
	Begin(nil, "one")("")
	var out bytes.Buffer
	d, _ := moved(&out, 0, 0)
	d.Report(Done + "never begun")
	d.Detail("never begun", "x")
	d.tick()
	d.Close()
	if out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}
}
