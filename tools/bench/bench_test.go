package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/tool"
)

const root = "../.."

// slack is how far a budget may lie above what it limits: more would let half a library slip in.
const slack = 1.15

// The command measures what has a budget: packing zips takes ten times as long in a test binary
// with the race detector, which changes allocations too.
func TestWhatHasABudgetStaysWithinIt(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for a minute and more; leave out -short")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the functions are Linux programs, and their calls are counted as they run")
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./tools/bench", "--quick", "--only", "work,size,calls", "--json")
	cmd.Dir = root
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, words.String())
	}
	var report Report
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	all, measured := budgetRows(), map[string]bool{}
	for _, row := range report.Rows {
		switch {
		case row.Value == nil && row.Section == "work":
			continue // a time of a busy machine
		case row.Value == nil:
			t.Errorf("%s: %s", row.What, row.Missing)
			continue
		case row.Value.Unit == "s":
			continue // no time is a failure
		}
		measured[row.What] = true
		switch got := row.Value.Median; {
		case got > row.Target.Bound:
			t.Errorf("%s: %s, its budget is %v (%s); find what came in or raise the budget with a reason",
				row.What, row.Value, row.Target.Bound, row.Budget)
		case row.Section != "work" && got*slack < row.Target.Bound:
			t.Errorf("%s: %s, its budget is %v; lower the budget, so that it limits something", row.What, row.Value,
				row.Target.Bound)
		}
	}
	for what := range all {
		if _, arch, zip := strings.Cut(what, " for "); zip && arch != runtime.GOARCH {
			continue // `make bench` weighs both
		}
		if !measured[what] {
			t.Errorf("%s has a budget and was not measured", what)
		}
	}
}

// budgetRows returns the budgets by the row that measures them.
func budgetRows() map[string]Budget {
	all := map[string]Budget{}
	for arch, limits := range budgets.Zips {
		for name, b := range limits {
			all[name+" for "+arch] = b
		}
	}
	for name, b := range budgets.Allocations {
		all[name+": allocations of a call"] = b
	}
	for name, limits := range budgets.Calls {
		for operation, b := range limits {
			all[name+": "+operation] = b
		}
	}
	return all
}

func TestEveryFunctionHasBudgetsAndEveryBudgetAReason(t *testing.T) {
	same := func(what string, got []string, names ...string) {
		t.Helper()
		if slices.Sort(got); !slices.Equal(got, names) {
			t.Errorf("%s has budgets for %v, the functions are %v", what, got, names)
		}
	}
	// The function behind the custom resource runs during deployments alone, and the sign-in page's
	// two after a sign-in.
	signingIn := slices.DeleteFunc(build.Names(), func(name string) bool {
		return name == string(settings.AttachUserPool) || name == string(settings.HandOver) ||
			name == string(settings.ChangeAddress)
	})
	same("allocations", slices.Collect(maps.Keys(budgets.Allocations)), signingIn...)
	same("calls", slices.Collect(maps.Keys(budgets.Calls)), signingIn...)
	for arch, limits := range budgets.Zips {
		same("zips for "+arch, slices.Collect(maps.Keys(limits)), build.Names()...)
	}
	if len(budgets.Zips) != 2 {
		t.Errorf("zips have budgets for %d architectures, Lambda has two", len(budgets.Zips))
	}
	for what, b := range budgetRows() {
		if b.Why == "" || b.Limit <= 0 {
			t.Errorf("%s: the budget is %d because %q; it needs a number and a reason", what, b.Limit, b.Why)
		}
	}
	d := json.NewDecoder(bytes.NewReader(budgetsFile))
	d.DisallowUnknownFields()
	known := budgets
	if err := d.Decode(&known); err != nil {
		t.Errorf("budgets.json: %v", err)
	}
}

func TestSample(t *testing.T) {
	v := sample("s", []float64{4, 1, 3, 2})
	if v.Median != 2.5 || v.Low != 1.75 || v.High != 3.25 || v.N != 4 {
		t.Errorf("got %+v", *v)
	}
	if v := sample("s", []float64{7}); v.Median != 7 || v.Low != 7 || v.High != 7 {
		t.Errorf("of one: %+v", *v)
	}
	if sample("s", nil) != nil {
		t.Error("no samples have a value")
	}
}

