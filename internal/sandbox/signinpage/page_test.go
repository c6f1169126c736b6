package signinpage_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

var settings = webbundle.Settings{
	UserPoolID: "eu-west-1_TestPool1", UserPoolClientID: "abc123", Mode: "passwordless",
	Endpoint: "http://127.0.0.1:9310", InboxURL: "http://127.0.0.1:9311",
}

func cacheDir(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm is not on PATH, without which nothing can be bundled")
		}
		t.Skip("npm is not on PATH, without which nothing can be bundled")
	}
	dir, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func serve(t testing.TB, o signinpage.Options) *httptest.Server {
	t.Helper()
	o.CacheDir = cacheDir(t)
	page, err := signinpage.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page)
	t.Cleanup(server.Close)
	return server
}

func get(t testing.TB, url string) (*http.Response, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestThePageIsServedWithItsHeaders(t *testing.T) {
	server := serve(t, signinpage.Options{Settings: settings})
	res, body := get(t, server.URL+"/?lang=de")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "<!doctype html>") {
		t.Fatalf("got %s: %s", res.Status, body)
	}
	policy := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self' http://127.0.0.1:9310",
		"frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %s lacks %s", policy, want)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	script := body[strings.Index(body, `src="`)+5:]
	res, _ = get(t, server.URL+"/"+script[:strings.Index(script, `"`)])
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") ||
		!strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script is %s with %v", res.Status, res.Header)
	}
	for _, path := range []string{"/reload", "/assets/", "/assets/..%2findex.html", "/src/main.ts", "/package.json"} {
		if res, _ := get(t, server.URL+path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s is %s, want not found", path, res.Status)
		}
	}
	if res, err := http.Post(server.URL+"/settings.json", "application/json", nil); err != nil ||
		res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST gives %v, %v", res.Status, err)
	}
}

func TestTheSettingsAreWhatThePageReads(t *testing.T) {
	server := serve(t, signinpage.Options{Settings: settings})
	_, body := get(t, server.URL+"/settings.json")
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	source, err := fs.ReadFile(web.Sources(), "src/settings.ts")
	if err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if !strings.Contains(string(source), "  "+name+":") && !strings.Contains(string(source), "  "+name+"?:") {
			t.Errorf("the page knows no setting %s", name)
		}
	}
	if got["live"] != nil {
		t.Error("a page that is part of the program listens for new builds")
	}
}

func TestWrongSettingsAreNamedAtOnce(t *testing.T) {
	_, err := signinpage.New(signinpage.Options{Settings: webbundle.Settings{Mode: "both", Endpoint: "nowhere",
		InboxURL: "javascript:alert(1)", PasswordLength: -1}})
	if err == nil {
		t.Fatal("they were taken")
	}
	for _, want := range []string{"userPoolId is required", "userPoolClientId is required", `received: "both"`,
		`endpoint must be an http or https URL (received: "nowhere")`, "inboxUrl must be", "passwordLength must be"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

func TestWithoutNPMThePageSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	page, err := signinpage.New(signinpage.Options{Settings: settings, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "npm is not on PATH") {
		t.Errorf("Prepare gives %v", err)
	}
	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "npm is not on PATH") {
		t.Errorf("a visitor gets %d: %s", answer.Code, answer.Body)
	}
}

func TestADeveloperSeesEveryChange(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, web.Sources()); err != nil {
		t.Fatal(err)
	}
	server := serve(t, signinpage.Options{Settings: settings, Source: dir})
	_, before := get(t, server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	change := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	style, err := os.ReadFile(filepath.Join(dir, "src/page.css"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // the connection looks at the sources once it is open
	change("src/page.css", string(style)+"\nh1 { color: red }\n")
	told := false
	for scanner := bufio.NewScanner(res.Body); scanner.Scan(); {
		told = told || strings.HasPrefix(scanner.Text(), "data:")
	}
	if !told {
		t.Error("an open page isn't told of a change")
	}
	if _, after := get(t, server.URL); after == before {
		t.Error("the page is the old one after a change of its style")
	}
	change("src/page.css", "@import './nowhere.css';")
	if res, body := get(t, server.URL); res.StatusCode != http.StatusServiceUnavailable ||
		!strings.Contains(body, "src/page.css:1:8") || res.Header.Get("Refresh") == "" {
		t.Errorf("a broken style gives %s: %s", res.Status, body)
	}
	change("src/page.css", string(style))
	if _, again := get(t, server.URL); again != before {
		t.Error("the page isn't the first one again after its style is")
	}
}
