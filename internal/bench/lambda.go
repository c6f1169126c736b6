package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// program is what Lambda would start.
type program struct {
	name, path string
	args       []string
	env        map[string]string
}

// invocationTime is what an event is given; startTime what a program may take to its first question.
const (
	invocationTime = 10 * time.Second
	startTime      = 20 * time.Second
)

// worker is a running program with a Runtime API of its own. It is no more than a measurement needs:
// one process, one event at a time.
type worker struct {
	cmd    *exec.Cmd
	began  time.Time
	server *http.Server
	words  *tail

	ready   chan time.Time // the first question's time
	work    chan []byte
	answers chan answer
	exited  chan struct{}
	asked   bool // used by the server's handler alone, which the program calls one request at a time
}

// answer is what a program said to an event.
type answer struct {
	at   time.Time
	body []byte
	err  error
}

// startWorker starts a program. Events that are queued by give before it asks are its cold start's.
func startWorker(p program) (*worker, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", p.name, err)
	}
	w := &worker{words: &tail{}, ready: make(chan time.Time, 1), work: make(chan []byte, 1),
		answers: make(chan answer, 1), exited: make(chan struct{})}
	w.server = &http.Server{Handler: w.api(), ReadHeaderTimeout: startTime}
	go func() { _ = w.server.Serve(l) }() // ends with http.ErrServerClosed
	w.cmd = exec.Command(p.path, p.args...)
	w.cmd.Dir = filepath.Dir(p.path)
	w.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String()}
	for name, value := range p.env {
		w.cmd.Env = append(w.cmd.Env, name+"="+value)
	}
	w.cmd.Stderr = w.words
	ownGroup(w.cmd)
	w.began = time.Now()
	if err := w.cmd.Start(); err != nil {
		_ = w.server.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		_ = w.cmd.Wait() // its words, if any, are in w.words
		close(w.exited)
	}()
	return w, nil
}

func (w *worker) api() http.Handler {
	const base = "/2018-06-01/runtime/invocation/"
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		at := time.Now()
		path, ok := strings.CutPrefix(r.URL.Path, base)
		switch {
		case ok && path == "next":
			if !w.asked {
				w.asked = true
				w.ready <- at
			}
			select {
			case event := <-w.work:
				h := out.Header()
				h.Set("Content-Type", "application/json")
				h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
				h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(invocationTime).UnixMilli(), 10))
				h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:bench")
				_, _ = out.Write(event) // a program that went away is noticed by its exit
			case <-r.Context().Done():
			case <-w.exited:
			}
		case ok && (strings.HasSuffix(path, "/response") || strings.HasSuffix(path, "/error")):
			body, err := io.ReadAll(r.Body)
			a := answer{time.Now(), body, err}
			if strings.HasSuffix(path, "/error") {
				a.err = fmt.Errorf("it answered with an error: %.300s", body)
			}
			out.WriteHeader(http.StatusAccepted)
			w.answers <- a
		default:
			out.WriteHeader(http.StatusNotFound)
		}
	})
}

// give queues an event. One at a time.
func (w *worker) give(event []byte) { w.work <- event }

// awaitReady waits for the program's first question and returns how long after its start it came.
func (w *worker) awaitReady(ctx context.Context) (time.Duration, error) {
	at, err := await(ctx, w, w.ready, startTime)
	return at.Sub(w.began), err
}

// await waits for the answer to the event that was given.
func (w *worker) await(ctx context.Context) (answer, error) {
	a, err := await(ctx, w, w.answers, invocationTime)
	if err == nil {
		err = a.err
	}
	return a, err
}

func await[T any](ctx context.Context, w *worker, c <-chan T, limit time.Duration) (T, error) {
	var zero T
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case v := <-c:
		return v, nil
	case <-w.exited:
		return zero, fmt.Errorf("it ended: %s", w.words)
	case <-timer.C:
		return zero, fmt.Errorf("it said nothing for %v: %s", limit, w.words)
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}

// stop ends the program and all that it started, and returns the processor time that it used.
func (w *worker) stop() time.Duration {
	killGroup(w.cmd.Process)
	<-w.exited
	_ = w.server.Close()
	return w.cmd.ProcessState.UserTime() + w.cmd.ProcessState.SystemTime()
}

// tail keeps the end of what a program prints.
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

// accepted checks that an answer is what the program was started for: a measurement of refusals
// would be one of something else.
func accepted(name string, body []byte) error {
	var out struct {
		Response struct {
			ChallengeName              string            `json:"challengeName"`
			PublicChallengeParameters  map[string]string `json:"publicChallengeParameters"`
			PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
			AnswerCorrect              bool              `json:"answerCorrect"`
			AutoConfirmUser            bool              `json:"autoConfirmUser"`
		} `json:"response"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	ok := true
	switch name {
	case "define-auth-challenge":
		ok = out.Response.ChallengeName == "CUSTOM_CHALLENGE"
	case "create-auth-challenge":
		ok = len(out.Response.PrivateChallengeParameters) > 0 && out.Response.PublicChallengeParameters["reason"] == "sent"
	case "verify-auth-challenge":
		ok = out.Response.AnswerCorrect
	case "pre-sign-up":
		ok = out.Response.AutoConfirmUser
	}
	if !ok {
		return errors.New("the answer is not that of a sign-in that goes on")
	}
	return nil
}
