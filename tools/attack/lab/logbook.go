package lab

import (
	"bytes"
	"sync"
)

// Logbook is the triggers' log. It keeps the end.
type Logbook struct {
	mu   sync.Mutex
	text []byte
	// Panics is how many panics of triggers were logged.
	Panics int

	timeouts int
}

// Timeouts returns how many logged errors were about time that ran out.
func (b *Logbook) Timeouts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.timeouts
}

// Write adds a line.
func (b *Logbook) Write(line []byte) (int, error) {
	const kept = 1 << 20
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes.Contains(line, []byte(`"reason":"panic"`)) {
		b.Panics++
	}
	if bytes.Contains(line, []byte("; timeout")) {
		b.timeouts++
	}
	if len(b.text) > kept {
		b.text = append(b.text[:0], b.text[kept/2:]...)
	}
	b.text = append(b.text, line...)
	return len(line), nil
}

// Take reports whether the log contains one of the words, and empties it.
func (b *Logbook) Take(words ...string) (found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range words {
		found = found || bytes.Contains(b.text, []byte(w))
	}
	b.text = b.text[:0]
	return found
}
