// Package testkit is what the tests of several packages share: a sandbox for a test, a user who
// signs in with the AWS SDK, the codes in the mails, and checks for the tools that a test needs.
//
// Its packages add what is costly, and `make check` finds costly tests by these imports:
// testkit/app synthesises the repository's app with the CDK CLI, and testkit/chrome starts a
// browser. testkit/inprocess runs the functions in the test's process, by a clock that the test
// moves.
package testkit

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Lacking skips the test because of what the machine lacks. With CI=true it fails the test: there
// every tool is installed.
func Lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Need calls [Lacking] if one of the tools is not on PATH.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			Lacking(t, "%s is not on PATH; this test needs it", tool)
		}
	}
}

// exit holds what Main does after the tests.
var exit struct {
	mu    sync.Mutex
	todo  []func() error
	dir   string
	dirOK sync.Once
}

// AtExit registers f to run after the tests of a package with [Main], in reverse order.
func AtExit(f func() error) {
	exit.mu.Lock()
	defer exit.mu.Unlock()
	exit.todo = append(exit.todo, f)
}

// Scratch returns a directory for the package's tests, which [Main] removes.
func Scratch(t testing.TB) string {
	t.Helper()
	exit.dirOK.Do(func() {
		dir, err := os.MkdirTemp("", "emailotp-tests-*")
		if err != nil {
			t.Fatal(err)
		}
		exit.dir = dir
		AtExit(func() error { return os.RemoveAll(dir) })
	})
	return exit.dir
}

// Main runs a package's tests, parallel of them at once unless -parallel is on the command line,
// then what [AtExit] registered, and ends the process. Tests that mostly wait for other processes
// may exceed the number of processors.
func Main(m *testing.M, parallel int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", fmt.Sprint(parallel)); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	for _, f := range slices.Backward(exit.todo) {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Start runs a sandbox until the test ends. Unless the options name a writer, the test's output
// gets what the functions log.
func Start(t testing.TB, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	Need(t, "node", "npm")
	if o.FunctionLog == nil {
		o.FunctionLog = t.Output()
	}
	sb, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}

// Patience is how long a test waits for what comes without its doing. A busy machine needs it; on a
// quiet one a failing test takes that long.
const Patience = time.Minute

// Within calls try every 20 ms until it returns nil, and returns its last error after limit.
func Within(limit time.Duration, try func() error) error {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}
