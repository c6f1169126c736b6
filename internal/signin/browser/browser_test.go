package browser

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// issuer is in the claims of idToken, and "client" is their audience.
const (
	issuer  = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab3dEf9Gh"
	idToken = "e30.eyJpc3MiOiJodHRwczovL2NvZ25pdG8taWRwLmV1LXdlc3QtMS5hbWF6b25hd3MuY29tL2V1LXdlc3QtMV9BYjNkRWY5R2giLCJhdWQi" +
		"OiJjbGllbnQifQ.e30"
	good = `{"access_token": "access", "id_token": "` + idToken +
		`", "refresh_token": "refresh", "expires_in": 3600, "token_type": "Bearer"}`
)

// freeCallback returns a callback with a port that was free a moment ago.
func freeCallback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String() + "/callback"
}

// get returns the status and the body of an answer.
func get(t *testing.T, address string) (int, string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}

// run signs in against a token endpoint that gives one answer; visit is the browser.
func run(t *testing.T, status int, answer string, visit func(authorize url.Values)) (signin.Tokens, error) {
	t.Helper()
	var challenge string
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := oauth2.S256ChallengeFromVerifier(r.FormValue("code_verifier")); got != challenge ||
			r.FormValue("code") != "the code" {
			t.Errorf("the token endpoint receives code %q with the challenge %q, want %q", r.FormValue("code"), got, challenge)
		}
		if r.URL.Path != "/" {
			t.Errorf("the code goes on to %s", r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/elsewhere") // only a redirect's counts
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer tokens.Close()
	visited := make(chan struct{})
	s := &SignIn{AuthorizeURL: "http://127.0.0.1:1/oauth2/authorize", TokenURL: tokens.URL, Issuer: issuer,
		ClientID: "client", Callback: freeCallback(t), User: "user@example.com", IsSignUp: true}
	s.Show = func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
		}
		q := u.Query()
		challenge = q.Get("code_challenge")
		if q.Get("code_challenge_method") != "S256" || q.Get("login_hint") != s.User || q.Get("prompt") != "create" ||
			q.Get("redirect_uri") != s.Callback || len(q.Get("state")) < 43 {
			t.Errorf("the page is asked for %v", q)
		}
		go func() { defer close(visited); visit(q) }()
	}
	got, err := s.Run(t.Context())
	<-visited
	return got, err
}

// back is the address at which the browser comes back.
func back(authorize url.Values, pairs ...string) string {
	q := url.Values{"state": {authorize.Get("state")}, "iss": {issuer}, "code": {"the code"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return authorize.Get("redirect_uri") + "?" + q.Encode()
}

// Requests of other pages change nothing; the sign-in's own answer ends it.
func TestTheCallbackAnswersThisSignInAlone(t *testing.T) {
	t.Parallel()
	got, err := run(t, http.StatusOK, good, func(q url.Values) {
		for _, address := range []string{back(q, "state", "of another"), back(q, "state", ""), q.Get("redirect_uri"),
			back(q, "state", "", "error", "access_denied")} {
			if status, body := get(t, address); status != http.StatusBadRequest ||
				!strings.Contains(body, "belongs to no sign-in") {
				t.Errorf("%s: %d %s", address, status, body)
			}
		}
		if status, _ := get(t, strings.Replace(back(q), "/callback", "/favicon.ico", 1)); status != http.StatusNotFound {
			t.Errorf("another path: %d", status)
		}
		if response, err := http.Head(back(q)); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("HEAD: %v, %v", response, err)
		}
		foreign, _ := http.NewRequest(http.MethodGet, back(q), nil)
		foreign.Host = "app.example.com"
		if response, err := http.DefaultClient.Do(foreign); err != nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("another host: %v, %v", response, err)
		}
		if status, body := get(t, back(q)); status != http.StatusOK || !strings.Contains(body, "You are signed in") {
			t.Errorf("%d %s", status, body)
		}
	})
	want := signin.Tokens{ID: idToken, Access: "access", Refresh: "refresh", ExpiresIn: 3600, Type: "Bearer"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnswersThatAreNoSignIn(t *testing.T) {
	t.Parallel()
	const refused, gone, other = "refused", "unavailable", "other"
	for name, c := range map[string]struct {
		pairs      []string
		status     int
		answer     string
		kind, want string
	}{
		"an error":                 {[]string{"error", "access_denied"}, 200, good, refused, `the sign-in page refused the sign-in ("access_denied")`},
		"an error with markup":     {[]string{"error", "<b>\x1b[31m"}, 200, good, refused, `("<b>\x1b[31m")`},
		"a page that is down":      {[]string{"error", "temporarily_unavailable"}, 200, good, gone, "the sign-in page can't answer just now"},
		"another issuer":           {[]string{"iss", "https://issuer.example.com"}, 200, good, other, "must be of the issuer " + issuer},
		"no issuer":                {[]string{"iss", ""}, 200, good, other, "must be of the issuer " + issuer},
		"a used code":              {nil, 400, `{"error": "invalid_grant"}`, refused, "the token endpoint refused the code"},
		"a redirect":               {nil, 307, good, refused, "the token endpoint refused the sign-in"},
		"an endpoint that is down": {nil, 503, `{"error": "temporarily_unavailable"}`, gone, "the token endpoint can't answer just now"},
		"no JSON":                  {nil, 502, `Bad Gateway`, gone, "the token endpoint can't answer just now"},
		"no ID token":              {nil, 200, `{"access_token": "a", "token_type": "Bearer"}`, other, "the ID token"},
		"a token of another client": {nil, 200, strings.Replace(good, idToken, "e30.e30.e30", 1), other,
			"the ID token must be of the issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, c.status, c.answer, func(q url.Values) {
				status, body := get(t, back(q, c.pairs...))
				if status != http.StatusBadRequest || !strings.Contains(body, "The sign-in failed") ||
					strings.Contains(body, "<b>") {
					t.Errorf("the browser shows %d %s", status, body)
				}
				if again, err := http.Get(back(q)); err == nil { // the listener may be closed
					again.Body.Close()
					if again.StatusCode != http.StatusBadRequest {
						t.Errorf("a second answer: %s", again.Status)
					}
				}
			})
			var r *signin.Refused
			var u *signin.Unavailable
			kind := other
			if errors.As(err, &r) {
				kind = refused
			} else if errors.As(err, &u) {
				kind = gone
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || kind != c.kind {
				t.Errorf("%s: %v; want %s: %s", kind, err, c.kind, c.want)
			}
		})
	}
}

// localhost may be either loopback address, so both have to be free.
func TestAPortInUse(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp4", "tcp6"} {
		host := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network]
		l, err := net.Listen(network, host)
		if err != nil && network == "tcp6" {
			continue // no IPv6 here
		}
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		s := &SignIn{Callback: "http://localhost:" + port + "/", Show: func(string) { t.Error("an address is shown") }}
		if _, err := s.Run(t.Context()); !errors.Is(err, ErrPortInUse) {
			t.Errorf("%s: %v", network, err)
		}
		_ = l.Close()
	}
}
