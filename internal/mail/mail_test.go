package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/check"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func TestMailHoldsWhatTheMessageSays(t *testing.T) {
	out := render(t, config(mail.Passwordless), message("en", shortCode))
	for _, want := range []string{"1234 5678", "valid for 5 minutes", "1:30 AM (America/New York)",
		"help@example.com", "Nobody will ask you", "1 Example Street"} {
		if !strings.Contains(out.Text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	if out.From != `"Example" <codes@example.com>` || out.To != "jane@example.com" || out.Language != "en" {
		t.Errorf("From %q, To %q, Language %q", out.From, out.To, out.Language)
	}
	if !slices.Equal(out.ReplyTo, []string{"help@example.com"}) {
		t.Errorf("ReplyTo %q", out.ReplyTo)
	}
	if !slices.Equal(out.Headers, []mail.Header{{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress",
		"All"}, {"Content-Language", "en"}}) {
		t.Errorf("Headers %q", out.Headers)
	}
	if !slices.Equal(out.Tags, []mail.Tag{{"ses:feedback-id-a", "sign-in"}}) {
		t.Errorf("Tags %q", out.Tags)
	}
}

func TestOptionalPartsAreLeftOut(t *testing.T) {
	c := mail.Config{Mail: settings.Mail{From: "codes@example.com", ProductName: "Example"}, Mode: mail.Passwordless}
	out := render(t, c, mail.Message{To: "jane@example.com", Code: shortCode, ExpiresIn: 5 * time.Minute})
	for _, form := range []string{out.Text, out.HTML} {
		for _, not := range []string{"Requested", "Any questions", "longer than usual", "mailto:", "@example.com #",
			"{", "<no value>"} {
			if not == "{" && form == out.HTML {
				continue // style sheet
			}
			if strings.Contains(form, not) {
				t.Errorf("the mail has %q: %s", not, form)
			}
		}
	}
	if out.ReplyTo != nil || out.Tags != nil || out.Language != "en" {
		t.Errorf("ReplyTo %q, Tags %q, Language %q", out.ReplyTo, out.Tags, out.Language)
	}
}

// A lock screen shows the subject, and beside it the beginning of the mail.
func TestCodeIsInSubjectAndPreviewOnlyWhenAsked(t *testing.T) {
	for _, tag := range locale.Shipped() {
		c := config(mail.Passwordless)
		out := render(t, c, message(tag, shortCode))
		if strings.Contains(strings.ReplaceAll(out.Subject, " ", ""), shortCode) {
			t.Errorf("%s: the subject has the code: %q", tag, out.Subject)
		}
		if strings.Contains(previewLine(t, out.HTML), "1234") {
			t.Errorf("%s: the preview line has the code: %q", tag, previewLine(t, out.HTML))
		}
		c.CodeInSubject = true
		out = render(t, c, message(tag, shortCode))
		if !strings.Contains(out.Subject, "1234 5678") || !strings.Contains(previewLine(t, out.HTML), "1234 5678") {
			t.Errorf("%s: CodeInSubject gives the subject %q and the preview %q", tag, out.Subject, previewLine(t, out.HTML))
		}
	}
}

// previewLine is the hidden text that lists of mails show, and its padding, which keeps what
// follows out.
func previewLine(t *testing.T, markup string) string {
	t.Helper()
	_, rest, _ := strings.Cut(markup, `<div style="display:none`)
	line, _, ok := strings.Cut(rest, "</div>")
	if !ok {
		t.Fatal("the HTML has no hidden preview line")
	}
	if n := strings.Count(line, "&zwnj;"); n < 50 {
		t.Errorf("the preview line is padded by %d characters, too few to keep the code out of a list of mails", n)
	}
	return line
}

func TestSubjectsFitAPhone(t *testing.T) {
	c := config(mail.Passwordless)
	c.CodeInSubject = true
	c.ProductName = "A product with a rather long name"
	for _, tag := range locale.Shipped() {
		if s := render(t, c, message(tag, shortCode)).Subject; len([]rune(s)) > 98 {
			t.Errorf("%s: the subject has %d characters: %s", tag, len([]rune(s)), s)
		}
	}
}

func TestExpiryInWords(t *testing.T) {
	for _, test := range []struct {
		tag  string
		left time.Duration
		want string
	}{
		{"en", 5 * time.Minute, "The code is valid for 5 minutes."},
		{"en", 2*time.Minute - time.Nanosecond, "The code is valid for 1 minute."},
		{"en", 59 * time.Second, "The code is valid for less than a minute."},
		{"en", 0, "The code is valid for less than a minute."},
		{"en", -time.Hour, "The code is valid for less than a minute."},
		{"de", time.Minute, "Der Code ist 1 Minute lang gültig."},
		{"fr", 2 * time.Minute, "Ce code est valable 2\u00a0minutes."},
		{"pl", time.Minute, "Kod jest ważny przez 1 minutę."},
		{"pl", 3 * time.Minute, "Kod jest ważny przez 3 minuty."},
		{"pl", 5 * time.Minute, "Kod jest ważny przez 5 minut."},
		{"pl", 22 * time.Minute, "Kod jest ważny przez 22 minuty."},
		{"ar", time.Minute, "الرمز صالح لمدة دقيقة واحدة."},
		{"ar", 2 * time.Minute, "الرمز صالح لمدة دقيقتين."},
		{"ar", 8 * time.Minute, "الرمز صالح لمدة 8 دقائق."},
		{"ar", 11 * time.Minute, "الرمز صالح لمدة 11 دقيقة."},
		{"ja", 5 * time.Minute, "このコードは 5 分間有効です。"},
	} {
		m := message(test.tag, shortCode)
		m.ExpiresIn = test.left
		if out := render(t, config(mail.Passwordless), m); !strings.Contains(out.Text, test.want) {
			t.Errorf("%s, %s: the text lacks %q:\n%s", test.tag, test.left, test.want, out.Text)
		}
	}
}

func TestTimeIsThePersonsOwn(t *testing.T) {
	for _, test := range []struct{ zoneinfo, want string }{
		{"Europe/Berlin", "7:30 AM (Europe/Berlin)"},
		{"America/Argentina/Buenos_Aires", "3:30 AM (America/Argentina/Buenos Aires)"},
		{"Asia/Kathmandu", "12:15 PM (Asia/Kathmandu)"},
		{"Etc/GMT+5", "1:30 AM (Etc/GMT+5)"},
		{"", "6:30 AM (UTC)"}, {"UTC", "6:30 AM (UTC)"}, {"Local", "6:30 AM (UTC)"},
		{"Europe/Atlantis", "6:30 AM (UTC)"}, {"../../etc/passwd", "6:30 AM (UTC)"}, {"/etc/localtime", "6:30 AM (UTC)"},
		{"Europe/Berlin\nBcc: x@example.com", "6:30 AM (UTC)"}, {"<b>/</b>", "6:30 AM (UTC)"},
		{strings.Repeat("a/", 500), "6:30 AM (UTC)"},
	} {
		m := message("en", shortCode)
		m.Zoneinfo = test.zoneinfo
		if out := render(t, config(mail.Passwordless), m); !strings.Contains(out.Text, "Requested at about "+test.want+".") {
			t.Errorf("Zoneinfo %.40q: the text lacks %q:\n%s", test.zoneinfo, test.want, out.Text)
		}
	}
}

func TestModesGiveDifferentAdvice(t *testing.T) {
	if out := render(t, config(mail.Password), message("en", shortCode)); !strings.Contains(out.Text,
		"change your password now") {
		t.Error("after a proven password nobody is told to change it")
	}
	if out := render(t, config(mail.Passwordless), message("en", shortCode)); strings.Contains(out.Text, "password") {
		t.Error("without a password the mail speaks of one")
	}
}

func TestLongCodesSayWhy(t *testing.T) {
	for _, test := range []struct {
		code string
		long bool
	}{{"123456", false}, {"1234567890", false}, {longCode, true}} {
		out := render(t, config(mail.Passwordless), message("en", test.code))
		if got := strings.Contains(out.Text, "longer than usual"); got != test.long {
			t.Errorf("%d digits: the text says that the code is longer than usual: %t", len(test.code), got)
		}
		if !strings.Contains(out.Text, mail.Group(test.code)) {
			t.Errorf("%d digits: the text lacks the code in groups", len(test.code))
		}
	}
}

// Browsers offer a code from the last line alone, and read it only in this form.
func TestLastLineOfTheTextIsBoundToTheDomain(t *testing.T) {
	for _, tag := range locale.Shipped() {
		for _, code := range []string{shortCode, longCode} {
			text := render(t, config(mail.Password), message(tag, code)).Text
			if last := text[strings.LastIndexByte(text, '\n')+1:]; last != "@id.example.com #"+code {
				t.Errorf("%s: the last line is %q", tag, last)
			}
		}
	}
}

// Selecting the code has to give its digits and nothing that a field of eight characters would
// refuse.
func TestCodeInHTMLIsContiguousText(t *testing.T) {
	for _, tag := range locale.Shipped() {
		for _, code := range []string{"123456", shortCode, longCode} {
			out := render(t, config(mail.Password), message(tag, code))
			if !strings.Contains(visible(t, out.HTML), code) {
				t.Errorf("%s: the HTML's text lacks %s in one piece", tag, code)
			}
		}
	}
}

func TestTextAndHTMLSayTheSame(t *testing.T) {
	for _, tag := range locale.Shipped() {
		for _, k := range kinds() {
			out := render(t, config(k.mode), message(tag, k.code))
			text := out.Text[:strings.LastIndexByte(out.Text, '\n')] // but for the line that browsers read
			if got, want := bare(visible(t, out.HTML)), bare(text); got != want {
				t.Errorf("%s %s:\nHTML: %s\ntext: %s", tag, k.name, got, want)
			}
		}
	}
}

// bare drops what text and HTML may differ in: spaces, and the characters that do in text what bdi
// does in HTML.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}

func TestRightToLeftMailsIsolateWhatRunsTheOtherWay(t *testing.T) {
	out := render(t, config(mail.Passwordless), message("ar", longCode))
	for _, want := range []string{"\u20661234 5678 9012 3456 7890\u2069", "\u2066help@example.com\u2069",
		"\u2066America/New York\u2069", "\u2068Example\u2069"} {
		if !strings.Contains(out.Text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	for _, want := range []string{`dir="rtl"`, `<bdi dir="ltr">123<span`, `<bdi dir="ltr">help@example.com</bdi>`,
		`<bdi dir="ltr">America/New York</bdi>`, "<bdi>Example</bdi>"} {
		if !strings.Contains(out.HTML, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if n, m := strings.Count(out.Text, "\u2066")+strings.Count(out.Text, "\u2068"), strings.Count(out.Text,
		"\u2069"); n != m {
		t.Errorf("%d isolates are opened and %d closed", n, m)
	}
	c := config(mail.Passwordless)
	c.ProductName = "דוגמה"
	if out := render(t, c, message("en", shortCode)); !strings.Contains(out.Text, "\u2068דוגמה\u2069") {
		t.Error("a Hebrew name isn't isolated in English")
	}
}

func TestHTMLIsSmallAndClean(t *testing.T) {
	for _, tag := range locale.Shipped() {
		for _, k := range kinds() {
			out := render(t, config(k.mode), message(tag, k.code))
			if len(out.HTML) >= 20_000 {
				t.Errorf("%s %s: the HTML has %d bytes", tag, k.name, len(out.HTML))
			}
			for _, f := range check.Check(out) {
				t.Errorf("%s %s: %s", tag, k.name, f)
			}
			for _, not := range []string{"<img", "http:", "https:", "url(", "<script", "ZgotmplZ"} {
				if strings.Contains(out.HTML, not) {
					t.Errorf("%s %s: the HTML has %q", tag, k.name, not)
				}
			}
			for _, want := range []string{`lang="` + tag + `"`, `dir="`, "color-scheme", "prefers-color-scheme: dark",
				"width:600px;max-width:100%"} {
				if !strings.Contains(out.HTML, want) {
					t.Errorf("%s %s: the HTML lacks %q", tag, k.name, want)
				}
			}
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	r, err := mail.New(config(mail.Password))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		m    mail.Message
		want string
	}{
		{"no address", mail.Message{Code: shortCode}, "recipient's address is empty"},
		{"a display name", mail.Message{To: "Jane <jane@example.com>", Code: shortCode},
			"recipient's address has a character"},
		{"two addresses", mail.Message{To: "secret@example.com,john@example.com", Code: shortCode},
			"recipient's address has a character"},
		{"a header", mail.Message{To: "secret@example.com\r\nBcc: john@example.com", Code: shortCode},
			"recipient's address has a character"},
		{"no code", mail.Message{To: "secret@example.com"}, "code must have 1 to 40 digits (it has 0)"},
		{"a code with letters", mail.Message{To: "secret@example.com", Code: "9753x864"},
			"code must consist of the digits 0 to 9 (character 5 of 8 is none)"},
		{"other digits", mail.Message{To: "secret@example.com", Code: "٩٧٥٣"}, "code must consist of the digits"},
		{"a huge code", mail.Message{To: "secret@example.com", Code: strings.Repeat("9", 41)},
			"code must have 1 to 40 digits (it has 41)"},
	} {
		out, err := r.Render(test.m)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "9753")) {
			t.Errorf("%s: the error has the address or the code: %v", test.name, err)
		}
		if out.Text != "" || out.HTML != "" {
			t.Errorf("%s: there is a mail beside the error", test.name)
		}
	}
}

func TestRendererServesManyAtOnce(t *testing.T) {
	r, err := mail.New(config(mail.Password))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, tag := range locale.Shipped() {
		want[tag] = render(t, config(mail.Password), message(tag, shortCode)).HTML
	}
	done := make(chan string)
	for i := range 8 * len(want) {
		go func() {
			tag := locale.Shipped()[i%len(want)]
			out, err := r.Render(message(tag, shortCode))
			switch {
			case err != nil:
				done <- err.Error()
			case out.HTML != want[tag]:
				done <- tag + ": another mail than alone"
			default:
				done <- ""
			}
		}()
	}
	for range 8 * len(want) {
		if problem := <-done; problem != "" {
			t.Error(problem)
		}
	}
}
