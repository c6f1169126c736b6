package httpapi_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
)

func invoke(t *testing.T, h http.Handler, e map[string]any) httpapi.Response {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	out, err := httpapi.Handler{Handler: h}.Invoke(t.Context(), text)
	var r httpapi.Response
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARequestAndItsAnswerPassUnchanged(t *testing.T) {
	body := "a=b\x00\xff&c=d"
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", fmt.Sprintf("%s %s?%s %s %s %s", r.Method, r.URL.Path, r.URL.RawQuery,
			r.Header.Get("Authorization"), httpapi.Origin(r), r.RemoteAddr))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(fmt.Sprint(string(got) == body)))
	})
	r := invoke(t, echo, map[string]any{"rawPath": "/oauth2/token", "rawQueryString": "a=1&a=2&b=%2B",
		"queryStringParameters": map[string]string{"a": "1,2"},
		"headers":               map[string]string{"authorization": "Basic x", "x-emailotp-origin": "https://login.example.com"},
		"requestContext":        map[string]any{"http": map[string]string{"method": "POST", "sourceIp": "192.0.2.1"}},
		"body":                  base64.StdEncoding.EncodeToString([]byte(body)), "isBase64Encoded": true})
	if r.StatusCode != http.StatusTeapot || r.Body != "true" ||
		r.Headers["x-seen"] != "POST /oauth2/token?a=1&a=2&b=%2B Basic x https://login.example.com 192.0.2.1" {
		t.Errorf("%+v", r)
	}
}

// secrets returns texts one after the other; "" is an error.
type secrets struct {
	texts []string
	calls []bool
}

func (s *secrets) Secret(_ context.Context, _ string, fresh bool) (string, error) {
	s.calls = append(s.calls, fresh)
	text := s.texts[min(len(s.calls), len(s.texts))-1]
	if text == "" {
		return "", errors.New("no secret")
	}
	return text, nil
}

func TestOnlyTheSecretOpensTheGuard(t *testing.T) {
	for _, test := range []struct {
		name, given string
		texts       []string
		want, reads int
	}{
		{"right", "s", []string{"s"}, 200, 1}, {"wrong", "x", []string{"s"}, 403, 2}, {"none", "", []string{"s"}, 403, 2},
		{"replaced meanwhile", "new", []string{"old", "new"}, 200, 2}, {"the service is down", "s", []string{""}, 503, 1},
	} {
		s := &secrets{texts: test.texts}
		seen, faults := "", 0
		h := httpapi.Guard("arn", s, func(error) { faults++ }, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			seen = r.Header.Get(httpapi.SecretHeader)
		}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(httpapi.SecretHeader, test.given)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.want || len(s.calls) != test.reads || seen != "" || w.Body.Len() > 0 ||
			(faults > 0) != (test.want == 503) {
			t.Errorf("%s: status %d after %d reads, passed on %q; want %d after %d", test.name, w.Code, len(s.calls), seen,
				test.want, test.reads)
		}
	}
}

func FuzzInvoke(f *testing.F) {
	f.Add(`{"requestContext":{"http":{"method":"GET"}},"rawPath":"/","headers":{"a":"b"}}`)
	f.Add(`{"requestContext":{"http":{"method":"GET\r\n"}},"rawPath":"%","body":"!","isBase64Encoded":true}`)
	h := httpapi.Handler{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		r.BasicAuth()
	})}
	f.Fuzz(func(t *testing.T, event string) {
		if out, err := h.Invoke(t.Context(), []byte(event)); err == nil && !json.Valid(out) {
			t.Errorf("%q gives %q", event, out)
		}
	})
}
