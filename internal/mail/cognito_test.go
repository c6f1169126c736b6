package mail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
)

func cognito(t *testing.T, c mail.Config, kind mail.CognitoKind, wanted string) mail.CognitoMail {
	t.Helper()
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Cognito(kind, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every language has texts of its own for every kind, with the placeholders that Cognito replaces.
func TestCognitosMailsKeepThePlaceholdersInEveryLanguage(t *testing.T) {
	seen := map[string]string{}
	for _, tag := range locale.Shipped() {
		for _, kind := range mail.CognitoKinds() {
			m := cognito(t, config(mail.Password), kind, tag)
			name := tag + " " + string(kind)
			if m.Language != tag || seen[m.Subject] != "" {
				t.Errorf("%s: language %s, subject %q as of %q", name, m.Language, m.Subject, seen[m.Subject])
			}
			seen[m.Subject] = name
			if n := strings.Count(m.HTML, mail.CodePlaceholder); n != 1 {
				t.Errorf("%s: %s stands %d times", name, mail.CodePlaceholder, n)
			}
			if got := strings.Contains(m.HTML, mail.UsernamePlaceholder); got != (kind == mail.Invitation) {
				t.Errorf("%s: has the name: %t", name, got)
			}
			if rest := strings.NewReplacer(mail.CodePlaceholder, "", mail.UsernamePlaceholder,
				"").Replace(bodyOf(m.HTML)); strings.
				ContainsAny(rest, "{}") || strings.Contains(m.Subject, "{") {
				t.Errorf("%s: a word in braces was left: %s", name, m.Subject)
			}
			for _, f := range check.Check(mail.Mail{Subject: m.Subject, HTML: m.HTML}) {
				if f.Rule != "headers" && f.Rule != "plain-text" && f.Rule != "alternatives" {
					t.Errorf("%s: %s", name, f)
				}
			}
		}
	}
}

// bodyOf drops the style sheet, which has braces of its own.
func bodyOf(markup string) string { return markup[strings.Index(markup, "<body"):] }

func TestCognitosMailsFollowTheConfiguration(t *testing.T) {
	c := config(mail.Password)
	c.ProductName, c.AccentColor, c.SupportAddress = `<b>Tom & Jo`, "#123456", "help@example.com"
	c.Languages = map[string]mail.Strings{"de-CH": {Secret: "Nie weitersagen."}, "sv": {Heading: "Din kod"}}
	m := cognito(t, c, mail.Reset, "de-CH")
	for _, want := range []string{`lang="de"`, "#123456", "&lt;b&gt;Tom &amp; Jo", "help@example.com",
		"Passwort zurücksetzen"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if strings.Contains(m.HTML, "<b>Tom") {
		t.Error("the product's name is markup")
	}
	if m := cognito(t, c, mail.Reset, "sv"); m.Language != "en" {
		t.Errorf("a language that does not ship gives %q", m.Language)
	}
	if m := cognito(t, c, mail.Invitation, "ar"); !strings.Contains(m.HTML, "<bdi>{username}</bdi>") {
		t.Error("the name is not held apart")
	}
}

// The importer's texts replace the built-in ones; what a language lacks is its ancestor's, at last
// English.
func TestCognitosTextsCanBeReplaced(t *testing.T) {
	c := config(mail.Password)
	c.Languages = map[string]mail.Strings{
		"de": {Cognito: mail.CognitoStrings{ResetHeading: "Neues Passwort", Invitation: "Willkommen <{username}> bei {product}:"}},
		"de-CH": {Secret: "Nie weitersagen.",
			Cognito: mail.CognitoStrings{ResetSubject: "{product}: Passwort"}},
		"en": {Cognito: mail.CognitoStrings{ResetSubject: "English subject", ResetNotYou: "Not you? Fine."}},
		"sv": {Heading: "Din kod", Cognito: mail.CognitoStrings{ResetHeading: "Nytt lösenord"}},
	}
	for _, each := range []struct {
		wanted, language, subject string
		has                       []string
	}{
		{"de-CH", "de-CH", c.ProductName + ": Passwort", []string{`lang="de-CH"`, "Neues Passwort", "Nie weitersagen.", "1 Stunde"}},
		{"de-AT", "de", "Neues Passwort · " + c.ProductName, []string{`lang="de"`}},
		{"sv", "sv", "Nytt lösenord · " + c.ProductName, []string{`lang="sv"`, "Not you? Fine."}},
		{"fr", "fr", "", []string{`lang="fr"`}},
		{"en", "en", "English subject", []string{"Not you? Fine."}},
	} {
		m := cognito(t, c, mail.Reset, each.wanted)
		if m.Language != each.language || each.subject != "" && m.Subject != each.subject || m.Subject == "English subject" &&
			each.wanted != "en" {
			t.Errorf("%s: language %q, subject %q", each.wanted, m.Language, m.Subject)
		}
		for _, want := range each.has {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("%s: the HTML lacks %q", each.wanted, want)
			}
		}
	}
	m := cognito(t, c, mail.Invitation, "de")
	if !strings.Contains(m.HTML, "Willkommen &lt;<bdi>{username}</bdi>&gt; bei") {
		t.Errorf("the invitation: %s", m.HTML)
	}
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := r.Missing("sv"); err != nil || !slices.Contains(missing, "cognito.reset") ||
		slices.Contains(missing, "cognito.resetHeading") || slices.Contains(missing, "cognito.resetSubject") {
		t.Errorf("sv lacks %v, %v", missing, err)
	}
	if missing, _ := r.Missing("de-CH"); len(missing) != 0 {
		t.Errorf("de-CH lacks %v", missing)
	}
}

func TestCognitosTextsThatCannotBeUsedAreRefused(t *testing.T) {
	c := config(mail.Password)
	c.Languages = map[string]mail.Strings{"de": {Cognito: mail.CognitoStrings{Invitation: "Willkommen",
		Reset: "{username}, {email}", ResetHeading: "zwei\nZeilen", ConfirmationExpires: strings.Repeat("x", 1001), Footer: "{####}"}}}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`Languages["de"].cognito.invitation lacks {username}, which Cognito requires`,
		`cognito.reset has {username}; the values it can have are {product}`, "cognito.resetHeading must be one line",
		"cognito.confirmationExpires must have at most 1000 characters"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q:\n%v", want, err)
		}
	}
}

// A text beyond Cognito's limit is an error at synth.
func TestCognitosLimitsAreChecked(t *testing.T) {
	c := config(mail.Password)
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckCognito(); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("<>", 500)
	c.Languages = map[string]mail.Strings{"de": {Secret: long, NotYouTitle: long, Support: long}}
	c.SupportAddress, c.Footer = "help@example.com", strings.Repeat("&", 500)
	if r, err = mail.New(c); err != nil {
		t.Fatal(err)
	}
	if err := r.CheckCognito(); err == nil || !strings.Contains(err.Error(), "language de") ||
		!strings.Contains(err.Error(), "20000") {
		t.Errorf("CheckCognito = %v", err)
	}
}
