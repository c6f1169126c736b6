package eventbus

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Pattern is a rule's event pattern. Like EventBridge it compares the scalars of an event by their
// path, whose names are joined by dots.
type Pattern struct{ fields []condition }

// condition holds for an event if one of the values at the path fits one of the tests, or if the
// path has no value and absent is true.
type condition struct {
	path   string
	tests  []test
	absent bool
}

// test reports whether a scalar fits.
type test func(value any) bool

// ParsePattern reads a rule's EventPattern and refuses what EventBridge refuses. It knows exact
// values, exists, prefix, suffix, equals-ignore-case and anything-but; the error names any other
// comparison.
func ParsePattern(v map[string]any) (Pattern, error) {
	var p Pattern
	if len(v) == 0 {
		return p, errors.New("the event pattern is empty")
	}
	err := p.addObject(v, "")
	slices.SortFunc(p.fields, func(a, b condition) int { return strings.Compare(a.path, b.path) })
	for i := 1; i < len(p.fields) && err == nil; i++ {
		if p.fields[i].path == p.fields[i-1].path {
			err = fmt.Errorf("the event pattern names %s twice", p.fields[i].path)
		}
	}
	return p, err
}

func (p *Pattern) addObject(v map[string]any, path string) error {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := join(path, name)
		switch field := v[name].(type) {
		case map[string]any:
			if len(field) == 0 {
				return fmt.Errorf("the event pattern's %s is an empty object", at)
			}
			if err := p.addObject(field, at); err != nil {
				return err
			}
		case []any:
			if name == "$or" {
				return errors.New("the event pattern uses $or, which is not emulated")
			}
			c, err := parseCondition(field)
			if err != nil {
				return fmt.Errorf("the event pattern's %s %w", at, err)
			}
			c.path = at
			p.fields = append(p.fields, c)
		default:
			return fmt.Errorf("the event pattern's %s is neither an object nor a list", at)
		}
	}
	return nil
}

func parseCondition(list []any) (condition, error) {
	var c condition
	if len(list) == 0 {
		return c, errors.New("is an empty list")
	}
	for _, item := range list {
		switch item := item.(type) {
		case map[string]any:
			if err := c.addComparison(item); err != nil {
				return c, err
			}
		case []any:
			return c, errors.New("has a list in its list; a value must be a string, a number, a boolean or null")
		default:
			c.tests = append(c.tests, func(value any) bool { return isSame(value, item) })
		}
	}
	return c, nil
}

func (c *condition) addComparison(comparison map[string]any) error {
	name, argument, err := only(comparison)
	if err != nil {
		return err
	}
	switch name {
	case "exists":
		exists, ok := argument.(bool)
		if !ok {
			return errors.New("has exists with another value than true or false")
		}
		if !exists {
			c.absent = true
			return nil
		}
		c.tests = append(c.tests, func(any) bool { return true })
		return nil
	case "anything-but":
		excluded, err := parseExcluded(argument)
		c.tests = append(c.tests, func(value any) bool { return !excluded(value) })
		return err
	}
	t, err := parseTextTest(name, argument)
	c.tests = append(c.tests, t)
	return err
}

// parseExcluded reads the argument of anything-but: a string, a number, a list of either kind, or
// one comparison of texts.
func parseExcluded(argument any) (test, error) {
	if comparison, ok := argument.(map[string]any); ok {
		name, argument, err := only(comparison)
		if err != nil {
			return nil, err
		}
		if argument == "" {
			return nil, fmt.Errorf("has anything-but with an empty %s", name)
		}
		return parseTextTest(name, argument)
	}
	values, isList := argument.([]any)
	if !isList {
		values = []any{argument}
	}
	kinds := map[string]bool{}
	for _, v := range values {
		kinds[kindOf(v)] = true
	}
	if len(kinds) != 1 || !kinds["string"] && !kinds["number"] {
		return nil, errors.New("has anything-but with another value than strings or numbers, all of one kind")
	}
	return func(value any) bool {
		return slices.ContainsFunc(values, func(v any) bool { return isSame(value, v) })
	}, nil
}

// parseTextTest reads a comparison that strings alone can fit.
func parseTextTest(name string, argument any) (test, error) {
	compare, ok := map[string]func(s, want string) bool{
		"prefix": strings.HasPrefix, "suffix": strings.HasSuffix, "equals-ignore-case": strings.EqualFold,
	}[name]
	if !ok {
		return nil, fmt.Errorf("compares by %s, which is not emulated", name)
	}
	want, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("compares by %s with a value that is no string, which is not emulated", name)
	}
	return func(value any) bool {
		s, ok := value.(string)
		return ok && compare(s, want)
	}, nil
}

// only returns the one member of a comparison.
func only(comparison map[string]any) (name string, argument any, err error) {
	if len(comparison) != 1 {
		return "", nil, fmt.Errorf("has a comparison with %d members; one is allowed", len(comparison))
	}
	for name, argument = range comparison {
	}
	return name, argument, nil
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64, json.Number, int:
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

// isSame compares scalars; numbers compare by value.
func isSame(a, b any) bool {
	kind := kindOf(a)
	if kind != kindOf(b) {
		return false
	}
	if kind == "number" {
		return number(a) == number(b)
	}
	return a == b
}

func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int:
		return float64(v)
	case json.Number:
		f, err := v.Float64()
		if err == nil {
			return f
		}
	}
	return 0
}

// Matches reports whether an event, as encoding/json decodes it, fits.
func (p Pattern) Matches(event map[string]any) bool {
	var l leaves
	l.add(event, "", nil)
	return p.matches(l.all, 0, nil)
}

// matches reports whether the conditions from the i-th on can hold together with the values that
// were chosen for the earlier ones: all values within one array belong to the same element of it.
func (p Pattern) matches(all []leaf, i int, chosen []leaf) bool {
	if i == len(p.fields) {
		return true
	}
	c, isPresent := p.fields[i], false
	for _, l := range all {
		if l.path != c.path {
			continue
		}
		isPresent = true
		fits := slices.ContainsFunc(c.tests, func(t test) bool { return t(l.value) })
		agrees := !slices.ContainsFunc(chosen, func(other leaf) bool { return !l.agreesWith(other) })
		if fits && agrees && p.matches(all, i+1, append(slices.Clip(chosen), l)) {
			return true
		}
	}
	return !isPresent && c.absent && p.matches(all, i+1, chosen)
}

// leaf is a scalar of an event. Its elements are the places in arrays of objects that it lies in.
type leaf struct {
	path     string
	value    any
	elements []element
}

// element is a place in an array, which has a number within the event.
type element struct{ array, index int }

func (l leaf) agreesWith(other leaf) bool {
	for _, a := range l.elements {
		for _, b := range other.elements {
			if a.array == b.array && a.index != b.index {
				return false
			}
		}
	}
	return true
}

type leaves struct {
	all    []leaf
	arrays int
}

func (l *leaves) add(value any, path string, elements []element) {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			l.add(field, join(path, name), elements)
		}
	case []any:
		l.arrays++
		array := l.arrays
		for i, item := range value {
			within := elements
			if _, isObject := item.(map[string]any); isObject {
				within = append(slices.Clip(elements), element{array, i})
			}
			l.add(item, path, within)
		}
	default:
		l.all = append(l.all, leaf{path, value, elements})
	}
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }
