package mail_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
)

// BenchmarkRenderWarm is what a mail costs a Lambda that has sent one in the language before.
func BenchmarkRenderWarm(b *testing.B) {
	for _, tag := range []string{"en", "ar"} {
		b.Run(tag, func(b *testing.B) {
			r, err := mail.New(config(mail.Passwordless))
			if err != nil {
				b.Fatal(err)
			}
			m := message(tag, shortCode)
			if _, err := r.Render(m); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Render(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNewAndFirstRender is what the package adds to a cold start, the first mail included.
func BenchmarkNewAndFirstRender(b *testing.B) {
	c, m := config(mail.Passwordless), message("de", shortCode)
	b.ReportAllocs()
	for b.Loop() {
		r, err := mail.New(c)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Render(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadAndFirstRender is the same with all templates an importer's: mail.json is at its
// largest.
func BenchmarkLoadAndFirstRender(b *testing.B) {
	c, m := config(mail.Passwordless), message("de", shortCode)
	for name, into := range map[string]*string{
		mail.SubjectTemplate: &c.Templates.Subject, mail.TextTemplate: &c.Templates.Text,
		mail.HTMLTemplate: &c.Templates.HTML,
	} {
		source, err := os.ReadFile(filepath.Join("layout", name))
		if err != nil {
			b.Fatal(err)
		}
		*into = string(source)
	}
	file, _, err := compile.Compile(c, compile.DefaultCode())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := mail.Load(file)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Render(m); err != nil {
			b.Fatal(err)
		}
	}
}
