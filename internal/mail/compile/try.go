package compile

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// maxBody is the largest HTML or plain text in bytes. Gmail cuts off what is behind 102 kB, and
// with it the end of the mail.
const maxBody = 100_000

// A request is the time of a request for a code.
type request struct {
	at       time.Time
	zoneinfo string
}

// requests returns some that are written in different ways; the first has the longest zone.
func requests() []request {
	at := func(hour, minute int) time.Time {
		return time.Date(2026, time.September, 30, hour, minute, 0, 0, time.UTC)
	}
	return []request{{at(22, 58), "America/Argentina/ComodRivadavia"}, {at(0, 5), ""}, {at(13, 0), "Asia/Tokyo"}}
}

// factsOf returns the facts of a message in the language tag.
func factsOf(r *mail.Renderer, tag, digits string, code Code, when request) mail.Facts {
	m := mail.Message{ExpiresIn: code.TTL, RequestedAt: when.at, Zoneinfo: when.zoneinfo, Locale: tag}
	m.Code, m.Fallback = code.split(digits)
	return r.Facts(m)
}

// try renders what can occur, and returns everything that goes wrong, each mistake once.
func try(r *mail.Renderer, code Code) error {
	var found mistakes
	for _, tag := range r.Languages() {
		for _, m := range worstCases(tag, code) {
			for _, err := range problems(r, m) {
				found.add(err, tag, len(m.Code))
			}
		}
	}
	return found.err()
}

// worstCases returns messages in the language tag with the longest values, and with those that
// leave parts of the built-in layout out.
func worstCases(tag string, code Code) []mail.Message {
	to := strings.Repeat("m", 64) + "@" + strings.Repeat("example.", 23) + "com" // 252 of the 254 bytes allowed
	longest := requests()[0]
	var cases []mail.Message
	for _, digits := range code.lengths() {
		m := mail.Message{To: to, ExpiresIn: code.TTL, Locale: tag}
		m.Code, m.Fallback = code.split(codes(digits)[0])
		cases = append(cases, m)
		m.RequestedAt, m.Zoneinfo = longest.at, longest.zoneinfo
		cases = append(cases, m)
		for minutes := range 4 {
			m.ExpiresIn = time.Duration(minutes) * time.Minute
			cases = append(cases, m)
		}
	}
	return cases
}

// problems renders m and returns what is wrong with the result.
func problems(r *mail.Renderer, m mail.Message) (errs []error) {
	out, err := r.Render(m)
	if err != nil {
		return []error{err}
	}
	errs = append(errs, bodyProblems(mail.TextTemplate, "plain text", out.Text, out.Text, m.Code)...)
	return append(errs, bodyProblems(mail.HTMLTemplate, "HTML", out.HTML, textOf(out.HTML), m.Code)...)
}

// bodyProblems checks one form of a body: its source, and the text that a person sees of it.
func bodyProblems(file, what, source, visible, code string) (errs []error) {
	switch {
	case strings.TrimSpace(visible) == "":
		return []error{fmt.Errorf("%s: the %s is empty; a mail needs both forms, so write one or leave the template "+
			"out for the built-in", file, what)}
	case !strings.Contains(withoutSpace(visible), code):
		errs = append(errs, fmt.Errorf("%s: the %s doesn't show the code; write {{.Grouped}} or {{.Code}} where it "+
			"belongs, outside of any condition", file, what))
	}
	if len(source) > maxBody {
		errs = append(errs, fmt.Errorf("%s: the %s has %d bytes; at most %d are allowed, for Gmail cuts off longer "+
			"mails", file, what, len(source), maxBody))
	}
	return errs
}

// textOf strips tags, comments, style sheets and the title from markup; entities stay.
func textOf(markup string) string {
	for _, element := range []string{"style", "title", "script"} {
		for {
			start := strings.Index(markup, "<"+element)
			end := strings.Index(markup, "</"+element)
			if start < 0 || end < start {
				break
			}
			markup = markup[:start] + markup[end+2+len(element):]
		}
	}
	var b strings.Builder
	inTag := false
	for _, r := range markup {
		switch {
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		case !inTag:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
