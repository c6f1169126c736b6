//go:build !race

package emailotp_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// lasting are the resources that a deployment must not replace: with them accounts, codes, budgets,
// settings of clients or a verified sender would be lost. Each has the properties whose change
// replaces it or is refused, after AWS's reference of the resource type.
var lasting = map[string][]string{
	"AWS::Cognito::UserPool":             {"UsernameAttributes", "AliasAttributes", "UsernameConfiguration"},
	"AWS::Cognito::UserPoolClient":       {"UserPoolId", "GenerateSecret"},
	"AWS::KMS::Key":                      {"KeySpec", "KeyUsage", "MultiRegion"},
	"AWS::DynamoDB::GlobalTable":         {"KeySchema", "LocalSecondaryIndexes", "TableName"},
	"AWS::SES::EmailIdentity":            {"EmailIdentity"},
	"AWS::SES::ConfigurationSet":         {"Name"},
	"AWS::Logs::LogGroup":                {"LogGroupClass", "LogGroupName"},
	"Custom::EmailOTPUserPoolAttachment": {"ServiceToken"},
}

// An upgrade keeps what an app has in its account. The released templates are those of the last
// release: a release copies the golden files there, and nothing else changes them.
func TestAnUpgradeReplacesNoResourceThatLasts(t *testing.T) {
	files, err := filepath.Glob("testdata/released/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no released template: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		old, now := templateOf(t, file), templateOf(t, "testdata/"+name+".golden.json")
		for _, problem := range replaced(old, now) {
			t.Errorf("%s: %s; such a change needs a way for adopters to move, and bold words in CHANGELOG.md", name, problem)
		}
		// The comparison itself: each replacement of a resource is found.
		for id, r := range old {
			if _, lasts := lasting[r.Type]; !lasts {
				continue
			}
			renamed := map[string]released{}
			for other, r := range now {
				renamed[other] = r
			}
			delete(renamed, id)
			if len(replaced(old, renamed)) == 0 {
				t.Errorf("%s: without %s nothing is found", name, id)
			}
			changed := r
			changed.Properties = map[string]any{}
			renamed[id] = changed
			if r.Properties[lasting[r.Type][0]] != nil && len(replaced(old, renamed)) == 0 {
				t.Errorf("%s: with another %s nothing is found", name, id)
			}
		}
	}
}

// released is a resource of a template.
type released struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
}

func templateOf(t *testing.T, file string) map[string]released {
	t.Helper()
	var template struct{ Resources map[string]released }
	disk.ReadJSON(t, file, &template)
	return template.Resources
}

// replaced returns a sentence for each resource that lasts and that an update would replace, delete
// or no longer keep when the stack is deleted.
func replaced(old, now map[string]released) (problems []string) {
	for id, before := range old {
		properties, lasts := lasting[before.Type]
		if !lasts {
			continue
		}
		after, kept := now[id]
		if !kept || after.Type != before.Type {
			problems = append(problems, before.Type+" "+id+" is no longer in the template")
			continue
		}
		if before.DeletionPolicy != after.DeletionPolicy {
			problems = append(problems, before.Type+" "+id+" has another DeletionPolicy")
		}
		for _, p := range properties {
			if !reflect.DeepEqual(before.Properties[p], after.Properties[p]) {
				problems = append(problems, before.Type+" "+id+" is replaced by another "+p)
			}
		}
	}
	return problems
}
