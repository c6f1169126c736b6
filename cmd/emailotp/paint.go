package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// painter colours words on a terminal, but not with NO_COLOR (https://no-color.org) or TERM=dumb.
type painter bool

func paint(w io.Writer) painter {
	return painter(isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth returns the width of a terminal that shows moving lines, and 0 for anything else.
func terminalWidth(w io.Writer) int {
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

func (p painter) red(s string) string    { return p.wrap("31", s) }
func (p painter) green(s string) string  { return p.wrap("32", s) }
func (p painter) yellow(s string) string { return p.wrap("33", s) }
func (p painter) bold(s string) string   { return p.wrap("1", s) }
func (p painter) faint(s string) string  { return p.wrap("2", s) }

func (p painter) wrap(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// printable returns a text of a service or of the DNS on one line, without what a terminal obeys or
// what changes the direction of the text after it: "·" stands there, "; " for a line break.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && mail.Unprintable(r) {
			return '·'
		}
		return r
	}, strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "; "))
}
