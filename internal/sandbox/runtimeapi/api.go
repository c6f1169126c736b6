package runtimeapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
)

// maxResponse is Lambda's limit for a response: 6 MiB and 100 bytes.
const maxResponse = 6<<20 + 100

// api is the Runtime API of one process, version 2018-06-01.
func (p *process) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", p.serveResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", p.serveError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", p.serveInitError)
	return mux
}

// serveNext blocks until there is a call or the process ends.
func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	busy := p.current != nil
	if !busy && !p.isReady {
		p.isReady = true
		close(p.ready)
	}
	p.mu.Unlock()
	if busy {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the current invocation has no answer yet")
		return
	}
	select {
	case inv := <-p.work:
		p.mu.Lock()
		p.current = inv
		p.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.fn.ARN)
		h.Set("Lambda-Runtime-Trace-Id", traceID(inv))
		_, _ = w.Write(inv.event) // the exit of the process reports a lost connection
	case <-r.Context().Done():
	case <-p.exited:
	}
}

func traceID(inv *invocation) string {
	id := inv.id[:8] + inv.id[9:13] + inv.id[14:18] + inv.id[19:23] + inv.id[24:]
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", inv.deadline.Unix(), id[8:], id[:16])
}

func (p *process) serveResponse(w http.ResponseWriter, r *http.Request) {
	// Trailers at the body's end report an error within it.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
	if !p.mayAnswer(w, r) {
		return
	}
	switch {
	case err != nil:
		p.complete(failed(lambda.Handled, "Runtime.TruncatedResponse", "the response ended too early"))
		refuse(w, http.StatusBadRequest, "Runtime.TruncatedResponse", err.Error())
	case len(body) > maxResponse:
		message := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)
		p.complete(failed(lambda.Handled, "Function.ResponseSizeTooLarge", message))
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
	default:
		accept(w)
		p.complete(result{body: body})
	}
}

func (p *process) serveError(w http.ResponseWriter, r *http.Request) {
	kind, message := readError(r)
	if !p.mayAnswer(w, r) {
		return
	}
	accept(w)
	p.complete(failed(lambda.Handled, kind, message))
}

func readError(r *http.Request) (kind, message string) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxResponse)) // a truncated error is still an error
	var e struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return r.Header.Get("Lambda-Runtime-Function-Error-Type"), string(body)
	}
	return e.Type, e.Message
}

// serveInitError notes why the function could not start: the call that waits for it fails with that
// when the process has exited.
func (p *process) serveInitError(w http.ResponseWriter, r *http.Request) {
	kind, message := readError(r)
	p.mu.Lock()
	p.initErr = &lambda.Error{Failure: lambda.Handled, Type: kind, Message: message}
	p.mu.Unlock()
	accept(w)
}

// mayAnswer reports whether a request belongs to the current call; it answers others itself.
func (p *process) mayAnswer(w http.ResponseWriter, r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.current == nil:
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "no invocation is waiting for an answer")
	case p.current.id != r.PathValue("id"):
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	default:
		return true
	}
	return false
}

// complete ends the current call. The process takes the next one with its next request.
func (p *process) complete(r result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return // answered twice at once
	}
	p.current = nil
	p.answered <- r // has room: each call is completed once
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": message, "errorType": kind})
}
