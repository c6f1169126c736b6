package mail

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// HTMLData returns the values for the template of the HTML. T marks a string as HTML.
func HTMLData[T ~string](r *Renderer, f Facts) (*Data[T], error) {
	s, err := r.words(f.Language)
	if err != nil {
		return nil, err
	}
	chosen, err := r.choose(s, f)
	if err != nil {
		return nil, err
	}
	phrases := convert(chosen, func(phrase string) T { return T(r.fillHTML(phrase, f)) })
	// A title has no elements, so its values are held apart as in plain text.
	phrases.Subject = T(escape(r.fillPlain(chosen.Subject, f)))
	return data(&r.config, r.accentDark, f, T(groupedHTML(groups(f.Code))), phrases), nil
}

// html renders the HTML. The layout's values are escaped here, as html/template would where they
// stand.
func (r *Renderer) html(f Facts) (string, error) {
	d, err := HTMLData[string](r, f)
	if err != nil {
		return "", err
	}
	return r.layoutHTML(d), nil
}

// layoutHTML renders the layout with d, whose phrases are HTML already.
func (r *Renderer) layoutHTML(d *Data[string]) string {
	d.LogoText, d.LogoURL, d.Footer = escapeValue(d.LogoText), escape(d.LogoURL), escapeValue(d.Footer)
	d.Text.Subject = escapeTitle(d.Text.Subject)
	return r.layouts.html.render(values(d), 10<<10)
}

// fillHTML escapes phrase and fills in its values as HTML. The result is safe to insert as content.
func (r *Renderer) fillHTML(phrase string, f Facts) string {
	return fill(phrase, escape, func(name string) (string, bool) {
		switch name {
		case "product":
			return bdi(r.config.ProductName, f.Dir), true
		case "support":
			return mailto(r.config.SupportAddress, r.config.AccentColor), true
		case "code":
			return bdiLTR(Group(f.Code)), true
		case "fallback":
			return groupedHTML(groups(f.Fallback)), true
		case "time":
			return bdi(f.Time, f.Dir), true
		case "zone":
			return bdiLTR(f.Zone), true
		case "minutes":
			return strconv.Itoa(f.Minutes), true
		}
		return "", false
	})
}

// escape escapes s for HTML, as content and in quoted attributes.
func escape(s string) string {
	i := strings.IndexAny(s, `&<>"'`)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 32)
	for ; i >= 0; i = strings.IndexAny(s, `&<>"'`) {
		b.WriteString(s[:i])
		b.WriteString(entity(s[i]))
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}

func entity(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&#34;"
	}
	return "&#39;"
}

// escapeValue is escape as html/template has it, which counts a plus sign in: UTF-7 began with it.
func escapeValue(s string) string { return strings.ReplaceAll(escape(s), "+", "&#43;") }

// escapeTitle turns HTML into the content of a title, which has no elements: tags in it would be
// shown.
func escapeTitle(markup string) string {
	if !strings.ContainsAny(markup, `<>"'+`) {
		return markup
	}
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;").Replace(markup)
}

// bdi is [isolated] in HTML, escaped.
func bdi(s string, dir locale.Direction) string {
	if dir == locale.LTR && !rightToLeft(s) {
		return escape(s)
	}
	return "<bdi>" + escape(s) + "</bdi>"
}

func bdiLTR(s string) string { return `<bdi dir="ltr">` + escape(s) + "</bdi>" }

// mailto links address. Its style is inline for mail programs that drop style sheets; the class is
// what the layout's dark mode goes by.
func mailto(address, color string) string {
	return `<a class="accent" href="mailto:` + escape(url.PathEscape(address)) + `" style="color:` + color + `">` +
		bdiLTR(address) + "</a>"
}

// longGroups is the most groups that a short code has: "123 456 7890".
const longGroups = 3

// groupedHTML sets the groups of a code apart by letter-spacing after each group's last digit and
// not by spaces: selecting and copying then gives the digits alone, which fit a field of that
// length. The space is in whole pixels, because Outlook drops fractions of a letter. The groups of
// a long code stand on one line, which the layout's letters are small enough for.
func groupedHTML(groups []string) string {
	var b strings.Builder
	space, end := "18px", "</span><wbr>"
	if len(groups) > longGroups {
		space, end = "10px", "</span>"
	}
	b.WriteString(`<bdi dir="ltr">`)
	for i, g := range groups {
		if i == len(groups)-1 {
			b.WriteString(g)
			break
		}
		b.WriteString(g[:len(g)-1] + `<span style="letter-spacing:` + space + `">` + g[len(g)-1:] + end)
	}
	b.WriteString(`</bdi>`)
	return b.String()
}
