package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// The keys that a masked line knows.
const (
	keyCtrlC     = 0x03
	keyCtrlD     = 0x04
	keyBackspace = 0x08
	keyCtrlU     = 0x15
	keyEscape    = 0x1b
	keyDelete    = 0x7f
)

// readMasked asks at a terminal and shows a star for each character. The
// terminal is left as it was, whatever happens.
func readMasked(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("the terminal can't hide what is typed: %w", err)
	}
	defer func() {
		_ = term.Restore(int(in.Fd()), before)
		fmt.Fprint(out, "\n")
	}()
	fmt.Fprint(out, prompt)
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := maskedLine(in, out)
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", errInterrupted
	}
}

// maskedLine reads keys up to Enter. It reads byte by byte, so that what is
// pasted behind the Enter is left for the next question.
func maskedLine(in io.Reader, out io.Writer) (string, error) {
	var line []byte
	erase := func() {
		_, size := utf8.DecodeLastRune(line)
		line = line[:len(line)-size]
		fmt.Fprint(out, "\b \b")
	}
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
			if len(line) > 0 {
				erase()
			}
		case k == keyCtrlU:
			for len(line) > 0 {
				erase()
			}
		case k == keyEscape:
			if err := skipSequence(in, key); err != nil {
				return "", err
			}
		case k >= ' ':
			line = append(line, k)
			if utf8.RuneStart(k) {
				fmt.Fprint(out, "*")
			}
		}
	}
}

// skipSequence swallows the rest of an arrow key and its like: ESC [ ... letter,
// or ESC O letter.
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
