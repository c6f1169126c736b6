package mail_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// visible returns the text of markup that a person sees, read by a parser that isn't the package's.
func visible(t testing.TB, markup string) string {
	t.Helper()
	var b strings.Builder
	hidden := 0 // depth inside something that isn't shown
	for _, token := range tokens(t, markup) {
		switch x := token.(type) {
		case xml.StartElement:
			if hidden > 0 || x.Name.Local == "head" || strings.Contains(attribute(x, "style"), "display:none") {
				hidden++
			}
		case xml.EndElement:
			if hidden > 0 {
				hidden--
			}
		case xml.CharData:
			if hidden == 0 {
				b.Write(x)
			}
		}
	}
	return b.String()
}

func tokens(t testing.TB, markup string) (all []xml.Token) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(markup))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.AutoClose = append([]string{"wbr"}, xml.HTMLAutoClose...)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the HTML isn't well-formed: %v\n%s", err, markup)
		}
		all = append(all, xml.CopyToken(token))
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
