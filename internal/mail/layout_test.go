package mail_test

import (
	html "html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"
	text "text/template"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// engines are the built-in layouts in the hands of Go's own template engines.
type engines struct {
	subject, text *text.Template
	html          *html.Template
}

func newEngines(t *testing.T) engines {
	t.Helper()
	source := func(name string) string {
		b, err := os.ReadFile(filepath.Join("layout", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return engines{
		text.Must(text.New("").Parse(source(mail.SubjectTemplate))), text.Must(text.New("").Parse(source(mail.TextTemplate))),
		html.Must(html.New("").Parse(source(mail.HTMLTemplate))),
	}
}

// render is what the engines make of a message. What they escape by context, the package has to
// have escaped beforehand.
func (e engines) render(t *testing.T, r *mail.Renderer, m mail.Message) (subject, plain, markup string) {
	t.Helper()
	f := r.Facts(m)
	forText, err := r.TextData(f)
	if err != nil {
		t.Fatal(err)
	}
	forHTML, err := mail.HTMLData[html.HTML](r, f)
	if err != nil {
		t.Fatal(err)
	}
	var out [3]strings.Builder
	for i, err := range []error{e.subject.Execute(&out[0], forText), e.text.Execute(&out[1], forText),
		e.html.Execute(&out[2], forHTML)} {
		if err != nil {
			t.Fatalf("template %d: %v", i, err)
		}
	}
	return strings.TrimSpace(out[0].String()), strings.TrimSpace(out[1].String()), out[2].String()
}

func TestLayoutsMeanWhatTheyMeanToTheTemplateEngines(t *testing.T) {
	bare := mail.Config{Mail: settings.Mail{From: "codes@example.com", ProductName: "Example"}, Mode: mail.Passwordless,
		AccentColor: "#00F"}
	hostile := config(mail.Password)
	hostile.ProductName, hostile.LogoText, hostile.Footer = `<b title='1 + 1 "2"'>&amp; {{.Code}}`, "C++ & "+
		"<i>", "</style><script>`x`</script> + שלום"
	hostile.LogoURL = "https://www.example.com/logo.png?a=1&b=%2b"
	hostile.SupportAddress, hostile.CodeInSubject, hostile.AccentColor = "a&b?c=d#e%41'`+f@example.com", true, "#7a1fa2"
	e := newEngines(t)
	for _, c := range []mail.Config{config(mail.Password), config(mail.Passwordless), bare, hostile} {
		r, err := mail.New(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range locale.Shipped() {
			for _, m := range variants(tag) {
				out, err := r.Render(m)
				if err != nil {
					t.Fatal(err)
				}
				subject, plain, markup := e.render(t, r, m)
				if out.Subject != subject || out.Text != plain || out.HTML != markup {
					t.Fatalf("%s, %+v\ngives\n%s\n%s\n%s\nand by the template engines\n%s\n%s\n%s", c.ProductName, m,
						out.Subject, out.Text, out.HTML, subject, plain, markup)
				}
			}
		}
	}
}

// variants are messages that take every branch of the layouts.
func variants(tag string) (all []mail.Message) {
	for _, code := range []string{"123456", shortCode, longCode} {
		for minutes := range 3 {
			m := message(tag, code)
			m.ExpiresIn, m.Zoneinfo = time.Duration(minutes)*time.Minute, "Etc/GMT+5"
			all = append(all, m)
			m.RequestedAt = time.Time{}
			all = append(all, m)
		}
	}
	return all
}
