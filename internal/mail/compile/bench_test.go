package compile_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
)

// BenchmarkCompile is what overriding the mail adds to a synthesis.
func BenchmarkCompile(b *testing.B) {
	for name, templates := range map[string]mail.Templates{
		"strings": {},
		"templates": {Subject: "{{.Text.Subject}}", Text: "{{.Grouped}}",
			HTML: "<h1>{{.Text.Heading}}</h1><p>{{.Grouped}}</p>{{.Text.Requested}}"},
	} {
		b.Run(name, func(b *testing.B) {
			c := config(mail.Password)
			c.Languages, c.Templates = map[string]mail.Strings{"sv": swedish()}, templates
			for b.Loop() {
				if _, _, err := compile.Compile(c, compile.DefaultCode()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
