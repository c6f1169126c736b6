package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
)

const arn = "arn:aws:lambda:eu-west-1:123456789012:function:probe"

// asset is a directory with the test function's binary for this host.
var asset = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "runtimeapi-test-")
	if err != nil {
		return "", err
	}
	return dir, compile(runtime.GOARCH, filepath.Join(dir, "bootstrap"))
})

// compile builds the test function, or for a processor that this host isn't a program of one line:
// for that processor the SDK would be compiled too.
func compile(goarch, out string) error {
	program := "./testdata/lambda"
	if goarch != runtime.GOARCH {
		program = "./testdata/foreign"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o", out, program)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0")
	if words, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, words)
	}
	return nil
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := asset(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// needLinux: elsewhere assets are rebuilt, which needs functions of EmailOTP.
func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("assets are Linux binaries, which run in place on Linux only")
	}
}

func lambdaArch(goarch string) string {
	if goarch == "amd64" {
		return "x86_64"
	}
	return goarch
}

func host(t *testing.T, opts runtimeapi.Options, change ...func(*runtimeapi.Function)) *runtimeapi.Host {
	t.Helper()
	needLinux(t)
	dir, err := asset()
	if err != nil {
		t.Fatal(err)
	}
	f := runtimeapi.Function{
		Name: "probe", ARN: arn, Asset: dir, Handler: "bootstrap", Runtime: "provided.al2023",
		Architecture: lambdaArch(runtime.GOARCH),
		MemoryMB:     128, Timeout: 3 * time.Second, AccessKeyID: "ASIAPROBE", SecretKey: "secret",
		Environment: map[string]string{"SETTING": "value", "AWS_REGION": "mars"},
	}
	for _, c := range change {
		c(&f)
	}
	opts.Region = "eu-west-1"
	opts.Logger = slog.New(slog.DiscardHandler)
	h := runtimeapi.New([]runtimeapi.Function{f}, opts)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, failures := h.Prepare(t.Context()); len(failures) > 0 {
		t.Fatal(failures)
	}
	return h
}

type answer struct {
	PID         int
	Calls       int
	Text        string
	Environment map[string]string
	Directory   string
	Left        time.Duration
	ARN         string
	Child       int
}

func invoke(t *testing.T, h *runtimeapi.Host, event string) (answer, error) {
	t.Helper()
	out, err := h.Invoke(t.Context(), "probe", []byte(event))
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return a, nil
}

func TestAFunctionAnswersAndItsProcessStaysWarm(t *testing.T) {
	h := host(t, runtimeapi.Options{})
	first, err := invoke(t, h, `{"text":"Grüße"}`)
	if err != nil {
		t.Fatal(err)
	}
	if first.Text != "Grüße" || first.ARN != arn || first.Left <= 2*time.Second || first.Left > 3*time.Second {
		t.Errorf("answer %+v", first)
	}
	for i := range 20 {
		again, err := invoke(t, h, `{}`)
		if err != nil || again.PID != first.PID || again.Calls != i+2 {
			t.Fatalf("call %d: %+v, %v", i+2, again, err)
		}
	}
	if h.Calls()["probe"] != 21 {
		t.Errorf("calls %v", h.Calls())
	}
}

func TestParallelCallsRunInProcessesOfTheirOwn(t *testing.T) {
	h := host(t, runtimeapi.Options{})
	var mu sync.Mutex
	pids := map[int]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, err := invoke(t, h, `{"sleep":1000}`)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			pids[a.PID] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(pids) != 8 {
		t.Errorf("8 calls at once ran in %d processes", len(pids))
	}
	if a, _ := invoke(t, h, `{}`); !pids[a.PID] {
		t.Error("a later call started yet another process")
	}
}

