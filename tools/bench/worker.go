package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/procgroup"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// program is what Lambda would start.
type program struct {
	name, path string
	args       []string
	env        map[string]string
}

// answerTime is how long a program may take to its first request for work and for each answer.
const answerTime = 20 * time.Second

// worker is a running program with a Runtime API of its own. It does no more than a measurement
// needs: one process, one event at a time.
type worker struct {
	cmd    *exec.Cmd
	began  time.Time
	server *httptest.Server
	output *tail

	ready   chan time.Time // the time of the first request for work
	work    chan []byte
	answers chan answer
	exited  chan struct{}
	asked   sync.Once
}

// answer is a program's answer to an event.
type answer struct {
	at   time.Time
	body []byte
	err  error
}

// startWorker starts a program. An event that give queues before the program's first request is
// that of its cold start.
func startWorker(p program) (*worker, error) {
	w := &worker{output: &tail{}, ready: make(chan time.Time, 1), work: make(chan []byte, 1),
		answers: make(chan answer, 1), exited: make(chan struct{})}
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	w.cmd = exec.Command(p.path, p.args...)
	w.cmd.Dir, w.cmd.Stderr = filepath.Dir(p.path), w.output
	w.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + w.server.Listener.Addr().String()}
	for name, value := range p.env {
		w.cmd.Env = append(w.cmd.Env, name+"="+value)
	}
	procgroup.Lead(w.cmd)
	w.began = time.Now()
	if err := w.cmd.Start(); err != nil {
		w.server.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		_ = w.cmd.Wait() // its messages are in w.output
		close(w.exited)
	}()
	return w, nil
}

// serve is the Runtime API.
func (w *worker) serve(out http.ResponseWriter, r *http.Request) {
	at := time.Now()
	switch path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/"); {
	case path == "next":
		w.asked.Do(func() { w.ready <- at })
		select {
		case event := <-w.work:
			for name, value := range map[string]string{"Content-Type": "application/json",
				"Lambda-Runtime-Aws-Request-Id":       "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
				"Lambda-Runtime-Deadline-Ms":          strconv.FormatInt(time.Now().Add(answerTime).UnixMilli(), 10),
				"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:bench"} {
				out.Header().Set(name, value)
			}
			_, _ = out.Write(event) // a program that is gone is noticed by its exit
		case <-r.Context().Done():
		case <-w.exited:
		}
	case strings.HasSuffix(path, "/response"), strings.HasSuffix(path, "/error"):
		body, err := io.ReadAll(r.Body)
		if strings.HasSuffix(path, "/error") {
			err = fmt.Errorf("it answered with an error: %.300s", body)
		}
		out.WriteHeader(http.StatusAccepted)
		w.answers <- answer{at, body, err}
	default:
		out.WriteHeader(http.StatusNotFound)
	}
}

// give queues an event, one at a time.
func (w *worker) give(event []byte) { w.work <- event }

// awaitReady waits for the program's first request for work and returns how long after the start it
// came.
func (w *worker) awaitReady(ctx context.Context) (time.Duration, error) {
	at, err := await(ctx, w, w.ready)
	return at.Sub(w.began), err
}

// awaitAnswer waits for the answer to the event that was given.
func (w *worker) awaitAnswer(ctx context.Context) (answer, error) {
	a, err := await(ctx, w, w.answers)
	return a, errors.Join(err, a.err)
}

func await[T any](ctx context.Context, w *worker, c <-chan T) (value T, err error) {
	timer := time.NewTimer(answerTime)
	defer timer.Stop()
	select {
	case value = <-c:
		return value, nil
	case <-w.exited:
		return value, fmt.Errorf("it ended: %s", w.output)
	case <-timer.C:
		return value, fmt.Errorf("no request for %v: %s", answerTime, w.output)
	case <-ctx.Done():
		return value, context.Cause(ctx)
	}
}

// stop ends the program and all that it started, and returns the processor time that it used.
func (w *worker) stop() time.Duration {
	procgroup.Kill(w.cmd.Process)
	<-w.exited
	w.server.CloseClientConnections()
	w.server.Close()
	return w.cmd.ProcessState.UserTime() + w.cmd.ProcessState.SystemTime()
}

// tail keeps the end of a program's output.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-4096):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.b) == 0 {
		return "it printed nothing"
	}
	return string(bytes.TrimSpace(t.b))
}

// accepted checks that an answer continues a sign-in: a measurement of refusals would measure
// something else. The name is that of a function, or empty for any program.
func accepted(name string, body []byte) error {
	var out struct {
		Response struct {
			ChallengeName                                         string
			PublicChallengeParameters, PrivateChallengeParameters map[string]string
			AnswerCorrect, AutoConfirmUser                        bool
		}
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	r, ok := out.Response, true
	switch settings.Function(name) {
	case settings.DefineAuthChallenge:
		ok = r.ChallengeName == "CUSTOM_CHALLENGE"
	case settings.CreateAuthChallenge:
		ok = len(r.PrivateChallengeParameters) > 0 && r.PublicChallengeParameters[contract.ParamReason] == contract.ReasonSent
	case settings.VerifyAuthChallenge:
		ok = r.AnswerCorrect
	case settings.PreSignUp:
		ok = r.AutoConfirmUser
	}
	if !ok {
		return errors.New("the answer does not continue a sign-in")
	}
	return nil
}
