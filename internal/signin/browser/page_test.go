package browser

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// A code goes to the endpoints that the page names, so they must be the page's.
func TestADeployedPageNamesItsOwnEndpoints(t *testing.T) {
	t.Parallel()
	var status int
	var body string
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			t.Errorf("the command requests %s", r.URL)
		}
		w.Header().Set("Location", "https://attacker.example.com/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer page.Close()
	good := `{"issuer": "https://pool", "authorization_endpoint": "PAGE/oauth2/authorize", "token_endpoint": "PAGE/oauth2/token"}`
	for name, c := range map[string]struct {
		status     int
		body, want string
	}{
		"right":              {200, good, ""},
		"a foreign endpoint": {200, strings.Replace(good, "PAGE/oauth2/token", "https://attacker.example.com/token", 1), `token_endpoint must be below`},
		"a name that only begins alike": {200, strings.Replace(good, "PAGE/oauth2/authorize", "PAGE.attacker.example.com/", 1),
			`authorization_endpoint must be below`},
		"what a terminal obeys": {200, strings.Replace(good, "/authorize", `/\u009b2J`, 1),
			`authorization_endpoint must be below`},
		"no endpoint":       {200, `{"issuer": "https://pool"}`, `(received: "")`},
		"no issuer":         {200, strings.Replace(good, "https://pool", "", 1), "issuer must name the user pool"},
		"another page":      {200, "<!doctype html>", "must be a JSON document"},
		"a redirect":        {302, good, "(received: 302 Found)"},
		"nothing there":     {404, good, "(received: 404 Not Found)"},
		"out of order":      {503, good, "answers 503"},
		"an endless answer": {200, `{"issuer": "` + strings.Repeat("x", maxDocument), "must be a JSON document"},
	} {
		status, body = c.status, strings.ReplaceAll(c.body, "PAGE", page.URL)
		_, err := Discover(t.Context(), page.URL)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		var gone *signin.Unavailable
		if errors.As(err, &gone) != (c.status == 503) {
			t.Errorf("%s: %v is of the wrong kind", name, err)
		}
	}
}

func TestAPageIsAnAddressByHTTPS(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{"https://login.example.com": "https://login.example.com",
		"https://login.example.com/": "https://login.example.com", "http://127.0.0.1:9312": "http://127.0.0.1:9312",
		"http://login.example.com": "", "login.example.com": "", "https://user@login.example.com": "", "https://": "",
		"https://login.example.com/x": "", "https://login.example.com/?a": "", "javascript:alert(1)": "", "://": ""} {
		if got, err := PageOrigin(page); got != want || (err == nil) != (want != "") {
			t.Errorf("%s gives %q, %v", page, got, err)
		}
	}
	_, err := Discover(context.Background(), "http://127.0.0.1:1")
	var gone *signin.Unavailable
	if !errors.As(err, &gone) {
		t.Errorf("a page that is not there: %v", err)
	}
}
