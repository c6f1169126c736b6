package pools_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/pools"
)

func api(t *testing.T, status int, header, body string) (*pools.API, *http.Request, *string) {
	t.Helper()
	var got http.Request
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, sent = *r, string(b)
		if header != "" {
			w.Header().Set("X-Amzn-Errortype", header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":                      "example",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.URL}
	a, err := pools.New(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return a, &got, &sent
}

func TestACallIsSignedJSON(t *testing.T) {
	a, got, sent := api(t, 200, "", `{"UserPool": {"Novel": 1}}`)
	answer, err := a.Call(t.Context(), "DescribeUserPool", map[string]any{"UserPoolId": "eu-west-1_Example01"})
	if err != nil || string(answer) != `{"UserPool": {"Novel": 1}}` {
		t.Errorf("%s, %v", answer, err)
	}
	if got.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService.DescribeUserPool" ||
		got.Header.Get("Content-Type") != "application/x-amz-json-1.1" || *sent != `{"UserPoolId":"eu-west-1_Example01"}` ||
		!strings.Contains(got.Header.Get("Authorization"), "/eu-west-1/cognito-idp/aws4_request") {
		t.Errorf("sent %s with %v", *sent, got.Header)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ header, body, code, message string }{
		"plain": {"", `{"__type":"ResourceNotFoundException","message":"gone"}`, "ResourceNotFoundException",
			"gone"},
		"with a namespace": {"", `{"__type":"com.amazonaws#TooManyRequestsException","Message":"slow"}`,
			"TooManyRequestsException", "slow"},
		"in the header": {"NotAuthorizedException:http://example.com/", `{}`, "NotAuthorizedException", ""},
		"no JSON":       {"", `<html>`, "", "HTTP status 400"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := api(t, 400, c.header, c.body)
			_, err := a.Call(t.Context(), "UpdateUserPool", map[string]any{})
			var e *attach.APIError
			switch {
			case c.code == "":
				if errors.As(err, &e) || !strings.Contains(err.Error(), c.message) {
					t.Errorf("error %v", err)
				}
			case !errors.As(err, &e) || e.Code != c.code || e.Message != c.message:
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAnAnswerWithoutEndIsAnError(t *testing.T) {
	a, _, _ := api(t, 200, "", strings.Repeat("x", 2<<20))
	if _, err := a.Call(t.Context(), "DescribeUserPool", map[string]any{}); err == nil ||
		!strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}
