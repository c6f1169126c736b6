package assembly_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// probe resolves a value as a variable of a function's environment.
func probe(t testing.TB, value any, change func(template object)) (string, error) {
	t.Helper()
	dir := edited(t, devTemplate, func(template object) {
		at(props(template, "SignInDefineAuthChallenge"), "Environment", "Variables")["PROBE"] = value
		if change != nil {
			change(template)
		}
	})
	p, err := plan(dir, passwordless)
	if err != nil {
		return "", err
	}
	for _, f := range p.Functions {
		if v, ok := f.Environment["PROBE"]; ok {
			return v, nil
		}
	}
	return "<absent>", nil
}

func fn(name string, args ...any) object {
	if len(args) == 1 {
		return object{name: args[0]}
	}
	return object{name: args}
}

func TestIntrinsicsResolveAsCloudFormationDoes(t *testing.T) {
	ref := func(name string) object { return object{"Ref": name} }
	list := func(items ...any) []any { return items }
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"region":              {ref("AWS::Region"), "eu-west-1"},
		"account":             {ref("AWS::AccountId"), "123456789012"},
		"partition":           {ref("AWS::Partition"), "aws"},
		"suffix":              {ref("AWS::URLSuffix"), "amazonaws.com"},
		"stack name":          {ref("AWS::StackName"), "EmailOtp-dev"},
		"no value":            {ref("AWS::NoValue"), "<absent>"},
		"a number":            {8, "8"},
		"a boolean":           {true, "true"},
		"join":                {fn("Fn::Join", "-", list("a", ref("AWS::Region"), 3)), "a-eu-west-1-3"},
		"join without values": {fn("Fn::Join", "-", list("a", ref("AWS::NoValue"), "b")), "a-b"},
		"split and select":    {fn("Fn::Select", 1, fn("Fn::Split", ":", "a:b:c")), "b"},
		"select by text":      {fn("Fn::Select", "0", list("x", "y")), "x"},
		"sub": {object{"Fn::Sub": "${AWS::Region}/${!Kept}/${SignInUserPool.Arn}"},
			"eu-west-1/${Kept}/POOLARN"},
		"sub with variables": {fn("Fn::Sub", "${Name}-${AWS::StackName}",
			object{"Name": fn("Fn::Join", "", list("x", "y"))}), "xy-EmailOtp-dev"},
		"attribute as text": {object{"Fn::GetAtt": "SignInUserPool.Arn"}, "POOLARN"},
		"provider name": {fn("Fn::GetAtt", "SignInUserPool", "ProviderName"),
			"cognito-idp.eu-west-1.amazonaws.com/POOLID"},
		"map":                  {fn("Fn::FindInMap", "Sizes", ref("AWS::Region"), "size"), "large"},
		"map with a default":   {fn("Fn::FindInMap", "Sizes", "mars", "size", object{"DefaultValue": "none"}), "none"},
		"if":                   {fn("Fn::If", "IsEurope", "eu", "other"), "eu"},
		"if the other way":     {fn("Fn::If", "IsNotEurope", "not", ref("AWS::NoValue")), "<absent>"},
		"if leaves bad alone":  {fn("Fn::If", "IsEurope", "eu", ref("Missing")), "eu"},
		"a parameter":          {ref("Size"), "medium"},
		"a list parameter":     {fn("Fn::Select", 1, ref("Zones")), "b"},
		"base64":               {object{"Fn::Base64": "hello"}, "aGVsbG8="},
		"length":               {object{"Fn::Length": list("a", "b")}, "2"},
		"as JSON":              {object{"Fn::ToJsonString": object{"a": ref("AWS::Region")}}, `{"a":"eu-west-1"}`},
		"availability zones":   {fn("Fn::Select", 0, object{"Fn::GetAZs": ""}), "eu-west-1a"},
		"a named log group":    {ref("NamedLogs"), "/app/logs"},
		"an alias of a lambda": {ref("Live"), "FUNCTIONARN:live"},
		"a queue":              {fn("Fn::GetAtt", "Jobs", "Arn"), "arn:aws:sqs:eu-west-1:123456789012:jobs"},
		"a role":               {fn("Fn::GetAtt", "Named", "Arn"), "arn:aws:iam::123456789012:role/team/named"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := probe(t, c.value, func(template object) {
				template["Mappings"] = object{"Sizes": object{"eu-west-1": object{"size": "large"}}}
				template["Conditions"] = object{
					"IsEurope": object{"Fn::And": list(fn("Fn::Equals", ref("AWS::Region"), "eu-west-1"),
						object{"Fn::Or": list(object{"Condition": "Never"}, fn("Fn::Equals", 1, "1"))})},
					"IsNotEurope": object{"Fn::Not": list(object{"Condition": "IsEurope"})},
					"Never":       fn("Fn::Equals", "a", "b"),
				}
				template["Parameters"] = object{"Size": object{"Type": "String", "Default": "medium"},
					"Zones": object{"Type": "CommaDelimitedList", "Default": "a, b"}}
				resources := at(template, "Resources")
				resources["NamedLogs"] = object{"Type": "AWS::Logs::LogGroup", "Properties": object{"LogGroupName": "/app/logs"}}
				resources["Jobs"] = object{"Type": "AWS::SQS::Queue", "Properties": object{"QueueName": "jobs"}}
				resources["Named"] = object{"Type": "AWS::IAM::Role", "Properties": object{"RoleName": "named", "Path": "/team/"}}
				resources["Live"] = object{"Type": "AWS::Lambda::Alias",
					"Properties": object{"FunctionName": ref("SignInPreSignUp"), "Name": "live"}}
			})
			if err != nil {
				t.Fatal(err)
			}
			p := mustPlan(t, app, passwordless)
			want := strings.NewReplacer("POOLARN", p.PoolARN, "POOLID", p.Pool.ID, "FUNCTIONARN",
				function(t, p, "PreSignUp").ARN).Replace(c.want)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestNothingUnresolvedReachesAFunction(t *testing.T) {
	grow := "x"
	for name, c := range map[string]struct {
		value  any
		change func(object)
		want   []string
	}{
		"a missing resource": {object{"Ref": "Gone"}, nil,
			[]string{"SignInDefineAuthChallenge", "Gone", "doesn't have"}},
		"a missing attribute": {object{"Fn::GetAtt": "Gone.Arn"}, nil, []string{"Gone"}},
		"a parameter of SSM":  {object{"Ref": "BootstrapVersion"}, nil, []string{"BootstrapVersion", "SSM"}},
		"a dynamic reference": {"{{resolve:secretsmanager:code}}", nil, []string{"PROBE", "dynamic reference"}},
		"an unknown function": {object{"Fn::Transform": object{}}, nil, []string{"can't resolve Fn::Transform"}},
		"a missing export": {object{"Fn::ImportValue": "shared"}, nil,
			[]string{`imports "shared", which no stack of the assembly has`}},
		"a list":         {[]any{"a"}, nil, []string{"PROBE", "expected text"}},
		"more than 4 KB": {strings.Repeat("y", 4096), nil, []string{"Lambda allows 4096", "can't be deployed"}},
		"a NUL":          {"a\x00b", nil, []string{"PROBE"}},
		"a circle of conditions": {fn("Fn::If", "A", "x", "y"),
			func(o object) { o["Conditions"] = object{"A": object{"Condition": "A"}} }, []string{"refers to itself"}},
		"a text that grows":       {grow, func(o object) { bomb(o) }, []string{"too large"}},
		"a circle of names":       {object{"Ref": "N1"}, circle, []string{"refers to itself"}},
		"a bad select":            {fn("Fn::Select", 5, []any{"a"}), nil, []string{"Fn::Select"}},
		"a sub that doesn't end":  {object{"Fn::Sub": "${AWS::Region"}, nil, []string{"without its }"}},
		"an if without condition": {fn("Fn::If", "None", "a", "b"), nil, []string{"no condition None"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := probe(t, c.value, c.change)
			expect(t, err, c.want...)
		})
	}
}

func circle(template object) {
	resources := at(template, "Resources")
	resources["N1"] = object{"Type": "AWS::SQS::Queue", "Properties": object{"QueueName": object{"Ref": "N2"}}}
	resources["N2"] = object{"Type": "AWS::Logs::LogGroup", "Properties": object{"LogGroupName": object{"Ref": "N1"}}}
}

// bomb doubles a text forty times.
func bomb(template object) {
	resources := at(template, "Resources")
	name := func(i int) string { return "Bomb" + strings.Repeat("I", i) }
	resources[name(0)] = object{"Type": "AWS::Logs::LogGroup", "Properties": object{"LogGroupName": "0123456789"}}
	for i := 1; i <= 40; i++ {
		resources[name(i)] = object{"Type": "AWS::Logs::LogGroup",
			"Properties": object{"LogGroupName": fn("Fn::Join", "",
				[]any{object{"Ref": name(i - 1)}, object{"Ref": name(i - 1)}})}}
	}
	at(props(template, "SignInDefineAuthChallenge"), "Environment", "Variables")["PROBE"] = object{"Ref": name(40)}
}

func TestAnInventedValueIsReported(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		at(template, "Resources")["Lookup"] = object{"Type": "Custom::Lookup", "Properties": object{}}
		at(props(template, "SignInDefineAuthChallenge"), "Environment",
			"Variables")["PROBE"] = object{"Fn::GetAtt": []any{"Lookup", "Answer"}}
	})
	if p := mustPlan(t, dir, passwordless); !mentioned(p.Warnings, "Lookup.Answer") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestExportsAndNestedStacksResolve(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		at(template, "Resources")["Child"] = object{
			"Type":       "AWS::CloudFormation::Stack",
			"Metadata":   object{"aws:asset:path": "child.nested.template.json"},
			"Properties": object{"Parameters": object{"Colour": object{"Ref": "AWS::Region"}}},
		}
		variables := at(props(template, "SignInDefineAuthChallenge"), "Environment", "Variables")
		variables["IMPORTED"] = object{"Fn::ImportValue": "shared-colour"}
		variables["NESTED"] = object{"Fn::GetAtt": []any{"Child", "Outputs.Colour"}}
	})
	write(t, filepath.Join(dir, "child.nested.template.json"), object{
		"Parameters": object{"Colour": object{"Type": "String"}},
		"Resources":  object{},
		"Outputs":    object{"Colour": object{"Value": object{"Fn::Sub": "child ${Colour}"}}},
	})
	write(t, filepath.Join(dir, "Shared.template.json"), object{
		"Resources": object{}, "Outputs": object{"Colour": object{"Value": "green",
			"Export": object{"Name": object{"Fn::Sub": "shared-colour"}}}},
	})
	rewrite(t, filepath.Join(dir, "manifest.json"), func(m object) {
		at(m, "artifacts")["Shared"] = object{"type": "aws:cloudformation:stack",
			"environment": "aws://unknown-account/eu-west-1", "properties": object{"templateFile": "Shared.template.json"}}
	})
	f := function(t, mustPlan(t, dir, passwordless), "DefineAuthChallenge")
	if f.Environment["IMPORTED"] != "green" || f.Environment["NESTED"] != "child eu-west-1" {
		t.Errorf("environment: %v", f.Environment)
	}
}

