package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

func policy(t *testing.T, document string) iam.Policy {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatal(err)
	}
	p, err := iam.ParsePolicy(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	role = "arn:aws:iam::123456789012:role/team/create"
	key  = "arn:aws:kms:eu-west-1:123456789012:key/1"
)

func TestJudging(t *testing.T) {
	const anyIf = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`
	generate, verify := iam.Request{Action: "kms:GenerateMac", Resource: key},
		iam.Request{Action: "kms:VerifyMac", Resource: key}
	// with is a call whose context key "a" has the values.
	with := func(values ...string) iam.Request {
		r := iam.Request{Action: "x:y", Context: map[string][]string{}}
		if values != nil {
			r.Context["a"] = values
		}
		return r
	}
	from := func(addresses ...string) map[string][]string {
		return map[string][]string{"ses:fromaddress": addresses}
	}
	for name, c := range map[string]struct {
		document string
		call     iam.Request
		want     bool
	}{
		"nothing is said": {`{"Statement":[]}`, generate, false},
		"allowed by name": {`{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"` + key +
			`"}}`, generate, true},
		"another action": {`{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"` + key +
			`"}}`, verify, false},
		"another resource": {`{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"` + key +
			`"}}`, iam.Request{Action: "kms:GenerateMac", Resource: key + "2"}, false},
		"an action in other letters": {`{"Statement":{"Effect":"Allow","Action":"KMS:generatemac","Resource":"*"}}`,
			generate, true},
		"a resource in other letters": {`{"Statement":{"Effect":"Allow","Action":"*","Resource":"ARN:aws:*"}}`,
			generate, false},
		"wildcards": {`{"Statement":{"Effect":"Allow","Action":"kms:*Mac","Resource":"arn:aws:kms:*:key/?"}}`, verify, true},
		"a question mark is one letter": {`{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:kms:*:key/??"}}`,
			verify, false},
		"deny wins": {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"kms:Gen*","Resource":"*"}]}`, generate, false},
		"all but one action": {`{"Statement":{"Effect":"Allow","NotAction":"kms:VerifyMac","Resource":"*"}}`,
			verify, false},
		"all but one resource": {`{"Statement":{"Effect":"Allow","Action":"*","NotResource":"` + key + `"}}`,
			verify, false},
		"an action list": {`{"Statement":{"Effect":"Allow","Action":["a:b","kms:VerifyMac"],"Resource":["x","*"]}}`,
			verify, true},
		"no resource at all": {`{"Statement":{"Effect":"Allow","Action":"*"}}`, verify, false},
		"no action at all":   {`{"Statement":{"Effect":"Allow","Resource":"*"}}`, verify, false},
		"a condition that holds": {anyIf + `{"StringEquals":{"ses:FromAddress":"a@example.com"}}}}`,
			iam.Request{Action: "ses:SendEmail", Context: from("a@example.com")}, true},
		"a condition that doesn't": {anyIf + `{"StringEquals":{"ses:FromAddress":"a@example.com"}}}}`,
			iam.Request{Action: "ses:SendEmail", Context: from("A@example.com")}, false},
		"a condition on an absent key": {anyIf + `{"StringEquals":{"ses:FromAddress":"a@example.com"}}}}`,
			iam.Request{Action: "ses:SendEmail"}, false},
		"if it exists": {anyIf + `{"StringEqualsIfExists":{"ses:FromAddress":"a@example.com"}}}}`,
			iam.Request{Action: "ses:SendEmail"}, true},
		"two conditions, one fails": {anyIf + `{"StringEquals":{"a":"1","b":"2"}}}}`,
			iam.Request{Action: "x:y", Context: map[string][]string{"a": {"1"}, "b": {"3"}}}, false},
		"one of several values":         {anyIf + `{"StringLike":{"a":["x*","1?"]}}}}`, with("12"), true},
		"ignoring case":                 {anyIf + `{"StringEqualsIgnoreCase":{"a":"X"}}}}`, with("x"), true},
		"not equal":                     {anyIf + `{"StringNotEquals":{"a":["1","2"]}}}}`, with("2"), false},
		"not equal and absent":          {anyIf + `{"StringNotEquals":{"a":"1"}}}}`, with(), true},
		"a list without a set operator": {anyIf + `{"StringEquals":{"a":"1"}}}}`, with("1", "2"), false},
		"all values":                    {anyIf + `{"ForAllValues:StringEquals":{"a":["1","2"]}}}}`, with("1", "2"), true},
		"all values but one": {anyIf + `{"ForAllValues:StringEquals":{"a":["1","2"]}}}}`, with("1", "3"),
			false},
		"all of no values":                 {anyIf + `{"ForAllValues:StringEquals":{"a":"1"}}}}`, with(), true},
		"any value":                        {anyIf + `{"ForAnyValue:StringEquals":{"a":"1"}}}}`, with("0", "1"), true},
		"any of no values":                 {anyIf + `{"ForAnyValue:StringEquals":{"a":"1"}}}}`, with(), false},
		"null means absent":                {anyIf + `{"Null":{"a":"true"}}}}`, with(), true},
		"null but present":                 {anyIf + `{"Null":{"a":true}}}}`, with("1"), false},
		"a boolean":                        {anyIf + `{"Bool":{"a":true}}}}`, with("true"), true},
		"an unknown operator allows none":  {anyIf + `{"NumericLessThan":{"a":"5"}}}}`, with("1"), false},
		"an unknown operator still denies": {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"a":"5"}}}]}`, with(), false},
	} {
		t.Run(name, func(t *testing.T) {
			p := iam.Principal{Function: "create", RoleARN: role, Policies: []iam.Policy{policy(t, c.document)}}
			if got := p.Allowed(c.call); got != c.want {
				t.Errorf("allowed: %v, want %v", got, c.want)
			}
		})
	}
}