func TestFailuresHaveLambdasWords(t *testing.T) {
	for name, c := range map[string]struct {
		event string
		want  lambda.Error // Message is a part of it
	}{
		"an error": {`{"do":"fail","text":"no such thing"}`,
			lambda.Error{Failure: lambda.Handled, Type: "errorString", Message: "no such thing"}},
		"a panic": {`{"do":"panic","text":"oh"}`, lambda.Error{Failure: lambda.Handled, Type: "string", Message: "oh"}},
		"an exit": {`{"do":"exit"}`, lambda.Error{Failure: lambda.Exited, Type: "Runtime.ExitError",
			Message: " Error: Runtime exited with error: exit status 7"}},
		"a quiet one": {`{"do":"exit quietly"}`,
			lambda.Error{Failure: lambda.Exited, Type: "Runtime.ExitError",
				Message: " Error: Runtime exited without providing a reason"}},
		"a timeout": {`{"sleep":60000}`, lambda.Error{Failure: lambda.TimedOut, Type: "Sandbox.Timedout",
			Message: "Task timed out after 1.00 seconds"}},
		"too large": {`{"do":"huge"}`, lambda.Error{Failure: lambda.Handled, Type: "Function.ResponseSizeTooLarge",
			Message: "6291556 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) {
				if f.Timeout = time.Minute; c.want.Failure == lambda.TimedOut {
					f.Timeout = time.Second
				}
			})
			_, err := invoke(t, h, c.event)
			var failed *lambda.Error
			if !errors.As(err, &failed) || failed.Failure != c.want.Failure || failed.Type != c.want.Type ||
				!strings.Contains(failed.Message, c.want.Message) {
				t.Errorf("got %v, want %v", err, &c.want)
			}
			if c.want.Failure == lambda.Exited && !strings.HasPrefix(failed.Message, "RequestId: ") {
				t.Errorf("message %q has no request id", failed.Message)
			}
			if a, err := invoke(t, h, `{"text":"next"}`); err != nil || a.Text != "next" {
				t.Errorf("the next call: %+v, %v", a, err)
			}
		})
	}
}

func TestAFunctionThatIsNotWaitedForRunsToItsEnd(t *testing.T) {
	h := host(t, runtimeapi.Options{})
	warm, err := invoke(t, h, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Invoke(ctx, "probe", []byte(`{"sleep":400}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	beside, err := invoke(t, h, `{}`)
	if err != nil || beside.PID == warm.PID {
		t.Errorf("the repeat ran in the busy process: %v", err)
	}
	time.Sleep(500 * time.Millisecond)
	again, err := invoke(t, h, `{}`)
	if err != nil || again.PID != warm.PID || again.Calls != 3 {
		t.Errorf("the first process: %+v, %v", again, err)
	}
}

func TestTheEnvironmentIsTheTemplatesAndThePlatformsAlone(t *testing.T) {
	t.Setenv("PERSONAL_SECRET", "x")
	t.Setenv("AWS_PROFILE", "mine")
	h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) {
		f.Environment["_LAMBDA_SERVER_PORT"] = "1"
		f.Endpoints = map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
	})
	a, err := invoke(t, h, `{"do":"environment"}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"SETTING": "value", "AWS_REGION": "eu-west-1", "AWS_LAMBDA_FUNCTION_NAME": "probe",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
		"AWS_ACCESS_KEY_ID":               "ASIAPROBE", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull,
		"TZ": ":UTC", "_HANDLER": "bootstrap",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "LAMBDA_TASK_ROOT": a.Directory,
	} {
		if a.Environment[name] != want {
			t.Errorf("%s is %q, want %q", name, a.Environment[name], want)
		}
	}
	for _, name := range []string{"PERSONAL_SECRET", "AWS_PROFILE", "HOME", "AWS_EXECUTION_ENV", "_LAMBDA_SERVER_PORT",
		"GOPATH"} {
		if v, there := a.Environment[name]; there {
			t.Errorf("%s=%s reached the function", name, v)
		}
	}
}

func TestOutputIsCapturedByTheLine(t *testing.T) {
	out := &syncbuf.Buffer{}
	h := host(t, runtimeapi.Options{Log: out})
	if _, err := invoke(t, h, `{"do":"print","text":"hello"}`); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"probe: to stdout: hello\n", "probe: to stderr: hello\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output %q lacks %q", out, want)
		}
	}
}

