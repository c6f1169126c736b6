package mail_test

import (
	"bytes"
	"cmp"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// parsed is a message as another parser than the writer sees it.
type parsed struct {
	header netmail.Header
	parts  map[string]string
}

func parseMIME(t testing.TB, raw []byte) parsed {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	out := parsed{m.Header, map[string]string{}}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		out.parts[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func toMIME(t testing.TB, m mail.Mail) []byte {
	t.Helper()
	raw, err := m.MIME(time.Date(2026, 11, 21, 6, 30, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func decodeHeader(t testing.TB, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMIMEIsReadByAnotherParser(t *testing.T) {
	for _, tag := range locale.Shipped() {
		out := render(t, config(mail.Password), message(tag, longCode))
		raw := toMIME(t, out)
		for i, line := range strings.Split(string(raw), "\r\n") {
			if len(line) > 76 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("%s: line %d has %d bytes or a lone line break: %q", tag, i+1, len(line), line)
			}
			for _, c := range []byte(line) {
				if c >= 0x80 {
					t.Errorf("%s: line %d isn't ASCII: %q", tag, i+1, line)
					break
				}
			}
		}
		p := parseMIME(t, raw)
		if p.parts["text/plain"] != out.Text || p.parts["text/html"] != out.HTML {
			t.Errorf("%s: the parts come out changed", tag)
		}
		if got := decodeHeader(t, p.header.Get("Subject")); got != out.Subject {
			t.Errorf("%s: the subject comes out as %q, was %q", tag, got, out.Subject)
		}
		if date, err := p.header.Date(); err != nil || date.Unix() != 1795242600 {
			t.Errorf("%s: date %v, %v", tag, date, err)
		}
		for name, want := range map[string]string{
			"From": `"Example" <codes@example.com>`, "To": "jane@example.com", "Reply-To": "help@example.com",
			"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": tag,
			"Mime-Version": "1.0",
		} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", tag, name, got, want)
			}
		}
		if len(p.header) != 10 {
			t.Errorf("%s: %d headers: %v", tag, len(p.header), p.header)
		}
	}
}

func TestHeaderOrderIsFixed(t *testing.T) {
	raw := toMIME(t, render(t, config(mail.Password), message("en", shortCode)))
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	var names []string
	for _, line := range strings.Split(head, "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && line[0] != ' ' {
			names = append(names, name)
		}
	}
	want := "From To Reply-To Subject Date Auto-Submitted X-Auto-Response-Suppress Content-Language MIME-Version " +
		"Content-Type"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("headers in the order %s, want %s", got, want)
	}
}

func TestSenderIsEncoded(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"", `"Example" <codes@example.com>`},
		{"Jane Doe", `"Jane Doe" <codes@example.com>`},
		{`Jane "JD" Doe`, `"Jane \"JD\" Doe" <codes@example.com>`},
		{`back\slash`, `"back\\slash" <codes@example.com>`},
		{"a, b <x@example.com>", `"a, b <x@example.com>" <codes@example.com>`},
		{"x@example.com", `"x@example.com" <codes@example.com>`},
		{"Zoë", `=?utf-8?q?Zo=C3=AB?= <codes@example.com>`},
		{"日本語", `=?utf-8?q?=E6=97=A5=E6=9C=AC=E8=AA=9E?= <codes@example.com>`},
	} {
		c := config(mail.Password)
		c.FromName = test.name
		out := render(t, c, message("en", shortCode))
		if out.From != test.want {
			t.Errorf("FromName %q gives %s, want %s", test.name, out.From, test.want)
		}
		list, err := netmail.ParseAddressList(out.From)
		name := cmp.Or(test.name, "Example")
		if err != nil || len(list) != 1 || list[0].Name != name || list[0].Address != "codes@example.com" {
			t.Errorf("FromName %q is read as %v, %v", test.name, list, err)
		}
	}
}

func TestLongNamesAreEncodedToo(t *testing.T) {
	c := config(mail.Password)
	c.FromName = strings.Repeat("漢", 64)
	out := render(t, c, message("en", shortCode))
	for word := range strings.FieldsSeq(out.From) {
		if len(word) > 75 {
			t.Errorf("an encoded word has %d bytes: %s", len(word), word)
		}
	}
	if list, err := netmail.ParseAddressList(out.From); err != nil || len(list) != 1 || list[0].Name != c.FromName {
		t.Errorf("the name comes out as %v, %v", list, err)
	}
}
