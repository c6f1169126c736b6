// Package locale lists the languages of EmailOTP, matches a user's locale attribute to them, and
// has each language's rules for numbers of minutes and times of day.
//
// The mail and the sign-in page have catalogues of their own; both have the languages of [Shipped].
package locale

import (
	"fmt"
	"strings"

	"golang.org/x/text/language"
)

// Default is the language to fall back to: every text exists in it.
const Default = "en"

// maxLength is the longest locale, in bytes, that is read. RFC 5646, section 4.4.1, demands room
// for at least 35; Cognito allows 2,048 in a user's locale attribute.
const maxLength = 64

// Direction is the direction of a script, as HTML's dir attribute spells it.
type Direction string

const (
	// LTR is left to right.
	LTR Direction = "ltr"
	// RTL is right to left.
	RTL Direction = "rtl"
)

// Shipped returns the BCP 47 tags of the languages that EmailOTP has texts for, English first.
func Shipped() []string {
	return []string{Default, "de", "fr", "es", "pt-BR", "it", "nl", "pl", "tr", "ja", "zh-Hans", "ar"}
}

// DirectionOf returns the direction that text in the language tag is written in. It is [LTR] for a
// tag that isn't well-formed.
func DirectionOf(tag string) Direction {
	t, err := parse(tag)
	if err != nil {
		return LTR
	}
	script, _ := t.Script()
	switch script.String() {
	case "Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi":
		return RTL
	}
	return LTR
}

// Canonical returns tag as BCP 47 spells it ("PT_br" is "pt-BR"). It refuses a tag that isn't a
// language, and one with extensions, under which no catalogue exists.
func Canonical(tag string) (string, error) {
	t, err := parse(tag)
	if err != nil {
		return "", fmt.Errorf("%q is no language tag (%w); write one as BCP 47 does, like \"de\", \"pt-BR\" or "+
			"\"zh-Hant\"", clip(tag), err)
	}
	if len(t.Extensions()) > 0 {
		return "", fmt.Errorf("language tag %q carries an extension; leave out everything from the single letter on",
			clip(tag))
	}
	return t.String(), nil
}

// parse is language.Parse for input of any origin: short, one spelling, and never "und".
func parse(tag string) (language.Tag, error) {
	if len(tag) > maxLength {
		return language.Und, fmt.Errorf("longer than %d bytes", maxLength)
	}
	t, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"))
	if err != nil {
		return language.Und, err
	}
	if base, _, _ := t.Raw(); base.String() == "und" {
		return language.Und, fmt.Errorf("no language named")
	}
	return t, nil
}

// parseAttribute is parse for a user's locale attribute, which may also be spelled as POSIX and
// Java do: "zh_CN.UTF-8", "sr_RS@latin", "zh_CN_#Hans".
func parseAttribute(locale string) (language.Tag, error) {
	if len(locale) > maxLength {
		return parse(locale) // for its error
	}
	tag, modifier, _ := strings.Cut(locale, "@")
	tag, java, _ := strings.Cut(tag, "_#")
	tag, _, _ = strings.Cut(tag, ".")
	t, err := parse(strings.TrimRight(tag, "_"))
	if err != nil {
		return t, err
	}
	name, ok := posixScripts[strings.ToLower(modifier)]
	if !ok {
		name, _, _ = strings.Cut(java, "_")
	}
	if script, err := language.ParseScript(name); err == nil {
		base, _, region := t.Raw()
		return language.Compose(base, script, region)
	}
	return t, nil
}

// posixScripts are the modifiers of POSIX that name a script.
var posixScripts = map[string]string{"latin": "Latn", "cyrillic": "Cyrl", "devanagari": "Deva"}

// clip keeps hostile input from flooding an error.
func clip(s string) string {
	if len(s) <= maxLength {
		return s
	}
	return strings.ToValidUTF8(s[:maxLength], "") + "…"
}

// A Matcher finds the best of a set of languages for a person. It is safe for concurrent use.
type Matcher struct {
	tags    []string
	matcher language.Matcher
}

// NewMatcher returns a matcher over tags, of which the first is the one to fall back to. It fails
// if there is none or if one isn't well-formed.
func NewMatcher(tags ...string) (*Matcher, error) {
	if len(tags) == 0 {
		return nil, fmt.Errorf("no languages to choose from")
	}
	parsed := make([]language.Tag, len(tags))
	for i, tag := range tags {
		t, err := parse(tag)
		if err != nil {
			return nil, fmt.Errorf("%q is no language tag: %w", clip(tag), err)
		}
		parsed[i] = t
	}
	return &Matcher{tags: append([]string(nil), tags...), matcher: language.NewMatcher(parsed)}, nil
}

// Match returns the tag, spelled as in the call of [NewMatcher], that fits the locale best ("de"
// for "de_AT"). It returns the first tag for a locale that is empty, malformed, too long or far
// from all tags: users write the attribute themselves.
func (m *Matcher) Match(wanted string) string {
	t, err := parseAttribute(wanted)
	if err != nil {
		return m.tags[0]
	}
	_, i, confidence := m.matcher.Match(t)
	if confidence == language.No {
		return m.tags[0]
	}
	return m.tags[i]
}
