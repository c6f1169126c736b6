package locale

// rareRuleOf holds the families of few speakers.
func rareRuleOf(base string) rule {
	switch base {
	case "ga":
		return rule{[]Plural{One, Two, Few, Many, Other}, irish}
	case "gd":
		return rule{[]Plural{One, Two, Few, Other}, gaelic}
	case "cy":
		return rule{[]Plural{Zero, One, Two, Few, Many, Other}, welsh}
	case "mt":
		return rule{[]Plural{One, Few, Many, Other}, maltese}
	case "br":
		return rule{[]Plural{One, Two, Few, Other}, breton}
	case "gv":
		return rule{[]Plural{One, Two, Few, Other}, manx}
	case "ksh", "lag":
		return rule{[]Plural{Zero, One, Other}, func(n int) Plural {
			if n == 0 {
				return Zero
			}
			return oneIsOne(n)
		}}
	case "shi":
		return rule{[]Plural{One, Few, Other}, func(n int) Plural {
			if n >= 2 && n <= 10 {
				return Few
			}
			return oneIsZeroOrOne(n)
		}}
	case "tzm":
		return rule{[]Plural{One, Other}, func(n int) Plural {
			if n >= 11 && n <= 99 {
				return One
			}
			return oneIsZeroOrOne(n)
		}}
	case "fil", "tl":
		return rule{[]Plural{One, Other}, filipino}
	case "iu", "kw", "naq", "se", "sma", "smi", "smj", "smn", "sms":
		return rule{[]Plural{One, Two, Other}, func(n int) Plural {
			if n == 2 {
				return Two
			}
			return oneIsOne(n)
		}}
	}
	return rule{[]Plural{One, Other}, oneIsOne}
}

func irish(n int) Plural {
	switch {
	case n == 1:
		return One
	case n == 2:
		return Two
	case n >= 3 && n <= 6:
		return Few
	case n >= 7 && n <= 10:
		return Many
	}
	return Other
}

func gaelic(n int) Plural {
	switch {
	case n == 1 || n == 11:
		return One
	case n == 2 || n == 12:
		return Two
	case n >= 3 && n <= 19:
		return Few
	}
	return Other
}

func welsh(n int) Plural {
	switch n {
	case 0:
		return Zero
	case 1:
		return One
	case 2:
		return Two
	case 3:
		return Few
	case 6:
		return Many
	}
	return Other
}

func maltese(n int) Plural {
	switch {
	case n == 1:
		return One
	case n == 0 || n%100 >= 2 && n%100 <= 10:
		return Few
	case n%100 >= 11 && n%100 <= 19:
		return Many
	}
	return Other
}

func filipino(n int) Plural {
	if n >= 1 && n <= 3 || n%10 != 4 && n%10 != 6 && n%10 != 9 {
		return One
	}
	return Other
}

func breton(n int) Plural {
	seventies := n%100 >= 70 && n%100 <= 79 || n%100 >= 90
	switch teens := n%100 >= 10 && n%100 <= 19; {
	case n%10 == 1 && !teens && !seventies:
		return One
	case n%10 == 2 && !teens && !seventies:
		return Two
	case (n%10 == 3 || n%10 == 4 || n%10 == 9) && !teens && !seventies:
		return Few
	}
	return Other
}

func manx(n int) Plural {
	switch {
	case n%10 == 1:
		return One
	case n%10 == 2:
		return Two
	case n%20 == 0:
		return Few
	}
	return Other
}
