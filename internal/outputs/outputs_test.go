package outputs_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/outputs"
)

const (
	deployed = `{
  "EmailOtp-dev": {"UserPoolId": "eu-west-1_Ab3dEf9Gh", "UserPoolClientId": "1h57kf5cpq17m0eml12EXAMPLE", "Region": "eu-west-1", "Mode": "passwordless"},
  "Network": {"VpcId": "vpc-0123"}
}`
	ready = `{"endpoint": "http://127.0.0.1:9310", "region": "eu-west-1", "userPoolId": "eu-west-1_TestPool1", "userPoolClientId": "abc123",
  "mode": "password", "inboxUrl": "http://127.0.0.1:9311", "stack": "EmailOtp-dev"}`
)

var (
	onAWS = outputs.Client{Region: "eu-west-1", UserPoolID: "eu-west-1_Ab3dEf9Gh",
		UserPoolClientID: "1h57kf5cpq17m0eml12EXAMPLE", Mode: "passwordless"}
	sandbox = outputs.Client{Region: "eu-west-1", UserPoolID: "eu-west-1_TestPool1", UserPoolClientID: "abc123",
		Mode: "password", Endpoint: "http://127.0.0.1:9310"}
)

// The outputs of an app of its own, as the examples have them.
const example = `{"Shop": {"UserPoolId": "eu-west-1_Ab3dEf9Gh", "UserPoolClientId": "1h57kf5cpq17m0eml12EXAMPLE",
  "ApiUrl": "https://api.example.com"}}`

