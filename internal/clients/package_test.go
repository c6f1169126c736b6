package clients_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
)

// maxPackage is what the client's package may weigh, packed, in bytes.
const maxPackage = 40_000

// pack packs the client's package as `npm publish` would, and returns the directory of its files.
func pack(t *testing.T) string {
	t.Helper()
	modules := filepath.Join(node.Modules(t), "node_modules")
	web := t.TempDir()
	for _, part := range []string{"src/signin", "client"} {
		if err := os.CopyFS(filepath.Join(web, part), os.DirFS(filepath.Join("../../web", part))); err != nil {
			t.Fatal(err)
		}
	}
	config, err := os.ReadFile("../../web/tsconfig.json")
	if err == nil {
		err = os.WriteFile(filepath.Join(web, "tsconfig.json"), config, 0o644)
	}
	if err == nil {
		err = os.Symlink(modules, filepath.Join(web, "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "npm", "pack", "--json", "--silent")
	cmd.Dir = filepath.Join(web, "client")
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	var packed []struct {
		Size  int
		Files []struct{ Path string }
	}
	if err == nil {
		err = json.Unmarshal(out, &packed)
	}
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, words.String())
	}
	if packed[0].Size > maxPackage {
		t.Errorf("the package has %d bytes, want at most %d", packed[0].Size, maxPackage)
	}
	for _, f := range packed[0].Files {
		built := strings.HasPrefix(f.Path, "dist/") &&
			(strings.HasSuffix(f.Path, ".js") || strings.HasSuffix(f.Path, ".d.ts"))
		if !built && f.Path != "package.json" && f.Path != "README.md" {
			t.Errorf("the package has %s, which no app needs", f.Path)
		}
	}
	return cmd.Dir
}

const reactApp = `
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify } from '@aws-amplify/core';
import { EmailSignIn } from '@cognito-emailotp/sign-in';
import { EmailSignInForm } from '@cognito-emailotp/sign-in/react';

const { mode, ...Cognito } = CONFIG, Auth = { Cognito };
cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
const words = {
  email: 'Email', password: 'Password', newPassword: 'New password', code: 'Code of {count} digits', continue: 'Continue',
  resend: 'Resend', startOver: 'Start over', problem: (id) => 'problem ' + id, reason: (reason, left) => reason + ' ' + left,
};
createRoot(document.querySelector('#app')).render(createElement(EmailSignInForm, { signIn: new EmailSignIn({ mode }), words },
  (session) => createElement('h2', {}, 'In: ' + session.email)));
`

func TestThePackageSignsInByItsReactForm(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	client := pack(t)
	config, err := json.Marshal(map[string]string{"mode": "passwordless", "userPoolId": w.cfg.UserPoolID,
		"userPoolClientId": w.cfg.UserPoolClientID, "userPoolEndpoint": w.cfg.Endpoint})
	if err != nil {
		t.Fatal(err)
	}
	built := api.Build(api.BuildOptions{
		AbsWorkingDir: filepath.Dir(client),
		Stdin:         &api.StdinOptions{Contents: reactApp, Sourcefile: "app.js", ResolveDir: filepath.Dir(client)},
		Alias: map[string]string{"aws-amplify/auth": "@aws-amplify/auth",
			"@cognito-emailotp/sign-in":       filepath.Join(client, "dist", "signin.js"),
			"@cognito-emailotp/sign-in/react": filepath.Join(client, "dist", "react.js")},
		Define: map[string]string{"CONFIG": string(config), "process.env.NODE_ENV": `"production"`},
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022,
	})
	if len(built.Errors) > 0 {
		t.Fatalf("bundling the app: %s", built.Errors[0].Text)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(built.OutputFiles[0].Contents)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><title>App</title><main><h1>App</h1><div id="app"></div></main><script type="module" src="/app.js"></script>`)
	}))
	t.Cleanup(app.Close)
	b := newTab(t)
	b.do(chromedp.Navigate(strings.Replace(app.URL, "127.0.0.1", "localhost", 1)))
	b.says("form", "Email")
	b.press("Continue")
	b.says("[role=alert]", "problem invalid-email")
	b.fill("[name=text]", w.person)
	since := time.Now()
	b.press("Continue")
	b.says("form", "Code of 8 digits")
	b.accessible("the package's form", true)
	code := w.code(w.person, since)
	b.fill("[name=text]", wrong(code))
	b.press("Continue")
	b.says("[role=alert]", "wrong-code 2")
	b.fill("[name=text]", code)
	b.press("Continue")
	b.says("h2", "In: "+w.person)
}

// The exports of the package name files that it has.
func TestThePackagesExportsExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../web/client/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Exports map[string]map[string]string
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for entry, files := range manifest.Exports {
		name := strings.TrimSuffix(filepath.Base(files["default"]), ".js")
		_, inSources := fs.Stat(os.DirFS("../../web/src/signin"), name+".ts")
		_, ofReact := fs.Stat(os.DirFS("../../web/client"), name+".tsx")
		if inSources != nil && ofReact != nil {
			t.Errorf("the entry %s is built from no source", entry)
		}
	}
}
