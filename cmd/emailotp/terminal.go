package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
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

// A shower returns what a terminal shows of a line.
type shower func(line []rune) string

// stars shows a password.
func stars(line []rune) string { return strings.Repeat("*", len(line)) }

// readLine asks at a terminal and shows the line as show returns it. It leaves the terminal as it
// was.
func readLine(ctx context.Context, in *os.File, out io.Writer, prompt string, show shower) (string, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("setting up the terminal: %w", err)
	}
	defer func() {
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprint(out, "\n")
	}()
	fmt.Fprint(out, prompt)
	return await(ctx, func() (string, error) { return editLine(in, out, show) })
}

// await returns what read does, or errInterrupted once ctx is done.
func await(ctx context.Context, read func() (string, error)) (string, error) {
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
		return "", errInterrupted
	}
}

// editLine reads keys up to Enter. It reads byte by byte, so that text pasted after the Enter is
// left for the next question.
func editLine(in io.Reader, out io.Writer, show shower) (string, error) {
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
			return "", errInterrupted
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
