package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Properties are a resource's properties by name, as encoding/json decodes a template or an answer
// of Cognito's API. An absent or null property has Cognito's default. A value of another type than
// Cognito's, such as an intrinsic function, is unresolved: no rule trusts it.
type Properties map[string]any

// get returns a property by its name, or by the name that the CDK has for it ("mfaConfiguration").
func (p Properties) get(names ...string) any {
	for _, name := range names {
		if v := p[name]; v != nil {
			return v
		}
		if v := p[strings.ToLower(name[:1])+name[1:]]; v != nil {
			return v
		}
	}
	return nil
}

func (p Properties) object(name string) Properties {
	switch o := p.get(name).(type) {
	case map[string]any:
		return o
	case Properties:
		return o
	}
	return nil
}

// A list is a property that holds a list of texts.
type list struct {
	items      []string
	unresolved bool // the list, or one of its items
}

// isDefault reports whether Cognito uses its default: it does so for an empty list too.
func (l list) isDefault() bool { return len(l.items) == 0 && !l.unresolved }

// mayHave reports whether the list has the item, or may have it.
func (l list) mayHave(item string) bool {
	return l.unresolved || slices.ContainsFunc(l.items, func(s string) bool { return strings.EqualFold(s, item) })
}

func (p Properties) list(name string) list {
	v := p.get(name)
	switch v := v.(type) {
	case nil:
		return list{}
	case []string:
		return list{items: v}
	case []any:
		l := list{}
		for _, item := range v {
			_, known := item.(string)
			l.items, l.unresolved = append(l.items, describe(item)), l.unresolved || !known
		}
		return l
	}
	return list{items: []string{describe(v)}, unresolved: true}
}

// mayBeTrue reports whether a Boolean is true, or unresolved.
func (p Properties) mayBeTrue(name string) bool {
	v := p.get(name)
	return v != nil && v != false && v != "false"
}

// An attribute is one entry of the pool's schema.
type attribute struct {
	name                string
	isRequired, isFixed bool
}

// schema returns the attributes that the pool lists by known names. A required one is standard:
// Cognito requires no attribute of the pool's own.
func (p Properties) schema() []attribute {
	entries, _ := p.get("Schema", "SchemaAttributes").([]any)
	var attributes []attribute
	for _, entry := range entries {
		object, _ := entry.(map[string]any)
		properties := Properties(object)
		if name, ok := properties.get("Name").(string); ok {
			required, mutable := properties.get("Required"), properties.get("Mutable")
			attributes = append(attributes,
				attribute{name, required == true || required == "true", mutable == false || mutable == "false"})
		}
	}
	return attributes
}

// describe writes a property's value for a finding.
func describe(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
