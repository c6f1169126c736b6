//go:build !race

package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	api "github.com/cognito-emailotp/cdk-emailotp/examples/api/stack"
	existingpool "github.com/cognito-emailotp/cdk-emailotp/examples/existing-pool/stack"
	importedpool "github.com/cognito-emailotp/cdk-emailotp/examples/imported-pool/stack"
	regions "github.com/cognito-emailotp/cdk-emailotp/examples/regions/stack"
	smallest "github.com/cognito-emailotp/cdk-emailotp/examples/smallest/stack"
	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

func TestMain(m *testing.M) { emailotptest.Main(m) }

func TestTemplates(t *testing.T) {
	for _, test := range []struct {
		example string
		golden  string
		stack   func(awscdk.App) awscdk.Stack
	}{
		{"smallest", "smallest", func(app awscdk.App) awscdk.Stack { return smallest.New(app, "Smallest") }},
		{"api", "api", func(app awscdk.App) awscdk.Stack { return api.New(app, "Api", api.Props{}) }},
		{"api", "api-for-a-browser", func(app awscdk.App) awscdk.Stack {
			app.Node().SetContext(jsii.String("origin"), "https://app.example.com")
			app.Node().SetContext(jsii.String("token"), api.TokenAccess)
			props, err := api.FromContext(app)
			if err != nil {
				t.Error(err)
			}
			return api.New(app, "Api", props)
		}},
		{"existing-pool", "existing-pool", func(app awscdk.App) awscdk.Stack {
			return existingpool.New(app, "ExistingPool", &existingpool.Props{JournalDir: "existing-pool/journal"})
		}},
		{"imported-pool", "imported-pool", func(app awscdk.App) awscdk.Stack {
			return importedpool.New(app, "ImportedPool")
		}},
		{"regions", "regions-eu-west-1", func(app awscdk.App) awscdk.Stack {
			return regions.New(app, "SignIn-eu-west-1",
				"eu-west-1")
		}},
		{"regions", "regions-us-east-1", func(app awscdk.App) awscdk.Stack {
			return regions.New(app, "SignIn-us-east-1",
				"us-east-1")
		}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			stack := test.stack(emailotptest.App(t, context(t, test.example)))
			emailotptest.Snapshot(t, stack, filepath.Join("testdata", test.golden+".golden.json"))
		})
	}
}

// An origin that a browser never sends, and one that would open the API to every page, are refused.
func TestTheAPIRefusesWhatIsNoOrigin(t *testing.T) {
	for key, values := range map[string][]any{
		"origin": {"*", "https://*", "https://app.example.com/", "http://app.example.com", "app.example.com", "null", "https://",
			"https://user@app.example.com", "https://app.example.com?", "https://a.example.com'", 7, true},
		"token": {"refresh", 1},
	} {
		for _, value := range values {
			app := awscdk.NewApp(&awscdk.AppProps{Context: &map[string]any{key: value}})
			if _, err := api.FromContext(app); err == nil || !strings.Contains(err.Error(), "context "+key+" must be") {
				t.Errorf("%s %v: %v", key, value, err)
			}
		}
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &map[string]any{"origin": "http://localhost:5173", "token": "id"}})
	if p, err := api.FromContext(app); err != nil || p != (api.Props{Origin: "http://localhost:5173", Token: "id"}) {
		t.Errorf("%+v, %v", p, err)
	}
}

// `emailotp outputs` makes settings of what every example writes, without a flag.
func TestTheOutputsOfEveryExampleAreSettingsForClients(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var template struct {
			Outputs map[string]struct{ Value any }
		}
		disk.ReadJSON(t, file, &template)
		if _, has := template.Outputs["UserPoolId"]; !has {
			continue // a stack around another one's sign-in
		}
		deployed := map[string]string{}
		for name, output := range template.Outputs {
			deployed[name], _ = output.Value.(string) // the Mode; of the others a deployment knows the value
		}
		deployed["UserPoolId"], deployed["UserPoolClientId"] = "eu-west-1_Ab3dEf9Gh", "1h57kf5cpq17m0eml12EXAMPLE"
		data, err := json.Marshal(map[string]any{"Stack": deployed})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := outputs.Read(data, "", ""); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// The CLI synthesises an example by its cdk.json, whose flags shape the template.
func TestEveryExampleHasItsCommandAndItsText(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(e.Name(), "main.go")); err != nil {
			continue
		}
		found++
		if _, err := os.Stat(filepath.Join(e.Name(), "README.md")); err != nil {
			t.Error(err)
		}
		if got, want := config(t, e.Name()).App, "go mod download && go run ."; got != want {
			t.Errorf("%s/cdk.json runs %q, want %q", e.Name(), got, want)
		}
	}
	if found != 5 {
		t.Errorf("there are %d examples, want 5", found)
	}
}

type cdkJSON struct {
	App     string
	Context map[string]any
}

func config(t testing.TB, example string) cdkJSON {
	t.Helper()
	content := disk.Read(t, filepath.Join(example, "cdk.json"))
	var c cdkJSON
	if err := json.Unmarshal(content, &c); err != nil {
		t.Fatalf("%s/cdk.json: %v", example, err)
	}
	return c
}

func context(t testing.TB, example string) map[string]any { return config(t, example).Context }
