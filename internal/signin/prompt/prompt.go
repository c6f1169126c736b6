// Package prompt asks a person at a terminal for what a sign-in requires, and prints who signed in.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/terminal"
)

// ErrNoTerminal is the error of a password that can't be asked for.
var ErrNoTerminal = errors.New("stdin is no terminal, so the password can't be asked for; " +
	"give it as stdin's first line with --password-stdin")

// Options are what a [Prompter] asks with.
type Options struct {
	In *os.File
	// Err receives the prompts, so that stdout has the result alone.
	Err io.Writer
	// PasswordStdin reads the password as a line of In that is no terminal.
	PasswordStdin bool
	// User is the e-mail address of the sign-in, Inbox the URL of a sandbox's mails or empty.
	User, Inbox string
	// Reset is true where the new password replaces a forgotten one.
	Reset bool
}

// Prompter asks the user at a terminal, or reads the answers line by line if stdin is none.
type Prompter struct {
	Options
	paint terminal.Painter
	tty   bool
	lines *bufio.Reader
	now   func() time.Time
}

var _ signin.Person = (*Prompter)(nil)

// New returns a prompter.
func New(o Options) *Prompter {
	return &Prompter{Options: o, paint: terminal.Paint(o.Err), tty: terminal.Is(o.In), lines: bufio.NewReader(o.In),
		now: time.Now}
}

// Tell prints a sentence.
func (p *Prompter) Tell(sentence string) { fmt.Fprintln(p.Err, sentence) }

// Password asks for the password, or reads it with --password-stdin.
func (p *Prompter) Password(ctx context.Context) (string, error) {
	if p.PasswordStdin {
		return p.line(ctx, "the password")
	}
	if !p.tty {
		return "", ErrNoTerminal
	}
	return p.hidden(ctx, "Password: ")
}

// NewPassword asks twice at a terminal, and reads one line otherwise.
func (p *Prompter) NewPassword(ctx context.Context, refused string) (string, error) {
	switch {
	case refused == "" && p.Reset:
		p.Tell("Choose a new password.")
	case refused == "":
		p.Tell("The password is a temporary one; choose a new one.")
	default:
		p.Tell(p.paint.Yellow("That one is refused: " + refused))
	}
	if !p.tty {
		return p.line(ctx, "the new password")
	}
	for {
		first, err := p.hidden(ctx, "New password: ")
		if err != nil {
			return "", err
		}
		second, err := p.hidden(ctx, "The same again: ")
		if err != nil || first == second {
			return first, err
		}
		p.Tell(p.paint.Yellow("The two differ; try again."))
	}
}

// Attribute asks for an attribute that the pool requires.
func (p *Prompter) Attribute(ctx context.Context, name string) (string, error) {
	fmt.Fprintf(p.Err, "%s: ", name)
	return p.line(ctx, "the attribute "+name)
}

// Code asks for the code until there is an answer to send: one that can't be the code costs no
// attempt.
func (p *Prompter) Code(ctx context.Context, c signin.Challenge) (string, error) {
	p.Tell(p.explain(c))
	for {
		answer, err := p.readCode(ctx, c)
		if err != nil {
			return "", err
		}
		code, ok := c.Code(answer)
		switch {
		case answer == "":
		case !strings.EqualFold(answer, "r"):
			if ok {
				return code, nil
			}
			p.Tell(p.paint.Yellow(fmt.Sprintf("A code has %d digits.", c.CodeLength)))
		case c.ResendsLeft == 0:
			p.Tell("The mail can't be sent again in this sign-in.")
		case p.until(c.ResendAt) > 0:
			p.Tell(fmt.Sprintf("The mail can be sent again in %s.", short(p.until(c.ResendAt))))
		default:
			return signin.Resend, nil
		}
	}
}

