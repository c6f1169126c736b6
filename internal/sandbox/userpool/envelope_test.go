package userpool_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestEnvelope(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	ids := map[string]bool{}
	check := func(header http.Header) {
		t.Helper()
		id := header.Get("x-amzn-RequestId")
		if !uuidPattern.MatchString(id) || ids[id] || header.Get("Content-Type") != "application/x-amz-json-1.1" {
			t.Errorf("headers = %v", header)
		}
		ids[id] = true
	}
	status, header, body := w.post(t, "InitiateAuth",
		`{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+clientID+`","AuthParameters":{"USERNAME":"`+alice+`"}}`)
	check(header)
	if _, ok := body["AuthenticationResult"]; status != 200 || ok || len(body) != 3 {
		t.Errorf("a challenge is %d %v", status, body)
	}
	status, header, body = w.post(t, "InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"nobody"}`)
	check(header)
	if status != 400 || body["__type"] != "ResourceNotFoundException" ||
		body["message"] != "User pool client nobody does not exist." || len(body) != 2 ||
		header.Get("x-amzn-ErrorType") != "ResourceNotFoundException:" ||
		header.Get("x-amzn-ErrorMessage") != "User pool client nobody does not exist." {
		t.Errorf("an error is %d %v with %v", status, body, header)
	}
	status, header, body = w.post(t, "RevokeToken", `{"Token":"none","ClientId":"`+clientID+`"}`)
	check(header)
	if status != 200 || len(body) != 0 {
		t.Errorf("an empty answer is %d %v", status, body)
	}
}

func TestRequestsThatAreMalformed(t *testing.T) {
	const validation = "1 validation error detected: Value at "
	for _, c := range []struct {
		name, operation, body string
		kind, message         string
	}{
		{"no JSON", "InitiateAuth", `{"AuthFlow":`, "SerializationException",
			"Start of structure or map found where not expected."},
		{"more than JSON", "InitiateAuth", `{} {}`, "SerializationException",
			"Start of structure or map found where not expected."},
		{"null", "InitiateAuth", `null`, "SerializationException", "Start of structure or map found where not expected."},
		{"a list", "InitiateAuth", `[]`, "SerializationException", "Unexpected field type"},
		{"a string", "InitiateAuth", `"x"`, "SerializationException", "Unexpected field type"},
		{"a number for a string", "InitiateAuth", `{"ClientId":7}`, "SerializationException",
			"NUMBER_VALUE can not be converted to a String"},
		{"a boolean for a string", "InitiateAuth", `{"ClientId":true}`, "SerializationException",
			"TRUE_VALUE can not be converted to a String"},
		{"an object for a string", "InitiateAuth", `{"ClientId":{}}`, "SerializationException",
			"START_OBJECT can not be converted to a String"},
		{"a list for a string", "InitiateAuth", `{"ClientId":[]}`, "SerializationException",
			"START_ARRAY can not be converted to a String"},
		{"a list for a map", "InitiateAuth", `{"AuthParameters":[]}`, "SerializationException", "Unexpected field type"},
		{"a number in a map", "InitiateAuth", `{"AuthParameters":{"USERNAME":7}}`, "SerializationException",
			"NUMBER_VALUE can not be converted to a String"},
		{"a string for a list", "SignUp", `{"UserAttributes":"x"}`, "SerializationException", "Unexpected field type"},
		{"an empty body", "GetUser", ``, "InvalidParameterException",
			validation + "'accessToken' failed to satisfy constraint: Member must not be null"},
		{"nothing that is needed", "InitiateAuth", `{}`, "InvalidParameterException",
			"2 validation errors detected: Value at 'authFlow' failed to satisfy constraint: Member must not be null; " +
				"Value at 'clientId' failed to satisfy constraint: Member must not be null"},
		{"a member of another case is unknown", "InitiateAuth", `{"authflow":"CUSTOM_AUTH","ClientId":"x"}`,
			"InvalidParameterException",
			validation + "'authFlow' failed to satisfy constraint: Member must not be null"},
		{"an unknown flow", "InitiateAuth", `{"AuthFlow":"GUESS","ClientId":"x"}`, "InvalidParameterException",
			validation + "'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]"},
		{"an empty client id", "InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":""}`, "InvalidParameterException",
			validation + "'clientId' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"a client id of strange characters", "InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"a-b"}`,
			"InvalidParameterException",
			validation + "'clientId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+]+"},
		{"no name", "InitiateAuth", `{"AuthFlow":"CUSTOM_AUTH","ClientId":"` + clientID + `"}`, "InvalidParameterException",
			"Missing required parameter USERNAME"},
		{"a name that is too long", "InitiateAuth",
			`{"AuthFlow":"CUSTOM_AUTH","ClientId":"` + clientID + `","AuthParameters":{"USERNAME":"` +
				strings.Repeat("a", 129) + `"}}`,
			"InvalidParameterException", validation +
				"'username' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"no password", "InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"` + openID +
			`","AuthParameters":{"USERNAME":"a"}}`,
			"InvalidParameterException", "Missing required parameter PASSWORD"},
		{"no SRP_A", "InitiateAuth", `{"AuthFlow":"USER_SRP_AUTH","ClientId":"` + openID +
			`","AuthParameters":{"USERNAME":"a"}}`,
			"InvalidParameterException", "Missing required parameter SRP_A"},
		{"client metadata that is too long", "InitiateAuth",
			`{"AuthFlow":"CUSTOM_AUTH","ClientId":"x","ClientMetadata":{"k":"` + strings.Repeat("v", 131073) + `"}}`,
			"InvalidParameterException", validation +
				"'clientMetadata' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 131072]"},
		{"an attribute's name in another case", "SignUp",
			`{"ClientId":"x","Username":"a","Password":"b","UserAttributes":[{"name":"locale","Value":"x"}]}`,
			"InvalidParameterException",
			validation + "'userAttributes.1.member.name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"a text that isn't UTF-8", "SignUp", "{\"ClientId\":\"x\",\"Username\":\"a\xff\",\"Password\":\"b\"}",
			"SerializationException", "Start of structure or map found where not expected."},
		{"an attribute without a name", "SignUp",
			`{"ClientId":"x","Username":"a","Password":"b","UserAttributes":[{"Value":"x"}]}`, "InvalidParameterException",
			validation + "'userAttributes.1.member.name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"a token of strange characters", "GetUser", `{"AccessToken":"a b"}`, "InvalidParameterException",
			validation + "'accessToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+"},
		{"an unknown challenge", "RespondToAuthChallenge", `{"ChallengeName":"RIDDLE","ClientId":"x"}`,
			"InvalidParameterException",
			validation + "'challengeName' failed to satisfy constraint: Member must satisfy enum value set: [SMS_MFA, EMAIL_OTP, SOFTWARE_TOKEN_MFA, SELECT_MFA_TYPE, MFA_SETUP, PASSWORD_VERIFIER, CUSTOM_CHALLENGE, SELECT_CHALLENGE, DEVICE_SRP_AUTH, DEVICE_PASSWORD_VERIFIER, ADMIN_NO_SRP_AUTH, NEW_PASSWORD_REQUIRED, SMS_OTP, PASSWORD, WEB_AUTHN, PASSWORD_SRP]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, passwordless())
			status, _, body := w.post(t, c.operation, c.body)
			if status != 400 || body["__type"] != c.kind || body["message"] != c.message {
				t.Errorf("answer = %d %v, want %s %q", status, body, c.kind, c.message)
			}
		})
	}
}

