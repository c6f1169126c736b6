package terminal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestALineIsShownWhileItIsTyped(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, keys, line, shown string
		show                    Shower
		err                     error
	}{
		{name: "plain", keys: "12 34\r", line: "12 34", shown: "*****"},
		{name: "a character of several bytes is one star", keys: "Grüße\n", line: "Grüße", shown: "*****"},
		{name: "backspace takes a whole character", keys: "aü\x7fb\r", line: "ab", shown: "**\b \b*"},
		{name: "backspace at the start does nothing", keys: "\x7f\x08a\r", line: "a", shown: "*"},
		{name: "Ctrl-U starts over", keys: "ab\x15c\r", line: "c", shown: "**\b \b\b \b*"},
		{name: "arrow keys are no input", keys: "a\x1b[D\x1b[1;5C\x1bOHb\r", line: "ab", shown: "**"},
		{name: "control characters are no input", keys: "a\x01\tb\r", line: "ab", shown: "**"},
		{name: "Ctrl-C", keys: "ab\x03", shown: "**", err: ErrInterrupted},
		{name: "Ctrl-D on an empty line", keys: "\x04", err: io.EOF},
		{name: "Ctrl-D within a line does nothing", keys: "a\x04b\r", line: "ab", shown: "**"},
		{name: "the terminal goes away", keys: "ab", shown: "**", err: io.EOF},
		{name: "a code in groups", keys: "12345678\r", line: "12345678", shown: "1234 5678", show: Grouped(8)},
		{name: "a code of six digits", keys: "123456\r", line: "123456", shown: "123 456", show: Grouped(6)},
		{name: "a digit too many ends the groups", keys: "123456789\r", line: "123456789",
			shown: "1234 5678" + strings.Repeat("\b \b", 5) + "56789", show: Grouped(8)},
		{name: "deleting across a group", keys: "12345\x7f\r", line: "1234", shown: "1234 5\b \b\b \b", show: Grouped(8)},
		{name: "typed with a space", keys: "1234 5\r", line: "1234 5", shown: "1234 5", show: Grouped(8)},
		{name: "a request for the mail", keys: "r\r", line: "r", shown: "r", show: Grouped(8)},
		{name: "a code of unknown length", keys: "12345\r", line: "12345", shown: "12345", show: Grouped(0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			show := test.show
			if show == nil {
				show = Stars
			}
			var shown bytes.Buffer
			line, err := editLine(strings.NewReader(test.keys), &shown, show)
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
		if line, err := editLine(keys, io.Discard, Stars); err != nil || line != want {
			t.Errorf("line %q, error %v; want %q", line, err, want)
		}
	}
}
