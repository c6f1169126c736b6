// Package awsjson is the JSON protocol of AWS services: it decodes requests, checks them against
// the API model, and writes responses and errors.
package awsjson

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
)

// Unmarshal is [json.Unmarshal], except that a member whose name is no field's exact name is
// unknown and hence ignored, at every depth. A type that reads itself, being a [json.Unmarshaler],
// is left to it.
func Unmarshal(data []byte, v any) error {
	if t := reflect.TypeOf(v); t != nil && json.Valid(data) {
		data = known(data, t)
	}
	return json.Unmarshal(data, v)
}

// known returns valid JSON without the members that t has no field for. A value of a wrong type
// stays as it is: json.Unmarshal reports it.
func known(data []byte, t reflect.Type) json.RawMessage {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return data
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		var elements []json.RawMessage
		if json.Unmarshal(data, &elements) != nil || elements == nil {
			return data
		}
		for i, element := range elements {
			elements[i] = known(element, t.Elem())
		}
		return encoded(elements)
	case reflect.Struct, reflect.Map:
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil || members == nil {
			return data
		}
		typeOf := memberTypes(t)
		for name, member := range members {
			if of := typeOf(name); of != nil {
				members[name] = known(member, of)
			} else {
				delete(members, name)
			}
		}
		return encoded(members)
	}
	return data
}

// memberTypes returns a function from the name of an object's member to its type, nil for an
// unknown name.
func memberTypes(t reflect.Type) func(name string) reflect.Type {
	if t.Kind() == reflect.Map {
		return func(string) reflect.Type { return t.Elem() }
	}
	types := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if f.IsExported() && tag != "-" && (name != "" || !f.Anonymous) {
			types[cmp.Or(name, f.Name)] = f.Type
		}
	}
	return func(name string) reflect.Type { return types[name] }
}

// encoded writes pieces of valid JSON, which can't fail.
func encoded(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
