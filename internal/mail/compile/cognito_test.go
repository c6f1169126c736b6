package compile_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
)

// Templates of Cognito's mails are executed for every language; the kinds and parts without one
// stay built in, and so does the code's mail.
func TestTemplatesOfCognitosMails(t *testing.T) {
	c, err := config(mail.Password).ReadFiles(fstest.MapFS{
		"invitation.html.tmpl": {Data: []byte(`<p lang="{{.Language}}">{{.Text.Heading}}: {username} &amp; ` +
			`{{.Grouped}}</p>`)},
		"reset.subject.tmpl": {Data: []byte("{{.ProductName}}: {{.Text.Heading}}\n")},
		"sv.json":            {Data: []byte(`{"heading": "Din kod", "cognito": {"invitationHeading": "Nytt konto"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := compile.New(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	cognito := func(kind mail.CognitoKind, wanted string) mail.CognitoMail {
		m, err := r.Cognito(kind, wanted)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for wanted, want := range map[string]string{
		"de-AT": `<p lang="de">Ihr neues Konto: {username} &amp; <bdi dir="ltr">{####}</bdi></p>`,
		"sv":    `<p lang="sv">Nytt konto: {username} &amp; <bdi dir="ltr">{####}</bdi></p>`,
		"xx":    `<p lang="en">Your new account: {username} &amp; <bdi dir="ltr">{####}</bdi></p>`,
	} {
		m := cognito(mail.Invitation, wanted)
		if m.HTML != want || !strings.Contains(m.Subject, " · ") {
			t.Errorf("%s: subject %q\n%s\nwant\n%s", wanted, m.Subject, m.HTML, want)
		}
	}
	m := cognito(mail.Reset, "de")
	if m.Subject != c.ProductName+": Passwort zurücksetzen" || !strings.Contains(m.HTML, "<table") {
		t.Errorf("the reset: %q", m.Subject)
	}
	if out := render(t, c, message("en", shortCode)); !strings.Contains(out.HTML, "<table") {
		t.Error("the code's mail has another layout")
	}
}

func TestTemplatesOfCognitosMailsAreRefused(t *testing.T) {
	of := func(kind mail.CognitoKind, subject, html string) func(*mail.Templates) {
		return func(t *mail.Templates) { *t.Of(kind) = mail.CognitoTemplates{Subject: subject, HTML: html} }
	}
	for _, test := range []struct {
		name   string
		change func(*mail.Templates)
		want   string
	}{
		{"no code", of(mail.Reset, "", "<p>Hello</p>"), "reset.html.tmpl: the HTML doesn't show the code"},
		{"no name", of(mail.Invitation, "", "<p>{{.Grouped}}</p>"),
			"invitation.html.tmpl: the HTML doesn't show the user's name, which Cognito requires; write {username}"},
		{"a name in an attribute alone", of(mail.Invitation, "", `<p title="{username}">{{.Grouped}}</p>`),
			"invitation.html.tmpl: the HTML doesn't show the user's name"},
		{"huge", of(mail.Confirmation, "", "<p>{{.Grouped}}</p>"+strings.Repeat("é", 20_000)),
			"confirmation.html.tmpl: the HTML has 200"},
		{"a long subject", of(mail.Reset, strings.Repeat("é", 141), ""),
			"reset.subject.tmpl: the subject has 141 characters; Cognito accepts 140"},
		{"two lines", of(mail.Reset, "a\nb", ""), "reset.subject.tmpl: the subject has a line break"},
		{"no subject", of(mail.Reset, "{{if false}}x{{end}}", ""), "reset.subject.tmpl: the subject is empty"},
		{"an attribute of the user's", of(mail.Reset, "", "{{.Grouped}}{{.Email}}"),
			"reset.html.tmpl:1:14: executing"},
		{"malformed", of(mail.Invitation, "{{", ""), "invitation.subject.tmpl:1"},
		{"a mark", of(mail.Reset, "", "{{.Code}}\U0010FF01"), "reset.html.tmpl:1: U+10FF01 is reserved"},
	} {
		c := config(mail.Password)
		test.change(&c.Templates)
		_, _, err := compile.Compile(c, compile.DefaultCode())
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Count(err.Error(), test.want) != 1 {
			t.Errorf("%s: error %v, want %q once", test.name, err, test.want)
		}
	}
}
