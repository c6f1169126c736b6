// Package check finds what is likely to go wrong with a rendered mail in mail programs, in spam
// filters and for readers with poor sight. No mail service checks this.
package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Severity is how bad a finding is.
type Severity string

const (
	// Error: the mail can't be read, or filters stop it.
	Error Severity = "error"
	// Warning: some readers or filters have trouble with the mail.
	Warning Severity = "warning"
)

// A Finding is one thing that is wrong with a mail.
type Finding struct {
	Severity Severity `json:"severity"`
	// Rule is the name of the rule, such as "contrast".
	Rule string `json:"rule"`
	// Text is what is wrong, with the value found, the one wanted and the remedy.
	Text string `json:"text"`
}

func (f Finding) String() string { return string(f.Severity) + " " + f.Rule + ": " + f.Text }

// The sizes, in bytes, of HTML that loads at once everywhere, and of what Gmail cuts off.
const (
	comfortableHTML = 20_000
	clippedHTML     = 102_000
)

// longSubject is how many characters of a subject phones show at most.
const longSubject = 78

// manyLinks is the number of links that make a mail look like advertising.
const manyLinks = 4

// Check returns what it finds, errors first.
func Check(m mail.Mail) []Finding {
	var found findings
	found.subject(m.Subject)
	found.headers(m)
	found.bodies(m)
	if strings.TrimSpace(m.HTML) != "" {
		found.markup(m)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return strings.Compare(string(a.Severity)+a.Rule+a.Text, string(b.Severity)+b.Rule+b.Text)
	})
	return slices.Compact(found)
}

type findings []Finding

func (f *findings) add(s Severity, rule, format string, args ...any) {
	*f = append(*f, Finding{s, rule, fmt.Sprintf(format, args...)})
}

func (f *findings) subject(s string) {
	if strings.TrimSpace(s) == "" {
		f.add(Error, "subject", "the subject is empty; mail without one is taken for spam")
		return
	}
	if n := utf8.RuneCountInString(s); n > longSubject {
		f.add(Warning, "subject", "the subject has %d characters; phones show %d or fewer", n, longSubject)
	}
	if shouting(s) {
		f.add(Warning, "capitals", "the subject is in capitals, which filters count as spam; write it in lower case")
	}
	if strings.ContainsAny(s, "!！") {
		f.add(Warning, "exclamation", "the subject has an exclamation mark, which filters count as spam; leave it out")
	}
	if lower := strings.ToLower(s); strings.HasPrefix(lower, "re:") || strings.HasPrefix(lower, "fwd:") ||
		strings.HasPrefix(lower, "fw:") {
		f.add(Warning, "subject", "the subject pretends to be an answer; leave %q out", s[:strings.Index(s, ":")+1])
	}
}

// shouting reports a text with eight cased letters or more, all of them upper case.
func shouting(s string) bool {
	upper := 0
	for _, r := range s {
		switch {
		case unicode.IsLower(r):
			return false
		case unicode.IsUpper(r):
			upper++
		}
	}
	return upper >= 8
}

func (f *findings) headers(m mail.Mail) {
	automatic := false
	for _, h := range m.Headers {
		name := strings.ToLower(h.Name)
		automatic = automatic || name == "auto-submitted"
		if strings.HasPrefix(name, "list-") {
			f.add(Warning, "headers", "the mail has the header %s; a sign-in code is no list mail, and who unsubscribes "+
				"is locked out", h.Name)
		}
	}
	if !automatic {
		f.add(Warning, "headers", "the mail lacks the header Auto-Submitted; answering machines will reply to it")
	}
}

func (f *findings) bodies(m mail.Mail) {
	if strings.TrimSpace(m.Text) == "" {
		f.add(Error, "plain-text", "the mail has no plain text; filters count that as spam, and some people read "+
			"nothing else")
	}
	if strings.TrimSpace(m.HTML) == "" {
		f.add(Error, "html", "the mail has no HTML")
	}
	switch n := len(m.HTML); {
	case n > clippedHTML:
		f.add(Error, "size", "the HTML has %d bytes; Gmail cuts it off behind %d", n, clippedHTML)
	case n > comfortableHTML:
		f.add(Warning, "size", "the HTML has %d bytes; keep it below %d, so that it opens at once on a slow line", n,
			comfortableHTML)
	}
	if n := strings.Count(m.Text, "!") + strings.Count(m.Text, "！"); n > 2 {
		f.add(Warning, "exclamation", "the plain text has %d exclamation marks, which filters count as spam", n)
	}
}
