package mail

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// The longest texts, in characters. A display name must leave room for the address in a line of the
// header.
const (
	maxName       = 64
	maxFooter     = 500
	maxFeedbackID = 64
	maxString     = 1000
)

// WithDefaults fills in what c leaves to a default, and writes tags and the domain in one way.
func (c Config) WithDefaults() Config {
	c.FromName = cmp.Or(c.FromName, c.ProductName)
	c.LogoText = cmp.Or(c.LogoText, c.ProductName)
	c.AccentColor = cmp.Or(c.AccentColor, DefaultAccentColor)
	c.DefaultLocale = cmp.Or(c.DefaultLocale, locale.Default)
	if tag, err := locale.Canonical(c.DefaultLocale); err == nil {
		c.DefaultLocale = tag
	}
	if host, err := host(c.Origin); err == nil {
		c.Origin = host
	}
	languages := make(map[string]Strings, len(c.Languages))
	for tag, s := range c.Languages {
		if canonical, err := locale.Canonical(tag); err == nil {
			languages[canonical] = s
		}
	}
	c.Languages = languages
	return c
}

// Validate returns everything that is wrong with c that shows without rendering, each error with
// the field, the value given, what is allowed and what to do.
func (c Config) Validate() error {
	var errs []error
	add := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %w", field, err))
		}
	}
	add("From", addressProblem(c.From, true))
	add("ReplyTo", addressProblem(c.ReplyTo, false))
	add("SupportAddress", addressProblem(c.SupportAddress, false))
	add("FromName", lineProblem(c.FromName, maxName, false))
	add("ProductName", lineProblem(c.ProductName, maxName, true))
	add("LogoText", lineProblem(c.LogoText, maxName, false))
	add("LogoURL", logoProblem(c.LogoURL))
	add("Footer", lineProblem(c.Footer, maxFooter, false))
	add("AccentColor", colorProblem(c.AccentColor))
	add("FeedbackID", feedbackProblem(c.FeedbackID))
	if c.Mode != Password && c.Mode != Passwordless {
		errs = append(errs, fmt.Errorf("Mode must be %q or %q (received: %q)", Password, Passwordless, c.Mode))
	}
	if _, err := host(c.Origin); err != nil {
		add("Origin", err)
	}
	errs = append(errs, c.languageProblems()...)
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// logoProblem checks a picture's URL, which stands in a quoted attribute.
func logoProblem(s string) error {
	u, err := url.Parse(s)
	if s == "" || err == nil && len(s) <= 2000 && u.Scheme == "https" && u.Host != "" && u.User == nil &&
		s == u.String() && !strings.ContainsAny(s, `"'<>+`) {
		return nil
	}
	return fmt.Errorf("must be an https URL of at most 2,000 characters, such as https://www.example.com/logo.png "+
		"(received: %q)", s)
}

func addressProblem(address string, required bool) error {
	if address == "" && !required {
		return nil
	}
	if err := ValidateAddress(address); err != nil {
		return fmt.Errorf("%w (received: %q)", err, address)
	}
	return nil
}

// lineProblem checks a text of the importer's: one line without what would break a header, or turn
// around the text that follows.
func lineProblem(s string, longest int, required bool) error {
	switch n := utf8.RuneCountInString(s); {
	case s == "" && required:
		return fmt.Errorf("must have 1 to %d characters (received: %q)", longest, s)
	case !utf8.ValidString(s):
		return fmt.Errorf("must be valid UTF-8 (received: %q)", s)
	case n > longest:
		return fmt.Errorf("must have at most %d characters (received: %d)", longest, n)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("must not begin or end with a space (received: %q)", s)
	case strings.Contains(s, "=?"):
		return fmt.Errorf("must not have \"=?\", which begins an encoded word in a header (received: %q)", s)
	}
	if i := strings.IndexFunc(s, Unprintable); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return fmt.Errorf("must be one line without control characters: it has %U at byte %d (received: %q)", r, i, s)
	}
	return nil
}

// Unprintable reports line breaks, other control characters, and the marks that change the
// direction of text after them.
func Unprintable(r rune) bool {
	return unicode.IsControl(r) || r >= '\u2028' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == utf8.RuneError
}

func colorProblem(color string) error {
	if color == "" {
		return nil
	}
	c, err := parseColor(color)
	if err != nil {
		return err
	}
	white, _ := parseColor(background)
	if ratio := contrast(c, white); ratio < MinContrast {
		return fmt.Errorf("%q has a contrast of %.2f on the mail's background %s; WCAG AA asks for %.1f, so take a "+
			"darker one",
			color, floorHundredths(ratio), background, MinContrast)
	}
	return nil
}

