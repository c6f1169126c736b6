package locale

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// A Plural is a CLDR plural category.
type Plural string

// The categories of CLDR, in CLDR's order. A language uses [Other] and some of the rest.
const (
	Zero  Plural = "zero"
	One   Plural = "one"
	Two   Plural = "two"
	Few   Plural = "few"
	Many  Plural = "many"
	Other Plural = "other"
)

// PluralOf returns the category of a whole number n, 0 or more, in the language tag: the one whose
// wording goes with n ("1 minuta", "2 minuty", "5 minut"). A malformed tag has English's two
// categories, and a language without a rule in CLDR has [Other] alone.
func PluralOf(tag string, n int) Plural { return pluralOf(tagOrEnglish(tag), n) }

// pluralNumbers are enough to meet every category of every language.
const pluralNumbers = 200

// Plurals returns the categories that whole numbers can fall in, in the language tag, in CLDR's
// order.
func Plurals(tag string) (categories []Plural) {
	t := tagOrEnglish(tag)
	reached := map[Plural]bool{}
	for n := range pluralNumbers {
		reached[pluralOf(t, n)] = true
	}
	for _, p := range []Plural{Zero, One, Two, Few, Many, Other} {
		if reached[p] {
			categories = append(categories, p)
		}
	}
	return categories
}

func tagOrEnglish(tag string) language.Tag {
	t, err := parse(tag)
	if err != nil {
		return language.English
	}
	return t
}

func pluralOf(t language.Tag, n int) Plural {
	switch plural.Cardinal.MatchPlural(t, n, 0, 0, 0, 0) {
	case plural.Zero:
		return Zero
	case plural.One:
		return One
	case plural.Two:
		return Two
	case plural.Few:
		return Few
	case plural.Many:
		return Many
	}
	return Other
}
