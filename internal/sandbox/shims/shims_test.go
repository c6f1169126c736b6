package shims_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/shims"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// run gives a function one event and returns what it posted, to which path, and what it printed.
func run(t *testing.T, runtime, handler string, files map[string]string) (path, body, printed string, exit int) {
	t.Helper()
	return runIn(t, t.TempDir(), ".", runtime, handler, files)
}

// runIn is run with the files in a directory, of which one below is the task root.
func runIn(t *testing.T, dir, below, runtime, handler string, files map[string]string, env ...string) (path, body,
	printed string, exit int) {
	t.Helper()
	root := filepath.Join(dir, below)
	disk.WriteAll(t, dir, files)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answered := make(chan struct{})
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if asked++; asked > 1 {
				<-r.Context().Done()
				return
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request-1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:f")
			_, _ = io.WriteString(w, `{"version":"1","request":{"name":"Zoë"}}`)
			return
		}
		b, _ := io.ReadAll(r.Body)
		path, body = strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime"), string(b)
		w.WriteHeader(http.StatusAccepted)
		close(answered)
	}))
	defer server.Close()
	command, err := shims.Command(t.Context(), runtime, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &out, &out
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"),
		"LAMBDA_TASK_ROOT=" + root,
		"_HANDLER=" + handler, "AWS_EXECUTION_ENV=AWS_Lambda_" + runtime, "AWS_LAMBDA_FUNCTION_NAME=f",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=g",
		"AWS_LAMBDA_LOG_STREAM_NAME=s"}, env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-answered:
		// A program that ends by itself does so at once; the others wait for work.
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
			exit = cmd.ProcessState.ExitCode()
		case <-time.After(300 * time.Millisecond):
			cancel()
			<-ended
		}
	case <-ctx.Done():
		_ = cmd.Wait()
		t.Fatalf("no answer; it printed %s", &out)
	}
	return path, body, out.String(), exit
}

const ok, failed, initFailed = "/invocation/request-1/response", "/invocation/request-1/error", "/init/error"

