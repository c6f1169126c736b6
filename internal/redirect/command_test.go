package redirect_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// A script changes the address by the command, which reads its answers line by line.
func theCommandChangesTheAddress(t *testing.T, w *world, ready string) {
	t.Helper()
	m := testkit.NewUser(t, w.sb, "piped@example.com")
	to := testkit.Address("piped.new@example.com")
	cmd := exec.CommandContext(t.Context(), app.Command(t), "change-address", "--json", "--ready-file", ready, "--user",
		m.Email, "--to", to)
	in, err := cmd.StdinPipe()
	var out, words strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &words
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	say := func(code string, err error) {
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(in, code+"\n") // the program may have ended
	}
	inbox := w.sb.Config().InboxURL
	say(testkit.WaitForCode(t.Context(), inbox, m.Email, time.Time{}))
	fresh, err := testkit.WaitForCode(t.Context(), inbox, to, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	present := ""
	if err := testkit.Within(testkit.Patience, func() error { // the second mail to the present address
		all, err := testkit.Mails(t.Context(), inbox, m.Email, time.Time{})
		if err == nil && len(all) < 2 {
			err = errors.New("no mail about the change")
		}
		if err == nil {
			present, err = testkit.Code(all[0].Text)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{present, testkit.Wrong(fresh), present, fresh} {
		say(code, nil)
	}
	err = cmd.Wait()
	if err != nil || !strings.Contains(words.String(), "One of the two codes is wrong.") ||
		!strings.Contains(out.String(), `"email": "`+to+`"`) || !strings.Contains(out.String(), `"signedOut": true`) {
		t.Errorf("%v: %s%s", err, words.String(), out.String())
	}
	if _, isThere := w.sb.User(m.Email); isThere {
		t.Error("the old address still opens the account")
	}
}

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
	theCommandSignsIn(t, w, "--ready-file", ready)
	// The same page, as one that is deployed.
	i := slices.IndexFunc(w.oauth.Clients, func(c sandbox.OAuthClient) bool {
		return slices.Contains(c.CallbackURLs,
			callback)
	})
	page := strings.TrimSuffix(w.oauth.LogoutURL, "/logout")
	theCommandSignsIn(t, w, "--page", page, "--client-id", w.oauth.Clients[i].ClientID, "--callback", callback)
	theCommandChangesTheAddress(t, w, ready)
}

// theCommandSignsIn runs sign-in --browser and does the page's part.
func theCommandSignsIn(t *testing.T, w *world, flags ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), app.Command(t), append([]string{"sign-in", "--browser", "--no-open", "--json"},
		flags...)...)
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
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Access == "" || got.Refresh == "" ||
		got.ExpiresIn < 3500 || got.Type != "Bearer" {
		t.Fatalf("%v: %s", err, out.String())
	}
	if claims, err := signin.Decode(got.ID); err != nil || !strings.HasPrefix(claims.Email, "redirect") ||
		claims.Sub == "" {
		t.Errorf("%+v, %v", claims, err)
	}
}
