package check

import (
	"strconv"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Text that is this large, in CSS pixels, may have less contrast (WCAG 2.2, success criterion
// 1.4.3: 18 points, or 14 points in bold).
const (
	largeText     = 24
	largeBoldText = 18.66
	largeContrast = 3
)

// look is what decides how well text can be read.
type look struct {
	color, background string
	size              float64
	bold              bool
}

// contrast computes the contrast of each piece of text from the colours of the HTML, as a mail
// program shows it by day and in dark mode.
func (f *findings) contrast(p *page) {
	f.contrastIn("light mode", p, nil, look{color: "#000000", background: "#ffffff", size: 16})
	if p.dark != nil {
		f.contrastIn("dark mode", p, p.dark, look{color: "#ffffff", background: "#000000", size: 16})
	}
}

func (f *findings) contrastIn(mode string, p *page, classes map[string]map[string]string, initial look) {
	for _, r := range p.runs {
		l := lookOf(r.in, classes, initial)
		ratio, err := mail.Contrast(l.color, l.background)
		if err != nil {
			f.add(Warning, "contrast", "%s: %v; only such colours can be checked", mode, err)
			continue
		}
		needed := mail.MinContrast
		if l.size >= largeText || l.bold && l.size >= largeBoldText {
			needed = largeContrast
		}
		if ratio < needed {
			f.add(Error, "contrast", "%s: %q is %s on %s, a contrast of %.2f; WCAG AA asks for %.1f",
				mode, clip(strings.TrimSpace(r.text)), l.color, l.background, float64(int(ratio*100))/100, needed)
		}
	}
}

func clip(s string) string {
	r := []rune(s)
	if len(r) <= 30 {
		return s
	}
	return string(r[:30]) + "…"
}

// lookOf works out how e looks, from the root down.
func lookOf(e *element, classes map[string]map[string]string, initial look) look {
	if e == nil {
		return initial
	}
	l := lookOf(e.parent, classes, initial)
	switch e.name {
	case "b", "strong", "h1", "h2", "h3", "th":
		l.bold = true
	}
	if background := e.attributes["bgcolor"]; background != "" {
		l.background = background
	}
	l.apply(declarations(e.attributes["style"]))
	for class := range strings.FieldsSeq(e.attributes["class"]) {
		l.apply(classes[class])
	}
	return l
}

func (l *look) apply(declared map[string]string) {
	if v := declared["color"]; v != "" {
		l.color = v
	}
	for _, property := range []string{"background", "background-color"} {
		if v := declared[property]; v != "" && v != "transparent" && v != "none" {
			l.background = v
		}
	}
	if v, ok := strings.CutSuffix(declared["font-size"], "px"); ok {
		if size, err := strconv.ParseFloat(v, 64); err == nil {
			l.size = size
		}
	}
	switch v := declared["font-weight"]; v {
	case "":
	case "bold", "bolder", "700", "800", "900":
		l.bold = true
	default:
		l.bold = false
	}
}

// declarations reads "property: value; …". A value's !important is dropped.
func declarations(style string) map[string]string {
	declared := map[string]string{}
	for d := range strings.SplitSeq(style, ";") {
		property, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		declared[strings.ToLower(strings.TrimSpace(property))] = strings.ToLower(value)
	}
	return declared
}

// styles reads the rules for dark mode out of a style sheet, as far as they go by one class.
func (p *page) styles(sheet string) {
	_, rest, ok := strings.Cut(strings.ReplaceAll(sheet, " ", ""), "(prefers-color-scheme:dark){")
	if !ok {
		return
	}
	if p.dark == nil {
		p.dark = map[string]map[string]string{}
	}
	for {
		selectors, after, ok := strings.Cut(rest, "{")
		body, next, closed := strings.Cut(after, "}")
		if !ok || !closed || strings.Contains(selectors, "}") {
			return
		}
		for selector := range strings.SplitSeq(selectors, ",") {
			class, isClass := strings.CutPrefix(strings.TrimSpace(selector), ".")
			if !isClass {
				continue
			}
			if p.dark[class] == nil {
				p.dark[class] = map[string]string{}
			}
			for property, value := range declarations(body) {
				p.dark[class][property] = value
			}
		}
		rest = next
	}
}
