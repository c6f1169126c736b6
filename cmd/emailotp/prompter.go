package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// prompter asks the user at a terminal, or reads the answers line by line if stdin is none. It
// writes to stderr, so that stdout has the result alone.
type prompter struct {
	streams
	paint         painter
	tty           bool
	passwordStdin bool
	user, inbox   string
	// reset is true where the new password replaces a forgotten one.
	reset bool
	lines *bufio.Reader
	now   func() time.Time
}

var _ signin.Person = (*prompter)(nil)

func newPrompter(s streams, passwordStdin bool, user, inbox string) *prompter {
	return &prompter{streams: s, paint: paint(s.err), tty: isTerminal(s.in), passwordStdin: passwordStdin,
		user: user, inbox: inbox, lines: bufio.NewReader(s.in), now: time.Now}
}

func (p *prompter) Tell(sentence string) { fmt.Fprintln(p.err, sentence) }

// Password asks for the password, or reads it with --password-stdin.
func (p *prompter) Password(ctx context.Context) (string, error) {
	if p.passwordStdin {
		return p.line(ctx, "the password")
	}
	if !p.tty {
		return "", &usageError{errors.New("stdin is no terminal, so the password can't be asked for; " +
			"give it as stdin's first line with --password-stdin")}
	}
	return p.hidden(ctx, "Password: ")
}

// NewPassword asks twice at a terminal, and reads one line otherwise.
func (p *prompter) NewPassword(ctx context.Context, refused string) (string, error) {
	switch {
	case refused == "" && p.reset:
		p.Tell("Choose a new password.")
	case refused == "":
		p.Tell("The password is a temporary one; choose a new one.")
	default:
		p.Tell(p.paint.yellow("That one is refused: " + refused))
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
		p.Tell(p.paint.yellow("The two differ; try again."))
	}
}

// Attribute asks for an attribute that the pool requires.
func (p *prompter) Attribute(ctx context.Context, name string) (string, error) {
	fmt.Fprintf(p.err, "%s: ", name)
	return p.line(ctx, "the attribute "+name)
}

// Code asks for the code until there is an answer to send: one that can't be the code costs no
// attempt.
func (p *prompter) Code(ctx context.Context, c signin.Challenge) (string, error) {
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
			p.Tell(p.paint.yellow(fmt.Sprintf("A code has %d digits.", c.CodeLength)))
		case c.ResendsLeft == 0:
			p.Tell("The mail can't be sent again in this sign-in.")
		case p.until(c.ResendAt) > 0:
			p.Tell(fmt.Sprintf("The mail can be sent again in %s.", short(p.until(c.ResendAt))))
		default:
			return signin.Resend, nil
		}
	}
}

func (p *prompter) readCode(ctx context.Context, c signin.Challenge) (string, error) {
	var notes []string
	if c.AttemptsLeft >= 0 {
		notes = append(notes, plural(c.AttemptsLeft, "try", "tries")+" left")
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
		answer, err := readLine(ctx, p.in, p.err, prompt, grouped(c.CodeLength))
		return strings.TrimSpace(answer), ended(err, "the code")
	}
	fmt.Fprintln(p.err, strings.TrimSpace(prompt))
	answer, err := p.line(ctx, "the code")
	return strings.TrimSpace(answer), err
}

// grouped shows the digits of a code of some length in the mail's groups, and anything else as it
// is.
func grouped(length int) shower {
	return func(line []rune) string {
		typed := string(line)
		if len(typed) > length || strings.Trim(typed, "0123456789") != "" {
			return typed
		}
		all := mail.Group(typed + strings.Repeat("0", length-len(typed)))
		for i := range all {
			if strings.ReplaceAll(all[:i], " ", "") == typed {
				return all[:i]
			}
		}
		return all
	}
}

// explain returns where the code is, or what became of the last answer.
func (p *prompter) explain(c signin.Challenge) string {
	switch c.Reason {
	case contract.ReasonWrongCode:
		return p.paint.yellow("That code is wrong.")
	case contract.ReasonExpired:
		return p.paint.yellow("That code has expired; r has a new one mailed.")
	case contract.ReasonResent:
		if !c.LongCode() {
			return "The mail was sent again." + p.where()
		}
	case contract.ReasonResendTooSoon:
		return p.paint.yellow(fmt.Sprintf("The mail was not sent again; that is possible in %s.", short(p.until(c.ResendAt))))
	case contract.ReasonNewCode:
		return p.paint.yellow("That answer was not compared: too many wrong codes were tried for this account.") +
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
		return code + " was mailed to " + p.paint.bold(c.Destination) + "." + p.where()
	}
	return code + " was mailed to " + p.paint.bold(p.user) + ", if there is such an account." + p.where()
}

// longCode promises no mail: the account may have none left, and only the mailbox shows that.
func (p *prompter) longCode(c signin.Challenge) string {
	to := c.Destination
	if to == "" {
		to = p.user
	}
	again := "r has the mail sent again."
	switch wait := p.until(c.ResendAt); {
	case c.ResendsLeft == 0:
		again = "start again."
	case wait > 0:
		again = "r has the mail sent again, in " + short(wait) + "."
	}
	return fmt.Sprintf("Enter the code of %d digits from the newest mail to %s. "+
		"If that mail has a shorter code, that one no longer counts: %s", c.CodeLength, p.paint.bold(to), again) + p.where()
}

func (p *prompter) where() string {
	if p.inbox == "" {
		return ""
	}
	return " The inbox is at " + p.inbox
}

func (p *prompter) until(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(p.now())
}

// hidden asks for a line that must not be empty, and shows stars.
func (p *prompter) hidden(ctx context.Context, prompt string) (string, error) {
	for {
		answer, err := readLine(ctx, p.in, p.err, prompt, stars)
		if err != nil || answer != "" {
			return answer, ended(err, "the password")
		}
	}
}

// line reads a line of stdin. At the end of stdin the error names what was due.
func (p *prompter) line(ctx context.Context, what string) (string, error) {
	line, err := await(ctx, func() (string, error) {
		line, err := p.lines.ReadString('\n')
		if line != "" && errors.Is(err, io.EOF) {
			err = nil
		}
		return strings.TrimRight(line, "\r\n"), err
	})
	return line, ended(err, what)
}

// ended words the end of the input.
func ended(err error, what string) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("stdin ended where %s was due", what)
	}
	return err
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

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
