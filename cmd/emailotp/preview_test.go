package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail/compile"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

const previewApp = `{"context": {"emailotp": {
  "dev": {"region": "eu-west-1", "mode": "passwordless", "sender": "codes@dev.example.com"},
  "prod": {"region": "eu-west-1", "mode": "password", "sender": "codes@example.com", "productName": "Shop", "codeLength": 6, "codeTtlSeconds": 180}
}}}`

// previewFiles makes files below a new directory, which it returns.
func previewFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	disk.WriteAll(t, dir, files)
	return dir
}

// runPreview runs the command in a directory.
func runPreview(t *testing.T, dir string, args ...string) (code int, out, errors string) {
	t.Helper()
	t.Chdir(dir)
	var stdout, stderr strings.Builder
	code = run(t.Context(), append([]string{"preview"}, args...), streams{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestPreviewWritesTheMailsOfAnEnvironment(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		mail  string
		want  string
	}{
		{"dev by default", map[string]string{"cdk.json": previewApp}, nil, "en-passwordless-short.txt",
			"sign in to dev.example.com:"},
		{"another one", map[string]string{"cdk.json": previewApp}, []string{"--stage", "prod"}, "en-password-short.txt",
			"123 456"},
		{"no app", nil, nil, "en-password-short.txt", "sign in to Example:"},
		{"an app without environments", map[string]string{"cdk.json": `{"context": {}}`}, nil, "en-passwordless-long.txt",
			"1234 5678 9012 3456 7890"},
		{"a configuration", map[string]string{"mail.json": `{"productName": "Shop", "mode": "password"}`},
			[]string{"--config", "mail.json"}, "en-password-short.txt", "sign in to Shop:"},
		{"another mode", map[string]string{"cdk.json": previewApp}, []string{"--mode", "password"}, "en-password-short.txt",
			"change your password"},
		{"templates", map[string]string{"t/text.tmpl": "Own: {{.Grouped}}", "t/sv.json": "{}"}, []string{"--templates", "t"},
			"sv-passwordless-short.txt", "Own: 1234 5678"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := previewFiles(t, test.files)
			code, out, stderr := runPreview(t, dir, append(test.args, "--out", "gallery")...)
			if code != 0 || out != "wrote "+filepath.Join("gallery", "index.html")+"\n" {
				t.Fatalf("exit code %d\n%s%s", code, out, stderr)
			}
			got, err := os.ReadFile(filepath.Join(dir, "gallery", "mails", test.mail))
			if err != nil || !strings.Contains(string(got), test.want) {
				t.Errorf("%v\n%s\nlacks %q", err, got, test.want)
			}
		})
	}
}

func TestPreviewChecks(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		want  string
	}{
		{"sound mails", map[string]string{"cdk.json": previewApp}, nil, 0, "120 mails checked, 0 errors; HTML of 4"},
		{"a warning", map[string]string{"t/subject.tmpl": "Code!"}, []string{"--templates", "t"}, 0,
			"en, passwordless, short code: warning exclamation: "},
		{"a warning once", map[string]string{"t/subject.tmpl": "Code!"}, []string{"--templates", "t"}, 0,
			"(and in 71 other mails)"},
		{"a string that lacks", map[string]string{"t/sv.json": `{"heading": "Din kod"}`}, []string{"--templates", "t"}, 0,
			`sv: warning strings: Languages["sv"]: lacks expires`},
		{"an error", map[string]string{"t/html.tmpl": "<script></script>{{.Code}}"}, []string{"--templates", "t"}, 1,
			"error elements: the HTML has <script>"},
		{"JSON", nil, []string{"--json"}, 0, `{"mails":[{"language":"en","mode":"passwordless","code":"short","bytes":5`},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, stderr := runPreview(t, previewFiles(t, test.files), append(test.args, "--check")...)
			if code != test.code || !strings.Contains(out, test.want) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", code, test.code, test.want, out, stderr)
			}
		})
	}
}

func TestPreviewRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		want  string
	}{
		{"wrong flags", nil, []string{"--mode", "both", "--port", "70000", "--stack", "Shop"}, 2,
			`--mode must be password or passwordless (received: "both")`},
		{"two sources", nil, []string{"--config", "a", "--assembly", "b"}, 2,
			"--config, --assembly and --stage exclude each other"},
		{"an unknown environment", map[string]string{"cdk.json": previewApp}, []string{"--stage", "test"}, 1,
			`(received: "test"); it has dev, prod`},
		{"a mistake in an environment", map[string]string{"cdk.json": strings.Replace(previewApp, "productName",
			"productNam", 1)}, nil, 1,
			`environment "prod": unknown key "productNam" (did you mean "productName"?)`},
		{"an environment without an app", nil, []string{"--stage", "prod"}, 1, "--stage prod: there is no cdk.json"},
		{"no such file", nil, []string{"--config", "none.json"}, 1, "none.json"},
		{"a mistake in a file", map[string]string{"mail.json": "{\n\"colour\": 1}"}, []string{"--config", "mail.json"}, 1,
			`mail.json:2: json: unknown field "colour"`},
		{"a mistake in a template", map[string]string{"t/text.tmpl": "a\n{{.Cod}}"}, []string{"--templates", "t", "--check"},
			1, "text.tmpl:2:2: "},
		{"no such directory", nil, []string{"--templates", "none"}, 1,
			`--templates must be a directory with templates and texts (received: "none")`},
		{"no assembly", nil, []string{"--assembly", "."}, 1, "is not a cloud assembly"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, stderr := runPreview(t, previewFiles(t, test.files), append(test.args, "--out", "gallery")...)
			if code != test.code || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", code, test.code, test.want, out, stderr)
			}
		})
	}
}

