package runtimeapi_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
)

// interpreted makes the host's function one of Node.js or Python, with its code in the template.
func interpreted(runtime, code string) func(*runtimeapi.Function) {
	return func(f *runtimeapi.Function) {
		f.Runtime, f.Handler, f.Inline, f.Asset, f.Timeout = runtime, "index.handler", code, "", 30*time.Second
		f.Environment["NODE_PATH"] = "/opt/named"
		f.Modules = []string{"/more"}
	}
}

func needInterpreters(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing; install it to test functions that it runs", tool)
		}
	}
}

func TestInterpretedFunctionsFailAsOnLambda(t *testing.T) {
	needInterpreters(t)
	const node, python = "nodejs22.x", "python3.13"
	for name, c := range map[string]struct {
		runtime, code string
		failure       lambda.Failure
		kind, message string
	}{
		"node, thrown": {node, `exports.handler = async () => { throw new RangeError('too far') }`, lambda.Handled,
			"RangeError", "too far"},
		"node, start": {node, `throw new Error('no table')`, lambda.Handled, "Error", "no table"},
		"node, exit":  {node, `exports.handler = () => process.exit(3)`, lambda.Exited, "Runtime.ExitError", "exit status 3"},
		"node, hangs": {node, `exports.handler = () => { for (;;); }`, lambda.TimedOut, "Sandbox.Timedout",
			"Task timed out after 1.00 seconds"},
		"python, raised": {python, "def handler(e, c): raise KeyError('sub')", lambda.Handled, "KeyError", "'sub'"},
		"python, module": {python, "import boto9", lambda.Handled, "Runtime.ImportModuleError",
			"Unable to import module 'index': No module named 'boto9'"},
		"python, hangs": {python, "import time\ndef handler(e, c): time.sleep(60)", lambda.TimedOut, "Sandbox.Timedout",
			"Task timed out after 1.00 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log syncbuf.Buffer
			h := host(t, runtimeapi.Options{Log: &log}, interpreted(c.runtime, c.code),
				func(f *runtimeapi.Function) {
					if c.failure == lambda.TimedOut {
						f.Timeout = time.Second
					}
				})
			_, err := h.Invoke(t.Context(), "probe", []byte(`{}`))
			var failed *lambda.Error
			if !errors.As(err, &failed) || failed.Failure != c.failure || failed.Type != c.kind ||
				!strings.Contains(failed.Message, c.message) {
				t.Errorf("got %+v (%v); printed %s", failed, err, log.String())
			}
		})
	}
}

func TestInterpretedFunctionsKeepTheirProcessAndPrintByLine(t *testing.T) {
	needInterpreters(t)
	for runtime, code := range map[string]string{
		"nodejs24.x": `let n = 0; console.log('start'); exports.handler = async () => {
			console.log('call', ++n); return [n, process.env.NODE_PATH, process.env.AWS_EXECUTION_ENV, process.cwd()] }`,
		"python3.13": "import os\nn = 0\nprint('start')\ndef handler(e, c):\n  global n\n  n += 1\n  print('call', n)\n" +
			"  return [n, os.environ['NODE_PATH'], os.environ['AWS_EXECUTION_ENV'], os.getcwd()]",
	} {
		t.Run(runtime, func(t *testing.T) {
			t.Parallel()
			var log syncbuf.Buffer
			h := host(t, runtimeapi.Options{Log: &log}, interpreted(runtime, code))
			var out []byte
			for range 2 {
				var err error
				if out, err = h.Invoke(t.Context(), "probe", []byte(`{}`)); err != nil {
					t.Fatal(err)
				}
			}
			dir := strings.Split(string(out), `"`)[5]
			if text := strings.ReplaceAll(string(out), ", ", ","); !strings.HasPrefix(text,
				`[2,"/opt/named:/more","AWS_Lambda_`+runtime+`",`) {
				t.Errorf("answered %s", text)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
			// What a process prints may arrive after its answer, but not after its end.
			if printed := log.String(); strings.Count(printed, "start") != 1 || !strings.Contains(printed, "call 2\n") ||
				!strings.HasPrefix(printed, "probe: ") {
				t.Errorf("printed %q", printed)
			}
			if _, err := os.Stat(filepath.Clean(dir)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is still there", dir)
			}
		})
	}
}

func TestAMissingInterpreterIsAFailureWithItsRemedy(t *testing.T) {
	needLinux(t)
	t.Setenv("PATH", t.TempDir())
	_, _, err := prepare(t, runtimeapi.Options{}, runtimeapi.Function{Runtime: "nodejs22.x", Inline: "x"})
	if err == nil || err.Error() !=
		`its runtime is "nodejs22.x", and node is not on PATH; install Node 22 or 24 from https://nodejs.org` {
		t.Errorf("got %v", err)
	}
}
