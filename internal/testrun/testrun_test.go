package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const module = "github.com/cognito-emailotp/cdk-emailotp"

// What `go test -json` prints, shortened.
const events = `{"Action":"start","Package":"` + module + `/internal/otp"}
{"Action":"run","Package":"` + module + `/internal/otp","Test":"TestGood"}
{"Action":"output","Package":"` + module + `/internal/otp","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"pass","Package":"` + module + `/internal/otp","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"` + module +
	`/internal/otp","Test":"TestSkipped","Output":"    otp_test.go:12: no Chromium on this machine\n"}
{"Action":"output","Package":"` + module +
	`/internal/otp","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"` + module + `/internal/otp","Test":"TestSkipped","Elapsed":0}
{"Action":"pass","Package":"` + module + `/internal/otp","Elapsed":1.5}
{"Action":"output","Package":"` + module + `","Test":"TestBad/case","Output":"    app_test.go:3: want 1\n"}
{"Action":"fail","Package":"` + module + `","Test":"TestBad/case","Elapsed":0.2}
{"Action":"fail","Package":"` + module + `","Elapsed":2}
{"ImportPath":"` + module + `/stacks [x.test]","Action":"build-output","Output":"stacks/x.go:1:1: undefined: y\n"}
{"ImportPath":"` + module + `/stacks [x.test]","Action":"build-fail"}
{"Action":"fail","Package":"` + module + `/stacks","Elapsed":0,"FailedBuild":"` + module + `/stacks [x.test]"}
{"Action":"output","Package":"` + module + `/cmd","Test":"TestHangs","Output":"still waiting\n"}
{"Action":"output","Package":"` + module + `/cmd","Output":"panic: test timed out after 1s\n"}
{"Action":"fail","Package":"` + module + `/cmd","Elapsed":1}
a line that is no event
`

func wantLines(t *testing.T, out *bytes.Buffer, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestTheSummaryCountsAndShowsFailuresInFull(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newSummary(&out, false)
	s.total = 9
	if !s.read(strings.NewReader(events)) {
		t.Error("the run counts as passed")
	}
	s.close(61 * time.Second)
	wantLines(t, &out,
		"    1/9  ok      internal/otp                                1.5 s  2 tests\n",
		"--- FAIL: TestBad/case (0.2 s)\n    app_test.go:3: want 1\n",
		"FAIL    . ",
		"stacks/x.go:1:1: undefined: y\n",
		"panic: test timed out after 1s\nstill waiting\n",
		"a line that is no event\n",
		"skipped: TestSkipped: no Chromium on this machine\n",
		"failed: . TestBad/case\nfailed: stacks\nfailed: cmd\n",
		"\n1 passed, 3 failed, 1 skipped in 1m1s\n")
	if strings.Contains(out.String(), "=== RUN") {
		t.Errorf("noise in\n%s", &out)
	}
}

// names are the short names of a job's packages.
func (j *job) short() (all []string) {
	for _, p := range j.packages {
		all = append(all, short(p))
	}
	return all
}

// packages are one of each kind.
func packages() []pkg {
	tests := []string{"x_test.go"}
	return []pkg{
		{path: module + "/lambdas/x"},
		{path: module + "/stacks", cdk: true, tests: tests, size: 2, concurrent: true},
		{path: module + "/internal/e2e", app: true, tests: tests, size: 3},
		{path: module + "/internal/flow", tests: tests},
		{path: module + "/internal/guard", tests: tests, concurrent: true},
		{path: module + "/tools/attack", tests: tests, size: 1, concurrent: true},
	}
}

func TestPackagesThatNeedTheAppWaitForItAndRunWithoutTheRaceDetector(t *testing.T) {
	t.Parallel()
	jobs := everything(packages(), true, t.TempDir())
	want := [][]string{nil, {"internal/guard"}, {"tools/attack", "internal/flow"}, {"internal/e2e"}, {"stacks"}}
	if len(jobs) != len(want) {
		t.Fatalf("%d jobs, want %d", len(jobs), len(want))
	}
	for i, j := range jobs {
		if !slices.Equal(j.short(), want[i]) {
			t.Errorf("job %d tests %v, want %v", i, j.short(), want[i])
		}
		if heavy := i > 2; heavy != (j.after == jobs[0]) || heavy != slices.Contains(j.env, "CDK_VALIDATION=false") ||
			slices.Contains(j.args(), "-race") != (i == 1) || slices.Contains(j.env, gorace()) != (i == 1) {
			t.Errorf("job %d: after %v, environment %v, arguments %v", i, j.after, j.env, j.args())
		}
	}
	if jobs[0].do == nil {
		t.Error("the app is not synthesised first")
	}
	if without := everything(packages(), false, ""); slices.Contains(without[1].args(), "-race") ||
		len(without[1].packages) != 3 {
		t.Errorf("without a C compiler %+v", without[1])
	}
}

func TestTheQuickCheckLeavesOutTheCDKAndTheApp(t *testing.T) {
	t.Parallel()
	jobs := checking(packages(), "staticcheck@v1")
	if got := jobs[0].short(); !slices.Equal(got, []string{"tools/attack", "internal/flow", "internal/guard"}) ||
		!slices.Contains(jobs[0].args(), "-short") {
		t.Errorf("it tests %v with %v", got, jobs[0].args())
	}
	var names []string
	for _, j := range jobs[1:] {
		names = append(names, j.name)
	}
	if !slices.Equal(names, []string{"gofmt", "go vet", "staticcheck"}) {
		t.Errorf("it also runs %v", names)
	}
}

func TestImportsDecideWhatAPackageNeeds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a_test.go"), []byte("func TestX() {\n\tgo func() {}()\n}\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	all, err := parse([]byte(`
{"ImportPath": "m/a", "Dir": "` + dir + `", "TestGoFiles": ["a_test.go"]}
{"ImportPath": "m/a.test", "Deps": ["fmt", "` + appPath + `"]}
{"ImportPath": "m/a [m/a.test]", "ForTest": "m/a"}
{"ImportPath": "m/b", "Deps": ["` + awscdk + `"]}
{"ImportPath": "m/c", "XTestGoFiles": ["c_test.go"], "XTestImports": ["sync"]}
{"ImportPath": "m/c.test", "Deps": ["` + awscdk + `"]}`))
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	if a, b, c := all[0], all[1], all[2]; !a.app || a.cdk || !a.concurrent || a.size == 0 || !b.cdk || b.app ||
		b.concurrent || !c.cdk || !c.concurrent {
		t.Errorf("%+v", all)
	}
	if _, err := parse(nil); err == nil {
		t.Error("no packages are no error")
	}
}

