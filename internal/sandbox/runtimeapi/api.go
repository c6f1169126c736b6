package runtimeapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxResponse is Lambda's limit for an answer: 6 MiB and 100 bytes.
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

// serveNext blocks until there is work or the process goes away.
func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	busy := p.current != nil
	if !busy && !p.isReady {
		p.isReady = true
		close(p.ready)
	}
	p.mu.Unlock()
	if busy {
		complain(w, http.StatusForbidden, "InvalidStateTransition", "the current invocation has no answer yet")
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
		_, _ = w.Write(inv.event) // a process that went away is noticed by its exit
	case <-r.Context().Done():
	case <-p.exited:
	}
}

func traceID(inv *invocation) string {
	id := inv.id[:8] + inv.id[9:13] + inv.id[14:18] + inv.id[19:23] + inv.id[24:]
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", inv.deadline.Unix(), id[8:], id[:16])
}

func (p *process) serveResponse(w http.ResponseWriter, r *http.Request) {
	// The body's end carries trailers that tell of an error in the middle of it.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxResponse+1))
	if !p.mayAnswer(w, r) {
		return
	}
	switch {
	case err != nil:
		p.complete(failed(Handled, "Runtime.TruncatedResponse", "the response ended too early"))
		complain(w, http.StatusBadRequest, "Runtime.TruncatedResponse", err.Error())
	case len(body) > maxResponse:
		p.complete(failed(Handled, "Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)))
		complain(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
	default:
		accept(w)
		p.complete(result{body: body})
	}
}

func (p *process) serveError(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxResponse)) // an error that is cut short is an error still
	if !p.mayAnswer(w, r) {
		return
	}
	var e struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		e.Type, e.Message = r.Header.Get("Lambda-Runtime-Function-Error-Type"), string(body)
	}
	accept(w)
	p.complete(failed(Handled, e.Type, e.Message))
}

func (p *process) serveInitError(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxResponse)) // its exit follows and is what counts
	accept(w)
}

// mayAnswer says whether a post is about the current call.
func (p *process) mayAnswer(w http.ResponseWriter, r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.current == nil:
		complain(w, http.StatusForbidden, "InvalidStateTransition", "no invocation is waiting for an answer")
	case p.current.id != r.PathValue("id"):
		complain(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	default:
		return true
	}
	return false
}

// complete ends the current call: the process takes the next one as soon as it
// asks again.
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

func complain(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": message, "errorType": kind})
}
