package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
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
	MaxCognitoHTML    = 20_000
	MaxCognitoSubject = 140
)

// A CognitoMail is a mail that Cognito itself sends, with its placeholders. It has no plain text:
// Cognito sends one body.
type CognitoMail struct {
	// Language is the BCP 47 tag of the language that was chosen.
	Language, Subject, HTML string
}

// Cognito writes a mail of Cognito's own in the built-in layout, in the shipped language that fits
// wanted best. The config's Templates do not apply. The error is one that [Renderer.CheckCognito]
// returns too.
func (r *Renderer) Cognito(kind CognitoKind, wanted string) (CognitoMail, error) {
	tag := shippedAncestor(r.matcher.Match(wanted))
	own, err := cognitoStringsOf(tag)
	if err != nil {
		return CognitoMail{}, err
	}
	words, err := r.words(tag)
	if err != nil {
		return CognitoMail{}, err
	}
	f := Facts{Language: tag, Dir: locale.DirectionOf(tag)}
	p := own.phrases(kind, words)
	if r.config.SupportAddress == "" {
		p.Support = ""
	}
	subject := strings.TrimSpace(p.Heading + " · " + r.fillPlain("{product}", f))
	filled := convert(p, func(phrase string) string {
		// The name's direction is its user's. fillHTML leaves words in braces that it does not
		// know.
		return strings.ReplaceAll(r.fillHTML(phrase, f), UsernamePlaceholder, "<bdi>"+UsernamePlaceholder+"</bdi>")
	})
	filled.Subject = escape(subject)
	d := data(&r.config, r.accentDark, f, `<bdi dir="ltr">`+CodePlaceholder+"</bdi>", filled)
	d.Code = CodePlaceholder    // the layout has no panel without a code
	d.Long = kind == Invitation // a temporary password has no room in the letters of a code
	out := CognitoMail{Language: tag, Subject: subject, HTML: r.layoutHTML(d)}
	return out, out.Check(kind)
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
	if n := utf8.RuneCountInString(m.Subject); n > MaxCognitoSubject {
		return fmt.Errorf("the subject has %d characters; Cognito accepts %d", n, MaxCognitoSubject)
	}
	if n := utf8.RuneCountInString(m.HTML); n > MaxCognitoHTML {
		return fmt.Errorf("the HTML has %d characters; Cognito accepts %d: shorten the strings of Mail.Languages, "+
			"or the footer", n, MaxCognitoHTML)
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

//go:embed catalog/cognito/*.json
var cognitoCatalogs embed.FS

// cognitoStrings are the texts of one language that the mails of Cognito's own add to [Strings],
// with {product}; those of the invitation's body with {username}.
type cognitoStrings struct {
	InvitationHeading, Invitation, InvitationExpires, InvitationSecret, InvitationNotYouTitle, InvitationNotYou string

	ResetHeading, Reset, ResetExpires, ResetNotYou                             string
	ConfirmationHeading, Confirmation, ConfirmationExpires, ConfirmationNotYou string

	Footer string
}

func cognitoStringsOf(tag string) (s cognitoStrings, err error) {
	file, err := cognitoCatalogs.ReadFile("catalog/cognito/" + tag + ".json")
	if err == nil {
		err = json.Unmarshal(file, &s)
	}
	if err != nil {
		return s, fmt.Errorf("built-in language %s of Cognito's mails: %w", tag, err)
	}
	return s, nil
}

// phrases returns the texts of a kind. What it shares with the mail of a sign-in code comes from w.
func (s cognitoStrings) phrases(kind CognitoKind, w *Strings) Phrases[string] {
	p := Phrases[string]{Secret: w.Secret, NotYouTitle: w.NotYouTitle, Support: w.Support, Footer: s.Footer}
	switch kind {
	case Invitation:
		p.Heading, p.Intro, p.Expires, p.NotYou = s.InvitationHeading, s.Invitation, s.InvitationExpires, s.InvitationNotYou
		p.Secret, p.NotYouTitle = s.InvitationSecret, s.InvitationNotYouTitle
	case Reset:
		p.Heading, p.Intro, p.Expires, p.NotYou = s.ResetHeading, s.Reset, s.ResetExpires, s.ResetNotYou
	default:
		p.Heading, p.Intro, p.Expires = s.ConfirmationHeading, s.Confirmation, s.ConfirmationExpires
		p.NotYou = s.ConfirmationNotYou
	}
	p.Preview = p.Heading + " · " + p.Expires
	return p
}

// shippedAncestor returns tag, or its nearest ancestor, if it is a shipped language, else English.
func shippedAncestor(tag string) string {
	for ; tag != ""; tag = parent(tag) {
		if slices.Contains(locale.Shipped(), tag) {
			return tag
		}
	}
	return locale.Default
}
