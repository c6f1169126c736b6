package locale_test

import (
	"slices"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// The table is written by hand, because x/text's own would weigh down the Lambda; here it has to agree
// with it, for every language that x/text has a rule for.
func TestPluralsAgreeWithCLDR(t *testing.T) {
	checked := 0
	for _, tag := range everyTag() {
		parsed, err := language.Parse(tag)
		if err != nil {
			continue
		}
		// Since CLDR 32, which x/text has, Hebrew lost its category for tens and Macedonian's 11 is no "one".
		if base, _ := parsed.Base(); base.String() == "he" || base.String() == "mk" {
			continue
		}
		if alwaysOther(parsed) && locale.PluralOf(tag, 1) != locale.Other {
			continue // no data, which x/text doesn't tell from a language without plurals
		}
		checked++
		for n := range 400 {
			got, want := locale.PluralOf(tag, n), category(parsed, n)
			if got != want || !slices.Contains(locale.Plurals(tag), got) {
				t.Errorf("%s: %d is %q of %q, CLDR says %q", tag, n, got, locale.Plurals(tag), want)
				break
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d languages compared", checked)
	}
}

func everyTag() []string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	tags := []string{"pt-PT", "pt-BR", "zh-Hans", "zh-Hant", "fr-CA", "es-MX"}
	for _, a := range letters {
		for _, b := range letters {
			tags = append(tags, string([]rune{a, b}))
			for _, c := range letters {
				tags = append(tags, string([]rune{a, b, c}))
			}
		}
	}
	return tags
}

func category(tag language.Tag, n int) locale.Plural {
	switch plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) {
	case plural.Zero:
		return locale.Zero
	case plural.One:
		return locale.One
	case plural.Two:
		return locale.Two
	case plural.Few:
		return locale.Few
	case plural.Many:
		return locale.Many
	}
	return locale.Other
}

func alwaysOther(tag language.Tag) bool {
	for n := range 30 {
		if category(tag, n) != locale.Other {
			return false
		}
	}
	return true
}

func TestPluralsOfMinutes(t *testing.T) {
	for _, test := range []struct {
		tag  string
		n    int
		want locale.Plural
	}{
		{"en", 0, locale.Other}, {"en", 1, locale.One}, {"en", 5, locale.Other},
		{"fr", 0, locale.One}, {"fr", 1, locale.One}, {"fr", 2, locale.Other},
		{"pl", 1, locale.One}, {"pl", 2, locale.Few}, {"pl", 5, locale.Many}, {"pl", 12, locale.Many}, {"pl", 22, locale.Few},
		{"ar", 0, locale.Zero}, {"ar", 1, locale.One}, {"ar", 2, locale.Two}, {"ar", 3, locale.Few}, {"ar", 8, locale.Few}, {"ar", 11, locale.Many}, {"ar", 100, locale.Other},
		{"ja", 1, locale.Other}, {"zh-Hans", 1, locale.Other}, {"tr", 1, locale.One}, {"tr", 2, locale.Other},
		{"he", 2, locale.Two}, {"he", 20, locale.Other},
		{"no such thing", 1, locale.One}, {"", 2, locale.Other},
	} {
		if got := locale.PluralOf(test.tag, test.n); got != test.want {
			t.Errorf("PluralOf(%q, %d) = %q, want %q", test.tag, test.n, got, test.want)
		}
	}
}

func TestEveryCategoryOfALanguageIsReached(t *testing.T) {
	for _, tag := range append(locale.Shipped(), "ru", "cs", "sl", "lt", "lv", "ro", "he", "ga", "gd", "cy", "mt", "mk", "fil") {
		var seen []locale.Plural
		for n := range 1000 {
			if p := locale.PluralOf(tag, n); !slices.Contains(seen, p) {
				seen = append(seen, p)
			}
		}
		for _, p := range locale.Plurals(tag) {
			if !slices.Contains(seen, p) {
				t.Errorf("%s: no number is %q", tag, p)
			}
		}
	}
}
