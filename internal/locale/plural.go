package locale

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

// A rule gives the category of a whole number.
type rule struct {
	categories []Plural
	of         func(n int) Plural
}

// PluralOf returns the category of a whole number n, 0 or more, in the language tag: the one whose
// wording goes with n ("1 minuta", "2 minuty", "5 minut"). A language that the table doesn't know, and a
// malformed tag, have English's two.
func PluralOf(tag string, n int) Plural { return ruleOf(tag).of(n) }

// Plurals returns the categories that whole numbers can fall in, in the language tag, in CLDR's order.
func Plurals(tag string) []Plural { return append([]Plural(nil), ruleOf(tag).categories...) }

func ruleOf(tag string) rule {
	base, region := subtags(tag)
	switch base {
	case "ja", "zh", "ko", "vi", "th", "id", "ms", "lo", "my", "km", "yue", "bo", "dz", "ig", "ii", "jv", "kde", "kea",
		"lkt", "nqo", "sah", "ses", "sg", "to", "wo", "yo":
		return rule{[]Plural{Other}, func(int) Plural { return Other }}
	case "pt":
		if region == "PT" {
			return rule{[]Plural{One, Other}, oneIsOne}
		}
		return rule{[]Plural{One, Other}, oneIsZeroOrOne}
	case "fr", "hy", "kab", "ff", "am", "as", "bn", "fa", "gu", "hi", "kn", "mr", "zu", "ak", "bh", "guw", "ln", "mg", "nso",
		"pa", "ti", "wa", "si":
		return rule{[]Plural{One, Other}, oneIsZeroOrOne}
	case "pl":
		return rule{[]Plural{One, Few, Many}, polish}
	case "ru", "uk", "be":
		return rule{[]Plural{One, Few, Many}, eastSlavic}
	case "hr", "sr", "bs", "sh":
		return rule{[]Plural{One, Few, Other}, southSlavic}
	case "cs", "sk":
		return rule{[]Plural{One, Few, Other}, czech}
	case "sl", "dsb", "hsb":
		return rule{[]Plural{One, Two, Few, Other}, slovenian}
	case "lt":
		return rule{[]Plural{One, Few, Other}, lithuanian}
	case "lv", "prg":
		return rule{[]Plural{Zero, One, Other}, latvian}
	case "ro", "mo":
		return rule{[]Plural{One, Few, Other}, romanian}
	case "ar", "ars":
		return rule{[]Plural{Zero, One, Two, Few, Many, Other}, arabic}
	case "he":
		return rule{[]Plural{One, Two, Other}, hebrew}
	case "is", "mk":
		return rule{[]Plural{One, Other}, oneEndsInOne}
	}
	return rareRuleOf(base)
}

func oneIsOne(n int) Plural {
	if n == 1 {
		return One
	}
	return Other
}

func oneIsZeroOrOne(n int) Plural {
	if n <= 1 {
		return One
	}
	return Other
}

// oneEndsInOne is the rule of Icelandic and Macedonian: 21 minutes are "one", 11 are not.
func oneEndsInOne(n int) Plural {
	if n%10 == 1 && n%100 != 11 {
		return One
	}
	return Other
}

func fewOf(n int) bool { return n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14) }

func polish(n int) Plural {
	switch {
	case n == 1:
		return One
	case fewOf(n):
		return Few
	}
	return Many
}

func eastSlavic(n int) Plural {
	switch {
	case n%10 == 1 && n%100 != 11:
		return One
	case fewOf(n):
		return Few
	}
	return Many
}

func southSlavic(n int) Plural {
	if p := eastSlavic(n); p != Many {
		return p
	}
	return Other
}

func czech(n int) Plural {
	switch {
	case n == 1:
		return One
	case n >= 2 && n <= 4:
		return Few
	}
	return Other
}

func slovenian(n int) Plural {
	switch n % 100 {
	case 1:
		return One
	case 2:
		return Two
	case 3, 4:
		return Few
	}
	return Other
}

func lithuanian(n int) Plural {
	switch teens := n%100 >= 11 && n%100 <= 19; {
	case n%10 == 1 && !teens:
		return One
	case n%10 >= 2 && !teens:
		return Few
	}
	return Other
}

func latvian(n int) Plural {
	switch {
	case n%10 == 0 || n%100 >= 11 && n%100 <= 19:
		return Zero
	case n%10 == 1:
		return One
	}
	return Other
}

func romanian(n int) Plural {
	switch {
	case n == 1:
		return One
	case n == 0 || n%100 >= 1 && n%100 <= 19:
		return Few
	}
	return Other
}

func arabic(n int) Plural {
	switch {
	case n == 0:
		return Zero
	case n == 1:
		return One
	case n == 2:
		return Two
	case n%100 >= 3 && n%100 <= 10:
		return Few
	case n%100 >= 11:
		return Many
	}
	return Other
}

func hebrew(n int) Plural {
	switch n {
	case 1:
		return One
	case 2:
		return Two
	}
	return Other
}
