package mail_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
)

func TestReadFiles(t *testing.T) {
	c, err := config(mail.Password).ReadFiles(fstest.MapFS{
		"subject.tmpl": {Data: []byte("Hello from {{.ProductName}}\n")},
		"text.tmpl":    {Data: []byte("{{.Text.Heading}}: {{.Grouped}}")},
		"sv.json":      {Data: []byte(`{"heading": "Din kod"}`)},
		"pt_BR.json":   {Data: []byte(`{"heading": "Código"}`)},
		".DS_Store":    {Data: []byte("x")},
		"drafts/x":     {Data: []byte("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := compile.New(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	swedish, err := r.Render(message("sv", shortCode))
	if err != nil || swedish.Subject != "Hello from Example" || swedish.Text != "Din kod: 1234 5678" {
		t.Errorf("subject %q, text %q, error %v", swedish.Subject, swedish.Text, err)
	}
	if !strings.Contains(swedish.HTML, "<table") {
		t.Error("the HTML that no file replaces isn't the built-in")
	}
	if out, err := r.Render(message("pt", shortCode)); err != nil || out.Text != "Código: 1234 5678" {
		t.Errorf("text %q, error %v", out.Text, err)
	}
}

func TestReadFilesRefuses(t *testing.T) {
	_, err := config(mail.Password).ReadFiles(fstest.MapFS{
		"mail.html":    {Data: []byte("x")},
		"german.json":  {Data: []byte("{}")},
		"sv.json":      {Data: []byte("{\n\"heading\": \"a\",\n\"headin\": \"b\"}")},
		"subject.tmpl": {Data: []byte(" \n")},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"german.json: \"german\" is no language tag",
		"mail.html: no such file is used; a directory of templates has confirmation.html.tmpl, " +
			"confirmation.subject.tmpl, html.tmpl, invitation.html.tmpl, invitation.subject.tmpl, reset.html.tmpl, " +
			"reset.subject.tmpl, subject.tmpl, text.tmpl, a file " +
			"like de.json for each language",
		"subject.tmpl: the template is empty; delete the file for the built-in one",
		`sv.json:3: json: unknown field "headin"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}
