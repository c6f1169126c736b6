package userpool

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// decode reads a request body into the struct that in points to. Members are
// matched by their exact names, unknown ones and nulls are ignored, and a value
// of the wrong type is a SerializationException.
func decode(body []byte, in any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return serializationError(err)
	}
	v := reflect.ValueOf(in).Elem()
	return decodeMembers(v, members)
}

func decodeMembers(v reflect.Value, members map[string]json.RawMessage) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			if err := decodeMembers(v.Field(i), members); err != nil {
				return err
			}
			continue
		}
		raw, ok := members[field.Name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, v.Field(i).Addr().Interface()); err != nil {
			return serializationError(err)
		}
	}
	return nil
}

// serializationError words a JSON error as the service's own reader would.
func serializationError(err error) *apiError {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return errSerialization("Start of structure or map found where not expected.")
	}
	kind := map[string]string{"number": "NUMBER_VALUE", "string": "STRING_VALUE", "bool": "TRUE_VALUE", "object": "START_OBJECT", "array": "START_ARRAY"}
	value, _, _ := strings.Cut(wrong.Value, " ")
	from, ok := kind[value]
	if !ok {
		from = "VALUE"
	}
	to := map[reflect.Kind]string{reflect.String: "String", reflect.Bool: "Boolean", reflect.Int32: "Integer"}[wrong.Type.Kind()]
	if to == "" {
		return errSerialization("Unexpected field type")
	}
	return errSerialization(from + " can not be converted to a " + to)
}

// text is a string member that knows whether it was there.
type text struct {
	value string
	set   bool
}

// UnmarshalJSON reads a string or null.
func (t *text) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = text{}
		return nil
	}
	t.set = true
	return json.Unmarshal(data, &t.value)
}

// stringMap is a map of strings whose null values are left out.
type stringMap map[string]string

// UnmarshalJSON reads an object of strings and nulls, or null.
func (m *stringMap) UnmarshalJSON(data []byte) error {
	var nullable map[string]*string
	if err := json.Unmarshal(data, &nullable); err != nil {
		return err
	}
	if nullable == nil {
		return nil
	}
	*m = make(stringMap, len(nullable))
	for k, v := range nullable {
		if v != nil {
			(*m)[k] = *v
		}
	}
	return nil
}

// attribute is an AttributeType of the API.
type attribute struct {
	Name  string
	Value string `json:",omitempty"`
}
