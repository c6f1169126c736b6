package lab

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// Letter is a mail as its reader sees it.
type Letter struct {
	// Code is the number in the text that looks like one, Longer the number of 20 digits below it,
	// if there is one.
	Code, Longer string
	At           time.Time
}

// Of returns the letter's code of so many digits, empty for none.
func (l Letter) Of(digits int) string {
	for _, code := range []string{l.Code, l.Longer} {
		if len(code) == digits {
			return code
		}
	}
	return ""
}

// Inbox is the mailbox of every address. Owners find the code by its look in the text: the attacks
// get no code in any other way.
type Inbox struct {
	clock *Clock
	// Hook, if set, runs before a mail is accepted, where an error refuses it, and after it was.
	Hook func(to string, accepted bool) error

	mu     sync.Mutex
	newest map[string]Letter
	count  map[string]int
	tried  int // mails offered

	// Total is how many mails were accepted.
	Total int
}

func newInbox(c *Clock) *Inbox {
	return &Inbox{clock: c, newest: map[string]Letter{}, count: map[string]int{}}
}

// Send accepts a mail, as the mail service does.
func (b *Inbox) Send(_ context.Context, m mail.Mail) error {
	b.mu.Lock()
	b.tried++
	b.mu.Unlock()
	if b.Hook == nil {
		b.deliver(m.To, m.Text)
		return nil
	}
	if err := b.Hook(m.To, false); err != nil {
		return err
	}
	b.deliver(m.To, m.Text)
	return b.Hook(m.To, true)
}

func (b *Inbox) deliver(to, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Total++
	b.count[to]++
	b.newest[to] = letter(text, b.clock.Now())
}

func letter(text string, at time.Time) Letter {
	return Letter{plain(mailbox.FindCode(text)), plain(longer.FindString(text)), at}
}

// longer is a long code as a mail has it within a sentence.
var longer = regexp.MustCompile(`\b\d{4}(?: \d{4}){4}\b`)

// plain returns the digits of a code.
func plain(code string) string { return strings.ReplaceAll(code, " ", "") }

// Newest returns the last mail to an address.
func (b *Inbox) Newest(to string) (Letter, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.newest[to]
	return l, ok
}

// Code returns the code of the last mail to an address, empty if there is none.
func (b *Inbox) Code(to string) string { l, _ := b.Newest(to); return l.Code }

// Mails returns how many mails an address received.
func (b *Inbox) Mails(to string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[to]
}
