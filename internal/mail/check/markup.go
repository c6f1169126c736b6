package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// fewWords is the length of text, in characters, below which a mail with pictures counts as made of
// pictures.
const fewWords = 80

// markup checks the HTML.
func (f *findings) markup(m mail.Mail) {
	page, err := read(m.HTML)
	if err != nil {
		f.add(Error, "html", "the HTML can't be read: %v", err)
		return
	}
	f.elements(page)
	f.links(page)
	f.language(page)
	f.contrast(page)
	if page.dark == nil {
		f.add(Warning, "dark-mode", "the HTML has no rules for dark mode (@media (prefers-color-scheme: dark)); mail "+
			"programs will invent their own colours")
	}
	if missing := missingWords(m.Text, page.text()); len(missing) > 0 {
		f.add(Warning, "alternatives", "the plain text says what the HTML doesn't (%s); both should say the same",
			strings.Join(missing, ", "))
	}
	if missing := missingWords(page.text(), m.Text); len(missing) > 0 {
		f.add(Warning, "alternatives", "the HTML says what the plain text doesn't (%s); both should say the same",
			strings.Join(missing, ", "))
	}
}

// elements finds what mail programs remove or block.
func (f *findings) elements(p *page) {
	pictures := 0
	for _, e := range p.elements {
		switch e.name {
		case "script", "iframe", "object", "embed", "form", "input", "button", "video", "audio":
			f.add(Error, "elements", "the HTML has <%s>, which mail programs remove and filters hold against a mail", e.name)
		case "link":
			f.add(Warning, "remote", "the HTML loads a style sheet (<link>), which mail programs don't; put the styles inline")
		case "img":
			pictures++
			if _, ok := e.attributes["alt"]; !ok {
				f.add(Warning, "pictures", "a picture has no alt text; give it one, empty if it only decorates")
			}
			if source := e.attributes["src"]; !strings.HasPrefix(source, "data:") && !strings.HasPrefix(source, "cid:") {
				f.add(Warning, "remote", "the HTML loads a picture from elsewhere, which is hidden by many mail programs "+
					"and shows its host who reads the mail")
			}
		}
		for name := range e.attributes {
			if strings.HasPrefix(name, "on") {
				f.add(Error, "elements", "the HTML has the script attribute %s, which mail programs remove", name)
			}
		}
		if strings.Contains(strings.ReplaceAll(e.attributes["style"], " ", ""), "url(") {
			f.add(Warning, "remote", "a style loads something from elsewhere (url(…)); leave it out")
		}
	}
	if pictures > 0 && len([]rune(strings.TrimSpace(p.text()))) < fewWords {
		f.add(Error, "pictures", "the mail consists of pictures; filters count that as spam, and with pictures hidden "+
			"it is empty")
	}
}

// links finds links that make a mail look like phishing.
func (f *findings) links(p *page) {
	count := 0
	for _, e := range p.elements {
		target := strings.TrimSpace(e.attributes["href"])
		if e.name != "a" || target == "" {
			continue
		}
		count++
		u, err := url.Parse(target)
		switch {
		case err != nil:
			f.add(Error, "links", "a link's target isn't a URL: %q", target)
		case u.Scheme == "http":
			f.add(Warning, "links", "a link goes to http://%s; use https", u.Host)
		case u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel":
			f.add(Error, "links", "a link's target is %q; use https or mailto", target)
		}
		if shown, ok := shownHost(e.content()); ok && err == nil && u.Scheme != "mailto" && !strings.EqualFold(shown,
			u.Hostname()) {
			f.add(Error, "links", "a link shows %s and goes to %s, as phishing does", shown, u.Hostname())
		}
	}
	if count >= manyLinks {
		f.add(Warning, "links", "the HTML has %d links; a mail with a code needs none, and people who are used to "+
			"links in it fall for phishing", count)
	}
}

// shownHost returns the host that a link's text looks like.
func shownHost(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, " @") || !strings.Contains(text, ".") {
		return "", false
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	return u.Hostname(), u.Hostname() != ""
}

func (f *findings) language(p *page) {
	if !slices.ContainsFunc(p.elements, func(e *element) bool { return e.attributes["lang"] != "" }) {
		f.add(Warning, "language", "the HTML has no lang attribute; screen readers will read it in the wrong voice")
	}
	for _, e := range p.elements {
		if e.name == "table" && e.attributes["role"] != "presentation" && e.attributes["role"] != "none" {
			f.add(Warning, "tables", `a table lacks role="presentation"; screen readers will count its cells aloud`)
			return
		}
	}
}
