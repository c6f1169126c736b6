package awsjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
)

type base struct{ ID string }

type inner struct {
	Name  string `json:"name"`
	Value string `json:",omitempty"`
}

type outer struct {
	base
	Plain  inner
	Listed []inner
	Near   *inner
	Keyed  map[string]inner
	Texts  map[string]*string
	Bytes  []byte
	Raw    json.RawMessage
	Hidden string `json:"-"`
}

func TestNamesCountToTheLetter(t *testing.T) {
	for _, c := range []struct {
		name, json string
		want       outer
	}{
		{"exact names at every depth", `{"ID":"1","Plain":{"name":"a","Value":"<b>"},"Listed":[{"name":"c"}],"Near":{"Value":"d"},"Keyed":{"k":{"name":"e"}}}`,
			outer{base: base{"1"}, Plain: inner{"a", "<b>"}, Listed: []inner{{Name: "c"}}, Near: &inner{Value: "d"},
				Keyed: map[string]inner{"k": {Name: "e"}}}},
		{"another case is unknown", `{"id":"1","plain":{"name":"a"},"LISTED":[{}]}`, outer{}},
		{"another case is unknown further in",
			`{"Plain":{"Name":"a","value":"b"},"Listed":[{"NAME":"c"}],"Near":{"VALUE":"d"},"Keyed":{"k":{"Name":"e"}}}`,
			outer{Listed: []inner{{}}, Near: &inner{}, Keyed: map[string]inner{"k": {}}}},
		{"the exact one of two counts, whatever the order", `{"Plain":{"name":"a","Name":"b"},"plain":{"name":"c"}}`,
			outer{Plain: inner{Name: "a"}}},
		{"unknown members are ignored", `{"Other":[1,{"x":null}],"ID":"1","-":"x","Hidden":"x"}`, outer{base: base{"1"}}},
		{"keys of maps and raw JSON stay", `{"Texts":{"Key":null,"key":null},"Raw":{"Any":{"any":1}}}`,
			outer{Texts: map[string]*string{"Key": nil, "key": nil}, Raw: json.RawMessage(`{"Any":{"any":1}}`)}},
		{"bytes are a string", `{"Bytes":"aGk="}`, outer{Bytes: []byte("hi")}},
		{"nulls", `{"ID":null,"Plain":null,"Listed":null,"Near":null,"Keyed":null}`, outer{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got outer
			if err := awsjson.Unmarshal([]byte(c.json), &got); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestErrorsAreThoseOfEncodingJSON(t *testing.T) {
	for _, text := range []string{`{"Plain":7}`, `{"Listed":{}}`, `{"Listed":[7]}`, `{"Plain":{"name":[]}}`, `[]`, `"x"`} {
		var wrong *json.UnmarshalTypeError
		if err := awsjson.Unmarshal([]byte(text), &outer{}); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var syntax *json.SyntaxError
	if err := awsjson.Unmarshal([]byte(`{"Plain":{"name":"a"}`), &outer{}); !errors.As(err, &syntax) {
		t.Errorf("half an object: %v", err)
	}
	var invalid *json.InvalidUnmarshalError
	if err := awsjson.Unmarshal([]byte(`{}`), nil); !errors.As(err, &invalid) {
		t.Errorf("into nothing: %v", err)
	}
}
