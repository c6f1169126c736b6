package clients_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/documents"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
)

// maxPackage is what the client's package may weigh, packed, in bytes.
const maxPackage = 40_000

// pack packs the client's package as `npm publish` would, and returns the directory of its files.
func pack(t *testing.T) string {
	t.Helper()
	modules := filepath.Join(node.Modules(t), "node_modules")
	web := filepath.Join(t.TempDir(), "web")
	for _, part := range []string{"src/signin", "client"} {
		if err := os.CopyFS(filepath.Join(web, part), os.DirFS(filepath.Join("../../web", part))); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"web/tsconfig.json": "tsconfig.json", "LICENSE": "../LICENSE"} {
		text, err := os.ReadFile(filepath.Join("../..", from))
		if err == nil {
			err = os.WriteFile(filepath.Join(web, to), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(modules, filepath.Join(web, "node_modules")); err != nil {
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
	required := []string{"LICENSE", "README.md", "package.json"}
	for _, f := range packed[0].Files {
		built := strings.HasPrefix(f.Path, "dist/") &&
			(strings.HasSuffix(f.Path, ".js") || strings.HasSuffix(f.Path, ".d.ts"))
		i := slices.Index(required, f.Path)
		switch {
		case i >= 0:
			required = slices.Delete(required, i, i+1)
		case !built:
			t.Errorf("the package has %s, which no app needs", f.Path)
		}
	}
	if len(required) > 0 {
		t.Errorf("the package lacks %q", required)
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
	snippet := documentedApp(t, filepath.Dir(client))
	scripts := map[string][]byte{}
	for name, source := range map[string]string{"/form.js": reactApp, "/snippet.js": strings.Replace(snippetApp, "DIR", snippet, 1)} {
		built := api.Build(api.BuildOptions{
			AbsWorkingDir: filepath.Dir(client),
			Stdin:         &api.StdinOptions{Contents: source, Sourcefile: "app.js", ResolveDir: filepath.Dir(client)},
			Alias: map[string]string{"aws-amplify/auth": "@aws-amplify/auth",
				"@cognito-emailotp/sign-in":       filepath.Join(client, "dist", "signin.js"),
				"@cognito-emailotp/sign-in/react": filepath.Join(client, "dist", "react.js")},
			Define: map[string]string{"CONFIG": string(config), "process.env.NODE_ENV": `"production"`},
			Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022,
			JSX: api.JSXAutomatic,
		})
		if len(built.Errors) > 0 {
			t.Fatalf("bundling the app: %s", built.Errors[0].Text)
		}
		scripts[name] = built.OutputFiles[0].Contents
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if script, ok := scripts[r.URL.Path]; ok {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(script)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>App</title><main><h1>App</h1><div id="app"></div></main><script type="module" src="%s.js"></script>`, r.URL.Path)
	}))
	t.Cleanup(app.Close)
	origin := strings.Replace(app.URL, "127.0.0.1", "localhost", 1)
	b := newTab(t)
	b.do(chromedp.Navigate(origin + "/form"))
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
	readerSignsIn(w, newTab(t), origin+"/snippet")
}

// snippetApp shows the component that docs/clients.md has for React.
const snippetApp = `
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify } from '@aws-amplify/core';
import { SignIn } from 'DIR/SignIn';

const { mode, ...Cognito } = CONFIG, Auth = { Cognito };
cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
createRoot(document.querySelector('#app')).render(createElement(SignIn));
`

// documentedApp writes the React app of docs/clients.md below web, checks its types, and returns
// its directory.
func documentedApp(t *testing.T, web string) string {
	t.Helper()
	dir := filepath.Join(web, "documented")
	files := map[string]string{"tsconfig.json": `{"extends": "../tsconfig.json", "compilerOptions": {"jsx": "react-jsx"}, "include": ["."]}`}
	for _, b := range documents.Blocks(t, "../../docs/clients.md") {
		switch {
		case b.Language == "tsx" && strings.Contains(b.Text, "export function SignIn()"):
			files["SignIn.tsx"] = b.Text
		case strings.HasPrefix(b.Text, "// sign-in.ts\n"):
			files["sign-in.ts"] = b.Text
		}
	}
	if len(files) != 3 {
		t.Fatalf("docs/clients.md has of the React app only %v", slices.Sorted(maps.Keys(files)))
	}
	if err := os.CopyFS(filepath.Join(dir, "signin"), os.DirFS("../../web/src/signin")); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		disk.Write(t, filepath.Join(dir, name), text)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("node_modules", "typescript", "bin", "tsc"), "-p",
		"documented")
	cmd.Dir = web
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the React app of docs/clients.md: %v\n%s", err, out)
	}
	return dir
}

// readerSignsIn goes through the documented app. After each action the person reads what happened
// and how many tries are left.
func readerSignsIn(w *world, b *tab, app string) {
	b.t.Helper()
	b.do(chromedp.Navigate(app))
	b.says("form", "Email")
	b.fill("input", "nobody")
	b.press("Continue")
	b.says("[role=alert]", "Enter an email address, such as name@example.com.")
	b.fill("input", w.person)
	since := time.Now()
	b.press("Continue")
	b.says("[role=alert]", "Enter the 8 digits from the email. 3 tries are left.")
	code := w.code(w.person, since)
	b.fill("input", "12")
	b.press("Continue")
	b.says("[role=alert]", "Enter all digits of the code.")
	b.fill("input", wrong(code))
	b.press("Continue")
	b.says("[role=alert]", "That code was wrong. 2 tries are left.")
	b.press("Send the email again")
	b.says("[role=alert]", "It is too early to send the email again. Wait a minute. 2 tries are left.")
	b.fill("input", code)
	b.press("Continue")
	b.says("#app", "Sign "+w.person+" out")
}

// The exports of the package name files that it has.
func TestThePackagesExportsExist(t *testing.T) {
	t.Parallel()
	var manifest struct {
		Exports map[string]map[string]string
	}
	disk.ReadJSON(t, "../../web/client/package.json", &manifest)
	for entry, files := range manifest.Exports {
		name := strings.TrimSuffix(filepath.Base(files["default"]), ".js")
		_, inSources := fs.Stat(os.DirFS("../../web/src/signin"), name+".ts")
		_, ofReact := fs.Stat(os.DirFS("../../web/client"), name+".tsx")
		if inSources != nil && ofReact != nil {
			t.Errorf("the entry %s is built from no source", entry)
		}
	}
}