// options returns c as a password pool with every option.
func options(c outputs.Client) outputs.Client {
	c.Mode, c.RememberDevices, c.Recovery, c.SupportAddress = "password", 30, "email", "help@example.com"
	return c
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name, data, stack, mode string
		want                    outputs.Client
	}{
		{"the only stack of a deployment", deployed, "", "", onAWS},
		{"a stack by name", deployed, "EmailOtp-dev", "", onAWS},
		{"a stack with the mode that it has", deployed, "", "passwordless", onAWS},
		{"a stack without a region and a mode", example, "", "passwordless", onAWS},
		{"a stack with every option", strings.Replace(deployed, `"Mode": "passwordless"`,
			`"Mode": "password", "RememberDevices": "30", "PasswordRecovery": "email", "SupportAddress": "help@example.com"`, 1), "", "", options(onAWS)},
		{"a sandbox with every option", strings.Replace(ready, `"stack"`,
			`"rememberDevices": 30, "recovery": "email", "supportAddress": "help@example.com", "stack"`, 1), "", "", options(sandbox)},
		{"a sandbox", ready, "", "", sandbox},
		{"a sandbox by its stack", ready, "EmailOtp-dev", "password", sandbox},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := outputs.Read([]byte(test.data), test.stack, test.mode)
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	two := `{"A": {"UserPoolId": "p", "UserPoolClientId": "c"}, "B": {"UserPoolId": "p", "UserPoolClientId": "c"}}`
	for _, test := range []struct{ name, data, stack, mode, want string }{
		{"no JSON", `nonsense`, "", "", "neither the outputs of a deployment nor a sandbox's ready file"},
		{"a list", `[]`, "", "", "neither the outputs"},
		{"nothing", `{}`, "", "", "its stacks: none"},
		{"other stacks", `{"Network": {"VpcId": "v"}}`, "", "", "its stacks: Network"},
		{"several stacks", two, "", "", "choose one by --stack: A, B"},
		{"an unknown stack", deployed, "EmailOtp-prod", "", "no stack EmailOtp-prod; its stacks: EmailOtp-dev, Network"},
		{"a stack without the outputs", deployed, "Network", "",
			"lacks the outputs UserPoolId, UserPoolClientId; it has: VpcId"},
		{"a stack without a mode", example, "Shop", "", "no output Mode; name the pool's mode by --mode"},
		{"another mode than the stack's", deployed, "", "password", "the pool's mode is passwordless, not password"},
		{"outputs that are no texts", `{"A": {"UserPoolId": 1}}`, "", "", "the outputs of A are not an object of texts"},
		{"days that are none", strings.Replace(deployed, `"Mode"`, `"RememberDevices": "$(id)", "Mode"`, 1), "", "",
			`RememberDevices of stack EmailOtp-dev must be a number of days (received: "$(id)")`},
		{"too many days", strings.Replace(ready, `"stack"`, `"rememberDevices": 91, "stack"`, 1), "", "", "must be 0 to 90"},
		{"another recovery", strings.Replace(ready, `"stack"`, `"recovery": "sms", "stack"`, 1), "", "", "must be email, or left out"},
		{"a support address that a terminal obeys", strings.Replace(ready, `"stack"`,
			`"supportAddress": "\u001b[2J@example.com", "stack"`, 1), "", "", "the support address must be an e-mail address"},
		{"a sandbox of another stack", ready, "Shop", "", "runs the stack EmailOtp-dev, not Shop"},
		{"a pool's id that a shell would read", strings.Replace(ready, "eu-west-1_TestPool1", "$(id)", 1), "", "",
			`the user pool's id must be of the form eu-west-1_Ab3dEf9Gh (received: "$(id)")`},
		{"an endpoint that is none", strings.Replace(ready, "http://127.0.0.1:9310", "javascript:alert(1)", 1), "", "",
			"the endpoint must be an http or https origin"},
		{"two faults at once", strings.NewReplacer(`"eu-west-1"`, `"mars"`, `"password"`, `"both"`).Replace(ready), "", "",
			"the mode must be password or passwordless (received: \"both\")"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := outputs.Read([]byte(test.data), test.stack, test.mode)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestRender(t *testing.T) {
	for _, test := range []struct {
		name           string
		client         outputs.Client
		format, prefix string
		want           string
	}{
		{"variables of a sandbox", sandbox, "env", outputs.DefaultPrefix, `EMAILOTP_REGION=eu-west-1
EMAILOTP_USER_POOL_ID=eu-west-1_TestPool1
EMAILOTP_USER_POOL_CLIENT_ID=abc123
EMAILOTP_MODE=password
EMAILOTP_ENDPOINT=http://127.0.0.1:9310
AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=http://127.0.0.1:9310
`},
		{"variables for a bundler", onAWS, "env", "VITE_", `VITE_REGION=eu-west-1
VITE_USER_POOL_ID=eu-west-1_Ab3dEf9Gh
VITE_USER_POOL_CLIENT_ID=1h57kf5cpq17m0eml12EXAMPLE
VITE_MODE=passwordless
`},
		{"a page's settings with every option", options(onAWS), "settings", "",
			`{"userPoolId":"eu-west-1_Ab3dEf9Gh","userPoolClientId":"1h57kf5cpq17m0eml12EXAMPLE","mode":"password",` +
				`"rememberDevices":30,"recovery":"email","support":"help@example.com"}`},
		{"an object with every option", options(onAWS), "json", "", `{
  "region": "eu-west-1",
  "userPoolId": "eu-west-1_Ab3dEf9Gh",
  "userPoolClientId": "1h57kf5cpq17m0eml12EXAMPLE",
  "mode": "password",
  "rememberDevices": 30,
  "recovery": "email",
  "supportAddress": "help@example.com"
}
`},
		{"variables with every option", options(sandbox), "env", "", `REGION=eu-west-1
USER_POOL_ID=eu-west-1_TestPool1
USER_POOL_CLIENT_ID=abc123
MODE=password
REMEMBER_DEVICES=30
RECOVERY=email
ENDPOINT=http://127.0.0.1:9310
AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=http://127.0.0.1:9310
`},
		{"a page's settings", onAWS, "settings", "",
			`{"userPoolId":"eu-west-1_Ab3dEf9Gh","userPoolClientId":"1h57kf5cpq17m0eml12EXAMPLE","mode":"passwordless"}`},
		{"an object", onAWS, "json", "", `{
  "region": "eu-west-1",
  "userPoolId": "eu-west-1_Ab3dEf9Gh",
  "userPoolClientId": "1h57kf5cpq17m0eml12EXAMPLE",
  "mode": "passwordless"
}
`},
		{"Amplify's file", sandbox, "amplify", "", `{
  "version": "1",
  "auth": {
    "aws_region": "eu-west-1",
    "user_pool_id": "eu-west-1_TestPool1",
    "user_pool_client_id": "abc123",
    "username_attributes": [
      "email"
    ],
    "user_verification_types": [
      "email"
    ]
  },
  "custom": {
    "emailotp": {
      "mode": "password",
      "userPoolEndpoint": "http://127.0.0.1:9310"
    }
  }
}
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.client.Render(test.format, test.prefix)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	_, err := onAWS.Render("yaml", "")
	if err == nil || !strings.Contains(err.Error(), `one of amplify, env, json, settings (received: "yaml")`) {
		t.Errorf("another format gives %v", err)
	}
	if _, err := onAWS.Render("env", "1 "); err == nil || !strings.Contains(err.Error(), "the prefix must be") {
		t.Errorf("a prefix that no variable can have gives %v", err)
	}
	if _, err := (outputs.Client{}).Render("json", ""); err == nil {
		t.Error("an empty client was rendered")
	}
}

// What a sign-in page reads is fetched from it, so that not a byte differs.
func TestThePagesSettingsAreThoseThatItReads(t *testing.T) {
	const settings = `{"userPoolId": "eu-west-1_TestPool1",   "signUp": true}`
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/settings.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(settings))
	}))
	defer page.Close()
	for _, address := range []string{page.URL, page.URL + "/"} {
		data := strings.Replace(ready, `"stack"`, `"signInUrl": "`+address+`", "stack"`, 1)
		c, err := outputs.Read([]byte(data), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Fetch(t.Context()); string(got) != settings || err != nil {
			t.Errorf("%s: %s, %v", address, got, err)
		}
	}
	if _, err := (outputs.Client{SignInURL: page.URL + "/else"}).Fetch(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "404") {
		t.Errorf("a page without settings: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(deployed), "")
	f.Add([]byte(ready), "EmailOtp-dev")
	f.Add([]byte(`{"userPoolId": null}`), "")
	f.Fuzz(func(t *testing.T, data []byte, stack string) {
		c, err := outputs.Read(data, stack, "passwordless")
		if err != nil {
			return
		}
		for _, format := range outputs.Formats() {
			text, err := c.Render(format, outputs.DefaultPrefix)
			if err != nil {
				t.Fatalf("what was read as %+v can't be rendered as %s: %v", c, format, err)
			}
			if format != outputs.Env && !json.Valid(text) {
				t.Fatalf("%s is no JSON: %s", format, text)
			}
			if format == outputs.Env && strings.ContainsAny(string(text), " \t\"'`$;&|<>(){}*?\\#~!") {
				t.Fatalf("a shell would read more into %q", text)
			}
		}
	})
}

func TestThePageOfADeploymentHasTheNamesOfItsClients(t *testing.T) {
	const ids = `"UserPoolId": "eu-west-1_Ab3dEf9Gh", "UserPoolClientId": "3n4b"`
	both := `{"Shop": {` + ids + `, "SignInUrl": "https://login.example.com", "ClientIdWeb": "w1", "ClientIdCli": "c1"}, "Plain": {` + ids + `}}`
	got, err := outputs.ReadPage([]byte(both), "Shop")
	if err != nil || got.URL != "https://login.example.com" || len(got.Clients) != 2 || got.Clients["Cli"] != "c1" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []struct{ data, stack, want string }{
		{both, "", "several stacks have the outputs of an EmailOTP"},
		{both, "Plain", "the stack Plain lacks the output SignInUrl; it has: UserPoolClientId, UserPoolId"},
		{both, "Other", "the file has no stack Other"},
		{"[1]", "", "not the outputs of a deployment"},
		{`{"Shop": 3}`, "", "the outputs of Shop are not an object of texts"},
	} {
		if _, err := outputs.ReadPage([]byte(c.data), c.stack); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %v, want %q", c.stack, c.data, err, c.want)
		}
	}
}
