package signin_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// changer is the function of a sign-in page, which answers from a list: a status and a body each.
func changer(t *testing.T, answers ...[2]string) (at string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in map[string]string
		_ = json.Unmarshal(body, &in)
		*asked = append(*asked, strings.Join([]string{r.URL.Path, r.Header.Get("Authorization"), in["email"],
			in["present_code"], in["new_code"]}, " "))
		a := answers[0]
		answers = answers[1:]
		if a[0] == "429" {
			w.Header().Set("Retry-After", "300")
		}
		w.WriteHeader(map[string]int{"200": 200, "302": 302, "400": 400, "401": 401, "429": 429, "500": 500}[a[0]])
		_, _ = io.WriteString(w, a[1])
	}))
	t.Cleanup(server.Close)
	return server.URL + "/account/email", asked
}

func TestAnAddressIsChangedWithBothCodes(t *testing.T) {
	t.Parallel()
	const started = `{"digits": 8, "expires_in": 300}`
	for _, test := range []struct {
		name    string
		answers [][2]string
		want    string // of the error
		kind    any
		asked   int
	}{
		{"right after a wrong pair",
			[][2]string{{"200", started}, {"400", `{"error": "wrong_code"}`}, {"200", `{"signed_out": true}`}}, "", nil, 3},
		{"expired", [][2]string{{"200", started}, {"400", `{"error": "expired"}`}},
			"the codes don't count any longer: they are used, too old, or were tried too often", new(*signin.Refused), 2},
		{"too many", [][2]string{{"429", `{"error": "too_many_requests"}`}},
			"there were too many requests to change an address; try again in 5m0s", new(*signin.Refused), 1},
		{"a service", [][2]string{{"500", `no JSON`}}, "the change of an address is not available just now",
			new(*signin.Unavailable), 1},
		{"another page", [][2]string{{"302", ``}},
			"/account/email answers 302 Found, as no function that changes addresses does", nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at, asked := changer(t, test.answers...)
			who := &person{codes: []string{"11111111", "22222222", "33333333", "44444444"}}
			isOut, err := signin.Change{URL: at, Client: http.DefaultClient, Token: "token", Person: who,
				From: "user@example.com", To: "new@example.com"}.Run(t.Context())
			if (err == nil) != (test.want == "") || err != nil && !strings.HasSuffix(err.Error(), test.want) ||
				test.kind != nil && !errors.As(err, test.kind) {
				t.Errorf("error %T %v, want %q", err, err, test.want)
			}
			if err == nil && !isOut {
				t.Error("the sign-ins have not ended")
			}
			want := []string{"/account/email Bearer token new@example.com  ",
				"/account/email/confirm Bearer token new@example.com 11111111 22222222",
				"/account/email/confirm Bearer token new@example.com 33333333 44444444"}[:test.asked]
			if !slices.Equal(*asked, want) {
				t.Errorf("asked %q, want %q", *asked, want)
			}
			for i, c := range who.seen {
				if to := []string{"user@example.com", "new@example.com"}[i%2]; c.Destination != to || c.CodeLength != 8 {
					t.Errorf("the prompt is for %+v, want the code to %s", c, to)
				}
			}
		})
	}
}
