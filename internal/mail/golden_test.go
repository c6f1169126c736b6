package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/mailtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	shortCode = mailtest.ShortCode
	longCode  = mailtest.LongCode
)

var config, message = mailtest.Config, mailtest.Message

// kind is one of the mails that differ in their sentences.
type kind struct {
	name           string
	mode           mail.Mode
	code, fallback string
}

func kinds() []kind {
	return []kind{
		{"passwordless-short", mail.Passwordless, shortCode, ""},
		{"passwordless-long", mail.Passwordless, longCode, ""},
		{"passwordless-both", mail.Passwordless, shortCode, longCode},
		{"password-short", mail.Password, shortCode, ""},
		{"password-long", mail.Password, longCode, ""},
	}
}

func render(t testing.TB, c mail.Config, m mail.Message) mail.Mail {
	t.Helper()
	r, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoldenMails(t *testing.T) {
	for _, tag := range locale.Shipped() {
		for _, k := range kinds() {
			t.Run(tag+"/"+k.name, func(t *testing.T) {
				m := message(tag, k.code)
				m.Fallback = k.fallback
				out := render(t, config(k.mode), m)
				golden(t, tag+"."+k.name+".golden.txt", "Subject: "+out.Subject+"\n\n"+out.Text+"\n")
				golden(t, tag+"."+k.name+".golden.html", out.HTML)
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at the mail, and if it is right run go test ./internal/mail -update\n%s", name, got)
	}
}
