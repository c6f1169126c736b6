package control

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
)

// maxLines bounds the lines that are kept of all functions.
const maxLines = 5000

// Logs keeps the functions' newest lines for FilterLogEvents. Write receives lines that begin with
// the function's name and a colon. The zero value is ready; its methods may be called in parallel.
type Logs struct {
	mu    sync.Mutex
	lines []logLine
}

type logLine struct {
	function, text string
	at             time.Time
}

// Write keeps whole lines; it never fails.
func (l *Logs) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if name, text, ok := strings.Cut(strings.TrimRight(string(line), "\n"), ": "); ok {
			l.add(name, text)
		}
	}
	return len(p), nil
}

// Of returns a writer for the lines of one function.
func (l *Logs) Of(function string) LogOf { return LogOf{l, function} }

// LogOf writes the lines of one function.
type LogOf struct {
	logs     *Logs
	function string
}

// Write keeps whole lines; it never fails.
func (o LogOf) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		o.logs.add(o.function, strings.TrimRight(string(line), "\n"))
	}
	return len(p), nil
}

func (l *Logs) add(function, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) >= maxLines {
		l.lines = l.lines[maxLines/2:]
	}
	l.lines = append(l.lines, logLine{function, text, time.Now()})
}

// filterLogs answers FilterLogEvents, without the filter's pattern and in one page.
func (s Service) filterLogs(c gateway.Call) (gateway.Answer, bool) {
	var in struct {
		Name  string `json:"logGroupName"`
		Start int64  `json:"startTime"`
	}
	if c.Operation != "FilterLogEvents" || s.Logs == nil || awsjson.Unmarshal(c.Body, &in) != nil {
		return gateway.Answer{}, false
	}
	s.Logs.mu.Lock()
	defer s.Logs.mu.Unlock()
	writers, events := map[string]bool{}, []any{}
	for _, f := range s.Plan.Functions {
		writers[f.Name] = f.LogGroup == in.Name
	}
	for _, line := range s.Logs.lines {
		if writers[line.function] && line.at.UnixMilli() >= in.Start {
			events = append(events, map[string]any{"timestamp": line.at.UnixMilli(), "message": line.text})
		}
	}
	return gateway.JSON(c.Service, http.StatusOK, map[string]any{"events": events}), true
}
