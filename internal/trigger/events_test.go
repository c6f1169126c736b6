package trigger_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each recorded event comes back whole, with nothing but its response changed.
func TestRecordedEvents(t *testing.T) {
	ask := func(name string) map[string]any {
		return map[string]any{"challengeName": name, "issueTokens": false, "failAuthentication": false}
	}
	tokens := map[string]any{"issueTokens": true, "failAuthentication": false}
	fail := map[string]any{"issueTokens": false, "failAuthentication": true}
	signUp := func(confirm bool) map[string]any {
		return map[string]any{"autoConfirmUser": confirm, "autoVerifyEmail": false, "autoVerifyPhone": false}
	}
	pass := map[string]any{"claimsOverrideDetails": nil}
	const define, up, gen = settings.DefineAuthChallenge, settings.PreSignUp, settings.PreTokenGeneration
	for _, tc := range []struct {
		event    string
		mode     settings.Mode
		function settings.Function
		want     map[string]any
		refusal  error
	}{
		{"define-passwordless-start", settings.Passwordless, define, ask("CUSTOM_CHALLENGE"), nil},
		{"define-passwordless-start", settings.Password, define, fail, nil},
		{"define-password-start", settings.Password, define, ask("PASSWORD_VERIFIER"), nil},
		{"define-password-start", settings.Passwordless, define, fail, nil},
		{"define-password-proven", settings.Password, define, ask("CUSTOM_CHALLENGE"), nil},
		{"define-password-temporary", settings.Password, define, ask("NEW_PASSWORD_REQUIRED"), nil},
		{"define-password-code-proven", settings.Password, define, tokens, nil},
		{"define-unknown", settings.Passwordless, define, ask("CUSTOM_CHALLENGE"), nil},
		{"define-unknown", settings.Password, define, fail, nil},
		{"define-forged", settings.Passwordless, define, fail, nil},
		{"define-forged", settings.Password, define, fail, nil},
		{"sign-up", settings.Passwordless, up, signUp(true), nil},
		{"sign-up-by-admin", settings.Passwordless, up, signUp(false), nil},
		{"sign-up-federated", settings.Passwordless, up, signUp(false), nil},
		{"tokens-authentication", settings.Password, gen, pass, nil},
		{"tokens-refresh", settings.Password, gen, pass, nil},
		{"tokens-new-password", settings.Password, gen, nil, trigger.RefusedNewPassword},
	} {
		t.Run(tc.event+" "+string(tc.mode), func(t *testing.T) {
			in := recorded(t, tc.event)
			out, err := newWorld(t, tc.mode).handler(tc.function).Invoke(context.Background(), in)
			if tc.refusal != nil {
				if err == nil || err.Error() != tc.refusal.Error() {
					t.Fatalf("refused with %v, want %v", err, tc.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var before, after map[string]any
			if err := json.Unmarshal(in, &before); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(out, &after); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(after["response"], any(tc.want)) {
				t.Errorf("answered %v, want %v", after["response"], tc.want)
			}
			delete(before, "response")
			delete(after, "response")
			if !reflect.DeepEqual(before, after) {
				t.Errorf("came back changed:\n%v\nwas\n%v", after, before)
			}
		})
	}
}

func TestUnknownTokenSourcesAreRefused(t *testing.T) {
	in := strings.Replace(string(recorded(t, "tokens-authentication")), "_Authentication", "_Tomorrow", 1)
	h := newWorld(t, settings.Password).handler(settings.PreTokenGeneration)
	_, err := h.Invoke(context.Background(), []byte(in))
	if err == nil || err.Error() != trigger.RefusedTokens.Error() {
		t.Error(err)
	}
}

// malformed are payloads that no trigger may take for an event.
var malformed = map[string]string{
	"nothing":                   ``,
	"null":                      `null`,
	"a list":                    `[]`,
	"a string":                  `"event"`,
	"half an event":             `{"version":"1","request":{"userAttributes":{"sub":`,
	"no pool":                   `{"userName":"u","callerContext":{"clientId":"c"},"request":{}}`,
	"an empty object":           `{}`,
	"a number for the user":     `{"userPoolId":"p","userName":7,"callerContext":{"clientId":"c"},"request":{}}`,
	"a session that is no list": `{"userPoolId":"p","userName":"u","callerContext":{"clientId":"c"},"request":{"session":{"a":1}}}`,
	"a null row":                `{"userPoolId":"p","userName":"u","callerContext":{"clientId":"c"},"request":{"session":[null]}}`,
	"a quoted result":           `{"userPoolId":"p","userName":"u","callerContext":{"clientId":"c"},"request":{"session":[{"challengeName":"SRP_A","challengeResult":"true"}]}}`,
	"a quoted userNotFound":     `{"userPoolId":"p","userName":"u","callerContext":{"clientId":"c"},"request":{"userNotFound":"false"}}`,
	"a pool of a megabyte": `{"userPoolId":"` + strings.Repeat("p", 1<<20) +
		`","userName":"u","callerContext":{"clientId":"c"},"request":{}}`,
	"a deep nest":              strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000),
	"a request that is a list": `{"userPoolId":"p","userName":"u","callerContext":{"clientId":"c"},"request":[]}`,
}

func functions() []settings.Function {
	return append(settings.Triggers(settings.Passwordless), settings.PreTokenGeneration)
}

func TestMalformedEventsAreRefusedWithAFixedSentenceAndALogLine(t *testing.T) {
	for name, payload := range malformed {
		for _, f := range functions() {
			w := newWorld(t, settings.Password)
			_, err := w.handler(f).Invoke(context.Background(), []byte(payload))
			if err == nil || err.Error() != trigger.RefusedMalformed.Error() {
				t.Errorf("%s, %s: %v", f, name, err)
			}
			var line map[string]any
			if err := json.Unmarshal([]byte(w.log.String()), &line); err != nil || line["reason"] != "malformed-event" ||
				line["level"] != "ERROR" || line["Faults"] != 1.0 || line["UserPoolId"] != "unknown" {
				t.Errorf("%s, %s: log %s", f, name, w.log.String())
			}
			if len(w.log.String()) > 2000 {
				t.Errorf("%s, %s: %d bytes of log", f, name, len(w.log.String()))
			}
		}
	}
}

func TestAMalformedEventIsCountedForItsPoolOrTheLastOne(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	h := w.handler(settings.DefineAuthChallenge)
	for _, tc := range []struct{ payload, pool string }{
		{`{"userPoolId":"eu-west-1_Another1"}`, "eu-west-1_Another1"},
		{string(recorded(t, "define-passwordless-start")), pool},
		{`{"userPoolId":"no pool\n"}`, pool},
	} {
		w.log.Reset()
		_, _ = h.Invoke(context.Background(), []byte(tc.payload))
		if !contains(w.log.String(), `"UserPoolId":"`+tc.pool+`"`) {
			t.Errorf("log %s", w.log.String())
		}
	}
}

func TestForeignParametersFailClosed(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	good := w.start(known()).private.(map[string]any)
	for name, change := range map[string]func(map[string]any){
		"another version": func(m map[string]any) { m["v"] = "2" },
		"no nonce":        func(m map[string]any) { delete(m, "n") },
		"short nonce":     func(m map[string]any) { m["n"] = "AAAA" },
		"no digits":       func(m map[string]any) { m["d"] = "" },
		"three digits":    func(m map[string]any) { m["d"] = "3" },
		"no binding":      func(m map[string]any) { m["b"] = "" },
		"no id":           func(m map[string]any) { m["c"] = "" },
	} {
		s := &signIn{w: w, user: known()}
		p := map[string]any{}
		for k, v := range good {
			p[k] = v
		}
		change(p)
		s.private = p
		right, err := s.verify(w.latest(), nil)
		if right || err == nil || err.Error() != trigger.RefusedMalformed.Error() {
			t.Errorf("%s: %v, %v", name, right, err)
		}
	}
	s := &signIn{w: w, user: known()}
	if right, err := s.verify(w.latest(), nil); right || err == nil {
		t.Errorf("null parameters: %v, %v", right, err)
	}
	another := map[string]any{}
	for k, v := range good {
		another[k] = v
	}
	another["k"] = "another-key"
	s.private = another
	if right, err := s.verify(w.latest(), nil); right || err != nil {
		t.Errorf("another key: %v, %v", right, err)
	}
}

func TestAnswersThatAreNoStringsAreWrongAndCostNothing(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known())
	w.reset()
	for _, answer := range []any{nil, 12345678, true, []string{w.latest()}, map[string]any{"a": 1}, "",
		strings.Repeat("1", 1<<20), "1234\x00567", "१२३४५६७"} {
		if right, err := s.verify(answer, nil); right || err != nil {
			t.Errorf("%T: %v, %v", answer, right, err)
		}
	}
	if w.counted("SpendGuess") != 0 {
		t.Error("a malformed answer cost a guess")
	}
	if right, _ := s.verify(w.latest()[:4]+" - "+w.latest()[4:], nil); !right {
		t.Error("a code with a dash is wrong")
	}
}

func TestCreateAnswersNoOtherChallenge(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := &signIn{w: w, user: known()}
	for _, name := range []any{"", nil, "PASSWORD_VERIFIER"} {
		_, err := w.invoke(settings.CreateAuthChallenge, s.event("CreateAuthChallenge_Authentication",
			map[string]any{"session": []any{}, "challengeName": name}))
		if err == nil || err.Error() != trigger.RefusedMalformed.Error() {
			t.Errorf("%v: %v", name, err)
		}
	}
}

// FuzzEvents throws bytes at every trigger: none panics, none answers tokens, and the client reads
// one of the fixed sentences or a well-formed event.
func FuzzEvents(f *testing.F) {
	for _, payload := range malformed {
		f.Add([]byte(payload))
	}
	files, _ := filepath.Glob("testdata/events/*.json")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		f.Add(b)
	}
	sentences := map[string]bool{}
	for _, r := range trigger.Refusals() {
		sentences[r.Error()] = true
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, fn := range functions() {
			w := newWorld(t, settings.Passwordless)
			out, err := w.handler(fn).Invoke(context.Background(), payload)
			if err != nil && !sentences[err.Error()] {
				t.Errorf("%s tells the client %q", fn, err)
			}
			if err == nil && !json.Valid(out) {
				t.Errorf("%s answered no JSON", fn)
			}
		}
	})
}
