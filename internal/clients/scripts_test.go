package clients_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// runScript runs a script of testdata in Node, told where the world is, and wants it to end with ok.
func (w *world) runScript(name string, extra map[string]any) {
	w.t.Helper()
	dir := w.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(modules(w.t), "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		w.t.Fatal(err)
	}
	told := map[string]any{
		"endpoint": w.cfg.Endpoint, "inboxUrl": w.cfg.InboxURL, "mode": string(w.cfg.Mode),
		"userPoolId": w.cfg.UserPoolID, "userPoolClientId": w.cfg.UserPoolClientID,
		"user": person, "password": personPassword, "newcomer": newcomer, "temporary": temporary, "ownPassword": ownPassword,
	}
	for key, value := range extra {
		told[key] = value
	}
	data, err := json.Marshal(told)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(w.t.Context(), "node", name)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EMAILOTP_WORLD="+string(data))
	out, err := cmd.CombinedOutput()
	if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || lines[len(lines)-1] != "ok" {
		w.t.Errorf("%s: %v\n%s", name, err, out)
	}
}

func TestThePagesSourcesTypeCheck(t *testing.T) {
	t.Parallel()
	node := modules(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, web.Sources()); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("../../web/tsconfig.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tsconfig.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(node, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("node_modules", "typescript", "bin", "tsc"), "--noEmit")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAmplifyInNode(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			start(t, mode, nil).runScript("amplify.mjs", nil)
		})
	}
}

func TestIdentityJSInNode(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			start(t, mode, nil).runScript("identity.mjs", nil)
		})
	}
}

// aws is the AWS CLI, of whichever version, without anybody's credentials or configuration.
func (w *world) aws(args ...string) (map[string]any, string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "aws", append([]string{"cognito-idp", "--endpoint-url", w.cfg.Endpoint, "--region", w.cfg.Region, "--output", "json"}, args...)...)
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
	needTools(t, "aws")
	w := start(t, "passwordless", nil)
	client := w.cfg.UserPoolClientID
	if _, words := w.aws("sign-up", "--client-id", client, "--username", "cli@example.com", "--password", "Never-to-be-used-1"); words != "" {
		t.Fatal(words)
	}
	since := time.Now()
	first, words := w.aws("initiate-auth", "--client-id", client, "--auth-flow", "CUSTOM_AUTH", "--auth-parameters", "USERNAME=cli@example.com")
	if words != "" {
		t.Fatal(words)
	}
	respond := func(code string, session any) (map[string]any, string) {
		return w.aws("respond-to-auth-challenge", "--client-id", client, "--challenge-name", "CUSTOM_CHALLENGE", "--session", session.(string),
			"--challenge-responses", "USERNAME=cli@example.com,ANSWER="+code)
	}
	code := w.code("cli@example.com", since)
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
	if _, words = w.aws("initiate-auth", "--client-id", client, "--auth-flow", "REFRESH_TOKEN_AUTH", "--auth-parameters", "REFRESH_TOKEN="+tokens["RefreshToken"].(string)); words != "" {
		t.Error(words)
	}
	if _, words = w.aws("global-sign-out", "--access-token", tokens["AccessToken"].(string)); words != "" {
		t.Error(words)
	}
	if _, words = w.aws("get-user", "--access-token", tokens["AccessToken"].(string)); !strings.Contains(words, "NotAuthorizedException") {
		t.Errorf("get-user after global sign-out gives %q, want NotAuthorizedException", words)
	}
	if _, words = w.aws("admin-get-user", "--user-pool-id", w.cfg.UserPoolID, "--username", "cli@example.com"); words != "" {
		t.Error(words)
	}
}

func TestTokensPassAWSJWTVerify(t *testing.T) {
	t.Parallel()
	w := start(t, "passwordless", nil)
	b := newTab(t)
	b.fill("#code", w.toCode(b, person))
	b.heading("You’re signed in")
	token := func(kind string) string {
		return eval[string](b, `localStorage.getItem(Object.keys(localStorage).find(k => k.endsWith(%s)))`, "."+kind)
	}
	w.runScript("verify.mjs", map[string]any{"tokens": map[string]string{"access": token("accessToken"), "id": token("idToken")}})
}
