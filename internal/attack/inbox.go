package attack

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// letter is a mail as its reader sees it: what came when, and the number in it that looks like a
// code.
type letter struct {
	to, code string
	at       time.Time
}

// inbox is everybody's mailbox. Owners read it the way people do, by looking for the code in the
// text: the harness is told no code in any other way.
type inbox struct {
	clock *clock
	// keep limits what is kept of an address, for simulations of years.
	keep int

	mu      sync.Mutex
	letters map[string][]letter
	count   map[string]int
	total   int
	tried   int
	// sending, if set, is called before a mail is taken.
	sending func(to string) error
	// sent, if set, is called after one was taken.
	sent func()
}

func newInbox(c *clock) *inbox {
	return &inbox{clock: c, keep: 1000, letters: map[string][]letter{}, count: map[string]int{}}
}

// Send takes a mail, as the mail service does.
func (b *inbox) Send(_ context.Context, m mail.Mail) error {
	b.mu.Lock()
	hook := b.sending
	b.tried++
	b.mu.Unlock()
	if hook != nil {
		if err := hook(m.To); err != nil {
			return err
		}
	}
	b.deliver(m.To, m.Text)
	b.mu.Lock()
	after := b.sent
	b.mu.Unlock()
	if after != nil {
		after()
	}
	return nil
}

func (b *inbox) deliver(to, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total++
	b.count[to]++
	all := append(b.letters[to], letter{to, plainCode(text), b.clock.now()})
	if len(all) > b.keep {
		all = all[len(all)-b.keep:]
	}
	b.letters[to] = all
}

// plainCode finds the code in a mail's text and returns its digits.
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

// attempts returns how often a mail was handed over, taken or not.
func (b *inbox) attempts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tried
}

// code returns the code of the last mail to an address, empty where there is none.
func (b *inbox) code(to string) string { l, _ := b.newest(to); return l.code }

// mails returns how many came to an address.
func (b *inbox) mails(to string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[to]
}

func (b *inbox) onSent(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = f
}

func (b *inbox) onSend(f func(to string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sending = f
}
