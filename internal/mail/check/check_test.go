package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
)

const (
	words = "Enter this code to sign in, and tell it to nobody, whoever may ask you for it."
	style = "<style>@media (prefers-color-scheme: dark) { .ink { color: #ffffff !important; background-color: " +
		"#000000 !important; } }</style>"
)

// sound is a mail that nothing is wrong with.
func sound() mail.Mail {
	return mail.Mail{
		Subject: "Your sign-in code", Text: words + " 1234 5678", HTML: document("<p>" + words + "</p><p>12345678</p>"),
		Headers: []mail.Header{{Name: "Auto-Submitted", Value: "auto-generated"}},
	}
}

func document(body string) string {
	return `<!doctype html><html lang="en"><head><title>x</title>` + style + `</head><body>` + body + `</body></html>`
}

func TestSoundMailHasNoFindings(t *testing.T) {
	if found := check.Check(sound()); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
}

func TestCheckFinds(t *testing.T) {
	body := func(s string) func(*mail.Mail) {
		return func(m *mail.Mail) { m.HTML = document("<p>" + words + "</p><p>12345678</p>" + s) }
	}
	subject := func(s string) func(*mail.Mail) { return func(m *mail.Mail) { m.Subject = s } }
	for _, test := range []struct {
		name   string
		change func(*mail.Mail)
		want   string // "severity rule: part of the text"
	}{
		{"no subject", subject(" "), "error subject: the subject is empty"},
		{"a long subject", subject(strings.Repeat("word ", 16)), "warning subject: the subject has 80 characters"},
		{"capitals", subject("YOUR SIGN-IN CODE"), "warning capitals: "},
		{"an exclamation mark", subject("Your code!"), "warning exclamation: the subject"},
		{"a full-width one", subject("コード！"), "warning exclamation: the subject"},
		{"a false answer", subject("Re: your code"),
			`warning subject: the subject pretends to be an answer; leave "Re:" out`},
		{"exclamation marks in the text", func(m *mail.Mail) { m.Text += "!!!" },
			"warning exclamation: the plain text has 3"},
		{"no text", func(m *mail.Mail) { m.Text = "\n" }, "error plain-text: "},
		{"no HTML", func(m *mail.Mail) { m.HTML = "" }, "error html: the mail has no HTML"},
		{"broken HTML", func(m *mail.Mail) { m.HTML = document("<p") }, "error html: the HTML can't be read"},
		{"much HTML", body("<!--" + strings.Repeat("x", 20_000) + "-->"), "warning size: the HTML has 20"},
		{"too much HTML", body("<!--" + strings.Repeat("x", 102_000) + "-->"), "error size: "},
		{"a list header", func(m *mail.Mail) { m.Headers = append(m.Headers, mail.Header{Name: "List-Unsubscribe"}) },
			"warning headers: the mail has the header List-Unsubscribe"},
		{"no Auto-Submitted", func(m *mail.Mail) { m.Headers = nil },
			"warning headers: the mail lacks the header Auto-Submitted"},
		{"a script", body("<script></script>"), "error elements: the HTML has <script>"},
		{"a form", body("<form></form>"), "error elements: the HTML has <form>"},
		{"a script attribute", body(`<b onclick="x()"></b>`), "error elements: the HTML has the script attribute onclick"},
		{"a remote style sheet", body(`<link rel="stylesheet" href="https://example.com/x.css">`),
			"warning remote: the HTML loads a style sheet"},
		{"a remote picture", body(`<img alt="" src="https://example.com/x.png">`),
			"warning remote: the HTML loads a picture"},
		{"a picture without alt", body(`<img src="cid:x">`), "warning pictures: a picture has no alt text"},
		{"a remote background", body(`<b style="background-color:#ffffff;background-image: url (https://example.com/x.png)"></b>`), "warning remote: a style loads"},
		{"pictures alone", func(m *mail.Mail) { m.HTML = document(`<img alt="" src="cid:x">`) },
			"error pictures: the mail consists of pictures"},
		{"an http link", body(`<a href="http://example.com"></a>`), "warning links: a link goes to http://example.com"},
		{"a script link", body(`<a href="javascript:x()"></a>`), `error links: a link's target is "javascript:x()"`},
		{"a link that lies", body(`<a href="https://example.com">login.example.org</a>`),
			"error links: a link shows login.example.org and goes to example.com"},
		{"many links", body(strings.Repeat(`<a href="https://example.com"></a>`, 4)), "warning links: the HTML has 4 links"},
		{"no language", func(m *mail.Mail) { m.HTML = strings.ReplaceAll(m.HTML, ` lang="en"`, "") }, "warning language: "},
		{"a table for layout", body("<table><tr><td></td></tr></table>"), "warning tables: "},
		{"no dark mode", func(m *mail.Mail) { m.HTML = strings.ReplaceAll(m.HTML, style, "") }, "warning dark-mode: "},
		{"grey on white", body(`<p style="color:#999999">12345678</p>`),
			`error contrast: light mode: "12345678" is #999999 on #ffffff, a contrast of 2.84; WCAG AA asks for 4.5`},
		{"grey on an inherited grey", body(`<div style="background-color:#dddddd"><p style="color:#666">1<span>2345678</span></p></div>`), "error contrast: light mode: "},
		{"a bgcolor", body(`<table role="none" bgcolor="#000"><tr><td style="color:#333333">12345678</td></tr></table>`),
			`is #333333 on #000`},
		{"large grey", body(`<p style="color:#999999;font-size:24px">12345678</p>`), "WCAG AA asks for 3.0"},
		{"dark on dark", body(`<p class="ink" style="color:#ffffff;background:#ffffff"><b style="color:#333333">12345678</b></p>`), `error contrast: dark mode: "12345678" is #333333 on #000000`},
		{"a colour by name", body(`<p style="color:rebeccapurple">12345678</p>`),
			`warning contrast: light mode: "rebeccapurple" is no colour`},
		{"more in the HTML", body("<p>surprise</p>"),
			"warning alternatives: the HTML says what the plain text doesn't (surprise)"},
		{"more in the text", func(m *mail.Mail) { m.Text += " surprise" },
			"warning alternatives: the plain text says what the HTML doesn't (surprise)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := sound()
			test.change(&m)
			found := check.Check(m)
			if !slices.ContainsFunc(found, func(f check.Finding) bool { return strings.Contains(f.String(), test.want) }) {
				t.Errorf("findings %q, want %q", found, test.want)
			}
		})
	}
}

