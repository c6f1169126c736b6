// Package terminal asks and paints at a terminal: lines that are shown while they are typed,
// colours, the width, and the texts of services without what a terminal obeys.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Painter colours words if it is true.
type Painter bool

// Paint returns the painter of a stream. It colours words on a terminal, but not with NO_COLOR
// (https://no-color.org) or TERM=dumb.
func Paint(w io.Writer) Painter {
	return Painter(Is(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

// Is reports whether a stream is a terminal.
func Is(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width returns the width of a terminal that shows moving lines, and 0 for anything else.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Red writes s in red.
func (p Painter) Red(s string) string { return p.wrap("31", s) }

// Green writes s in green.
func (p Painter) Green(s string) string { return p.wrap("32", s) }

// Yellow writes s in yellow.
func (p Painter) Yellow(s string) string { return p.wrap("33", s) }

// Bold writes s bold.
func (p Painter) Bold(s string) string { return p.wrap("1", s) }

// Faint writes s faint.
func (p Painter) Faint(s string) string { return p.wrap("2", s) }

func (p Painter) wrap(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Printable returns a text of a service or of the DNS on one line, without what a terminal obeys or
// what changes the direction of the text after it: "·" stands there, "; " for a line break.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && mail.Unprintable(r) {
			return '·'
		}
		return r
	}, strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "; "))
}

// Count writes a number with its noun: "1 app client", "2 app clients".
func Count(n int, noun string) string { return Plural(n, noun, noun+"s") }

// Plural writes a number with the form of the noun that goes with it.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