// floorHundredths keeps a ratio that just fails from being printed as one that passes.
func floorHundredths(ratio float64) float64 { return float64(int(ratio*100)) / 100 }

func feedbackProblem(id string) error {
	if len(id) > maxFeedbackID {
		return fmt.Errorf("must have at most %d characters (received: %d)", maxFeedbackID, len(id))
	}
	for i := range len(id) {
		if c := id[i]; !alphanumeric(c) && c != '-' && c != '_' {
			return fmt.Errorf(`must consist of ASCII letters, digits, "-" and "_" (received: %q)`, id)
		}
	}
	return nil
}

// host returns the host of origin, which is a host or an https origin; empty for an empty one.
func host(origin string) (string, error) {
	if origin == "" {
		return "", nil
	}
	name := origin
	if strings.Contains(origin, "://") {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || strings.Trim(u.Path, "/") != "" ||
			u.RawQuery != "" || u.Fragment != "" {
			return "", fmt.Errorf("must be a host like id.example.com, or https:// and a host (received: %q)", origin)
		}
		name = u.Host
	}
	if err := validateDomain(name); err != nil {
		return "", fmt.Errorf("%w; write a host like id.example.com, or https:// and a host (received: %q)", err, origin)
	}
	return strings.ToLower(name), nil
}

// languageProblems checks Languages and DefaultLocale.
func (c Config) languageProblems() (errs []error) {
	seen := map[string]string{}
	for _, tag := range slices.Sorted(maps.Keys(c.Languages)) {
		canonical, err := locale.Canonical(tag)
		if err != nil {
			errs = append(errs, fmt.Errorf("Languages: %w", err))
			continue
		}
		if other, ok := seen[canonical]; ok {
			errs = append(errs, fmt.Errorf("Languages: %q and %q are the same language; keep one", other, tag))
		}
		seen[canonical] = tag
		for _, err := range c.Languages[tag].problems(canonical) {
			errs = append(errs, fmt.Errorf("Languages[%q].%w", tag, err))
		}
	}
	if c.DefaultLocale == "" {
		return errs
	}
	tag, err := locale.Canonical(c.DefaultLocale)
	if err != nil {
		return append(errs, fmt.Errorf("DefaultLocale: %w", err))
	}
	if _, ok := seen[tag]; !ok && !slices.Contains(locale.Shipped(), tag) {
		known := append(locale.Shipped(), slices.Sorted(maps.Keys(seen))...)
		slices.Sort(known)
		errs = append(errs, fmt.Errorf("DefaultLocale must be one of %s, or a language that Languages adds (received: %q)",
			strings.Join(slices.Compact(known), ", "), c.DefaultLocale))
	}
	return errs
}

// problems returns what is wrong with the strings of the language tag.
func (s Strings) problems(tag string) (errs []error) {
	check := func(key, value string, values []string) {
		if err := lineProblem(value, maxString, false); err != nil {
			errs = append(errs, fmt.Errorf("%s %w", key, err))
		} else if err := checkPlaceholders(value, values); err != nil {
			errs = append(errs, fmt.Errorf("%s %w", key, err))
		}
	}
	for _, t := range texts() {
		check(t.key, *t.of(&s), t.values)
	}
	for _, category := range slices.Sorted(maps.Keys(s.Expires)) {
		check("expires."+category, s.Expires[category], []string{"minutes"})
	}
	errs = append(errs, s.pluralProblems(tag)...)
	errs = append(errs, s.Cognito.problems()...)
	if s.SubjectWithCode != "" && !strings.Contains(s.SubjectWithCode, "{code}") {
		errs = append(errs, errors.New("subjectWithCode lacks {code}"))
	}
	return errs
}

// pluralProblems checks that Expires has the plurals of the language tag.
func (s Strings) pluralProblems(tag string) (errs []error) {
	if len(s.Expires) == 0 {
		return nil
	}
	plurals := locale.Plurals(tag)
	for _, category := range slices.Sorted(maps.Keys(s.Expires)) {
		if p := locale.Plural(category); !slices.Contains(plurals, p) && p != locale.Other {
			errs = append(errs, fmt.Errorf("expires has the plural %q, which %s doesn't have; it has %s",
				category, tag, strings.Trim(fmt.Sprint(plurals), "[]")))
		}
	}
	if _, ok := s.Expires[string(locale.Other)]; ok {
		return errs
	}
	for _, category := range plurals {
		if _, ok := s.Expires[string(category)]; !ok {
			errs = append(errs, fmt.Errorf("expires lacks the plural %q; give it, or %q for all that are left out",
				category, locale.Other))
		}
	}
	return errs
}