func TestCheckLeavesBe(t *testing.T) {
	for name, body := range map[string]string{
		"hidden text":                   `<p style="display:none;color:#ffffff">surprise</p>`,
		"large text in a lighter grey":  `<p style="color:#777777;font-size:24px">12345678</p>`,
		"bold text in a lighter grey":   `<b style="color:#777777;font-size:19px">12345678</b>`,
		"a link that says where":        `<a href="https://example.com/x"></a>`,
		"a mailto link":                 `<a href="mailto:help@example.com"></a>`,
		"a word that isn't a host":      `<a href="https://example.com"></a>`,
		"a code in groups":              `<p>1234<wbr>5678</p>`,
		"a table that is one by role":   `<table role="presentation"><tr><td>12345678</td></tr></table>`,
		"a picture that is in the mail": `<img alt="" src="cid:x">`,
	} {
		m := sound()
		m.HTML = document("<p>" + words + "</p><p>12345678</p>" + body)
		if found := check.Check(m); len(found) > 0 {
			t.Errorf("%s: findings %q", name, found)
		}
	}
}

func TestErrorsComeFirst(t *testing.T) {
	m := sound()
	m.Subject, m.Text = "YOUR SIGN-IN CODE!", ""
	found := check.Check(m)
	if len(found) < 3 || found[0].Severity != check.Error || found[len(found)-1].Severity != check.Warning {
		t.Errorf("findings in the order %q", found)
	}
}

// Whatever an importer's HTML looks like, checking it ends without a panic.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{sound().HTML, "<p", "<a href='%zz'>x.y</a>", "<style>@media (prefers-color-scheme: " +
		"dark){.a,.b{color:#fff}", "</p></p>", "<p style='color'>x", "\xff<\x00", "&nosuch;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := sound()
		m.HTML = s
		for _, found := range check.Check(m) {
			if found.Rule == "" || found.Text == "" || found.Severity != check.Error && found.Severity != check.Warning {
				t.Errorf("%+v", found)
			}
		}
	})
}
