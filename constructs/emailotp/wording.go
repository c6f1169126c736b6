package emailotp

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// MailStrings are the texts of one language, plain text with words in braces for values; an empty one
// is the built-in.
type MailStrings = mail.Strings

// MailTemplates are Go templates that replace the mail's layout; an empty one is the built-in.
type MailTemplates = mail.Templates

// MailProps overrides the mail's wording, languages and colours. All of it is compiled, and rendered
// with worst-case values, while the app is synthesised: a mistake names its file, line or key then.
// The result is one file beside the function that mails.
type MailProps struct {
	// LogoText stands above the text where others put a picture, at most 64 characters. Default:
	// ProductName.
	LogoText *string
	// AccentColor is the colour of the logo and the bar above it, as #rrggbb or #rgb, with a contrast
	// of 4.5 to 1 on white. Default: a blue.
	AccentColor *string
	// Footer is a line at the end of the mail in every language, such as a postal address, at most 500
	// characters. Default: none.
	Footer *string
	// CodeInSubject puts the code into the subject too, where lock screens and shared screens show it.
	// Default: false.
	CodeInSubject *bool
	// SignInHost is the sign-in page's host, such as "id.example.com": the plain text then ends with a
	// line by which browsers offer the code on that host alone. Default: no such line.
	SignInHost *string
	// FeedbackId is an identifier in the Feedback-ID header, by which mailbox providers group
	// complaints: up to 64 ASCII letters, digits, "-" and "_". Default: SES's own.
	FeedbackId *string
	// Languages adds languages and overrides texts, by BCP 47 tag. Default: the languages that ship.
	Languages map[string]MailStrings
	// Templates replaces the layout. Default: the built-in one.
	Templates *MailTemplates
	// Directory is read for subject.tmpl, text.tmpl and html.tmpl, and for a file of texts a language
	// such as sv.json; what it has wins over Templates and Languages. Default: none.
	Directory *string
}

// wording checks what the mail says, and compiles it where it is overridden.
func (r *reader) wording(c *config, p *EmailOTPProps) {
	s := c.settings
	// What was refused already is left out here: it would only be refused again.
	m := mail.Config{Mode: mail.Passwordless, Mail: settings.Mail{
		From: cmp.Or(s.From, "codes@example.com"), FromName: s.FromName, ReplyTo: s.ReplyTo,
		ProductName: cmp.Or(s.ProductName, "Product"), SupportAddress: s.SupportAddress, DefaultLocale: s.DefaultLocale,
	}}
	if p.Mode == ModePassword {
		m.Mode = mail.Password
	}
	if p.Mail == nil {
		r.refused(m.Validate())
		return
	}
	if !isNil(p.CreateAuthChallengeCode) {
		r.add("Mail and CreateAuthChallengeCode exclude each other, for the mail's file lies beside the program that the construct builds; leave one of them nil")
	}
	known := len(r.problems)
	m = r.overrides(m, *p.Mail)
	if len(r.problems) > known {
		return
	}
	file, warnings, err := compile.Compile(m, compile.Code{Length: s.CodeLength, TTL: s.CodeTTL})
	r.refused(err)
	if err == nil {
		c.mailFile = file
	}
	for _, w := range warnings {
		c.warnings = append(c.warnings, "Mail."+w.String())
	}
}

// overrides returns m with what Mail says.
func (r *reader) overrides(m mail.Config, p MailProps) mail.Config {
	m.LogoText = r.text("Mail.LogoText", p.LogoText, 64)
	m.AccentColor = r.text("Mail.AccentColor", p.AccentColor, 7)
	m.Footer = r.text("Mail.Footer", p.Footer, 500)
	m.CodeInSubject = flag(p.CodeInSubject, false)
	m.Origin = r.text("Mail.SignInHost", p.SignInHost, 255)
	m.FeedbackID = r.text("Mail.FeedbackId", p.FeedbackId, 64)
	m.Languages = maps.Clone(p.Languages)
	if p.Templates != nil {
		m.Templates = *p.Templates
	}
	dir := r.text("Mail.Directory", p.Directory, 4096)
	if dir == "" {
		return m
	}
	read, err := m.ReadFiles(os.DirFS(dir))
	if err != nil {
		r.refused(fmt.Errorf("Directory %q: %w", dir, err))
		return m
	}
	return read
}

// propNames are the props by their names in the mail's configuration, where the two differ.
var propNames = strings.NewReplacer("FromName ", "SenderName ", "Origin ", "Mail.SignInHost ", "FeedbackID ", "Mail.FeedbackId ",
	"LogoText ", "Mail.LogoText ", "AccentColor ", "Mail.AccentColor ", "Footer ", "Mail.Footer ",
	"Languages", "Mail.Languages", "Templates", "Mail.Templates", "Directory ", "Mail.Directory ")

// refused notes each line of an error of the mail's as a problem of the prop that it came from.
func (r *reader) refused(err error) {
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimRight(line, "\n")
		// Only the beginning names a field; what follows may quote the importer's own words.
		head, tail, found := strings.Cut(line, " ")
		if found {
			head += " "
		}
		name := propNames.Replace(head)
		if name == head && !isProp(head) {
			name = "Mail: " + head
		}
		r.add("%s", name+tail)
	}
}

// isProp reports whether the word is a prop that the mail's configuration has under the same name.
func isProp(head string) bool {
	switch strings.TrimRight(head, " :") {
	case "ReplyTo", "SupportAddress", "ProductName", "DefaultLocale":
		return true
	}
	return false
}
