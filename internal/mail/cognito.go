package mail

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// A CognitoKind is a kind of the mails that Cognito itself sends.
type CognitoKind string

const (
	// Invitation carries the temporary password of a user whom an administrator created.
	Invitation CognitoKind = "invitation"
	// Reset carries a code that sets a new password.
	Reset CognitoKind = "reset"
	// Confirmation carries a code that proves the address: of a new user, or a changed one.
	Confirmation CognitoKind = "confirmation"
)

// CognitoKinds returns every kind in a fixed order.
func CognitoKinds() []CognitoKind { return []CognitoKind{Invitation, Reset, Confirmation} }

// The placeholders that Cognito replaces after the trigger: by the code or the temporary password,
// and by the user's name.
const (
	CodePlaceholder     = "{####}"
	UsernamePlaceholder = "{username}"
)

// Cognito's limits of a CustomMessage trigger's answer, in characters.
const (
	maxCognitoHTML    = 20_000
	maxCognitoSubject = 140
)

// A CognitoMail is a mail that Cognito itself sends, with its placeholders. It has no plain text:
// Cognito sends one body.
type CognitoMail struct {
	// Language is the BCP 47 tag of the language that was chosen.
	Language, Subject, HTML string
}

// Cognito writes a mail of Cognito's own, in the language that fits wanted best. The error is one
// that [Renderer.CheckCognito] returns too.
func (r *Renderer) Cognito(kind CognitoKind, wanted string) (CognitoMail, error) {
	tag := r.CognitoLanguage(r.matcher.Match(wanted))
	form, err := r.compiled.cognito(kind, tag)
	if err != nil {
		return CognitoMail{}, err
	}
	out := CognitoMail{Language: tag, Subject: form.Subject, HTML: form.HTML}
	if out.Subject == "" {
		d, err := r.CognitoText(kind, tag)
		if err != nil {
			return CognitoMail{}, err
		}
		out.Subject = strings.TrimSpace(d.Text.Subject)
	}
	if out.HTML == "" {
		d, err := CognitoHTML[string](r, kind, tag)
		if err != nil {
			return CognitoMail{}, err
		}
		out.HTML = r.layoutHTML(d)
	}
	return out, out.Check(kind)
}

// CognitoText returns the values of a mail of Cognito's own for a subject's template, in a language
// of [Renderer.CognitoLanguage].
func (r *Renderer) CognitoText(kind CognitoKind, tag string) (*Data[string], error) {
	p, err := r.cognitoPhrases(kind, tag)
	if err != nil {
		return nil, err
	}
	f := Facts{Language: tag, Dir: locale.DirectionOf(tag)}
	filled := convert(p, func(phrase string) string { return r.fillPlain(phrase, f) })
	return cognitoData(r, kind, f, CodePlaceholder, filled), nil
}

// CognitoHTML returns the same values as escaped HTML.
func CognitoHTML[T ~string](r *Renderer, kind CognitoKind, tag string) (*Data[T], error) {
	p, err := r.cognitoPhrases(kind, tag)
	if err != nil {
		return nil, err
	}
	f := Facts{Language: tag, Dir: locale.DirectionOf(tag)}
	filled := convert(p, func(phrase string) T {
		// The name's direction is its user's. fillHTML leaves words in braces that it does not
		// know.
		return T(strings.ReplaceAll(r.fillHTML(phrase, f), UsernamePlaceholder, "<bdi>"+UsernamePlaceholder+"</bdi>"))
	})
	filled.Subject = T(escape(r.fillPlain(p.Subject, f)))
	return cognitoData(r, kind, f, T(`<bdi dir="ltr">`+CodePlaceholder+"</bdi>"), filled), nil
}

func cognitoData[T ~string](r *Renderer, kind CognitoKind, f Facts, grouped T, text Phrases[T]) *Data[T] {
	d := data(&r.config, r.accentDark, f, grouped, text)
	d.Domain = ""            // a browser would offer the code to a sign-in
	d.Code = CodePlaceholder // the layout has no panel without a code
	d.Groups = []string{CodePlaceholder}
	d.Long = kind == Invitation // a temporary password has no room in the letters of a code
	return d
}

// CheckCognito returns an error if a mail of Cognito's own would break a limit of Cognito's in any
// language.
func (r *Renderer) CheckCognito() error {
	for _, tag := range r.Languages() {
		for _, kind := range CognitoKinds() {
			if _, err := r.Cognito(kind, tag); err != nil {
				return fmt.Errorf("language %s, %s: %w", tag, kind, err)
			}
		}
	}
	return nil
}

// Check returns an error for a text that Cognito would refuse from a CustomMessage trigger. A text
// that is empty, and so none, is not checked.
func (m CognitoMail) Check(kind CognitoKind) error {
	if n := utf8.RuneCountInString(m.Subject); n > maxCognitoSubject {
		return fmt.Errorf("the subject has %d characters; Cognito accepts %d", n, maxCognitoSubject)
	}
	if n := utf8.RuneCountInString(m.HTML); n > maxCognitoHTML {
		return fmt.Errorf("the HTML has %d characters; Cognito accepts %d: shorten the strings of Mail.Languages, "+
			"or the footer", n, maxCognitoHTML)
	}
	for _, p := range kind.placeholders() {
		if m.HTML != "" && !strings.Contains(m.HTML, p) {
			return fmt.Errorf("the HTML lacks %s, in whose place Cognito puts the value", p)
		}
	}
	if m.Subject == "" {
		return nil
	}
	return CheckSubject(m.Subject)
}

// placeholders are those that Cognito requires in the body.
func (k CognitoKind) placeholders() []string {
	if k == Invitation {
		return []string{CodePlaceholder, UsernamePlaceholder}
	}
	return []string{CodePlaceholder}
}
