package compile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/mailtest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	shortCode = mailtest.ShortCode
	longCode  = mailtest.LongCode
)

var config, message = mailtest.Config, mailtest.Message

func render(t *testing.T, c mail.Config, m mail.Message) mail.Mail {
	t.Helper()
	r, _, err := compile.New(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// swedish is a language that isn't built in.
func swedish() mail.Strings {
	return mail.Strings{
		Subject: "Din kod till {product}", SubjectWithCode: "{code} är din kod till {product}", Heading: "Din kod",
		Intro:   "Skriv in koden för att logga in på {product}:",
		Expires: map[string]string{"one": "Koden gäller i {minutes} minut.", "other": "Koden gäller i {minutes} minuter."},
	}
}

func TestCompileRefusesTemplates(t *testing.T) {
	const code = "{{.Grouped}}"
	for _, test := range []struct {
		name      string
		templates mail.Templates
		want      []string
	}{
		{"an unclosed action", mail.Templates{Text: "a\nb {{.Code"}, []string{"text.tmpl:2: unclosed action"}},
		{"an unknown function", mail.Templates{HTML: "<p>\n\n{{shout .Code}}</p>"},
			[]string{`html.tmpl:3: function "shout" not defined`}},
		{"an unknown value", mail.Templates{Text: "{{.Code}}\n{{.Password}}"},
			[]string{"text.tmpl:2:2:", "can't evaluate field Password",
				"a template can use .Language, .Dir, .Align, .ProductName", ".Grouped"}},
		{"an unknown string", mail.Templates{HTML: "<p>{{.Code}}{{.Text.Hello}}</p>"},
			[]string{"html.tmpl:1:", "can't evaluate field Hello", ".Text has .Subject, .Preview"}},
		{"a value in a place where it can't be escaped",
			mail.Templates{HTML: "<p>{{.Code}}<a href=\"{{if .Long}}x\">{{end}}</a>"}, []string{"html.tmpl:1", "branches"}},
		{"no code in the text", mail.Templates{Text: "Hello"}, []string{"text.tmpl: the plain text doesn't show the code"}},
		{"no code in the HTML", mail.Templates{HTML: "<p>Hello</p>"}, []string{"html.tmpl: the HTML doesn't show the code"}},
		{"the code only in an attribute", mail.Templates{HTML: `<p title="{{.Code}}">Hello</p>`},
			[]string{"html.tmpl: the HTML doesn't show the code"}},
		{"the code only in the title", mail.Templates{HTML: `<title>{{.Code}}</title><p>Hello</p>`},
			[]string{"html.tmpl: the HTML doesn't show the code"}},
		{"the code only when it is short", mail.Templates{Text: "Hello {{if not .Long}}{{.Code}}{{end}}"},
			[]string{"text.tmpl: the plain text doesn't show the code", "code of 20 digits"}},
		{"part of the code", mail.Templates{Text: "{{index .Groups 0}}"},
			[]string{"text.tmpl: the plain text doesn't show the code"}},
		{"no plain text", mail.Templates{Text: "{{/* none */}} \n"},
			[]string{"text.tmpl: the plain text is empty; a mail needs both forms"}},
		{"no HTML", mail.Templates{HTML: "{{if false}}x{{end}}"}, []string{"html.tmpl: the HTML is empty"}},
		{"HTML without text", mail.Templates{HTML: "<p></p>"}, []string{"html.tmpl: the HTML is empty"}},
		{"an empty subject", mail.Templates{Subject: "{{if false}}x{{end}}"}, []string{"subject.tmpl: the subject is empty"}},
		{"a subject of two lines", mail.Templates{Subject: "a\nb"}, []string{"subject.tmpl: the subject has a line break"}},
		{"a long subject", mail.Templates{Subject: strings.Repeat("x", 999)},
			[]string{"subject.tmpl: the subject has 999 bytes; at most 998"}},
		{"huge HTML", mail.Templates{HTML: code + strings.Repeat("x", 100_001)},
			[]string{"html.tmpl: the HTML has", "at most 100000"}},
		{"a mistake in each", mail.Templates{Subject: "{{", Text: "{{if}}", HTML: "{{end}}"},
			[]string{"html.tmpl:1", "subject.tmpl:1", "text.tmpl:1"}},
		{"a character that is a mark", mail.Templates{Text: "{{.Code}}\n\U0010FF01"},
			[]string{"text.tmpl:2: U+10FF01 is reserved; use another character"}},
		{"several mistakes", mail.Templates{Subject: "a\nb", Text: "Hello", HTML: "<p>Hello</p>"},
			[]string{"html.tmpl: the HTML doesn't show", "subject.tmpl: the subject has a line break",
				"text.tmpl: the plain text doesn't show"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(mail.Password)
			c.Templates = test.templates
			_, _, err := compile.Compile(c, compile.DefaultCode())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			if n := strings.Count(err.Error(), "\n") + 1; n > len(test.want) {
				t.Errorf("one mistake is told %d times:\n%v", n, err)
			}
			if strings.Contains(err.Error(), "mail.Data") || strings.Contains(err.Error(), "mail.Phrases") {
				t.Errorf("the error speaks of Go types: %v", err)
			}
		})
	}
}

// What is known only when a mail is written can be printed, and nothing else.
func TestCompileRefusesTemplatesThatComputeOnTheUnknown(t *testing.T) {
	const digits, when = "the template changes with the code's digits, which aren't known", "the template changes " +
		"with the time of the request or its zone"
	for _, test := range []struct{ name, text, want string }{
		{"a condition on a digit", `{{.Code}}{{if eq (slice .Code 0 1) "7"}} lucky{{end}}`, "text.tmpl:1:24: " + digits},
		{"a condition on the whole", "{{.Code}}\n{{if gt .Code \"5\"}}x{{end}}", "text.tmpl:2:8: " + digits},
		{"digits in words", `{{.Code}} {{range .Groups}}{{if eq . "1234"}}x{{end}}{{end}}`, "text.tmpl:1:18: " + digits},
		{"the digits' bytes", `{{.Code}} {{index .Code 0}}`, "text.tmpl:1:18: " + digits},
		{"in a template of its own", `{{.Code}}{{define "x"}}{{if lt .Code "3"}}3{{end}}{{end}}{{template "x" .}}`,
			"text.tmpl:1:31: " + digits},
		{"in a variable", `{{.Code}}{{$c := .Code}}{{if lt $c "3"}}3{{end}}`, "text.tmpl:1:17: " + digits},
		{"a condition on the zone", `{{.Code}}{{if eq .Zone "UTC"}}x{{end}}`, "text.tmpl:1:17: " + when},
		{"the length of the time", `{{.Code}} {{.Time}} {{len .Time}}`, "text.tmpl:1:26: " + when},
		{"a part of the time", `{{.Code}} {{slice .Time 0 2}}`, "text.tmpl:1:18: "},
		{"the sentence about the time", `{{.Code}} {{printf "%q" .Text.Requested}}{{len .Text.Requested}}`,
			"text.tmpl:1:29: " + when},
	} {
		c := config(mail.Password)
		c.Templates.Text = test.text
		if _, _, err := compile.Compile(c, compile.DefaultCode()); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
	c := config(mail.Password)
	c.Templates.HTML = `<p>{{.Code}}</p><a href="https://id.example.com/?zone={{.Zone}}">x</a>`
	if _, _, err := compile.Compile(c, compile.DefaultCode()); err == nil || !strings.HasPrefix(err.Error(),
		"html.tmpl:1:56: "+when) {
		t.Errorf("a zone in an address: error %v", err)
	}
}

func TestTemplatesMayPrintTheUnknownAsTheyLike(t *testing.T) {
	c := config(mail.Password)
	c.CodeInSubject = true
	c.Templates = mail.Templates{
		Subject: `{{slice .Code 0 4}}-{{slice .Code 4}}`,
		Text:    `{{range $i, $g := .Groups}}{{if $i}}   {{end}}{{$g}}{{end}} {{.Minutes}} {{with .Time}}at {{.}}, {{end}}{{printf "%s!" .Zone}}`,
		HTML:    `<p title="{{.Zone}}">{{.Grouped}}</p><a href="https://id.example.com/?code={{.Code}}">{{.Text.Requested}}</a>`,
	}
	r, _, err := compile.New(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(message("en", "90817263"))
	if err != nil {
		t.Fatal(err)
	}
	if out.Subject != "9081-7263" || out.Text != "9081   7263 5 at 1:30 AM, America/New York!" {
		t.Errorf("subject %q, text %q", out.Subject, out.Text)
	}
	const want = `<p title="America/New York"><bdi dir="ltr">908<span style="letter-spacing:18px">1</span><wbr>7263</bdi></p>` +
		`<a href="https://id.example.com/?code=90817263">Requested at about 1:30 AM (<bdi dir="ltr">America/New York</bdi>).</a>`
	if out.HTML != want {
		t.Errorf("HTML\n%s\nwant\n%s", out.HTML, want)
	}
}

// While a deployment changes the code's length or validity, program and settings may differ for
// seconds: the mail then has the true values, in the built-in layout.
func TestMailsThatNoTemplateWasExecutedForAreBuiltIn(t *testing.T) {
	c := config(mail.Password)
	c.Templates.Text = "Own: {{.Code}}"
	r, _, err := compile.New(c, compile.Code{Length: 6, TTL: 3*time.Minute + 30*time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*mail.Message)
		own    bool
	}{
		{"a short code", func(*mail.Message) {}, true},
		{"a long code", func(m *mail.Message) { m.Code = longCode }, true},
		{"a code of another length", func(m *mail.Message) { m.Code = shortCode }, false},
		{"another validity", func(m *mail.Message) { m.ExpiresIn = 5 * time.Minute }, false},
		{"no time", func(m *mail.Message) { m.RequestedAt = time.Time{} }, false},
	} {
		m := message("en", "123456")
		m.ExpiresIn = 3*time.Minute + 30*time.Second
		test.change(&m)
		out, err := r.Render(m)
		if own := strings.HasPrefix(out.Text, "Own: "+m.Code); err != nil || own != test.own || !own &&
			!strings.Contains(out.Text, mail.Group(m.Code)) {
			t.Errorf("%s: error %v, text %s", test.name, err, out.Text)
		}
	}
}

func TestCompileRefusesImpossibleCodes(t *testing.T) {
	for _, test := range []struct {
		code compile.Code
		want string
	}{
		{compile.Code{Length: 3, TTL: time.Minute}, "Length must be 4 to 10 digits (received: 3)"},
		{compile.Code{Length: 11, TTL: time.Minute}, "Length must be 4 to 10 digits (received: 11)"},
		{compile.Code{Length: 8, TTL: 59 * time.Second}, "TTL must be a minute or more (received: 59s)"},
	} {
		if _, _, err := compile.Compile(config(mail.Password), test.code); err == nil || err.Error() != test.want {
			t.Errorf("%+v: error %v, want %q", test.code, err, test.want)
		}
	}
}

func TestCompileRefusesWhatTheConfigRefuses(t *testing.T) {
	if _, _, err := compile.Compile(mail.Config{}, compile.DefaultCode()); err == nil ||
		!strings.Contains(err.Error(), "ProductName must have") {
		t.Errorf("error %v", err)
	}
}

func TestMissingStringsAreNamedAndFallBack(t *testing.T) {
	c := config(mail.Password)
	c.Languages = map[string]mail.Strings{
		"sv":    swedish(),
		"de":    {Heading: "Ihre Zahl"},                   // overrides one string, lacks none
		"de-CH": {NotYouTitle: "Sind das nicht Sie gsi?"}, // what it lacks is German's
	}
	_, warnings, err := compile.Compile(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{`Languages["sv"]: lacks expiresSoon, fallbackCode, footer, longCode, notYou, notYouPassword, notYouTitle, ` +
		`requested, secret, support; English texts stand in for them`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, test := range []struct{ tag, language, want string }{
		{"sv-SE", "sv", "Koden gäller i 5 minuter."},
		{"sv", "sv", "Nobody will ask you for this code"},
		{"de", "de", "Ihre Zahl"},
		{"de", "de", "Das waren nicht Sie?"},
		{"de-CH", "de-CH", "Ihre Zahl"},
		{"de-CH", "de-CH", "Sind das nicht Sie gsi?"},
		{"de-CH", "de-CH", "Der Code ist 5 Minuten lang gültig."},
	} {
		out := render(t, c, message(test.tag, shortCode))
		if out.Language != test.language || !strings.Contains(out.Text, test.want) {
			t.Errorf("%s: language %s; want %s with %q in\n%s", test.tag, out.Language, test.language, test.want, out.Text)
		}
	}
}

func TestDefaultLocale(t *testing.T) {
	c := config(mail.Password)
	c.DefaultLocale = "pt_br"
	if out := render(t, c, message("garbage!", shortCode)); out.Language != "pt-BR" {
		t.Errorf("the default is %s", out.Language)
	}
	c.Languages = map[string]mail.Strings{"sv": swedish()}
	c.DefaultLocale = "sv"
	if out := render(t, c, message("", shortCode)); out.Language != "sv" {
		t.Errorf("the default is %s", out.Language)
	}
}

func TestCompileIsDeterministic(t *testing.T) {
	c := config(mail.Password)
	c.AccentColor, c.CodeInSubject = "#7a1fa2", true
	c.Languages = map[string]mail.Strings{"sv": swedish(), "pt_BR": {Heading: "Código"}, "zh_hant": {Heading: "代碼"}}
	c.Templates = mail.Templates{Subject: "{{.Text.Subject}}", Text: "{{.Text.Heading}} <{{.Code}}> {{.Text.Requested}}\n"}
	first, _, err := compile.Compile(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if again, _, err := compile.Compile(c, compile.DefaultCode()); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("another mail.json for the same config (%v)", err)
		}
	}
	golden := filepath.Join("testdata", "mail.golden.json")
	if *update {
		if err := os.WriteFile(golden, first, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(first, want) {
		t.Errorf("mail.json isn't %s (%v); if it is right run go test ./internal/mail/compile -update\n%s", golden,
			err, first)
	}
	var file mail.File
	if err := json.Unmarshal(first, &file); err != nil || len(file.Mails) != 3*(len(locale.Shipped())+2) ||
		file.Minutes != 5 {
		t.Errorf("%d mails, %d minutes (%v)", len(file.Mails), file.Minutes, err)
	}
}

// The built-in layouts are Go templates: as templates of an importer's they have to give the same
// mails.
func TestCompiledTemplatesWriteWhatTheirSourceSays(t *testing.T) {
	layout := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "layout", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []mail.Config{
		config(mail.Password),
		{Mail: settings.Mail{From: "codes@example.com", ProductName: `A & B <"c">`, DefaultLocale: "ar"}, LogoText: "1 + 1",
			Mode: mail.Passwordless, CodeInSubject: true},
	} {
		builtin, err := mail.New(c)
		if err != nil {
			t.Fatal(err)
		}
		c.Templates = mail.Templates{Subject: layout(mail.SubjectTemplate), Text: layout(mail.TextTemplate),
			HTML: layout(mail.HTMLTemplate)}
		c.Languages = map[string]mail.Strings{"de": {Secret: "Niemand fragt danach."}} // tells the two apart
		own, _, err := compile.New(c, compile.DefaultCode())
		if err != nil {
			t.Fatal(err)
		}
		for _, wanted := range append(locale.Shipped(), "en-GB", "fr-CA", "ar-MA", "es-US") {
			for _, code := range []string{shortCode, "00000000", "99999999", "70365418", longCode, "90000000000000000009"} {
				for _, zone := range []string{"", "America/Argentina/ComodRivadavia", "Etc/GMT+5", "Asia/Kolkata"} {
					m := message(wanted, code)
					m.Zoneinfo = zone
					got, err := own.Render(m)
					if err != nil {
						t.Fatal(err)
					}
					want, err := builtin.Render(m)
					if err != nil {
						t.Fatal(err)
					}
					if got.Language == "de" {
						if !strings.Contains(got.Text, "Niemand fragt danach.") || !strings.Contains(got.HTML, "Niemand fragt danach.") {
							t.Fatalf("the mail isn't of the compiled template:\n%s", got.Text)
						}
						continue
					}
					if got.Subject != want.Subject || got.Text != want.Text || got.HTML != want.HTML {
						t.Fatalf("%s, code %s, zone %q: the mail is\n%s\n%s\n%s\nwant\n%s\n%s\n%s", wanted, code, zone,
							got.Subject, got.Text, got.HTML, want.Subject, want.Text, want.HTML)
					}
				}
			}
		}
	}
}

func TestCompileSortsKeys(t *testing.T) {
	out, _, err := compile.Compile(config(mail.Password), compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for line := range strings.Lines(string(out)) {
		if key, _, ok := strings.Cut(strings.TrimPrefix(line, `    "`), `":`); ok && strings.HasPrefix(line, `    "`) {
			if key < last {
				t.Errorf("%q comes after %q", key, last)
			}
			last = key
		}
	}
	if !json.Valid(out) {
		t.Error("no JSON")
	}
}