// previewServe runs the command until the test ends, and returns the gallery's URL.
func previewServe(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int)
	go func() {
		code := run(ctx, append([]string{"preview", "--port", "0", "--json"}, args...), streams{out: in, err: io.Discard})
		in.Close()
		done <- code
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d at the end", code)
		}
	})
	var ready struct{ URL string }
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	return ready.URL
}

func previewGet(t *testing.T, url, host string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestPreviewServesToThisMachineAloneAndFollowsItsFiles(t *testing.T) {
	dir := previewFiles(t, map[string]string{"t/text.tmpl": "Own: {{.Grouped}}"})
	url := previewServe(t, "--templates", filepath.Join(dir, "t"))
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("it listens on %s", url)
	}
	if status, _ := previewGet(t, url, "gallery.example.com"); status != http.StatusForbidden {
		t.Errorf("a foreign Host is answered with %d", status)
	}
	_, first := previewGet(t, url+"/version.txt", "")
	if _, text := previewGet(t, url+"/mails/en-passwordless-short.txt", ""); text != "Own: 1234 5678\n" {
		t.Errorf("the mail is %q", text)
	}
	disk.Write(t, filepath.Join(dir, "t", "text.tmpl"), "New: {{.Grouped}}")
	if _, second := previewGet(t, url+"/version.txt", ""); second == first {
		t.Error("the pages have no reason to reload")
	}
	if _, text := previewGet(t, url+"/mails/en-passwordless-short.txt", ""); text != "New: 1234 5678\n" {
		t.Errorf("the mail is %q", text)
	}
	if err := os.WriteFile(filepath.Join(dir, "t", "text.tmpl"), []byte("{{.Code"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, page := previewGet(t, url, ""); !strings.Contains(page, "text.tmpl:1: unclosed action") {
		t.Errorf("the mistake isn't shown: %s", page)
	}
}

// assemblyWith is a cloud assembly whose mailing function has these settings, and files beside its
// program.
func assemblyWith(t *testing.T, set settings.Settings, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "internal", "sandbox", "assembly", "testdata",
		"app"))); err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob(filepath.Join(dir, "asset.*", build.Bootstrap))
	if err != nil || len(programs) == 0 {
		t.Fatalf("no programs in the assembly (%v)", err)
	}
	for _, program := range programs {
		for name, content := range files {
			disk.Write(t, filepath.Join(filepath.Dir(program), name), content)
		}
	}
	template := filepath.Join(dir, "EmailOtp-dev.template.json")
	content := disk.Read(t, template)
	var all struct{ Resources map[string]map[string]any }
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	for _, resource := range all.Resources {
		if mark, ok := resource["Metadata"].(map[string]any); ok && mark["EmailOTP::Function"] == "create-auth-challenge" {
			resource["Properties"].(map[string]any)["Environment"] = map[string]any{"Variables": set.Environment(
				settings.CreateAuthChallenge)}
		}
	}
	if content, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	disk.Write(t, template, content)
	return dir
}

func TestPreviewShowsWhatAnAssemblyWouldMail(t *testing.T) {
	set := settings.Defaults(settings.Passwordless)
	set.From, set.ProductName, set.CodeLength, set.TableName, set.KeyARN = "codes@example.com", "Shop", 6, "table", "key"
	code := compile.Code{Length: set.CodeLength, TTL: set.CodeTTL}
	file, _, err := compile.Compile(mail.Config{Mail: settings.Mail{From: set.From, ProductName: "Shop"},
		Mode:      mail.Passwordless,
		Templates: mail.Templates{Text: "Own: {{.Grouped}}"}}, code)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"the built-in mail", nil, nil, "sign in to Shop:\n\n    123 456\n"},
		{"a mail.json", map[string]string{"mail.json": string(file)}, nil, "Own: 123 456\n"},
		{"templates on top of it", map[string]string{"mail.json": string(file)}, []string{"--templates", "t"},
			"New from Shop: 123 456\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, dir := t.TempDir(), previewFiles(t, map[string]string{"t/text.tmpl": "New from {{.ProductName}}: {{.Grouped}}"})
			args := append([]string{"--assembly", assemblyWith(t, set, test.files), "--stack", "EmailOtp-dev", "--out", out},
				test.args...)
			code, _, stderr := runPreview(t, dir, args...)
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, stderr)
			}
			got, err := os.ReadFile(filepath.Join(out, "mails", "en-passwordless-short.txt"))
			if err != nil || !strings.Contains(string(got), test.want) {
				t.Errorf("%v\n%s\nlacks %q", err, got, test.want)
			}
		})
	}
}
