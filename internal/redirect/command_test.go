package redirect_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The command finds the callback that it can listen at, beside those of the template's clients, and
// prints the tokens that the endpoints gave for the code.
func TestTheCommandSignsInByABrowser(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	callback := "http://" + l.Addr().String() + "/callback"
	if err := l.Close(); err != nil { // the command opens it
		t.Fatal(err)
	}
	w := of(t, app.Own(t, sandbox.Options{Stack: app.Redirect, CallbackURLs: []string{callback}}))
	ready := filepath.Join(t.TempDir(), "ready.json")
	if err := w.sb.Config().WriteReadyFile(ready); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), app.Command(t), "sign-in", "--browser", "--no-open", "--json", "--ready-file", ready)
	var out strings.Builder
	cmd.Stdout = &out
	words, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var address, said string
	for lines := bufio.NewScanner(words); address == "" && lines.Scan(); {
		said += lines.Text() + "\n"
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, w.oauth.AuthorizeURL) {
			address = line
		}
	}
	if address == "" {
		t.Fatalf("the command prints no address:\n%s", said)
	}
	response, err := http.Get(w.signIn(address))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := cmd.Wait(); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v; the browser shows %s", err, response.Status)
	}
	var got signin.Tokens
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Access == "" || got.Refresh == "" || got.ExpiresIn < 3500 ||
		got.Type != "Bearer" {
		t.Fatalf("%v: %s", err, out.String())
	}
	if claims, err := signin.Decode(got.ID); err != nil || !strings.HasPrefix(claims.Email, "redirect") || claims.Sub == "" {
		t.Errorf("%+v, %v", claims, err)
	}
}
