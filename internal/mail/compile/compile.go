// Package compile turns a mail's configuration into mail.json, the file beside the Lambda's
// program.
//
// An importer's templates are Go templates, and the Lambda carries no engine for those. So they are
// executed here, once for every language and length of a code. What isn't known yet (the code's
// digits, when it was asked for) becomes a mark in the result, and all that the Lambda does is to
// put values in the places of marks. A template can therefore print such a value, whole or in part,
// but not decide anything by it; Compile tries several values and refuses a template for which that
// isn't the same.
package compile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// A Code is what is known at synth of the codes to be mailed.
type Code struct {
	// Length is the number of digits of a short code, 4 to 10.
	Length int
	// TTL is how long a code is valid when it is mailed, a minute or more.
	TTL time.Duration
}

// DefaultCode is what the construct has by default.
func DefaultCode() Code { return Code{Length: 8, TTL: 5 * time.Minute} }

func (c Code) validate() error {
	var errs []error
	if c.Length < 4 || c.Length >= mail.LongCode {
		errs = append(errs, fmt.Errorf("Length must be 4 to %d digits (received: %d)", mail.LongCode-1, c.Length))
	}
	if c.TTL < time.Minute {
		errs = append(errs, fmt.Errorf("TTL must be a minute or more (received: %s)", c.TTL))
	}
	return errors.Join(errs...)
}

func (c Code) minutes() int { return int(c.TTL / time.Minute) }

// lengths returns how many digits the codes of a mail have: a short one, a long one, or both.
func (c Code) lengths() []int { return []int{c.Length, otp.LongDigits, c.both()} }

func (c Code) both() int { return c.Length + otp.LongDigits }

// split separates the digits of a mail's codes.
func (c Code) split(digits string) (code, fallback string) {
	if len(digits) == c.both() {
		return digits[:c.Length], digits[c.Length:]
	}
	return digits, ""
}

// A Warning is something that [Compile] put up with.
type Warning struct {
	// Language is the BCP 47 tag of the language that the warning is about; Where is the field of
	// the config.
	Language string `json:"language"`
	Where    string `json:"where"`
	// Text is what is missing and what happens instead.
	Text string `json:"text"`
}

func (w Warning) String() string { return w.Where + ": " + w.Text }

// Compile checks c and returns it as mail.json: the same bytes for the same config, keys sorted,
// tags and colours in one spelling. It renders every language with short and long codes and the
// longest values, so that nothing is left to fail in the Lambda; its errors name the file and line
// of a template, or the language and key of a string, and come all at once, sorted.
func Compile(c mail.Config, code Code) ([]byte, []Warning, error) {
	file, warnings, _, err := run(c, code)
	return file, warnings, err
}

// New is [Compile] and then [mail.Load]: a renderer that writes what the Lambda would.
func New(c mail.Config, code Code) (*mail.Renderer, []Warning, error) {
	_, warnings, r, err := run(c, code)
	return r, warnings, err
}

func run(c mail.Config, code Code) ([]byte, []Warning, *mail.Renderer, error) {
	if err := errors.Join(c.Validate(), code.validate()); err != nil {
		return nil, nil, nil, err
	}
	c = c.WithDefaults()
	t, err := read(c.Templates)
	if err != nil {
		return nil, nil, nil, err
	}
	c.Templates = mail.Templates{}
	plain, err := mail.New(c)
	if err != nil {
		return nil, nil, nil, err
	}
	f := mail.File{Config: c}
	var warnings []Warning
	if !t.none() {
		f.Minutes = code.minutes()
		if f.Mails, err = t.forms(plain, code); err != nil {
			return nil, nil, nil, err
		}
		warnings = withoutFallback(f.Mails[mail.FormKey(plain.Languages()[0], code.both())], code)
	}
	cognito, err := t.cognitoForms(plain)
	if err != nil {
		return nil, nil, nil, err
	}
	if f.Mails == nil {
		f.Mails = map[string]mail.Form{}
	}
	maps.Copy(f.Mails, cognito)
	out, err := encode(f)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := mail.Load(out)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := try(r, code); err != nil {
		return nil, nil, nil, err
	}
	lacking, err := gaps(r)
	return out, append(warnings, lacking...), r, err
}

// withoutFallback warns of templates that leave the longer code out of a mail with both.
func withoutFallback(form mail.Form, code Code) (warnings []Warning) {
	for _, p := range []struct{ file, text string }{{mail.TextTemplate, form.Text}, {mail.HTMLTemplate, form.HTML}} {
		if p.text != "" && !strings.ContainsRune(p.text, mail.DigitMark(code.Length)) {
			warnings = append(warnings, Warning{Where: p.file, Text: "never shows {{.Text.LongCode}}; an account under " +
				"attack gets its longer code there, and its owner waits up to half an hour longer without it"})
		}
	}
	return warnings
}

// gaps warns of the strings that languages of the importer's leave to English.
func gaps(r *mail.Renderer) ([]Warning, error) {
	var warnings []Warning
	for _, tag := range r.Languages() {
		missing, err := r.Missing(tag)
		if err != nil {
			return nil, err
		}
		if len(missing) == 0 {
			continue
		}
		slices.Sort(missing)
		warnings = append(warnings, Warning{Language: tag, Where: fmt.Sprintf("Languages[%q]", tag),
			Text: "lacks " + strings.Join(missing, ", ") + "; English texts stand in for them"})
	}
	return warnings, nil
}

// mistakes gathers errors, each once whatever number of languages has it.
type mistakes struct {
	seen map[string]bool
	errs []error
}

// add notes an error, found in the language tag with a code of so many digits.
func (m *mistakes) add(err error, tag string, digits int) {
	if err == nil || m.seen[err.Error()] {
		return
	}
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	m.seen[err.Error()] = true
	m.errs = append(m.errs, fmt.Errorf("%w (language %s, code of %d digits)", err, tag, digits))
}

func (m *mistakes) err() error {
	slices.SortFunc(m.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(m.errs...)
}
