package compile

import (
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// forms executes the templates for every language and length of a code.
func (t *templates) forms(r *mail.Renderer, c Code) (map[string]mail.Form, error) {
	all := map[string]mail.Form{}
	var found mistakes
	parts := t.parts(r)
	for _, tag := range r.Languages() {
		for _, digits := range c.lengths() {
			var form mail.Form
			for _, p := range parts {
				out, errs := p.compile(r, tag, digits, c)
				for _, err := range errs {
					found.add(err, tag, digits)
				}
				*p.into(&form) = out
			}
			all[mail.FormKey(tag, digits)] = form
		}
	}
	return all, found.err()
}

// compile executes a template with marks in place of the values of a sign-in. It checks that the
// result with the marks replaced by values equals the template executed with those values.
func (p *part) compile(r *mail.Renderer, tag string, digits int, c Code) (string, []error) {
	marked := factsOf(r, tag, codes(digits)[0], c, requests()[0])
	marked.Time, marked.Zone = string(mail.TimeMark), string(mail.ZoneMark)
	first, err := p.execute(marked)
	if err != nil {
		return "", []error{err}
	}
	second := marked
	second.Code, second.Fallback = c.split(codes(digits)[1])
	other, err := p.execute(second)
	if err != nil {
		return "", []error{err}
	}
	out, ok := markDigits(first, other, codes(digits)[0], codes(digits)[1])
	if !ok {
		return "", []error{p.uses.computes(p.file, "code")}
	}
	var errs []error
	for _, each := range codes(digits) {
		f := marked
		f.Code, f.Fallback = c.split(each)
		errs = append(errs, p.compare(out, f, "code")...)
	}
	for _, at := range requests() {
		errs = append(errs, p.compare(out, factsOf(r, tag, codes(digits)[0], c, at), "time")...)
	}
	return out, errs
}

// compare executes the template for f, compares the result with out, whose marks it replaces by f's
// values, and checks that the result can be sent.
func (p *part) compare(out string, f mail.Facts, what string) []error {
	want, err := p.execute(f)
	if err != nil {
		return []error{err}
	}
	var form mail.Form
	*p.into(&form) = out
	form = form.Fill(f)
	if *p.into(&form) != want {
		return []error{p.uses.computes(p.file, what)}
	}
	return p.check(want, f.Code)
}

// codes returns codes to try. The first two differ at every position, each time by another pair of
// digits: so each digit of a code is recognised in a text, and other text is equal for both. The
// further codes have every digit at every position, and equal digits in a row.
func codes(digits int) []string {
	all := []string{code(digits, func(i int) int { return i }), code(digits, func(i int) int { return i + 1 + i/10 })}
	for k := range 10 {
		all = append(all, code(digits, func(i int) int { return 7*i*i + i/3 + k }))
	}
	return append(all, code(digits, func(int) int { return 0 }), code(digits, func(int) int { return 9 }))
}

// code returns a code whose digit i is the last one of what of returns.
func code(digits int, of func(i int) int) string {
	b := make([]byte, digits)
	for i := range b {
		b[i] = byte('0' + of(i)%10)
	}
	return string(b)
}

// markDigits compares what a template wrote for two of [codes], and puts marks where they show a
// digit. It fails if they differ in anything else, or if a mark is there already but for time and
// zone.
func markDigits(first, other, firstCode, otherCode string) (string, bool) {
	if len(first) != len(other) {
		return "", false
	}
	var b strings.Builder
	for i := range len(first) {
		if first[i] == other[i] {
			b.WriteByte(first[i])
			continue
		}
		digit := -1
		for k := range len(firstCode) {
			if first[i] == firstCode[k] && other[i] == otherCode[k] {
				digit = k
			}
		}
		if digit < 0 {
			return "", false
		}
		b.WriteRune(mail.DigitMark(digit))
	}
	return b.String(), true
}

// reserved refuses a template that has a mark of its own.
func reserved(file, source string) error {
	line := 1
	for _, r := range source {
		switch {
		case r == '\n':
			line++
		case r >= mail.FirstMark:
			return fmt.Errorf("%s:%d: %U is reserved; use another character", file, line, r)
		}
	}
	return nil
}
