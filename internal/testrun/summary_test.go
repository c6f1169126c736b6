package main

import (
	"bytes"
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
{"Action":"output","Package":"` + module + `/internal/otp","Test":"TestSkipped","Output":"    otp_test.go:12: no Chromium on this machine\n"}
{"Action":"output","Package":"` + module + `/internal/otp","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
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

func TestTheSummaryCountsAndShowsFailuresInFull(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &summary{out: &out}
	s.read(strings.NewReader(events))
	s.close(61 * time.Second)
	for _, want := range []string{
		"  ok    internal/otp                                1.5 s  2 tests\n",
		"--- FAIL: TestBad/case (0.2 s)\n    app_test.go:3: want 1\n",
		"  FAIL  . ",
		"stacks/x.go:1:1: undefined: y\n",
		"panic: test timed out after 1s\nstill waiting\n",
		"a line that is no event\n",
		"skipped: TestSkipped: no Chromium on this machine\n",
		"failed: . TestBad/case\nfailed: stacks\nfailed: cmd\n",
		"\n1 passed, 3 failed, 1 skipped in 1m1s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if !s.failures() || strings.Contains(out.String(), "=== RUN") {
		t.Errorf("failures %t, or noise in\n%s", s.failures(), &out)
	}
}

func TestPackagesThatLinkTheCDKRunAloneAndWithoutTheRaceDetector(t *testing.T) {
	t.Parallel()
	packages := []pkg{{path: module, cdk: true}, {path: module + "/internal/flow"}, {path: module + "/internal/otp"}, {path: module + "/internal/e2e"}}
	withRace, without := plan(packages, true), plan(packages, false)
	if got := withRace[0]; !slices.Contains(got.args(), "-race") || !slices.Equal(got.packages, []string{module + "/internal/flow", module + "/internal/otp"}) {
		t.Errorf("first %+v", got)
	}
	if got := withRace[1]; slices.Contains(got.args(), "-race") || !slices.Equal(got.packages, []string{module + "/internal/flow"}) {
		t.Errorf("then %+v", got)
	}
	if got := withRace[2]; slices.Contains(got.args(), "-race") || !slices.Equal(got.flags[:2], []string{"-p", "1"}) || !slices.Equal(got.packages, []string{module + "/internal/e2e"}) {
		t.Errorf("one at a time %+v", got)
	}
	if got := withRace[3]; slices.Contains(got.args(), "-race") || !slices.Equal(got.packages, []string{module}) || !slices.Contains(got.env, "CDK_VALIDATION=false") {
		t.Errorf("last %+v", got)
	}
	if slices.Contains(without[0].args(), "-race") || len(without[1].packages) != 0 {
		t.Errorf("without a C compiler %+v", without)
	}
}

func TestOnlyPackagesWithTheFlagAreUpdated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "golden_test.go"), []byte("var update = flag."+`Bool("update", false, "")`), 0o644); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "own_test.go"), []byte("func TestX() {\n\town := flag."+`Bool("update", false, "")`+"\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	groups := updating([]pkg{{path: "a", dir: dir}, {path: "b", dir: t.TempDir()}, {path: "c", dir: other}})
	if len(groups) != 1 || !slices.Equal(groups[0].packages, []string{"a"}) {
		t.Fatalf("%+v", groups)
	}
	if args := groups[0].args(); !slices.Equal(args[len(args)-3:], []string{"a", "-args", "-update"}) {
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
