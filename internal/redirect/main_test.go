package redirect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestMain(m *testing.M) { testkit.Main(m, 4) }

// world is a sandbox with the sign-in page's endpoints.
type world struct {
	testing.TB
	sb     *sandbox.Sandbox
	oauth  sandbox.OAuth
	public sandbox.OAuthClient
	secret sandbox.OAuthClient // has none in a world without a page in its template
}

// on returns the world of the assembly's stack with a page. Tests share it.
func on(t testing.TB) *world {
	t.Helper()
	return of(t, app.On(t, app.Redirect))
}

func of(t testing.TB, sb *sandbox.Sandbox) *world {
	t.Helper()
	c := sb.Config().OAuth
	if c == nil {
		t.Fatal("the sandbox has no endpoints")
	}
	w := &world{TB: t, sb: sb, oauth: *c}
	for _, client := range c.Clients {
		if client.Public {
			w.public = client
		} else {
			w.secret = client
		}
	}
	return w
}

// browser follows no redirect and keeps no connection.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// origin is the page's origin.
func (w *world) origin() string { return strings.TrimSuffix(w.oauth.LogoutURL, "/logout") }

// visit requests an address as a browser does and returns where it leads.
func (w *world) visit(address string) *url.URL {
	w.Helper()
	response, err := browser.Get(address)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil || response.StatusCode != http.StatusFound {
		w.Fatalf("%s: %s, %v", address, response.Status, err)
	}
	return to
}

// signIn is what the page does: it signs in with the app's client and the code of the mail, hands
// the tokens over and returns where it sends the browser.
func (w *world) signIn(authorize string) string {
	w.Helper()
	at := w.visit(authorize)
	if at.Path != "/" || at.Query().Get("client_id") == "" {
		w.Fatalf("%s leads to %s, which is no sign-in", authorize, at)
	}
	return w.finish(at.RawQuery, w.tokens(at.Query().Get("client_id")))
}

// tokens signs a new user in with a client.
func (w *world) tokens(client string) map[string]string {
	w.Helper()
	p := testkit.NewUser(w, w.sb, "redirect@example.com")
	p.Config.UserPoolClientID = client
	got := p.SignIn()
	return map[string]string{"access_token": *got.AccessToken, "id_token": *got.IdToken, "refresh_token": *got.RefreshToken}
}

// finish hands tokens over for a request.
func (w *world) finish(request string, tokens map[string]string) string {
	w.Helper()
	status, out := w.handOver(request, tokens)
	if status != http.StatusOK || out["redirect"] == "" {
		w.Fatalf("the hand-over answers %d, %v", status, out)
	}
	return out["redirect"]
}

func (w *world) handOver(request string, tokens map[string]string) (int, map[string]string) {
	w.Helper()
	body := map[string]string{"request": request}
	for name, value := range tokens {
		body[name] = value
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, w.origin()+"/oauth2/hand-over", bytes.NewReader(text))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", w.origin())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := browser.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	out := map[string]string{}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		w.Fatal(err)
	}
	return response.StatusCode, out
}

// modules returns the directory with the client libraries of Node.
var modules = sync.OnceValues(func() (string, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return "", err
	}
	return npm.Package{Name: "redirect-clients", What: "the judges of the endpoints",
		Files: os.DirFS("testdata")}.Install(context.Background(), cache, nil)
})

// script is a program in Node that prints JSON, a line each, and reads answers.
type script struct {
	w   *world
	in  io.WriteCloser
	out *json.Decoder
	cmd *exec.Cmd
	err bytes.Buffer
}

// run starts a script of testdata with what it has to know as its argument.
func (w *world) run(name string, given any) *script {
	w.Helper()
	testkit.Need(w, "node", "npm")
	dir, err := modules()
	if err != nil {
		w.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		w.Fatal(err)
	}
	// A module finds its packages by its own place.
	home := w.TempDir()
	for _, err := range []error{os.WriteFile(filepath.Join(home, name), text, 0o600),
		os.Symlink(filepath.Join(dir, "node_modules"), filepath.Join(home, "node_modules"))} {
		if err != nil {
			w.Fatal(err)
		}
	}
	argument, err := json.Marshal(given)
	if err != nil {
		w.Fatal(err)
	}
	s := &script{w: w, cmd: exec.Command("node", filepath.Join(home, name), string(argument))}
	s.cmd.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	s.cmd.Stderr = &s.err
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		s.in, err = s.cmd.StdinPipe()
	}
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	s.out = json.NewDecoder(out)
	return s
}

func (s *script) next() map[string]any {
	s.w.Helper()
	v := map[string]any{}
	if err := s.out.Decode(&v); err != nil {
		_ = s.cmd.Wait()
		s.w.Fatalf("the script ended: %v\n%s", err, s.err.String())
	}
	return v
}

func (s *script) send(line string) { fmt.Fprintln(s.in, line) }
