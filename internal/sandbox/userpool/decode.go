package userpool

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/exactjson"
)

// decode reads a request body into the struct that in points to. Members are
// matched by their exact names, unknown ones and nulls are ignored. A value of the
// wrong type is a SerializationException, and so is a text that isn't UTF-8,
// which encoding/json would mend and thereby alter.
func decode(body []byte, in any) error {
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		body = []byte("{}")
	case string(trimmed) == "null" || !utf8.Valid(trimmed):
		return serializationError(nil)
	}
	if err := exactjson.Unmarshal(body, in); err != nil {
		return serializationError(err)
	}
	return nil
}

// serializationError words a JSON error as the service's own reader would; err is
// nil for what encoding/json itself finds nothing wrong with.
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
