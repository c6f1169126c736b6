package mail_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/mailtest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func TestValidateNamesEveryProblem(t *testing.T) {
	c := mail.Config{
		Mail: settings.Mail{From: "Jane <jane@example.com>", FromName: "Jane\r\nBcc: x@example.com", ReplyTo: "jane",
			SupportAddress: "help@bücher.example", DefaultLocale: "sv", ProductName: ""},
		Mode: "both", LogoText: " Example", AccentColor: "#ffcc00", Footer: "a\u202eb",
		Origin: "http://example.com/path", FeedbackID: "a:b",
		Languages: map[string]mail.Strings{
			"german": {},
			"pt_BR":  {Secret: "x"},
			"pt-BR":  {Secret: "x"},
			"fr":     {Intro: "Bonjour {name}", SubjectWithCode: "Votre code", Secret: "a\nb"},
			"ja":     {Expires: map[string]string{"few": "x", "other": "{minutes}"}},
			"pl":     {Expires: map[string]string{"one": "{minutes} minuta"}},
		},
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		`AccentColor "#ffcc00" has a contrast of 1.51 on the mail's background #ffffff; WCAG AA asks for 4.5, so take a darker one`,
		`DefaultLocale must be one of ar, de, en, es, fr, it, ja, nl, pl, pt-BR, tr, zh-Hans, or a language that Languages adds (received: "sv")`,
		`FeedbackID must consist of ASCII letters, digits, "-" and "_" (received: "a:b")`,
		`Footer must be one line without control characters: it has U+202E at byte 1 (received: "a\u202eb")`,
		`From has a character before the @ that isn't allowed (byte 0x20); write the bare address, without a display name or brackets (received: "Jane <jane@example.com>")`,
		`FromName must be one line without control characters: it has U+000D at byte 4 (received: "Jane\r\nBcc: x@example.com")`,
		`Languages: "german" is no language tag`,
		`Languages: "pt-BR" and "pt_BR" are the same language; keep one`,
		`Languages["fr"].intro has {name}; the values it can have are {product}`,
		`Languages["fr"].secret must be one line`,
		`Languages["fr"].subjectWithCode lacks {code}`,
		`Languages["ja"].expires has the plural "few", which ja doesn't have; it has other`,
		`Languages["pl"].expires lacks the plural "few"; give it, or "other" for all that are left out`,
		`Languages["pl"].expires lacks the plural "many"`,
		`LogoText must not begin or end with a space (received: " Example")`,
		`Mode must be "password" or "passwordless" (received: "both")`,
		`Origin must be a host like id.example.com, or https:// and a host (received: "http://example.com/path")`,
		`ProductName must have 1 to 64 characters (received: "")`,
		`ReplyTo has no @; write one address like name@example.com (received: "jane")`,
		`SupportAddress has a domain that isn't ASCII; write it in its ASCII form, which begins with "xn--" (received: "help@bücher.example")`,
	} {
		found := false
		for i, line := range lines {
			if strings.HasPrefix(line, want) {
				lines, found = append(lines[:i:i], lines[i+1:]...), true
				break
			}
		}
		if !found {
			t.Errorf("no error begins with %s", want)
		}
	}
	for _, line := range lines {
		t.Errorf("an error too many: %s", line)
	}
	if sorted := strings.Split(err.Error(), "\n"); !isSorted(sorted) {
		t.Error("the errors aren't sorted")
	}
	if _, err := mail.New(c); err == nil {
		t.Error("New takes it")
	}
}

func isSorted(lines []string) bool {
	for i := 1; i < len(lines); i++ {
		if lines[i] < lines[i-1] {
			return false
		}
	}
	return true
}

// What Validate accepts a function starts with and mails, alone and by way of mail.json.
func FuzzWhatIsValidIsMailed(f *testing.F) {
	f.Add("codes@example.com", "Example", "", "help@example.com", "", "de", "Example", "#3a57c4", "",
		"id.example.com", "sign-in", "sv", "Hej {product}")
	f.Add("a@b.example", "שלום \"<b>", "Ä, ö", "a+b@example.com", "h@example.com", "sr_Latn", "+", "#00f", "=",
		"https://ID.example.com/", "", "sr-latn", "{product}")
	f.Add("a@b.example", "{code}", "{{.Code}}", "", "", "en", "\u2069", "", "&amp;", "", "a", "en", "}{")
	f.Fuzz(func(t *testing.T, from, product, name, reply, support, tag, logo, color, footer, origin, feedback,
		language, intro string) {
		c := mail.Config{
			Mail: settings.Mail{From: from, FromName: name, ReplyTo: reply, ProductName: product,
				SupportAddress: support, DefaultLocale: tag},
			Mode: mail.Passwordless, LogoText: logo, AccentColor: color, Footer: footer, Origin: origin, FeedbackID: feedback,
			CodeInSubject: len(product)%2 == 0, Languages: map[string]mail.Strings{language: {Intro: intro}},
		}
		if c.Validate() != nil {
			return
		}
		r, err := mail.New(c)
		if err != nil {
			t.Fatalf("valid, but New fails: %v", err)
		}
		file, err := json.Marshal(mail.File{Config: c.WithDefaults()})
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := mail.Load(file)
		if err != nil {
			t.Fatalf("valid, but Load fails: %v", err)
		}
		for _, tag := range r.Languages() {
			m := message(tag, shortCode)
			one, err := r.Render(m)
			if err != nil {
				t.Fatalf("valid, but %s can't be rendered: %v", tag, err)
			}
			if two, err := loaded.Render(m); err != nil || !reflect.DeepEqual(one, two) {
				t.Fatalf("%s differs by way of mail.json: %v", tag, err)
			}
		}
	})
}

// A setting that no code reads, or that lets a line break into a header, fails here by its name.
func TestEverySettingOfTheMailIsCheckedAndHasAnEffect(t *testing.T) {
	values := map[string]string{"From": "other@example.com", "ReplyTo": "other@example.com",
		"SupportAddress": "other@example.com", "DefaultLocale": "de"}
	base := mailtest.Config(mail.Password)
	before := render(t, base, mailtest.Message("", mailtest.ShortCode))
	for _, field := range reflect.VisibleFields(reflect.TypeFor[settings.Mail]()) {
		hostile := base
		reflect.ValueOf(&hostile.Mail).Elem().FieldByIndex(field.Index).SetString("a\r\nBcc: x@example.com")
		if err := hostile.Validate(); err == nil || !strings.Contains(err.Error(), field.Name) {
			t.Errorf("%s with a line break: %v", field.Name, err)
		}
		changed := base
		reflect.ValueOf(&changed.Mail).Elem().FieldByIndex(field.Index).SetString(cmp.Or(values[field.Name], "Other"))
		if after := render(t, changed, mailtest.Message("", mailtest.ShortCode)); reflect.DeepEqual(before, after) {
			t.Errorf("%s changes nothing in the mail", field.Name)
		}
	}
}
