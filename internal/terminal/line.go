package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// The keys that a line at a terminal reacts to.
const (
	keyCtrlC     = 0x03
	keyCtrlD     = 0x04
	keyBackspace = 0x08
	keyCtrlU     = 0x15
	keyEscape    = 0x1b
	keyDelete    = 0x7f
)

// ErrInterrupted is the error of a question that Ctrl-C or the end of its context broke off.
var ErrInterrupted = errors.New("interrupted")

// A Shower returns what a terminal shows of a line.
type Shower func(line []rune) string

// Stars shows a password.
func Stars(line []rune) string { return strings.Repeat("*", len(line)) }

// Grouped shows the digits of a code of some length in the mail's groups, and anything else as it
// is.
func Grouped(length int) Shower {
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

// ReadLine asks at a terminal and shows the line as show returns it. It leaves the terminal as it
// was.
func ReadLine(ctx context.Context, in *os.File, out io.Writer, prompt string, show Shower) (string, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("setting up the terminal: %w", err)
	}
	defer func() {
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprint(out, "\n")
	}()
	fmt.Fprint(out, prompt)
	return Await(ctx, func() (string, error) { return editLine(in, out, show) })
}

// Await returns what read does, or ErrInterrupted once ctx is done.
func Await(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", ErrInterrupted
	}
}

// Ended words the end of the input: it names what was due. Other errors stay as they are.
func Ended(err error, what string) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("stdin ended where %s was due", what)
	}
	return err
}

// editLine reads keys up to Enter. It reads byte by byte, so that text pasted after the Enter is
// left for the next question.
func editLine(in io.Reader, out io.Writer, show Shower) (string, error) {
	var line []byte
	shown := []rune{}
	key := make([]byte, 1)
	for {
		if _, err := io.ReadFull(in, key); err != nil {
			return "", err
		}
		switch k := key[0]; {
		case k == '\r' || k == '\n':
			return string(line), nil
		case k == keyCtrlC:
			return "", ErrInterrupted
		case k == keyCtrlD && len(line) == 0:
			return "", io.EOF
		case k == keyBackspace || k == keyDelete:
			if runes := []rune(string(line)); len(runes) > 0 {
				line = []byte(string(runes[:len(runes)-1]))
			}
		case k == keyCtrlU:
			line = nil
		case k == keyEscape:
			if err := skipSequence(in, key); err != nil {
				return "", err
			}
		case k >= ' ':
			line = append(line, k)
		}
		shown = redraw(out, shown, []rune(show(whole(line))))
	}
}

// whole returns the characters of a line without one at its end whose bytes are not all there yet.
func whole(line []byte) []rune {
	runes := []rune(string(line))
	for len(runes) > 0 && runes[len(runes)-1] == '\uFFFD' {
		runes = runes[:len(runes)-1]
	}
	return runes
}

// redraw replaces what is shown before the cursor, from the first character that differs.
func redraw(out io.Writer, old, next []rune) []rune {
	same := 0
	for same < min(len(old), len(next)) && old[same] == next[same] {
		same++
	}
	fmt.Fprint(out, strings.Repeat("\b \b", len(old)-same), string(next[same:]))
	return next
}

// skipSequence reads the rest of an arrow key and its like: ESC [ ... letter, or ESC O letter.
func skipSequence(in io.Reader, key []byte) error {
	for first := true; ; first = false {
		if _, err := io.ReadFull(in, key); err != nil {
			return err
		}
		k := key[0]
		if first && (k == '[' || k == 'O') {
			continue
		}
		if first || k >= '@' && k <= '~' {
			return nil
		}
	}
}
