package runtimeapi

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// maxLine is where a line without an end is cut.
const maxLine = 64 << 10

// lineLog collects the output of the processes of one function by the line.
type lineLog struct {
	mu       *sync.Mutex // shared by all functions, since they share out
	out      io.Writer
	logger   *slog.Logger
	function string
}

// stream is one output of one process.
type stream struct {
	log *lineLog
	mu  sync.Mutex
	buf []byte
}

func (l *lineLog) stream() *stream { return &stream{log: l} }

// Write never fails: a broken log must not stop a function.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.buf, p...)
	for {
		i := bytes.IndexByte(s.buf, '\n')
		if i < 0 && len(s.buf) < maxLine {
			return len(p), nil
		}
		end, next := i, i+1
		if i < 0 || i > maxLine {
			end, next = maxLine, maxLine
		}
		s.log.line(s.buf[:end])
		s.buf = append(s.buf[:0], s.buf[next:]...)
	}
}

func (l *lineLog) line(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, "%s: %s\n", l.function, line)
	l.logger.Debug("function output", "function", l.function, "line", string(line))
}

// flush writes the lines that had no end.
func (l *lineLog) flush(outputs ...io.Writer) {
	for _, w := range outputs {
		s, ok := w.(*stream)
		if !ok {
			continue
		}
		s.mu.Lock()
		if len(s.buf) > 0 {
			l.line(s.buf)
			s.buf = nil
		}
		s.mu.Unlock()
	}
}
