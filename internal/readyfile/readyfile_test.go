package readyfile

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestAReadyFileCountsWhileItsSandboxAnswers(t *testing.T) {
	t.Parallel()
	const keys = "/eu-west-1_local/.well-known/jwks.json"
	for _, test := range []struct {
		name, path, body string
		status           int
		taken            bool
	}{
		{"its user pool", keys, `{"keys":[]}`, http.StatusOK, true},
		{"another user pool", "/eu-west-1_other/.well-known/jwks.json", `{"keys":[]}`, http.StatusOK, false},
		{"a server that answers everything with a page", keys, `<!doctype html>`, http.StatusOK, false},
		{"a server with other JSON", keys, `{"status":"up"}`, http.StatusOK, false},
		{"a server with a list", keys, `["keys"]`, http.StatusOK, false},
		{"a server that refuses", keys, `{"keys":[]}`, http.StatusForbidden, false},
		{"a server that sends elsewhere", "/elsewhere", `{"keys":[]}`, http.StatusOK, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.HandleFunc("GET "+test.path, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			if test.path == "/elsewhere" {
				mux.Handle("GET "+keys, http.RedirectHandler(test.path, http.StatusFound))
			}
			server := httptest.NewServer(mux)
			defer server.Close()
			err := Claim(t.Context(), readyFile(t, server.URL))
			if (err != nil) != test.taken || test.taken && !strings.Contains(err.Error(), "runs already at "+server.URL) {
				t.Errorf("error %v, want one: %v", err, test.taken)
			}
		})
	}
}

func TestAReadyFileOfASandboxThatDiedIsFree(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if err := Claim(t.Context(), readyFile(t, server.URL)); err != nil {
		t.Errorf("the port is closed: %v", err)
	}
	silent := make(chan struct{})
	server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silent }))
	defer server.Close()
	defer close(silent)
	if err := Claim(t.Context(), readyFile(t, server.URL)); err != nil {
		t.Errorf("the server never answers: %v", err)
	}
}

// readyFile is the file of a sandbox at an endpoint.
func readyFile(t *testing.T, endpoint string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ready.json")
	c := sandbox.Config{Endpoint: endpoint, UserPoolID: "eu-west-1_local", UserPoolClientID: "client",
		Mode: "password", Stack: "Shop"}
	if err := c.WriteReadyFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}