func TestNullsAndUnknownMembersAreIgnored(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	status, _, body := w.post(t, "InitiateAuth",
		`{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+clientID+`","ClientMetadata":null,"Session":null,
		"AuthParameters":{"USERNAME":"`+alice+
			`","DEVICE_KEY":null,"CHALLENGE_NAME":null},"UserContextData":{"EncodedData":"x"},"Future":[1,{"a":null}]}`)
	if status != 200 || body["ChallengeName"] != "CUSTOM_CHALLENGE" {
		t.Errorf("answer = %d %v", status, body)
	}
}

func TestOtherOperations(t *testing.T) {
	var logged bytes.Buffer
	w := newWorld(t, passwordless(), func(_ *userpool.Config,
		o *userpool.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	})
	status, header, body := w.post(t, "SetUserMFAPreference", `{}`)
	if status != 501 || body["__type"] != "NotEmulatedException" ||
		header.Get("x-amzn-ErrorMessage") != "operation SetUserMFAPreference is not emulated" {
		t.Errorf("answer = %d %v %v", status, body, header)
	}
	if !strings.Contains(logged.String(), "operation is not emulated") ||
		!strings.Contains(logged.String(), "SetUserMFAPreference") {
		t.Errorf("log = %s", logged.String())
	}
	for _, target := range []string{"", "InitiateAuth", "AWSCognitoIdentityProviderService.", "TrentService.GenerateMac"} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", target)
		rec := httptest.NewRecorder()
		w.pool.ServeHTTP(rec, r)
		if rec.Code != 400 || !strings.Contains(rec.Body.String(), "UnknownOperationException") {
			t.Errorf("target %q: %d %s", target, rec.Code, rec.Body)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		rec := httptest.NewRecorder()
		w.pool.ServeHTTP(rec, httptest.NewRequest(method, "/", nil))
		if rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s = %d", method, rec.Code)
		}
	}
}

func TestThePathDoesNotMatter(t *testing.T) {
	w := newWorld(t, passwordless())
	r := httptest.NewRequest(http.MethodPost, "/any/path?x=y",
		strings.NewReader(`{"Token":"none","ClientId":"`+clientID+`"}`))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.RevokeToken")
	rec := httptest.NewRecorder()
	w.pool.ServeHTTP(rec, r)
	if rec.Code != 200 {
		t.Errorf("answer = %d %s", rec.Code, rec.Body)
	}
}

func TestHugeRequests(t *testing.T) {
	w := newWorld(t, passwordless())
	status, _, body := w.post(t, "InitiateAuth", `{"AuthFlow":"`+strings.Repeat("x", 2<<20)+`"}`)
	if status != http.StatusRequestEntityTooLarge || body["__type"] != "RequestEntityTooLargeException" {
		t.Errorf("answer = %d %v", status, body)
	}
	status, _, body = w.post(t, "InitiateAuth", strings.Repeat(`{"AuthParameters":`, 20000))
	if status != 400 || body["__type"] != "SerializationException" {
		t.Errorf("a deep body: %d %v", status, body)
	}
}

