package iam

import "strings"

// holds evaluates a condition. known is false for an operator that isn't understood here: numbers,
// dates, addresses and bytes are not.
func (c Condition) holds(context map[string][]string) (holds, known bool) {
	operator := c.Operator
	all := strings.HasPrefix(operator, "ForAllValues:")
	some := strings.HasPrefix(operator, "ForAnyValue:")
	operator = strings.TrimPrefix(strings.TrimPrefix(operator, "ForAllValues:"), "ForAnyValue:")
	actual, present := context[strings.ToLower(c.Key)]

	if operator == "Null" {
		absent := len(c.Values) == 1 && strings.EqualFold(c.Values[0], "true")
		return absent == !present, true
	}
	ifExists := strings.HasSuffix(operator, "IfExists")
	operator = strings.TrimSuffix(operator, "IfExists")
	compare, negated, ok := comparison(operator)
	if !ok {
		return false, false
	}
	if !present {
		// An absent key satisfies the negated operators, ForAllValues and IfExists.
		return ifExists || all || negated && !some, true
	}
	matches := func(value string) bool {
		found := false
		for _, want := range c.Values {
			found = found || compare(want, value)
		}
		return found != negated
	}
	if all {
		for _, value := range actual {
			if !matches(value) {
				return false, true
			}
		}
		return true, true
	}
	if !some && len(actual) != 1 {
		return false, true // a list of values needs one of the two set operators
	}
	for _, value := range actual {
		if matches(value) {
			return true, true
		}
	}
	return false, true
}

func comparison(operator string) (compare func(want, value string) bool, negated, ok bool) {
	equal := func(want, value string) bool { return want == value }
	switch operator {
	case "StringEquals":
		return equal, false, true
	case "StringNotEquals":
		return equal, true, true
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold, false, true
	case "StringNotEqualsIgnoreCase":
		return strings.EqualFold, true, true
	case "StringLike", "ArnLike", "ArnEquals":
		return Match, false, true
	case "StringNotLike", "ArnNotLike", "ArnNotEquals":
		return Match, true, true
	}
	return nil, false, false
}
