package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func TestMailsAboutAChangeOfAddressAreWholeInEveryLanguage(t *testing.T) {
	r, err := mail.New(mail.Config{Mode: mail.Passwordless, Origin: "id.example.com", CodeInSubject: true,
		Mail: settings.Mail{
			From: "no-reply@example.com", ProductName: "Acorn & Co", SupportAddress: "help@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, tag := range append(locale.Shipped(), "de-CH") {
		for _, kind := range []mail.Kind{mail.ChangeFrom, mail.ChangeTo, mail.AddressTaken, mail.AddressChanged} {
			m, err := r.Render(mail.Message{Kind: kind, To: "jo@example.com", Code: "12345678", ExpiresIn: 5 * time.Minute,
				RequestedAt: time.Unix(1_700_000_000, 0), Locale: tag})
			if err != nil {
				t.Fatalf("%s %s: %v", tag, kind, err)
			}
			body := strings.Join(strings.Fields(visible(t, m.HTML)), " ")
			for what, text := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": body} {
				if !strings.Contains(text, "Acorn & Co") || strings.ContainsAny(text, "{}") {
					t.Errorf("%s %s: the %s is %q", tag, kind, what, text)
				}
				if has := strings.Contains(text, "5678"); has != (kind.HasCode() && what != "subject") {
					t.Errorf("%s %s: the %s has a code: %v", tag, kind, what, has)
				}
			}
			if strings.Contains(m.Text, "@id.example.com") {
				t.Errorf("%s %s: a browser offers the code to a sign-in", tag, kind)
			}
			if other, again := seen[m.Text]; again && tag != "de-CH" {
				t.Errorf("%s %s has the text of %s", tag, kind, other)
			}
			seen[m.Text] = tag + " " + string(kind)
		}
	}
	m, err := r.Render(mail.Message{Kind: "other", To: "jo@example.com", Code: "12345678"})
	if err == nil {
		t.Errorf("an unknown kind is rendered: %s", m.Subject)
	}
}