func TestABugIsAnInternalError(t *testing.T) {
	var logged bytes.Buffer
	w := newWorld(t, passwordless(), func(_ *userpool.Config, o *userpool.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		o.Authorize = func(*http.Request, string, string) error { panic("a bug") }
	})
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUsers")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x")
	rec := httptest.NewRecorder()
	w.pool.ServeHTTP(rec, r)
	if rec.Code != 500 || !strings.Contains(rec.Body.String(), "InternalErrorException") ||
		strings.Contains(rec.Body.String(), "a bug") {
		t.Errorf("answer = %d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(logged.String(), "a bug") {
		t.Error("the bug isn't in the log")
	}
}

func TestLogsHoldNoSecret(t *testing.T) {
	var logged bytes.Buffer
	h := allTriggers(autoConfirm(passwordless()))
	w := newWorld(t, h, with(userpool.Triggers()...), func(_ *userpool.Config, o *userpool.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	u := w.user(t, alice)
	tokens := w.signIn(t, clientID, alice)
	w.byPassword(t, openID, alice, password)
	w.byPassword(t, openID, "nobody@example.com", password)
	h.create = failing(&lambda.Error{Message: "no"})
	started, _ := w.start(t, clientID, alice)
	_ = started
	for name, secret := range map[string]string{
		"address": alice, "password": password, "code": rightCode, "access token": *tokens.AccessToken,
		"refresh token": *tokens.RefreshToken,
		"stranger":      "nobody@example.com",
	} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("the %s is in the log", name)
		}
	}
	if !strings.Contains(logged.String(), "sub="+u.Sub) || !strings.Contains(logged.String(), "operation=InitiateAuth") {
		t.Errorf("log = %s", logged.String())
	}
}

func TestCORS(t *testing.T) {
	w := newWorld(t, passwordless())
	do := func(method, origin string) (*http.Response, string) {
		r := must2(http.NewRequestWithContext(t.Context(), method, w.url+"/", strings.NewReader("{}")))(t)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type,x-amz-target,x-amz-user-agent")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
		resp := must2(http.DefaultClient.Do(r))(t)
		defer resp.Body.Close()
		return resp, string(must2(io.ReadAll(resp.Body))(t))
	}
	for _, origin := range []string{"http://localhost:5173", "https://localhost", "http://127.0.0.1:3000",
		"http://[::1]:8080"} {
		resp, body := do(http.MethodOptions, origin)
		h := resp.Header
		if resp.StatusCode != 204 || body != "" || h.Get("Access-Control-Allow-Origin") != origin ||
			h.Get("Access-Control-Allow-Methods") != "POST" ||
			h.Get("Access-Control-Allow-Headers") != "content-type,x-amz-target,x-amz-user-agent" ||
			h.Get("Access-Control-Max-Age") == "" {
			t.Errorf("preflight from %s: %d %v", origin, resp.StatusCode, h)
		}
		resp, _ = do(http.MethodPost, origin)
		if h := resp.Header; h.Get("Access-Control-Allow-Origin") != origin || h.Get("Vary") != "Origin" ||
			h.Get("Access-Control-Expose-Headers") != "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" {
			t.Errorf("POST from %s: %v", origin, h)
		}
	}
	for _, origin := range []string{"", "https://evil.example.com", "http://localhost.evil.example.com", "null",
		"file://", "http://localhost@evil.example.com", "http://evil.example.com/localhost"} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			resp, _ := do(method, origin)
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s from %q got %s", method, origin, name)
				}
			}
		}
	}
	own := newWorld(t, passwordless(), func(_ *userpool.Config, o *userpool.Options) {
		o.AllowedOrigins = func(origin string) bool { return origin == "https://app.example.com" }
	})
	w = own
	if resp, _ := do(http.MethodOptions, "https://app.example.com"); resp.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Error("an allowed origin was refused")
	}
	if resp, _ := do(http.MethodOptions, "http://localhost:1"); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the default list still holds")
	}
}

func TestErrorMessagesInHeadersArePrintable(t *testing.T) {
	h := passwordless()
	h.define = failing(&lambda.Error{Message: "zeile\r\nX-Evil: 1 \x00 ü" + strings.Repeat("x", 5000)})
	w := worldOfAlice(t, h)
	status, header, body := w.post(t, "InitiateAuth",
		`{"AuthFlow":"CUSTOM_AUTH","ClientId":"`+clientID+`","AuthParameters":{"USERNAME":"`+alice+`"}}`)
	message := header.Get("x-amzn-ErrorMessage")
	if status != 400 || header.Get("X-Evil") != "" || len(message) > 1000 ||
		strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("header = %q", message)
	}
	if !strings.Contains(fmt.Sprint(body["message"]), "zeile\r\nX-Evil: 1 \x00 ü") {
		t.Errorf("body = %q", body["message"])
	}
}
