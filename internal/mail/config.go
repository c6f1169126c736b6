package mail

import (
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Mode is how users sign in. It decides which advice the mail gives to a user who requested no
// code.
type Mode = settings.Mode

// Mailed under [Password], the code follows a proven password, so that a mail that the user did not
// request means a stolen password. Mailed under [Passwordless], the code alone signs in, and
// everyone who has the address can request one.
const (
	Password     = settings.Password
	Passwordless = settings.Passwordless
)

// DefaultAccentColor is the accent colour when Config has none, the sign-in page's blue: 6.4 to 1
// on white.
const DefaultAccentColor = "#3a57c4"

// A Config is everything about the mail that isn't the message. Its zero values mean a default,
// except for From, ProductName and Mode. As JSON it is the main part of mail.json.
type Config struct {
	settings.Mail
	// Mode is the sign-in's mode.
	Mode Mode `json:"mode,omitempty"`

	// LogoText is the line above the text; empty for ProductName. It is no picture, since mail
	// programs hide remote pictures, and fetching one would reveal that the mail was read.
	LogoText string `json:"logoText,omitempty"`
	// LogoURL is the https URL of a picture in place of LogoText, which is then its alternative
	// text. Empty for no picture.
	LogoURL string `json:"logoUrl,omitempty"`
	// AccentColor is the colour of the logo, the bar above it and links, as #rrggbb or #rgb. On
	// white it must have a contrast of 4.5 to 1; the one for dark mode is derived from it. Empty
	// for [DefaultAccentColor].
	AccentColor string `json:"accentColor,omitempty"`
	// Footer is a line at the end of the mail, such as a company's name and address, at most 500
	// characters, the same in all languages.
	Footer string `json:"footer,omitempty"`

	// CodeInSubject puts the code into the subject and the preview line. By default both are
	// without it, because lock screens, notifications and shared screens show them.
	CodeInSubject bool `json:"codeInSubject,omitempty"`
	// Origin is the sign-in page's host ("id.example.com") or origin ("https://id.example.com").
	// The plain text then ends with "@id.example.com #12345678", the form in which browsers offer a
	// code on that domain alone. Empty for no such line.
	Origin string `json:"origin,omitempty"`
	// FeedbackID is an identifier that SES puts into the Feedback-ID header, by which mailbox
	// providers group complaints: 1 to 64 ASCII letters, digits, "-" and "_". Empty for SES's own
	// identifiers alone.
	FeedbackID string `json:"feedbackId,omitempty"`

	// Languages adds languages and overrides strings, by BCP 47 tag.
	Languages map[string]Strings `json:"languages,omitempty"`
	// Templates replaces the layout. They are for package compile; [New] refuses them.
	Templates Templates `json:"templates,omitzero"`
}

// Templates are Go templates for the parts of a mail: text/template for Subject and Text,
// html/template for HTML. An empty one is the built-in. The values that they can use are those of
// [Data].
type Templates struct {
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
	// Invitation, Reset and Confirmation are those of the mails that Cognito itself sends.
	Invitation   CognitoTemplates `json:"invitation,omitzero"`
	Reset        CognitoTemplates `json:"reset,omitzero"`
	Confirmation CognitoTemplates `json:"confirmation,omitzero"`
}

// CognitoTemplates are the Go templates of a mail that Cognito itself sends. The code is a
// placeholder there, {####}, and so is the user's name in an invitation: {username}. Cognito sends
// one body, so there is no plain text.
type CognitoTemplates struct {
	Subject string `json:"subject,omitempty"`
	HTML    string `json:"html,omitempty"`
}

// Of returns the templates of a kind.
func (t *Templates) Of(kind CognitoKind) *CognitoTemplates {
	switch kind {
	case Invitation:
		return &t.Invitation
	case Reset:
		return &t.Reset
	}
	return &t.Confirmation
}

// ShapesCognito reports whether c has texts or templates of the mails that Cognito itself sends.
func (c *Config) ShapesCognito() bool {
	for _, s := range c.Languages {
		if s.Cognito != (CognitoStrings{}) {
			return true
		}
	}
	return slices.ContainsFunc(CognitoKinds(), func(k CognitoKind) bool {
		return *c.Templates.Of(k) != (CognitoTemplates{})
	})
}