func TestAResourceWhoseConditionIsFalseIsNotThere(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		template["Conditions"] = object{"Never": fn("Fn::Equals", "a", "b")}
		at(template, "Resources", "SignInConfirmAddress")["Condition"] = "Never"
	})
	p := mustPlan(t, dir, passwordless)
	for _, policy := range function(t, p, "VerifyAuthChallengeResponse").Principal.Policies {
		for _, s := range policy.Statements {
			if len(s.Actions) == 1 && s.Actions[0] == "cognito-idp:AdminUpdateUserAttributes" {
				t.Error("the policy counts although its condition is false")
			}
		}
	}
}

func FuzzTemplatesNeverCrashTheReader(f *testing.F) {
	for _, name := range []string{devTemplate, prodTemplate} {
		data, err := os.ReadFile(filepath.Join(app, name))
		if err != nil {
			f.Fatal(err)
		}
		var small bytes.Buffer
		if err := json.Compact(&small, data); err != nil {
			f.Fatal(err)
		}
		f.Add(small.Bytes())
	}
	f.Add([]byte(`{"Resources":{"A":null,"P":{"Type":"AWS::Cognito::UserPool","Properties":{"LambdaConfig":{"CreateAuthChallenge":{"Fn::GetAtt":["F","Arn"]}}}},"F":{"Type":"AWS::Lambda::Function","Properties":{"Environment":{"Variables":{"EMAILOTP_MODE":"x"}}}}}}`))
	f.Add([]byte(`{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":{"Fn::Sub":["${a}",{"a":{"Ref":"Q"}}]}}}}}`))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"),
		[]byte(`{"version":"54.0.0","artifacts":{"S":{"type":"aws:cloudformation:stack","properties":{"templateFile":"t.json"}}}}`), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "t.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := plan(dir, passwordless)
		if (p == nil) == (err == nil) {
			t.Error("neither a plan nor an error, or both")
		}
	})
}
