package clients_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// runScript runs a script of testdata in Node with the address of the sandbox; the script must end
// with ok.
func (w *world) runScript(name string, extra map[string]any) {
	w.t.Helper()
	given := map[string]any{
		"endpoint": w.cfg.Endpoint, "inboxUrl": w.cfg.InboxURL, "mode": string(w.cfg.Mode),
		"userPoolId": w.cfg.UserPoolID, "userPoolClientId": w.cfg.UserPoolClientID,
		"user": w.person, "password": personPassword, "newcomer": w.newcomer, "temporary": temporary,
		"ownPassword": ownPassword,
	}
	maps.Copy(given, extra)
	node.Run(w.t, "testdata", name, given)
}

func TestThePagesSourcesTypeCheck(t *testing.T) {
	t.Parallel()
	modules := node.Modules(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, web.Sources()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tsconfig.json", "example/tsconfig.json"} {
		config, err := os.ReadFile(filepath.Join("../../web", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), config, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, project := range []string{".", "example"} {
		cmd := exec.CommandContext(t.Context(), "node", filepath.Join("node_modules", "typescript", "bin", "tsc"),
			"--noEmit", "--project", project)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", project, err, out)
		}
	}
}

func TestAmplifyInNode(t *testing.T) {
	modes(t, func(t *testing.T, mode string) {
		on(t, mode).runScript("amplify.mjs", map[string]any{"new": testkit.Address("amplify@example.com")})
	})
}

func TestIdentityJSInNode(t *testing.T) {
	modes(t, func(t *testing.T, mode string) {
		on(t, mode).runScript("identity.mjs", map[string]any{"new": testkit.Address("identity@example.com")})
	})
}

// aws runs the AWS CLI, of any version, without the machine's credentials and configuration.
func (w *world) aws(args ...string) (map[string]any, string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "aws", append([]string{"cognito-idp", "--endpoint-url", w.cfg.Endpoint,
		"--region", w.cfg.Region, "--output", "json"}, args...)...)
	none := filepath.Join(w.t.TempDir(), "none")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "AWS_") })
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=developer", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true")
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		return nil, words.String()
	}
	answer := map[string]any{}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			w.t.Fatalf("aws %v: %v: %s", args, err, out.String())
		}
	}
	return answer, ""
}

func TestTheAWSCLI(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "aws")
	w := on(t, "passwordless")
	client, address := w.cfg.UserPoolClientID, testkit.Address("cli@example.com")
	if _, words := w.aws("sign-up", "--client-id", client, "--username", address, "--password",
		"Never-to-be-used-1"); words != "" {
		t.Fatal(words)
	}
	since := time.Now()
	first, words := w.aws("initiate-auth", "--client-id", client, "--auth-flow", "CUSTOM_AUTH", "--auth-parameters",
		"USERNAME="+address)
	if words != "" {
		t.Fatal(words)
	}
	respond := func(code string, session any) (map[string]any, string) {
		return w.aws("respond-to-auth-challenge", "--client-id", client, "--challenge-name", "CUSTOM_CHALLENGE",
			"--session", session.(string),
			"--challenge-responses", "USERNAME="+address+",ANSWER="+code)
	}
	code := w.code(address, since)
	second, words := respond(wrong(code), first["Session"])
	if words != "" || second["ChallengeParameters"].(map[string]any)["attemptsLeft"] != "2" {
		t.Fatalf("a wrong code gives %v %s", second, words)
	}
	if _, words = respond(code, first["Session"]); !strings.Contains(words, "NotAuthorizedException") {
		t.Errorf("a used session gives %q, want NotAuthorizedException", words)
	}
	third, words := respond(code, second["Session"])
	if words != "" {
		t.Fatal(words)
	}
	tokens := third["AuthenticationResult"].(map[string]any)
	user, words := w.aws("get-user", "--access-token", tokens["AccessToken"].(string))
	if words != "" || user["Username"] == "" {
		t.Errorf("get-user gives %v %s", user, words)
	}
	if _, words = w.aws("initiate-auth", "--client-id", client, "--auth-flow", "REFRESH_TOKEN_AUTH",
		"--auth-parameters", "REFRESH_TOKEN="+tokens["RefreshToken"].(string)); words != "" {
		t.Error(words)
	}
	if _, words = w.aws("global-sign-out", "--access-token", tokens["AccessToken"].(string)); words != "" {
		t.Error(words)
	}
	if _, words = w.aws("get-user", "--access-token", tokens["AccessToken"].(string)); !strings.Contains(words,
		"NotAuthorizedException") {
		t.Errorf("get-user after global sign-out gives %q, want NotAuthorizedException", words)
	}
	if _, words = w.aws("admin-get-user", "--user-pool-id", w.cfg.UserPoolID, "--username", address); words != "" {
		t.Error(words)
	}
}

func TestTokensPassAWSJWTVerify(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	b := newTab(t)
	b.signIn(w.toCode(b, w.person))
	token := func(kind string) string {
		return eval[string](b, `localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(%s)))`, "."+kind)
	}
	w.runScript("verify.mjs", map[string]any{"tokens": map[string]string{"access": token("accessToken"),
		"id": token("idToken")}})
}
