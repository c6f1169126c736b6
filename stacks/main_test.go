//go:build !race

package stacks_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

func TestMain(m *testing.M) {
	os.Setenv("CDK_VALIDATION", "false") // but in one test
	emailotptest.Main(m)
}

// context is the repository's cdk.json.
func context(t testing.TB) map[string]any {
	t.Helper()
	content, err := os.ReadFile("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return file.Context
}

// strict makes every finding of the validation an error, warnings included: a wrong enum is no more
// than a warning there.
func strict(t testing.TB) map[string]any {
	merged := maps.Clone(context(t))
	merged["@aws-cdk/core:validateAgainstDefaultRules"] = true
	merged["@aws-cdk/core:strictCfnValidateErrors"] = true
	merged["@aws-cdk/core:annotationsInValidationReport"] = true
	merged["@aws-cdk/core:appMode"] = "inmemory"
	return merged
}

func contains(t testing.TB, words string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(words, want) {
			t.Errorf("missing %q in\n%s", want, words)
		}
	}
}
