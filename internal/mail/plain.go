package mail

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// TextData returns what the templates of the subject and the plain text see.
func (r *Renderer) TextData(f Facts) (*Data[string], error) {
	s, err := r.words(f.Language)
	if err != nil {
		return nil, err
	}
	chosen, err := r.choose(s, f)
	if err != nil {
		return nil, err
	}
	phrases := convert(chosen, func(phrase string) string { return r.fillPlain(phrase, f) })
	return data(&r.config, r.accentDark, f, isolatedLTR(Group(f.Code), f.Dir), phrases), nil
}

// plain renders the subject and the plain text.
func (r *Renderer) plain(f Facts) (subject, text string, err error) {
	d, err := r.TextData(f)
	if err != nil {
		return "", "", err
	}
	all := values(d)
	return strings.TrimSpace(r.layouts.subject.render(all, 128)), strings.TrimSpace(r.layouts.text.render(all, 1<<10)), nil
}

func (r *Renderer) fillPlain(phrase string, f Facts) string {
	return fill(phrase, func(s string) string { return s }, func(name string) (string, bool) {
		switch name {
		case "product":
			return isolated(r.config.ProductName, f.Dir), true
		case "support":
			return isolatedLTR(r.config.SupportAddress, f.Dir), true
		case "code":
			return isolatedLTR(Group(f.Code), f.Dir), true
		case "fallback":
			return isolatedLTR(Group(f.Fallback), f.Dir), true
		case "time":
			return isolated(f.Time, f.Dir), true
		case "zone":
			return isolatedLTR(f.Zone, f.Dir), true
		case "minutes":
			return strconv.Itoa(f.Minutes), true
		}
		return "", false
	})
}

// maxSubject is the longest subject in bytes: RFC 5322, section 2.1.1, on a line.
const maxSubject = 998

// CheckSubject keeps a subject to one line, so that it can't begin another header.
func CheckSubject(subject string) error {
	switch {
	case subject == "":
		return fmt.Errorf("%s: the subject is empty", SubjectTemplate)
	case len(subject) > maxSubject:
		return fmt.Errorf("%s: the subject has %d bytes; at most %d are allowed", SubjectTemplate, len(subject), maxSubject)
	case strings.ContainsFunc(subject, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' ||
			r == '\u2029'
	}):
		return fmt.Errorf("%s: the subject has a line break or another control character; write it on one line",
			SubjectTemplate)
	}
	return nil
}