func TestNode(t *testing.T) {
	cjs := func(code string) map[string]string { return map[string]string{"index.js": code} }
	for name, c := range map[string]program{
		"async, CommonJS": {"nodejs22.x", "index.handler", cjs(`exports.handler = async e => ({...e, response: {}})`), ok,
			`{"version":"1","request":{"name":"Zoë"},"response":{}}`},
		"an ES module": {"nodejs20.x", "index.handler",
			map[string]string{"index.mjs": `export const handler = async e => e.request.name`}, ok, `"Zoë"`},
		"a package of ES modules": {"nodejs20.x", "src/app.handler", map[string]string{"package.json": `{"type":"module"}`,
			"src/app.js": `export const handler = async () => import.meta.url.endsWith('app.js')`}, ok, `true`},
		"a path of properties": {"nodejs22.x", "a/index.x.y",
			map[string]string{"a/index.js": `exports.x = {y: async () => 7}`}, ok, `7`},
		"a callback": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = (e, c, cb) => setTimeout(() => cb(null, 'late'), 20)`), ok, `"late"`},
		"a callback waits for the event loop": {"nodejs18.x", "index.handler",
			cjs(`let done = false; exports.handler = (e, c, cb) => { setTimeout(() => { done = true }, 50); cb(null, {toJSON: () => done}) }`), ok, `true`},
		"unless it says otherwise": {"nodejs18.x", "index.handler", cjs(`let done = false; exports.handler = (e, c, cb) => {
			c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => { done = true }, 50); cb(null, done) }`), ok, `false`},
		"context.succeed": {"nodejs16.x", "index.handler",
			cjs(`exports.handler = (e, c) => c.succeed(c.awsRequestId + c.memoryLimitInMB)`), ok, `"request-1128"`},
		"a plain value is ignored up to 22": {"nodejs22.x", "index.handler", cjs(`exports.handler = e => e`), ok, `null`},
		"and counts from 24 on": {"nodejs24.x", "index.handler", cjs(`exports.handler = e => e.version`), ok,
			`"1"`},
		"undefined is null": {"nodejs22.x", "index.handler", cjs(`exports.handler = async () => {}`), ok,
			`null`},
		"24 has no callbacks": {"nodejs24.x", "index.handler",
			cjs(`exports.handler = (e, c, cb) => cb(null, 1)`), initFailed, `"errorType":"Runtime.CallbackHandlerDeprecated"`},
		"an error": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = async () => { throw new TypeError('no domain') }`), failed,
			`"errorType":"TypeError","errorMessage":"no domain"`},
		"an error by callback": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = (e, c, cb) => cb(new Error('refused'))`), failed, `"errorMessage":"refused"`},
		"a thrown text": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = async () => { throw 'plain' }`), failed,
			`{"errorType":"string","errorMessage":"plain","trace":[]}`},
		"a promise that is never settled": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = () => new Promise(() => {})`), failed, `Runtime.NodeJsExit`},
		"an uncaught exception": {"nodejs22.x", "index.handler",
			cjs(`exports.handler = () => { setTimeout(() => { throw new Error('later') }, 1) }`), failed, `"later"`},
		"no module": {"nodejs22.x", "other.handler", cjs(``), initFailed,
			`Runtime.ImportModuleError`},
		"a module that is not in the asset": {"nodejs22.x", "index.handler", cjs(`require('@aws-sdk/client-ses')`),
			initFailed, `Runtime.ImportModuleError`},
		"no handler": {"nodejs22.x", "index.other", cjs(`exports.handler = 1`), initFailed,
			`index.other is undefined or not exported`},
		"code that is none": {"nodejs22.x", "index.handler", cjs(`exports.handler = (`), initFailed,
			`Runtime.UserCodeSyntaxError`},
		"a handler's name that leads outside": {"nodejs22.x", "../index.handler", cjs(``), initFailed,
			`Runtime.MalformedHandlerName`},
	} {
		t.Run(name, c.check)
	}
}

// program is a function's code, and what it posts where.
type program struct {
	runtime, handler string
	files            map[string]string
	path, want       string
}

func (p program) check(t *testing.T) {
	t.Parallel()
	path, body, printed, _ := run(t, p.runtime, p.handler, p.files)
	if path != p.path || !strings.Contains(body, p.want) || p.path == ok && body != p.want {
		t.Errorf("posted %s to %s, printed %s", body, path, printed)
	}
}

func TestPython(t *testing.T) {
	py := func(code string) map[string]string { return map[string]string{"index.py": code} }
	for name, c := range map[string]program{
		"an answer": {"python3.13", "index.handler",
			py("def handler(e, c):\n  e['response'] = {}\n  return e"), ok,
			`{"version": "1", "request": {"name": "Zoë"}, "response": {}}`},
		"escaped up to 3.11": {"python3.11", "index.handler", py("def handler(e, c): return e['request']['name']"), ok,
			`"Zo\u00eb"`},
		"a package": {"python3.12", "a/b.handler",
			map[string]string{"a/b.py": "import decimal\ndef handler(e, c): return decimal.Decimal('7')"}, ok, `7`},
		"none is null": {"python3.12", "index.handler", py("def handler(e, c): pass"), ok, `null`},
		"bytes pass":   {"python3.12", "index.handler", py("def handler(e, c): return b'raw'"), ok, `raw`},
		"context": {"python3.12", "index.handler",
			py("def handler(e, c): return c.aws_request_id + c.memory_limit_in_mb if c.get_remaining_time_in_millis() > 0 else ''"), ok, `"request-1128"`},
		"an error": {"python3.12", "index.handler", py("def handler(e, c): raise ValueError('no domain')"),
			failed, `"errorMessage": "no domain", "errorType": "ValueError"`},
		"what JSON can't say": {"python3.12", "index.handler", py("def handler(e, c): return {1, 2}"), failed,
			`Runtime.MarshalError`},
		"no module": {"python3.12", "other.handler", py(""), initFailed, `Runtime.ImportModuleError`},
		"a module that is missing": {"python3.12", "index.handler", py("import no_such_module"), initFailed,
			`Runtime.ImportModuleError`},
		"no handler":        {"python3.12", "index.other", py("x = 1"), initFailed, `Runtime.HandlerNotFound`},
		"a built-in module": {"python3.12", "sys.exit", py(""), initFailed, `Runtime.BuiltInModuleConflict`},
		"code that is none": {"python3.12", "index.handler", py("def handler("), initFailed, `Runtime.UserCodeSyntaxError`},
	} {
		t.Run(name, c.check)
	}
}

func TestNodeLogsAsLambdaDoes(t *testing.T) {
	_, _, printed, _ := run(t, "nodejs22.x", "index.handler",
		map[string]string{"index.js": `exports.handler = async () => console.log('a', {b: 1})`})
	if !strings.Contains(printed, "\trequest-1\tINFO\ta { b: 1 }\n") {
		t.Errorf("printed %q", printed)
	}
}

func TestExitCodes(t *testing.T) {
	for code, want := range map[string]int{
		`exports.handler = () => { setTimeout(() => { throw 1 }, 1) }`:                          129,
		`exports.handler = () => { Promise.reject(new Error('x')); setTimeout(() => {}, 1e6) }`: 128,
		`process.nextTick(() => {}); throw new Error('init')`:                                   1,
	} {
		if _, body, printed, exit := run(t, "nodejs22.x", "index.handler",
			map[string]string{"index.js": code}); exit != want {
			t.Errorf("%s: exit %d, posted %s, printed %s", code, exit, body, printed)
		}
	}
}

func TestRuntimesThatDoNotRunHere(t *testing.T) {
	for runtime, runs := range map[string]bool{"nodejs22.x": true, "python3.13": true, "java21": false, "ruby3.3": false,
		"": false} {
		if shims.Runs(runtime) != runs || (shims.InlineFile(runtime) != "") != runs {
			t.Errorf("%s: runs %v, inline %q", runtime, shims.Runs(runtime), shims.InlineFile(runtime))
		}
	}
	if _, err := shims.Command(t.Context(), "java21", t.TempDir()); err == nil {
		t.Error("Java has a command")
	}
	t.Setenv("PATH", t.TempDir())
	for _, runtime := range []string{"nodejs22.x", "python3.13"} {
		if _, err := shims.Command(t.Context(), runtime, t.TempDir()); err == nil ||
			!strings.Contains(err.Error(), "is not on PATH; install") {
			t.Errorf("%s: error %v", runtime, err)
		}
	}
}

func TestAnswersAreJSON(t *testing.T) {
	_, body, _, _ := run(t, "nodejs22.x", "index.handler",
		map[string]string{"index.js": `exports.handler = async () => ({a: '<\u2028>'})`})
	if !json.Valid([]byte(body)) {
		t.Errorf("posted %q", body)
	}
}

// A package beside the task root stands for the node_modules of an app, whose cdk.out has the
// asset.
func TestPackagesComeFromTheAssetOrNODEPATH(t *testing.T) {
	common := map[string]string{"asset/index.js": `exports.handler = async () => require('kit').name`}
	module := map[string]string{"asset/index.mjs": `import kit from 'kit'; export const handler = async () => kit.name`}
	for name, c := range map[string]struct {
		files    map[string]string
		at       string
		nodePath bool
		want     string
	}{
		"CommonJS, in the asset":   {common, "asset/node_modules", false, `"kit"`},
		"CommonJS, above it":       {common, "node_modules", false, "Cannot find module 'kit'"},
		"CommonJS, in NODE_PATH":   {common, "named/node_modules", true, `"kit"`},
		"CommonJS, nowhere":        {common, "elsewhere", false, "Cannot find module 'kit'"},
		"ES modules, in the asset": {module, "asset/node_modules", false, `"kit"`},
		"ES modules, above it":     {module, "node_modules", false, "Runtime.ImportModuleError"},
		"ES modules, in NODE_PATH": {module, "named/node_modules", true, `"kit"`},
		"ES modules, nowhere":      {module, "elsewhere", false, "Runtime.ImportModuleError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			files := map[string]string{c.at + "/kit/index.js": `exports.name = require('part')`,
				c.at + "/part/index.js": `module.exports = 'kit'`}
			maps.Copy(files, c.files)
			var env []string
			if c.nodePath {
				env = append(env, "NODE_PATH="+filepath.Join(dir, c.at))
			}
			_, body, printed, _ := runIn(t, dir, "asset", "nodejs22.x", "index.handler", files, env...)
			if !strings.Contains(body, c.want) {
				t.Errorf("posted %s, printed %s", body, printed)
			}
		})
	}
}
