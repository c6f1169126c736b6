package eventbus

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Pattern is what a rule asks of an event.
type Pattern struct{ root object }

// object asks for each of its fields; a leaf for one of its alternatives.
type (
	object map[string]any // of object or leaf
	leaf   []alternative
)

// alternative reports whether a value fits; there is none where found is false.
type alternative func(value any, found bool) bool

// ParsePattern reads a rule's EventPattern. Of EventBridge's comparisons it knows exact values, exists,
// prefix and anything-but; a pattern with another is an error that names it.
func ParsePattern(v map[string]any) (Pattern, error) {
	if len(v) == 0 {
		return Pattern{}, errors.New("the event pattern is empty")
	}
	root, err := parseObject(v, "")
	return Pattern{root}, err
}

func parseObject(v map[string]any, path string) (object, error) {
	o := object{}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		var err error
		switch field := v[name].(type) {
		case map[string]any:
			o[name], err = parseObject(field, at)
		case []any:
			if name == "$or" {
				return nil, errors.New("the event pattern uses $or, which is not emulated")
			}
			o[name], err = parseLeaf(field, at)
		default:
			err = fmt.Errorf("the event pattern's %s is neither an object nor a list", at)
		}
		if err != nil {
			return nil, err
		}
	}
	return o, nil
}

func parseLeaf(list []any, path string) (leaf, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("the event pattern's %s is an empty list", path)
	}
	var l leaf
	for _, item := range list {
		comparison, ok := item.(map[string]any)
		if !ok {
			l = append(l, exactly(item))
			continue
		}
		a, err := parseComparison(comparison)
		if err != nil {
			return nil, fmt.Errorf("the event pattern's %s %w", path, err)
		}
		l = append(l, a)
	}
	return l, nil
}

func exactly(want any) alternative {
	return func(value any, found bool) bool { return found && same(value, want) }
}

func parseComparison(c map[string]any) (alternative, error) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if len(c) != 1 {
			break
		}
		switch argument := c[name].(type) {
		case bool:
			if name == "exists" {
				return func(_ any, found bool) bool { return found == argument }, nil
			}
		case string:
			if name == "prefix" {
				return func(value any, found bool) bool {
					s, ok := value.(string)
					return found && ok && strings.HasPrefix(s, argument)
				}, nil
			}
		}
		if name == "anything-but" {
			but, isList := c[name].([]any)
			if !isList {
				but = []any{c[name]}
			}
			return func(value any, found bool) bool {
				return found && !slices.ContainsFunc(but, func(b any) bool { return same(value, b) })
			}, nil
		}
	}
	return nil, fmt.Errorf("compares by %s, which is not emulated", strings.Join(slices.Sorted(maps.Keys(c)), " and "))
}

// same compares scalars; numbers may come as either of encoding/json's types.
func same(a, b any) bool {
	switch a.(type) {
	case map[string]any, []any:
		return false
	}
	return fmt.Sprint(a) == fmt.Sprint(b) && (isText(a) == isText(b))
}

func isText(v any) bool { _, ok := v.(string); return ok }

// Matches reports whether an event, as JSON decodes it, fits.
func (p Pattern) Matches(event map[string]any) bool { return p.root.matches(event, true) }

func (o object) matches(value any, found bool) bool {
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, func(item any) bool { return o.matches(item, true) })
	}
	fields, ok := value.(map[string]any)
	for name, want := range o {
		field, there := fields[name]
		there = there && ok && found
		fits := false
		switch want := want.(type) {
		case object:
			fits = want.matches(field, there)
		case leaf:
			fits = want.matches(field, there)
		}
		if !fits {
			return false
		}
	}
	return true
}

// matches compares a list by its items, of which one that fits is enough.
func (l leaf) matches(value any, found bool) bool {
	if list, ok := value.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, func(item any) bool { return l.matches(item, found) })
	}
	return slices.ContainsFunc(l, func(a alternative) bool { return a(value, found) })
}
