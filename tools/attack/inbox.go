package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// clock is the simulated time of a lab.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

// epoch is when every simulation begins.
var epoch = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) { c.until(c.now().Add(d)) }

// until moves the clock forward to t; it never goes back.
func (c *clock) until(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.t) {
		c.t = t
	}
}

// letter is a mail as its reader sees it. The code is the number in the text that looks like one.
type letter struct {
	to, code string
	at       time.Time
}

// inbox is the mailbox of every address. Owners find the code by its look in the text: the harness
// gets no code in any other way.
type inbox struct {
	clock *clock
	// keep limits the letters that are kept of an address; 0 means all.
	keep int
	// hook, if set, runs before a mail is accepted, where an error refuses it, and after it was.
	hook func(to string, accepted bool) error

	mu      sync.Mutex
	letters map[string][]letter
	count   map[string]int
	total   int // mails accepted
	tried   int // mails offered
}

func newInbox(c *clock) *inbox {
	return &inbox{clock: c, letters: map[string][]letter{}, count: map[string]int{}}
}

// Send accepts a mail, as the mail service does.
func (b *inbox) Send(_ context.Context, m mail.Mail) error {
	b.mu.Lock()
	b.tried++
	b.mu.Unlock()
	if b.hook == nil {
		b.deliver(m.To, m.Text)
		return nil
	}
	if err := b.hook(m.To, false); err != nil {
		return err
	}
	b.deliver(m.To, m.Text)
	return b.hook(m.To, true)
}

func (b *inbox) deliver(to, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total++
	b.count[to]++
	all := append(b.letters[to], letter{to, plainCode(text), b.clock.now()})
	if b.keep > 0 {
		all = all[max(0, len(all)-b.keep):]
	}
	b.letters[to] = all
}

// plainCode returns the digits of the code in a mail's text.
func plainCode(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, mailbox.FindCode(text))
}

// newest returns the last mail to an address.
func (b *inbox) newest(to string) (letter, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.letters[to]
	if len(all) == 0 {
		return letter{}, false
	}
	return all[len(all)-1], true
}

// code returns the code of the last mail to an address, empty if there is none.
func (b *inbox) code(to string) string { l, _ := b.newest(to); return l.code }

// mails returns how many mails an address received.
func (b *inbox) mails(to string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[to]
}

// logbook is the triggers' log. It keeps the end.
type logbook struct {
	mu     sync.Mutex
	text   []byte
	panics int
}

func (b *logbook) Write(line []byte) (int, error) {
	const kept = 1 << 20
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes.Contains(line, []byte(`"reason":"panic"`)) {
		b.panics++
	}
	if len(b.text) > kept {
		b.text = append(b.text[:0], b.text[kept/2:]...)
	}
	b.text = append(b.text, line...)
	return len(line), nil
}

// take reports whether the log contains one of the words, and empties it.
func (b *logbook) take(words ...string) (found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range words {
		found = found || bytes.Contains(b.text, []byte(w))
	}
	b.text = b.text[:0]
	return found
}