func TestClosingEndsEveryProcessAndItsChildren(t *testing.T) {
	h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) { f.Timeout = time.Hour })
	parent, err := invoke(t, h, `{"do":"child"}`)
	if err != nil {
		t.Fatal(err)
	}
	hanging := make(chan error, 1)
	go func() {
		_, err := h.Invoke(context.Background(), "probe", []byte(`{"sleep":3600000}`))
		hanging <- err
	}()
	time.Sleep(100 * time.Millisecond)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-hanging; err == nil {
		t.Error("the hanging call came back with an answer")
	}
	if alive(parent.Child) {
		t.Error("a child of the function is still there")
	}
	if _, err := invoke(t, h, `{}`); err == nil {
		t.Error("a closed host runs functions")
	}
}

// alive looks whether a process runs, a zombie not counting.
func alive(pid int) bool {
	for range 50 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

func TestAStartThatFailsIsTriedOnceMore(t *testing.T) {
	h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) { f.Environment["BAD_START"] = "1" })
	_, err := invoke(t, h, `{}`)
	var failed *lambda.Error
	if !errors.As(err, &failed) || failed.Failure != lambda.Exited || !strings.Contains(failed.Message, "exit status 3") {
		t.Errorf("got %v", err)
	}
	slow := host(t, runtimeapi.Options{InitTimeout: 100 * time.Millisecond}, func(f *runtimeapi.Function) {
		f.Environment["SLOW_START"] = "1"
		f.Timeout = time.Second
	})
	if _, err := invoke(t, slow, `{}`); !errors.As(err, &failed) || failed.Failure != lambda.TimedOut {
		t.Errorf("got %v", err)
	}
}

func TestAStrayCallLeavesNeitherByConfigurationNorByProxy(t *testing.T) {
	var lines syncbuf.Buffer
	l, err := loopback.Listen(t.Context(), 0, "the catch-all", "")
	if err != nil {
		t.Fatal(err)
	}
	catchAll := loopback.Serve(l, gateway.CatchAll(slog.New(slog.NewTextHandler(&lines, nil))),
		slog.New(slog.DiscardHandler))
	defer catchAll.Close()
	h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) {
		f.Endpoints = map[string]string{"AWS_ENDPOINT_URL": catchAll.URL(), "HTTPS_PROXY": catchAll.URL()}
		f.Timeout = 30 * time.Second // a refused proxy counts as the network's fault, which the SDK repeats
	})
	for _, how := range []string{"configured", "literal"} {
		began := time.Now()
		if _, err := invoke(t, h, `{"do":"stray","text":"`+how+`"}`); err == nil ||
			!strings.Contains(err.Error(), "Not Implemented") && !strings.Contains(err.Error(), "NotEmulated") {
			t.Errorf("%s: %v", how, err)
		}
		if how == "configured" && time.Since(began) > time.Second {
			t.Errorf("the client repeated a call that is not emulated: %v", time.Since(began))
		}
	}
	if !strings.Contains(lines.String(), "kms.eu-west-1.amazonaws.com") ||
		!strings.Contains(lines.String(), "service=kms") {
		t.Errorf("the log %s doesn't say what was called", &lines)
	}
}

func TestManyCallsAtOnceAllGetTheirOwnAnswer(t *testing.T) {
	h := host(t, runtimeapi.Options{}, func(f *runtimeapi.Function) { f.Timeout = 30 * time.Second })
	var wg sync.WaitGroup
	for i := range 150 {
		wg.Go(func() {
			a, err := invoke(t, h, fmt.Sprintf(`{"text":"%d","sleep":20}`, i))
			if err != nil || a.Text != fmt.Sprint(i) {
				t.Errorf("call %d: %+v, %v", i, a, err)
			}
		})
	}
	wg.Wait()
}
