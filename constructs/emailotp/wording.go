package emailotp

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"reflect"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/mailread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// MailStrings are the texts of one language, in plain text. An empty one is the built-in. Words in
// braces are replaced: {product}, {code}, {minutes}, {time}, {zone} and {support}. In the order of
// the mail:
//   - Subject; SubjectWithCode with MailProps.CodeInSubject;
//   - Heading; Intro, the instruction before the code;
//   - Expires, how long the code is valid, by the plural category of the minutes (CLDR's, such as
//     "one" and "other"); ExpiresSoon for less than a minute;
//   - LongCode, the reason for a code of 20 digits; FallbackCode, the line in place of it in a mail
//     that has such a code, {fallback}, beside the usual one;
//   - Requested, the time of the request; Secret, the advice to tell the code to no one;
//   - NotYouTitle, the heading for a user who did not request the code, with NotYou below it, or
//     NotYouPassword after a proven password;
//   - Support, the support address, left out without one; Footer, the reason for the mail;
//   - Cognito, the texts of the mails that Cognito itself sends.
type MailStrings = mail.Strings

// MailTemplates are Go templates that replace the mail's layout: Subject and Text of text/template,
// HTML of html/template. Invitation, Reset and Confirmation are those of the mails that Cognito
// itself sends. An empty one is the built-in. docs/mail.md lists the values that they can use.
type MailTemplates = mail.Templates

// CognitoMailStrings are the texts of one language in the mails that Cognito itself sends, with
// CustomMessages: the field Cognito of [MailStrings]. {product} is replaced in each; an empty one
// is the built-in.
//   - InvitationSubject and InvitationHeading; Invitation, the instruction before the temporary
//     password, which must have {username}; InvitationExpires; InvitationSecret, the advice to tell
//     the password to no one; InvitationNotYouTitle and InvitationNotYou, for a reader who expects
//     no account;
//   - the same for a reset code: ResetSubject, ResetHeading, Reset, ResetExpires, ResetNotYou;
//   - and for a code that proves an address: ConfirmationSubject, ConfirmationHeading,
//     Confirmation, ConfirmationExpires, ConfirmationNotYou;
//   - Footer, the reason for these mails.
type CognitoMailStrings = mail.CognitoStrings

// CognitoMailTemplates are the Go templates of such a mail, a field of [MailTemplates]: Subject and
// HTML. Cognito sends one body, so there is no plain text.
type CognitoMailTemplates = mail.CognitoTemplates

// MailProps overrides the mail's wording, languages and colours. The construct compiles all of it
// at synth and renders it with worst-case values; an error names the file, line or key of the
// mistake. The result is one file beside the function that mails.
type MailProps struct {
	// LogoText stands at the top of the mail, at most 64 characters. Default: ProductName.
	LogoText *string
	// AccentColor is the colour of the logo and the bar above it, as #rrggbb or #rgb, with a
	// contrast of 4.5 to 1 on white. Default: the Brand's.
	AccentColor *string
	// Footer is a line at the end of the mail in every language, such as a postal address, at most
	// 500 characters. Default: none.
	Footer *string
	// CodeInSubject puts the code into the subject too, which lock screens and shared screens show.
	// Default: false.
	CodeInSubject *bool
	// SignInHost is the sign-in page's host, such as "id.example.com": the plain text then ends
	// with a line by which browsers offer the code on that host alone. Default: no such line.
	SignInHost *string
	// FeedbackId is an identifier in the Feedback-ID header, by which mailbox providers group
	// complaints: up to 64 ASCII letters, digits, "-" and "_". Default: SES's own.
	FeedbackId *string
	// Languages adds languages and overrides texts, by BCP 47 tag. Default: the languages that
	// ship.
	Languages map[string]MailStrings
	// Templates replaces the layout. Default: the built-in one.
	Templates *MailTemplates
	// Directory can have subject.tmpl, text.tmpl and html.tmpl, the same of Cognito's mails as
	// invitation.subject.tmpl and the like, and a file of texts per language such as sv.json. Its
	// files win over Templates and Languages. Default: none.
	Directory *string
}

// mailProps has the names of the props in errors.
var mailProps = reflect.TypeFor[MailProps]()

// wording checks the mail's configuration, and compiles it where Mail overrides it.
func (r *reader) wording(c *config, p *EmailOTPProps) {
	m := mail.Config{Mail: c.settings.Mail, Mode: p.Mode}
	// Fields that were refused already get a valid value, or they would be refused twice.
	m.From, m.ProductName = cmp.Or(m.From, "codes@example.com"), cmp.Or(m.ProductName, "Product")
	if !m.Mode.IsValid() {
		m.Mode = ModePasswordless
	}
	if c.brand != nil {
		m.AccentColor, m.LogoURL = c.brand.AccentColor, c.brand.MailLogoURL
	}
	if p.Mail == nil && (c.brand == nil || !c.brand.ChangesMail()) {
		mailread.Refused(&r.Reader, m.Validate(), mailProps)
		return
	}
	if !propread.IsNil(p.CreateAuthChallengeCode) {
		r.Add("Mail and CreateAuthChallengeCode exclude each other, as do AccentColor and MailLogoURL of Brand and it, " +
			"for the mail's file lies beside the program that the construct builds; leave one of them nil")
	}
	known := len(r.Problems)
	if p.Mail != nil {
		r.Tokens("Mail", reflect.ValueOf(p.Mail))
		m = r.overrides(m, *p.Mail)
	}
	if len(r.Problems) > known {
		return
	}
	if m.ShapesCognito() && !c.settings.CustomMessages {
		r.Add("Mail has texts or templates of Cognito's own mails, which EmailOTP writes with CustomMessages alone; " +
			"set it, or leave them out")
		return
	}
	var warnings []string
	c.mailFile, warnings = mailread.Compile(&r.Reader, m, c.settings, mailProps)
	c.warnings = append(c.warnings, warnings...)
}

// overrides returns m with the fields of Mail.
func (r *reader) overrides(m mail.Config, p MailProps) mail.Config {
	m.LogoText = r.Known("Mail.LogoText", p.LogoText)
	m.AccentColor = cmp.Or(r.Known("Mail.AccentColor", p.AccentColor), m.AccentColor)
	m.Footer = r.Known("Mail.Footer", p.Footer)
	m.CodeInSubject = propread.Flag(p.CodeInSubject, false)
	m.Origin = r.Known("Mail.SignInHost", p.SignInHost)
	m.FeedbackID = r.Known("Mail.FeedbackId", p.FeedbackId)
	m.Languages = maps.Clone(p.Languages)
	if p.Templates != nil {
		m.Templates = *p.Templates
	}
	dir := r.Known("Mail.Directory", p.Directory)
	if dir == "" {
		return m
	}
	read, err := m.ReadFiles(os.DirFS(dir))
	if err != nil {
		mailread.Refused(&r.Reader, fmt.Errorf("Directory %q: %w", dir, err), mailProps)
		return m
	}
	return read
}
