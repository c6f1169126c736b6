package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAMaskedLineShowsStarsAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, keys, line, shown string
		err                     error
	}{
		{name: "plain", keys: "12 34\r", line: "12 34", shown: "*****"},
		{name: "a character of several bytes is one star", keys: "Grüße\n", line: "Grüße", shown: "*****"},
		{name: "backspace takes a whole character", keys: "aü\x7fb\r", line: "ab", shown: "**\b \b*"},
		{name: "backspace at the start does nothing", keys: "\x7f\x08a\r", line: "a", shown: "*"},
		{name: "Ctrl-U starts over", keys: "ab\x15c\r", line: "c", shown: "**\b \b\b \b*"},
		{name: "arrow keys are no input", keys: "a\x1b[D\x1b[1;5C\x1bOHb\r", line: "ab", shown: "**"},
		{name: "control characters are no input", keys: "a\x01\tb\r", line: "ab", shown: "**"},
		{name: "Ctrl-C", keys: "ab\x03", shown: "**", err: errInterrupted},
		{name: "Ctrl-D on an empty line", keys: "\x04", err: io.EOF},
		{name: "Ctrl-D within a line does nothing", keys: "a\x04b\r", line: "ab", shown: "**"},
		{name: "the terminal goes away", keys: "ab", shown: "**", err: io.EOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var shown bytes.Buffer
			line, err := maskedLine(strings.NewReader(test.keys), &shown)
			if line != test.line || shown.String() != test.shown || !errors.Is(err, test.err) {
				t.Errorf("line %q, shown %q, error %v; want %q, %q, %v", line, &shown, err, test.line, test.shown, test.err)
			}
		})
	}
}

func TestWhatIsPastedBehindEnterIsLeftForTheNextQuestion(t *testing.T) {
	t.Parallel()
	keys := strings.NewReader("first\rsecond\r")
	for _, want := range []string{"first", "second"} {
		if line, err := maskedLine(keys, io.Discard); err != nil || line != want {
			t.Errorf("line %q, error %v; want %q", line, err, want)
		}
	}
}