func TestJudge(t *testing.T) {
	of := func(xs ...float64) *Value { return sample("s", xs) }
	steady, baseline, wild := of(0.9, 1, 1.1), of(0.45, 0.5, 0.55), of(1, 2, 10, 20, 30)
	for _, c := range []struct {
		what string
		row  Row
		met  string // "yes", "no" or "" for no verdict
	}{
		{"a ratio within its bound", Row{Value: steady, Baseline: baseline, Target: ratioAtMost(2)}, "yes"},
		{"a ratio above its bound", Row{Value: steady, Baseline: baseline, Target: ratioAtMost(1.9)}, "no"},
		{"a ratio that is to be large", Row{Value: steady, Baseline: baseline, Target: ratioAtLeast(2.1)}, "no"},
		{"a value within its bound", Row{Value: steady, Target: valueAtMost(1)}, "yes"},
		{"a value below its floor", Row{Value: steady, Target: valueAtLeast(1.5)}, "no"},
		{"no bound", Row{Value: steady, Baseline: baseline}, ""},
		{"no number", Row{Missing: "why", Target: valueAtMost(1)}, ""},
		{"a ratio to be judged without a baseline", Row{Value: steady, Target: ratioAtMost(1)}, ""},
		{"a busy machine's number", Row{Value: wild, Baseline: of(1, 1, 1), Target: ratioAtMost(2)}, ""},
		{"a busy machine's baseline", Row{Value: steady, Baseline: wild, Target: ratioAtMost(2)}, ""},
	} {
		got := c.row
		got.judge()
		verdict := ""
		if got.Met != nil {
			verdict = map[bool]string{true: "yes", false: "no"}[*got.Met]
		}
		if verdict != c.met {
			t.Errorf("%s: %q, want %q", c.what, verdict, c.met)
		}
		if strings.HasPrefix(c.what, "a busy") && (got.Value != nil || !strings.Contains(got.Missing, "too busy")) {
			t.Errorf("%s is printed: %+v", c.what, got)
		}
	}
}

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		x    float64
		unit string
		want string
	}{
		{0.0000123, "s", "12.3 µs"}, {0.00234, "s", "2.34 ms"}, {1.5, "s", "1.50 s"}, {4_060_000, "B",
			"4.06 MB"}, {12_000, "B", "12 kB"},
		{239, "B", "239 B"}, {48.123, "/s", "48.1 /s"}, {2, "calls", "2 calls"}, {0.00324, "USD", "0.00324 USD"},
	} {
		if got := amount(c.x, c.unit); got != c.want {
			t.Errorf("amount(%v, %q) = %q, want %q", c.x, c.unit, got, c.want)
		}
	}
}

// script writes a shell script that stands in for a function.
func script(t *testing.T, text string) program {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the functions are Linux programs, and so are their stand-ins")
	}
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return program{name: "script", path: path}
}

func TestAProgramThatEndsIsReportedWithItsOutput(t *testing.T) {
	w, err := startWorker(script(t, "echo no settings >&2; exit 1"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	if _, err := w.awaitReady(t.Context()); err == nil || !strings.Contains(err.Error(), "no settings") {
		t.Errorf("got %v", err)
	}
}

func TestStoppingLeavesNoProcess(t *testing.T) {
	w, err := startWorker(script(t, "sleep 600 & exec sleep 600"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.awaitReady(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	w.stop()
	for _, p := range family() {
		command, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "cmdline"))
		if err == nil && bytes.Contains(command, []byte("sleep\x00600")) {
			t.Errorf("process %d is still there", p.pid)
		}
	}
}

func TestRefusalsAreNotMeasured(t *testing.T) {
	for name, body := range map[string]string{
		"verify-auth-challenge": `{"response":{"answerCorrect":false}}`,
		"create-auth-challenge": `{"response":{}}`,
		"define-auth-challenge": `{"response":{"failAuthentication":true}}`,
		"pre-sign-up":           `{"response":{"autoConfirmUser":false}}`,
		"":                      `not JSON`,
	} {
		if accepted(name, []byte(body)) == nil {
			t.Errorf("%q accepts %s", name, body)
		}
	}
}

func TestEveryHandlerAnswersItsEvent(t *testing.T) {
	for f, h := range handlers() {
		out, err := h.Invoke(t.Context(), event(f))
		if err == nil {
			err = accepted(string(f), out)
		}
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	if len(functions) != len(handlers()) {
		t.Error("a function is not measured")
	}
	for _, f := range functions {
		if coldTarget(f) == nil && f != settings.MailEvents {
			t.Errorf("%s has no target", f)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	report, err := measure(t.Context(), root, tool.Options{Only: []string{"synth", "sandbox"}, Fewer: true,
		Progress: &tail{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 2 {
		t.Fatalf("%d rows, want one for each section", len(report.Rows))
	}
	var out strings.Builder
	if err := report.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not measured: node is not on PATH", "no Node",
		"0 targets met, 0 missed, 2 not measured"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %q in the table:\n%s", want, out.String())
		}
	}
	checkEmpty(t)
}

func TestAStoppedRunLeavesNoFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measure(ctx, root, tool.Options{Only: []string{"mail"}, Fewer: true,
		Progress: &tail{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	checkEmpty(t)
}

func checkEmpty(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "emailotp-bench-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
