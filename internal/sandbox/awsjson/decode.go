package awsjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is what a service's API model demands of a member.
type Rule struct {
	// Min and Max bound a number, or a length: characters of a string, bytes of a blob. Max 0 is no
	// limit.
	Min, Max int
	// Pattern must match a string that is not empty; the message shows it as Shown.
	Pattern *regexp.Regexp
	Shown   string
	// Enum lists the allowed values; empty allows any.
	Enum []string
}

// Model is the API model of a service.
type Model struct {
	// Exception is the type of the error that reports broken rules.
	Exception string
	// Rules are named by the tags of the requests' members: `rule:"name"` or
	// `rule:"name,required"`.
	Rules map[string]Rule
}

// Decode reads a request body into the struct that in points to, and checks the rules in its tags.
// Names of members count to the letter; unknown members and nulls are ignored. The error is an
// [Error]: a SerializationException, or all broken rules in one of type Exception.
func (m Model) Decode(body []byte, in any) error {
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		body = []byte("{}")
	case string(trimmed) == "null" || !utf8.Valid(trimmed): // encoding/json would mend, and so alter, the text
		return serializationError(nil)
	}
	if err := Unmarshal(body, in); err != nil {
		return serializationError(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return serializationError(err)
	}
	var broken violations
	m.check(reflect.ValueOf(in).Elem(), "", &broken, func(name string) bool {
		value, ok := members[name]
		return ok && string(value) != "null"
	})
	return broken.err(m.Exception)
}

// Check checks a text that came outside of a member. The error is of type exception and names the
// path.
func (r Rule) Check(exception, path, text string) error {
	var broken violations
	r.checkText(path, text, &broken)
	return broken.err(exception)
}

// violations are the rules that a request breaks.
type violations []string

func (v *violations) add(path, rule string, args ...any) {
	rule = fmt.Sprintf(rule, args...)
	*v = append(*v, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must %s", path, rule))
}

func (v violations) err(exception string) error {
	switch len(v) {
	case 0:
		return nil
	case 1:
		return Fail(exception, "1 validation error detected: %s", v[0])
	}
	return Fail(exception, "%d validation errors detected: %s", len(v), strings.Join(v, "; "))
}

// check checks the members of a struct. The prefix is the path to it; isSet reports whether a
// member was given.
func (m Model) check(in reflect.Value, prefix string, broken *violations, isSet func(name string) bool) {
	for _, f := range reflect.VisibleFields(in.Type()) {
		name, option, _ := strings.Cut(f.Tag.Get("rule"), ",")
		path := prefix + strings.ToLower(f.Name[:1]) + f.Name[1:]
		switch {
		case name == "" && option == "":
		case !isSet(f.Name):
			if option == "required" {
				broken.add(path, "not be null")
			}
		default:
			m.checkValue(m.Rules[name], path, in.FieldByIndex(f.Index), broken)
		}
	}
}

func (m Model) checkValue(rule Rule, path string, value reflect.Value, broken *violations) {
	switch v := value.Interface().(type) {
	case string:
		rule.checkText(path, v, broken)
	case []byte:
		rule.checkSize("length", path, len(v), broken)
	case *int32:
		rule.checkSize("value", path, int(*v), broken)
	case []string:
		for _, s := range v {
			rule.checkText(path, s, broken)
		}
	case Map:
		for k, s := range v {
			if utf8.RuneCountInString(k) > rule.Max || utf8.RuneCountInString(s) > rule.Max {
				broken.add(path, "satisfy constraint: [Member must have length less than or equal to %d]", rule.Max)
				return
			}
		}
	default: // a list of structs
		for i := range value.Len() {
			m.check(value.Index(i), fmt.Sprintf("%s.%d.member.", path, i+1), broken, func(string) bool { return true })
		}
	}
}

func (r Rule) checkText(path, s string, broken *violations) {
	r.checkSize("length", path, utf8.RuneCountInString(s), broken)
	if r.Pattern != nil && s != "" && !r.Pattern.MatchString(s) {
		broken.add(path, "satisfy regular expression pattern: %s", r.Shown)
	}
	if r.Enum != nil && !slices.Contains(r.Enum, s) {
		broken.add(path, "satisfy enum value set: [%s]", strings.Join(r.Enum, ", "))
	}
}

func (r Rule) checkSize(what, path string, n int, broken *violations) {
	if n < r.Min {
		broken.add(path, "have %s greater than or equal to %d", what, r.Min)
	}
	if r.Max > 0 && n > r.Max {
		broken.add(path, "have %s less than or equal to %d", what, r.Max)
	}
}

// serializationError words a JSON error as the services' own reader does; err is nil for a body in
// which encoding/json finds nothing wrong.
func serializationError(err error) *Error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return Fail("SerializationException", "Start of structure or map found where not expected.")
	}
	kinds := map[reflect.Kind]string{reflect.String: "String", reflect.Bool: "Boolean", reflect.Int32: "Integer"}
	to, ok := kinds[wrong.Type.Kind()]
	if !ok {
		return Fail("SerializationException", "Unexpected field type")
	}
	value, _, _ := strings.Cut(wrong.Value, " ")
	from := map[string]string{"number": "NUMBER_VALUE", "string": "STRING_VALUE", "bool": "TRUE_VALUE",
		"object": "START_OBJECT", "array": "START_ARRAY"}[value]
	return Fail("SerializationException", "%s can not be converted to a %s", from, to)
}

// Map is a map of strings in a request. Keys whose value is null are left out.
type Map map[string]string

// UnmarshalJSON reads an object of strings and nulls, or null.
func (m *Map) UnmarshalJSON(data []byte) error {
	var nullable map[string]*string
	if err := json.Unmarshal(data, &nullable); err != nil || nullable == nil {
		return err
	}
	*m = make(Map, len(nullable))
	for k, v := range nullable {
		if v != nil {
			(*m)[k] = *v
		}
	}
	return nil
}
