package mail_test

import (
	"cmp"
	"encoding/xml"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// shape is the elements and the names of their attributes in markup, and the targets of its links:
// what a value must never change.
func shape(t testing.TB, markup string) (all []string) {
	t.Helper()
	for _, token := range tokens(t, markup) {
		switch x := token.(type) {
		case xml.StartElement:
			s := "<" + x.Name.Local
			for _, a := range x.Attr {
				s += " " + a.Name.Local
				if a.Name.Local == "href" {
					s += "=" + a.Value[:min(len(a.Value), len("mailto:"))]
				}
			}
			all = append(all, s)
		case xml.Comment:
			all = append(all, "<!--")
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "<bdi" }) // depends on a name's script
}

// FuzzRender renders hostile names and attributes. Whatever they are, either the config is refused,
// or the mail has the structure that a harmless one has, one line in each header, and the names as
// text.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"Example", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</style><script>", "]]>", "<!-- -->",
		"&lt;b&gt;", "{{.Code}}", "{code}", "{product}",
		"a\r\nBcc: x@example.com", "a\nb", "a\u2028b", "\u202eevil", "\x00", "\xff", "=?utf-8?q?=0ABcc:_x?=",
		"javascript:alert(1)", "' onclick='x", "%0d%0aBcc:x", "שלום", "日本語",
	} {
		f.Add(s, s, s, s, "Europe/Berlin", "de", shortCode)
		f.Add("Example", "Example", "Example", "Example", s, s, s)
	}
	plain := render(f, config(mail.Password), message("en", shortCode))
	wanted := shape(f, plain.HTML)
	f.Fuzz(func(t *testing.T, product, sender, logo, footer, zoneinfo, wantedLocale, code string) {
		c := config(mail.Password)
		c.ProductName, c.FromName, c.LogoText, c.Footer = product, sender, logo, footer
		r, err := mail.New(c)
		if err != nil {
			return
		}
		out, err := r.Render(mail.Message{
			To: "jane@example.com", Code: code, ExpiresIn: 5 * time.Minute, RequestedAt: time.Unix(1795242600, 0),
			Zoneinfo: zoneinfo, Locale: wantedLocale,
		})
		if err != nil {
			return
		}
		got := shape(t, out.HTML)
		if len(code) == len(shortCode) && footer != "" && !slices.Equal(got, wanted) {
			t.Errorf("the structure of the HTML is another:\n%q\n%q", got, wanted)
		}
		if strings.ContainsAny(out.Subject+out.From, "\r\n") {
			t.Errorf("a header of two lines: %q, %q", out.Subject, out.From)
		}
		text := visible(t, out.HTML)
		for _, s := range []string{product, cmp.Or(logo, product), footer} {
			if !strings.Contains(text, s) || !strings.Contains(out.Text, s) {
				t.Errorf("%q doesn't appear as it is", s)
			}
		}
		if list, err := netmail.ParseAddressList(out.From); err != nil || len(list) != 1 ||
			list[0].Address != "codes@example.com" || list[0].Name != cmp.Or(sender, product) {
			t.Errorf("From %q is read as %v, %v", out.From, list, err)
		}
		p := parseMIME(t, toMIME(t, out))
		if len(p.header) != 10 {
			t.Errorf("%d headers: %v", len(p.header), p.header)
		}
		if got := decodeHeader(t, p.header.Get("Subject")); got != out.Subject {
			t.Errorf("the subject %q comes out as %q", out.Subject, got)
		}
	})
}

func TestSupportAddressIsEscapedInItsLink(t *testing.T) {
	c := config(mail.Password)
	c.SupportAddress = "a&b?subject=x#y%41'`@example.com"
	out := render(t, c, message("en", shortCode))
	for _, token := range tokens(t, out.HTML) {
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "a" {
			if got, want := attribute(e, "href"), "mailto:a&b%3Fsubject=x%23y%2541%27%60@example.com"; got != want {
				t.Errorf("the link goes to %s, want %s", got, want)
			}
		}
	}
	if !strings.Contains(visible(t, out.HTML), c.SupportAddress) {
		t.Error("the address isn't shown as it is")
	}
}

// A string of the importer's is text, and what a value brings in is not filled in again.
func TestStringsAreTextAndFilledOnce(t *testing.T) {
	c := config(mail.Password)
	c.ProductName = "{support} {code}"
	c.Languages = map[string]mail.Strings{"en": {Secret: "<b>{product}</b> & {{.Code}} {x"}}
	out := render(t, c, message("en", shortCode))
	want := "<b>{support} {code}</b> & {{.Code}} {x"
	if !strings.Contains(out.Text, want) || !strings.Contains(visible(t, out.HTML), want) {
		t.Errorf("%q isn't shown as it is:\n%s", want, out.Text)
	}
}