func TestJobsThatComputeLeaveTheProcessorsToTheApp(t *testing.T) {
	t.Parallel()
	got := polite([]string{"go", "test"})
	if !slices.Equal(got[len(got)-2:], []string{"go", "test"}) || len(got) != 2 && (len(got) != 5 ||
		!slices.Equal(got[1:3], []string{"-n", "10"})) {
		t.Errorf("the command is %v", got)
	}
}

func TestJobsWaitForTheirConditionAndFailWithIt(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{nil, errors.New("no compiler")} {
		var out bytes.Buffer
		s := newSummary(&out, false)
		var order []string
		first := &job{name: "first", do: func(_ context.Context, w io.Writer) error {
			time.Sleep(20 * time.Millisecond)
			order = append(order, "first")
			io.WriteString(w, "its output")
			return failure
		}}
		then := &job{name: "then", after: first, packages: nil, do: func(context.Context, io.Writer) error {
			order = append(order, "then")
			return nil
		}}
		err := s.runAll(t.Context(), []*job{then, first}, 2)
		s.close(0)
		if failure == nil && (err != nil || !slices.Equal(order, []string{"first", "then"})) {
			t.Errorf("%v, order %v", err, order)
		}
		if failure != nil {
			if !errors.Is(err, errFailed) || !slices.Equal(order, []string{"first"}) {
				t.Errorf("%v, order %v", err, order)
			}
			wantLines(t, &out, "its output", "no compiler", "failed: first")
		}
	}
}

func TestOnlyPackagesWithTheFlagAreUpdated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"golden_test.go": "var update = flag." + `Bool("update", false, "")`,
		"own_test.go": "func TestX() {\n\town := flag." + `Bool("update", false, "")` + "\n}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	jobs := updating([]pkg{{path: "a", dir: dir, tests: []string{"golden_test.go"}}, {path: "b", dir: dir}, {path: "c",
		dir: dir, tests: []string{"own_test.go"}}})
	if len(jobs) != 1 || !slices.Equal(jobs[0].packages, []string{"a"}) {
		t.Fatalf("%+v", jobs)
	}
	if args := jobs[0].args(); !slices.Equal(args[len(args)-3:], []string{"a", "-args", "-update"}) {
		t.Errorf("args %v", args)
	}
}

func TestNodePackagesAreLeftOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"cmd", "node_modules", ".git", "cdk.out", "sandbox"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := patterns(dir); err != nil || !slices.Equal(got, []string{".", "./cmd/...", "./sandbox/..."}) {
		t.Errorf("%v, %v", got, err)
	}
}
