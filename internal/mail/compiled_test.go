package mail_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
)

func mailJSON(t testing.TB) []byte {
	t.Helper()
	c := config(mail.Password)
	c.Templates = mail.Templates{Subject: "{{.Text.Subject}}", Text: "Own: {{.Grouped}} {{.Text.Requested}}",
		HTML: "<p>{{.Grouped}}</p>"}
	file, _, err := compile.Compile(c, compile.DefaultCode())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadRefuses(t *testing.T) {
	good := string(mailJSON(t))
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(good), "", "\t"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, data, want string }{
		{"nothing", "", "mail.json:1:"},
		{"no JSON", "{\n\"config\": ,\n}", "mail.json:2:"},
		{"an unknown key", "{\n\"config\": {\"colour\": \"#fff\"}\n}", `unknown field "colour"`},
		{"a wrong type", "{\n\"config\": {\"from\": 1}}", "mail.json:2:"},
		{"two values", "{}\n{}", "mail.json:2: there is more behind the end"},
		{"an invalid config", "{}", "ProductName must have 1 to 64 characters"},
		{"templates as they were written", `{"config": {"from": "a@example.com", "productName": "x", "mode": "password", "templates": {"text": "{{.Code}}"}}}`, "Templates must be compiled"},
		{"mails indented anew", indented.String(), "mail.json: it was written anew by another program"},
		{"mails on one line", strings.Replace(good, ",\n    \"ar/8", ",    \"ar/8", 1),
			"mail.json: mail ar/28: invalid character"},
		{"something between mails", strings.Replace(good, "\n    \"ar/8", "\n\n    \"ar/8", 1),
			"this isn't a mail on a line of its own"},
		{"mails without an end", good[:len(good)/2], "the mails have no end"},
	} {
		r, err := mail.Load([]byte(test.data))
		if err == nil {
			m := message("ar", shortCode)
			m.Fallback = longCode
			_, err = r.Render(m) // mails are read when they are needed
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}

// Whatever the file holds, loading it and writing a mail ends without a panic, and no mail lacks
// its code.
func FuzzLoad(f *testing.F) {
	good := mailJSON(f)
	f.Add(good)
	f.Add(good[:len(good)-4])
	f.Add(bytes.Replace(good, []byte("    \"en/8\": "), []byte("    \"en/8\": {},"), 1))
	f.Add(bytes.ReplaceAll(good, []byte(string(mail.DigitMark(3))), []byte("\xf4")))
	f.Add([]byte("{\n  \"mails\": {\n  }\n}"))
	f.Add([]byte("{\n  \"mails\": {\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := mail.Load(data)
		if err != nil {
			return
		}
		for _, tag := range []string{"en", "ar"} {
			if out, err := r.Render(message(tag, shortCode)); err == nil && (out.Subject == "" || out.Text == "" ||
				out.HTML == "") {
				t.Errorf("a mail without one of its parts: %+v", out)
			}
		}
	})
}
