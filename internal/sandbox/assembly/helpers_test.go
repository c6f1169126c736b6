package assembly_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

// app has two EmailOTPs: stack EmailOtp-dev (passwordless, policies of their own, a global table)
// and EmailOtp-prod (password, inline policies, a table).
const app = "testdata/app"

const devTemplate, prodTemplate = "EmailOtp-dev.template.json", "EmailOtp-prod.template.json"

// object is a piece of a template.
type object = map[string]any

// edited gives a copy of the app with one of its JSON files changed.
func edited(t testing.TB, file string, change func(object)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, file), change)
	return dir
}

func rewrite(t testing.TB, path string, change func(object)) {
	t.Helper()
	var content object
	disk.ReadJSON(t, path, &content)
	change(content)
	write(t, path, content)
}

func write(t testing.TB, path string, content any) {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	disk.Write(t, path, data)
}

// at walks into a template by keys.
func at(o object, path ...string) object {
	for _, key := range path {
		next, ok := o[key].(object)
		if !ok {
			panic("the template has no " + key)
		}
		o = next
	}
	return o
}

func props(template object, id string) object { return at(template, "Resources", id, "Properties") }

func plan(dir string, choice assembly.Choice) (*assembly.Plan, error) {
	a, err := assembly.Load(dir, "")
	if err != nil {
		return nil, err
	}
	return a.Plan(choice)
}

func mustPlan(t testing.TB, dir string, choice assembly.Choice) *assembly.Plan {
	t.Helper()
	p, err := plan(dir, choice)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var (
	passwordless = assembly.Choice{Mode: "passwordless"}
	password     = assembly.Choice{Mode: "password"}
)