func (p *Prompter) readCode(ctx context.Context, c signin.Challenge) (string, error) {
	var notes []string
	if c.AttemptsLeft >= 0 {
		notes = append(notes, terminal.Plural(c.AttemptsLeft, "try", "tries")+" left")
	}
	if !c.Expires.IsZero() {
		notes = append(notes, "valid for "+short(p.until(c.Expires)))
	}
	if c.ResendsLeft != 0 {
		notes = append(notes, "r and Enter to have it mailed again")
	}
	prompt := "Code: "
	if len(notes) > 0 {
		prompt = "Code (" + strings.Join(notes, ", ") + "): "
	}
	if p.tty {
		answer, err := terminal.ReadLine(ctx, p.In, p.Err, prompt, terminal.Grouped(c.CodeLength))
		return strings.TrimSpace(answer), terminal.Ended(err, "the code")
	}
	fmt.Fprintln(p.Err, strings.TrimSpace(prompt))
	answer, err := p.line(ctx, "the code")
	return strings.TrimSpace(answer), err
}

// explain returns where the code is, or what became of the last answer.
func (p *Prompter) explain(c signin.Challenge) string {
	switch c.Reason {
	case contract.ReasonWrongCode:
		return p.paint.Yellow("That code is wrong.")
	case contract.ReasonExpired:
		return p.paint.Yellow("That code has expired; r has a new one mailed.")
	case contract.ReasonResent:
		if !c.LongCode() {
			return "The mail was sent again." + p.where()
		}
	case contract.ReasonResendTooSoon:
		return p.paint.Yellow(fmt.Sprintf("The mail was not sent again; that is possible in %s.", short(p.until(c.ResendAt))))
	case contract.ReasonNewCode:
		return p.paint.Yellow("That answer was not compared: too many wrong codes were tried for this account.") +
			" " + p.longCode(c)
	}
	if c.LongCode() {
		return p.longCode(c)
	}
	code := "A code"
	if c.CodeLength > 0 {
		code = fmt.Sprintf("A code of %d digits", c.CodeLength)
	}
	if c.Destination != "" {
		return code + " was mailed to " + p.paint.Bold(c.Destination) + "." + p.where()
	}
	return code + " was mailed to " + p.paint.Bold(p.User) + ", if there is such an account." + p.where()
}

// longCode promises no mail: the account may have none left, and only the mailbox shows that.
func (p *Prompter) longCode(c signin.Challenge) string {
	to := c.Destination
	if to == "" {
		to = p.User
	}
	again := "r has the mail sent again."
	switch wait := p.until(c.ResendAt); {
	case c.ResendsLeft == 0:
		again = "start again."
	case wait > 0:
		again = "r has the mail sent again, in " + short(wait) + "."
	}
	return fmt.Sprintf("Enter the code of %d digits from the newest mail to %s. "+
		"If that mail has only a shorter code, that one no longer counts: %s", c.CodeLength, p.paint.Bold(to), again) +
		p.where()
}

func (p *Prompter) where() string {
	if p.Inbox == "" {
		return ""
	}
	return " The inbox is at " + p.Inbox
}

func (p *Prompter) until(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(p.now())
}

// hidden asks for a line that must not be empty, and shows stars.
func (p *Prompter) hidden(ctx context.Context, prompt string) (string, error) {
	for {
		answer, err := terminal.ReadLine(ctx, p.In, p.Err, prompt, terminal.Stars)
		if err != nil || answer != "" {
			return answer, terminal.Ended(err, "the password")
		}
	}
}

// line reads a line of stdin. At the end of stdin the error names what was due.
func (p *Prompter) line(ctx context.Context, what string) (string, error) {
	line, err := terminal.Await(ctx, func() (string, error) {
		line, err := p.lines.ReadString('\n')
		if line != "" && errors.Is(err, io.EOF) {
			err = nil
		}
		return strings.TrimRight(line, "\r\n"), err
	})
	return line, terminal.Ended(err, what)
}

// short writes a duration in minutes and seconds.
func short(d time.Duration) string {
	d = max(0, d).Round(time.Second)
	switch minutes, seconds := int(d/time.Minute), int(d%time.Minute/time.Second); {
	case minutes == 0:
		return fmt.Sprintf("%d s", seconds)
	case seconds == 0:
		return fmt.Sprintf("%d min", minutes)
	default:
		return fmt.Sprintf("%d min %d s", minutes, seconds)
	}
}
