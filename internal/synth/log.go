package synth

import (
	"bytes"
	"fmt"
	"io"
)

// Log passes whole lines on, without those in which jsii reports the end of its own process:
// they have no line break, and a success would follow on the same line.
type Log struct {
	out  io.Writer
	rest []byte
}

// NewLog returns a log that prints to out.
func NewLog(out io.Writer) *Log { return &Log{out: out} }

// Write accepts parts of lines.
func (w *Log) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		w.rest = rest
		if err := w.pass(line); err != nil {
			return 0, err
		}
	}
}

func (w *Log) pass(line []byte) error {
	before, _, noise := bytes.Cut(line, []byte("Runtime process exited abnormally"))
	if noise && len(before) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w.out, "%s\n", before)
	return err
}

// Flush passes on what is left without a line break.
func (w *Log) Flush() {
	if len(w.rest) > 0 {
		_ = w.pass(w.rest)
	}
}