func TestAKeyPolicyCountsOnlyWhereItNamesTheRole(t *testing.T) {
	call := iam.Request{Action: "kms:GenerateMac", Resource: key}
	allows := `{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"*"}}`
	for name, c := range map[string]struct {
		own, resource string
		want          bool
	}{
		"the role's own policy is enough": {allows,
			`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}}`, true},
		"the account alone gives nothing": {`{"Statement":[]}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}}`, false},
		"the key policy names the role": {`{"Statement":[]}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"*","Principal":{"AWS":["` + role + `"]}}}`,
			true},
		"the key policy names everybody": {`{"Statement":[]}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:GenerateMac","Resource":"*","Principal":"*"}}`, true},
		"the key policy names another": {`{"Statement":[]}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"` + role + `2"}}}`, false},
		"the key policy names the action not": {`{"Statement":[]}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:VerifyMac","Resource":"*","Principal":{"AWS":"` + role + `"}}}`,
			false},
		"the key policy denies the role": {allows,
			`{"Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*","Principal":{"AWS":"` + role + `"}}}`, false},
		"the key policy denies the account": {allows,
			`{"Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*","Principal":{"AWS":"123456789012"}}}`, false},
		"the role's own denial beats its name": {`{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`,
			`{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"` + role + `"}}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := iam.Principal{RoleARN: role, Policies: []iam.Policy{policy(t, c.own)}}
			if got := p.AllowedWith(policy(t, c.resource), call); got != c.want {
				t.Errorf("allowed: %v, want %v", got, c.want)
			}
		})
	}
}

func TestErrorsNameTheCallerAsAWSDoes(t *testing.T) {
	p := iam.Principal{Function: "App-Create", RoleARN: role}
	if got, want := p.SessionARN(), "arn:aws:sts::123456789012:assumed-role/create/App-Create"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDocumentsThatCannotBeRead(t *testing.T) {
	for _, document := range []any{
		nil, "text", map[string]any{"Statement": "text"}, map[string]any{"Statement": map[string]any{"Effect": "Maybe"}},
		map[string]any{"Statement": map[string]any{"Effect": "Allow", "Condition": map[string]any{"StringEquals": "x"}}},
	} {
		if _, err := iam.ParsePolicy(document); err == nil {
			t.Errorf("%v was taken for a policy", document)
		}
	}
}

func FuzzPatternsMatchThemselves(f *testing.F) {
	f.Add("arn:aws:kms:*:key/?", "arn:aws:kms:x:key/1")
	f.Add("***", "")
	f.Add("a*b*c", "aXbXc")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		_ = iam.Match(pattern, s) // whatever it says, it must come back
		if !iam.Match("*", s) || !iam.Match("*"+s, s) && s == "" {
			t.Errorf("* doesn't match %q", s)
		}
	})
}
