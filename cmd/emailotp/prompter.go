package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// prompter asks a person at a terminal, or reads the answers line by line where
// stdin is none. What it says goes to stderr, so that stdout has the result alone.
type prompter struct {
	streams
	paint         painter
	tty           bool
	passwordStdin bool
	user, inbox   string
	lines         *bufio.Reader
	now           func() time.Time
}

var _ signin.Person = (*prompter)(nil)

func newPrompter(s streams, passwordStdin bool, user, inbox string) *prompter {
	return &prompter{streams: s, paint: paint(s.err), tty: isTerminal(s.in), passwordStdin: passwordStdin,
		user: user, inbox: inbox, lines: bufio.NewReader(s.in), now: time.Now}
}

func (p *prompter) Tell(sentence string) { fmt.Fprintln(p.err, sentence) }

// Password asks for the password, or reads it where --password-stdin allows that.
func (p *prompter) Password(ctx context.Context) (string, error) {
	if p.passwordStdin {
		return p.line(ctx, "the password")
	}
	if !p.tty {
		return "", &usageError{errors.New("stdin is no terminal, so the password can't be asked for; give it as stdin's first line with --password-stdin")}
	}
	return p.filled(ctx, "Password: ")
}

// NewPassword asks twice at a terminal, and reads one line otherwise.
func (p *prompter) NewPassword(ctx context.Context, refused string) (string, error) {
	if refused == "" {
		p.Tell("The password is a temporary one; choose a new one.")
	} else {
		p.Tell(p.paint.yellow("That one is refused: " + refused))
	}
	if !p.tty {
		return p.line(ctx, "the new password")
	}
	for {
		first, err := p.filled(ctx, "New password: ")
		if err != nil {
			return "", err
		}
		second, err := p.filled(ctx, "The same again: ")
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

// Code asks for the code until there is an answer to send.
func (p *prompter) Code(ctx context.Context, c signin.Challenge) (string, error) {
	p.Tell(p.explain(c))
	for {
		answer, err := p.readCode(ctx, c)
		if err != nil {
			return "", err
		}
		switch {
		case answer == "":
			continue
		case !strings.EqualFold(answer, "r"):
			// A slip of the finger shouldn't cost a try.
			if n := digits(answer); c.CodeLength > 0 && n != c.CodeLength {
				p.Tell(p.paint.yellow(fmt.Sprintf("The code has %d digits, that was %d.", c.CodeLength, n)))
				continue
			}
			return answer, nil
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
		answer, err := readMasked(ctx, p.in, p.err, prompt)
		return strings.TrimSpace(answer), ended(err, "the code")
	}
	fmt.Fprintln(p.err, strings.TrimSpace(prompt))
	answer, err := p.line(ctx, "the code")
	return strings.TrimSpace(answer), err
}

// explain says where the code is, or what became of the last answer.
func (p *prompter) explain(c signin.Challenge) string {
	switch c.Reason {
	case "wrong-code":
		return p.paint.yellow("That code is wrong.")
	case "expired":
		return p.paint.yellow("That code has expired; r has a new one mailed.")
	case "resent":
		return "The mail was sent again." + p.where()
	case "resend-too-soon":
		return p.paint.yellow(fmt.Sprintf("The mail was not sent again; that is possible in %s.", short(p.until(c.ResendAt))))
	case "new-code":
		return p.paint.yellow("That answer was not looked at: too many wrong codes were tried for this account.") +
			" A longer code was mailed." + p.where()
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

// filled asks for a line that must not be empty, without showing it.
func (p *prompter) filled(ctx context.Context, prompt string) (string, error) {
	for {
		answer, err := readMasked(ctx, p.in, p.err, prompt)
		if err != nil || answer != "" {
			return answer, ended(err, "the password")
		}
	}
}

// line reads a line of stdin; the end of stdin is an error that says what was due.
func (p *prompter) line(ctx context.Context, what string) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := p.lines.ReadString('\n')
		if line != "" && errors.Is(err, io.EOF) {
			err = nil
		}
		done <- result{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case r := <-done:
		return r.line, ended(r.err, what)
	case <-ctx.Done():
		return "", errInterrupted
	}
}

// ended words the end of the input.
func ended(err error, what string) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("stdin ended where %s was due", what)
	}
	return err
}

// digits counts the digits of any script, as an answer may be typed in groups or
// by a full-width input method.
func digits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// short writes a duration for people, in minutes and seconds.
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
