// Package triggerlog prints the log of the functions for a person, or for a program as JSON.
package triggerlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// Log prints one compact line for each call, from the functions' log lines "<function>:
// <text>". Lines before [Log.Open] wait for it, so that they come after the announcement.
type Log struct {
	mu      sync.Mutex
	out     io.Writer
	paint   terminal.Painter
	json    bool
	isOpen  bool
	waiting bytes.Buffer
}

// New returns a log that prints to out, as JSON or with the painter's colours.
func New(out io.Writer, p terminal.Painter, asJSON bool) *Log {
	return &Log{out: out, paint: p, json: asJSON}
}

// Open prints the lines that waited, and from then on each at once.
func (l *Log) Open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isOpen = true
	_, _ = l.waiting.WriteTo(l.out)
}

// Write accepts whole lines.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var w io.Writer = &l.waiting
	if l.isOpen {
		w = l.out
	}
	for line := range strings.Lines(string(p)) {
		line = strings.TrimRight(line, "\n")
		if repeated.MatchString(line) {
			continue
		}
		if _, err := io.WriteString(w, l.format(line)+"\n"); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// repeated matches the line in which aws-lambda-go repeats a refusal that the function has logged.
var repeated = regexp.MustCompile(`^[^{]*\{"errorMessage":"[^"]*\(emailotp:[a-z-]+\)","errorType":"Refusal"`)

// call is the log line of a function about one call.
type call struct {
	Time     time.Time `json:"time"`
	Level    string    `json:"level"`
	Message  string    `json:"msg"`
	Function string    `json:"function"`
	Reason   string    `json:"reason"`
	Sub      string    `json:"sub"`
	Cause    string    `json:"cause"`
}

// triggerEvent is a line of `dev --json` for a call.
type triggerEvent struct {
	Event    string `json:"event"` // "trigger", or "output" for lines of other functions
	Function string `json:"function"`
	Line     any    `json:"line"`
}

func (l *Log) format(line string) string {
	function, text, _ := strings.Cut(line, ": ")
	var c call
	ours := json.Unmarshal([]byte(text), &c) == nil && c.Function != "" && c.Message != ""
	if l.json {
		e := triggerEvent{"output", function, text}
		if ours {
			e.Event, e.Line = "trigger", json.RawMessage(text)
		}
		b, err := json.Marshal(e)
		if err != nil {
			return ""
		}
		return string(b)
	}
	if !ours {
		return l.paint.Faint(time.Now().Format(time.TimeOnly)) + "  " + l.paint.Faint(line)
	}
	return l.formatCall(c)
}

func (l *Log) formatCall(c call) string {
	what := c.Message
	if c.Reason != "" {
		what += ": " + c.Reason
	}
	switch {
	case c.Level == "ERROR" || c.Message == "failed closed":
		what = l.paint.Red(what)
	case c.Message == "tokens" || c.Message == "right":
		what = l.paint.Green(what)
	case c.Level == "WARN" || c.Message == "wrong" || c.Message == "refused":
		what = l.paint.Yellow(what)
	}
	line := fmt.Sprintf("%s  %-22s %s", l.paint.Faint(c.Time.Local().Format(time.TimeOnly)), c.Function, what)
	if c.Sub != "" {
		line += l.paint.Faint("  user " + c.Sub)
	}
	if c.Cause != "" {
		line += "\n          " + l.paint.Red(c.Cause)
	}
	return line
}
