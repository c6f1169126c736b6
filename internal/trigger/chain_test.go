package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	adopters "github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// chained is an adopter's function.
type chained struct {
	invoke func(ctx context.Context, event []byte) ([]byte, error)
	events []string
}

func (c *chained) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	c.events = append(c.events, string(event))
	return c.invoke(ctx, event)
}

func answering(answer string) *chained {
	return &chained{invoke: func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }}
}

func failing(err error) *chained {
	return &chained{invoke: func(context.Context, []byte) ([]byte, error) { return nil, err }}
}

// chains returns the triggers that fail with the adopter's function behind them, and an event that
// each allows.
func chains(t *testing.T, c trigger.Chained) map[string]func() (*world, []byte, []byte, error) {
	run := func(m settings.Mode, event string, of func(w *world) trigger.Handler) func() (*world, []byte, []byte, error) {
		return func() (*world, []byte, []byte, error) {
			w := newWorld(t, m)
			in := recorded(t, event)
			out, err := of(w).Invoke(t.Context(), in)
			return w, in, out, err
		}
	}
	return map[string]func() (*world, []byte, []byte, error){
		"sign-up": run(settings.Passwordless, "sign-up", func(w *world) trigger.Handler {
			return trigger.SignUp{Settings: w.settings, Reporter: w.reporter(settings.PreSignUp), Chained: c}.Handler()
		}),
		"tokens": run(settings.Password, "tokens-refresh", func(w *world) trigger.Handler {
			return trigger.Tokens{Reporter: w.reporter(settings.PreTokenGeneration), Chained: c}.Handler()
		}),
		"a changed attribute": func() (*world, []byte, []byte, error) {
			w, in := newWorld(t, settings.Password), marshal(t, message("UpdateUserAttribute"))
			w.chained = c
			out, err := w.handler(settings.CreateAuthChallenge).Invoke(t.Context(), in)
			return w, in, out, err
		},
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answers returns what an adopter's function may return: every combination of the flags and claims
// by which it could try to unlock something, in and around the response, and what is no answer.
func answers() []string {
	all := []string{"", "null", "true", `"response"`, "[]", "{}",
		`{"response":null}`, `{"response":[]}`, `{"response":"{}"}`, `{"Response":{"autoVerifyEmail":true}}`,
		`{"response":{}`, `{"response":{}}{"response":{}}`, "\xff",
		`{"response":{"autoVerifyEmail":true},"response":{}}`, strings.Repeat(`{"response":`, 20_000)}
	values := []string{"", "true", "false", "null", `"true"`, "1"}
	for _, confirm := range values {
		for _, email := range values {
			for _, phone := range values {
				var flags []string
				for name, value := range map[string]string{"autoConfirmUser": confirm, "autoVerifyEmail": email,
					"autoVerifyPhone": phone} {
					if value != "" {
						flags = append(flags, fmt.Sprintf("%q:%s", name, value))
					}
				}
				response := "{" + strings.Join(flags, ",") + "}"
				all = append(all, `{"response":`+response+`}`, `{"autoVerifyEmail":true,"response":`+response+
					`,"triggerSource":"PreSignUp_AdminCreateUser","userName":"another","version":"3"}`)
			}
		}
	}
	for _, version := range []string{"claimsOverrideDetails", "claimsAndScopeOverrideDetails"} {
		for _, details := range []string{"null", "{}", `{"claimsToAddOrOverride":{"email_verified":"true"}}`,
			`{"groupOverrideDetails":{"groupsToOverride":["admin"]}}`, `{"issueTokens":true}`} {
			all = append(all, `{"version":"1","triggerSource":"TokenGeneration_Authentication","response":{"`+version+`":`+
				details+`,"issueTokens":true,"answerCorrect":true}}`)
		}
	}
	return all
}

// No answer of an adopter's function confirms, verifies or issues what EmailOTP refused, nor
// verifies an address: over all sources, versions and answers.
func TestNoAnswerUnlocksWhatIsRefused(t *testing.T) {
	simulates(t)
	signUp, tokens := string(recorded(t, "sign-up")), string(recorded(t, "tokens-authentication"))
	const source, version = "TokenGeneration_Authentication", `"version": "1"`
	withVersion := func(v string) string { return strings.Replace(tokens, version, v, 1) }
	refused := map[string]string{
		"an address":      strings.Replace(signUp, "user@example.com", "user@@example.com", 1),
		"another domain":  strings.Replace(signUp, "user@example.com", "user@example.net", 1),
		"no sign-up user": `{"userPoolId":"p","userName":"","callerContext":{"clientId":"c"}}`,
	}
	for v := range 4 {
		event := withVersion(fmt.Sprintf(`"version": "%d"`, v+1))
		for _, s := range []string{"NewPasswordChallenge", "ClientCredentials", "Tomorrow"} {
			if s != "ClientCredentials" || v != 2 {
				refused[fmt.Sprint("tokens ", s, v+1)] = strings.Replace(event, source, "TokenGeneration_"+s, 1)
			}
		}
	}
	refused["no version"] = withVersion(`"x": "1"`)
	w := newWorld(t, settings.Passwordless)
	w.settings.AllowedSignUpDomains = []string{"example.com"}
	for _, answer := range answers() {
		c := answering(answer)
		up := trigger.SignUp{Settings: w.settings, Reporter: w.reporter(settings.PreSignUp), Chained: c}.Handler()
		gen := trigger.Tokens{Reporter: w.reporter(settings.PreTokenGeneration), Chained: c}.Handler()
		for name, event := range refused {
			h := up
			if strings.Contains(event, "TokenGeneration") {
				h = gen
			}
			if out, err := h.Invoke(t.Context(), []byte(event)); err == nil || len(c.events) > 0 {
				t.Fatalf("%s and %.100s: answered %.100s, invoked %d times", name, answer, out, len(c.events))
			}
		}
		for _, s := range []string{"PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider",
			"PreSignUp_Tomorrow"} {
			out, err := up.Invoke(t.Context(), []byte(strings.Replace(signUp, "PreSignUp_SignUp", s, 1)))
			want := map[string]any{"autoConfirmUser": s == "PreSignUp_SignUp", "autoVerifyEmail": false,
				"autoVerifyPhone": false}
			if err == nil && !reflect.DeepEqual(responseOf(t, out), want) {
				t.Fatalf("%s and %s: answered %s", s, answer, out)
			}
		}
	}
}

func responseOf(t *testing.T, out []byte) map[string]any {
	t.Helper()
	var e struct {
		UserName string         `json:"userName"`
		Response map[string]any `json:"response"`
	}
	if err := json.Unmarshal(out, &e); err != nil || e.UserName == "another" {
		t.Fatalf("%v in %s", err, out)
	}
	return e.Response
}

func TestAnAnswerPassesThroughByteForByte(t *testing.T) {
	const answer = ` {"novel":1.0, "response": {"claimsAndScopeOverrideDetails": {"x":"<é>"}, "autoVerifyEmail": true}} `
	for name, event := range map[string]string{
		"V1":            string(recorded(t, "tokens-authentication")),
		"V2":            string(recorded(t, "tokens-v2")),
		"V3":            strings.Replace(string(recorded(t, "tokens-v2")), `"version": "2"`, `"version": "3"`, 1),
		"for a program": string(recorded(t, "tokens-client-credentials")),
	} {
		w, c := newWorld(t, settings.Password), answering(answer)
		h := trigger.Tokens{Reporter: w.reporter(settings.PreTokenGeneration), Chained: c}.Handler()
		out, err := h.Invoke(t.Context(), []byte(event))
		if err != nil || string(out) != answer || len(c.events) != 1 || c.events[0] != event {
			t.Errorf("%s: answered %s, %v after %q", name, out, err, c.events)
		}
	}
}

// Without an adopter's function the answer leaves the tokens as they are, in the event's version.
func TestTokensStayAsTheyAreInEveryVersion(t *testing.T) {
	v2 := string(recorded(t, "tokens-v2"))
	for event, want := range map[string]string{
		string(recorded(t, "tokens-authentication")): "claimsOverrideDetails",
		v2:                                   "claimsAndScopeOverrideDetails",
		strings.Replace(v2, `"2"`, `"3"`, 1): "claimsAndScopeOverrideDetails",
		string(recorded(t, "tokens-client-credentials")): "claimsAndScopeOverrideDetails",
	} {
		out, err := newWorld(t, settings.Password).handler(settings.PreTokenGeneration).Invoke(t.Context(), []byte(event))
		if err != nil || !reflect.DeepEqual(responseOf(t, out), map[string]any{want: nil}) {
			t.Errorf("%s: %s, %v", want, out, err)
		}
	}
}

func TestAnErrorOfTheAdoptersFunctionReachesTheClientAndNoLog(t *testing.T) {
	const message = "user@example.com may not come in: sold out"
	soldOut := fmt.Errorf("invoke: %w", &adopters.Error{Message: message, Type: "SoldOut"})
	for name, run := range chains(t, failing(soldOut)) {
		w, _, out, err := run()
		if err == nil || err.Error() != message || out != nil {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		w.logHas(`"reason":"chained-error"`, `"chainedError":"SoldOut"`, `"ChainedErrors":1`, `"level":"WARN"`)
		w.logLacks("sold out", "@", "Faults")
	}
}

func TestAnAdoptersFunctionThatGivesNoAnswerFailsClosed(t *testing.T) {
	service := func(status int, code string) error {
		return fmt.Errorf("invoke: %w", &adopters.ServiceError{Code: code, Status: status})
	}
	cases := map[string]struct {
		c      *chained
		reason string
	}{
		"throttled":         {failing(service(http.StatusTooManyRequests, "TooManyRequestsException")), "throttled"},
		"absent":            {failing(service(http.StatusNotFound, "ResourceNotFoundException")), "absent"},
		"denied":            {failing(service(http.StatusForbidden, "AccessDeniedException")), "denied"},
		"a loop":            {failing(service(http.StatusBadRequest, "RecursiveInvocationException")), "unavailable"},
		"no connection":     {failing(errors.New("of user@example.com")), "unavailable"},
		"no message":        {failing(&adopters.Error{Type: "of user@example.com"}), "unavailable"},
		"slow":              {failing(fmt.Errorf("invoke: %w", context.DeadlineExceeded)), "slow"},
		"half an answer":    {answering(`{"response":{`), "answer"},
		"null":              {answering(`null`), "answer"},
		"no response":       {answering(`{}`), "answer"},
		"a null response":   {answering(`{"response":null}`), "answer"},
		"a response's list": {answering(`{"response":[]}`), "answer"},
	}
	for name, tc := range cases {
		for of, run := range chains(t, tc.c) {
			w, _, out, err := run()
			if err == nil || err.Error() != trigger.RefusedUnavailable.Error() || out != nil {
				t.Errorf("%s, %s: %s, %v", of, name, out, err)
			}
			w.logHas(`"reason":"chained-`+tc.reason+`"`, `"ChainedFaults":1`, `"ChainedDuration":`, `"OwnDuration":`)
			w.logLacks("@", `"Faults"`)
			if len(tc.c.events) == 0 {
				t.Errorf("%s, %s: not invoked", of, name)
			}
		}
		if len(tc.c.events) != 3 {
			t.Errorf("%s: %d invocations by three triggers, want one each", name, len(tc.c.events))
		}
	}
}

// The adopter's function gets what is left of four seconds less the reserve, once, and the log line
// states whose time it was.
func TestTheTimeOfTheAdoptersFunctionEndsBeforeOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		slow := &chained{invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		w := newWorld(t, settings.Password)
		h := trigger.Tokens{Chained: slow,
			Reporter: trigger.NewReporter(&w.log, settings.PreTokenGeneration, time.Now)}.Handler()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		_, err := h.Invoke(ctx, recorded(t, "tokens-refresh"))
		took := time.Since(began)
		if err == nil || err.Error() != trigger.RefusedUnavailable.Error() || took != 3500*time.Millisecond ||
			len(slow.events) != 1 {
			t.Errorf("%v after %v and %d invocations", err, took, len(slow.events))
		}
		w.logHas(`"reason":"chained-slow"`, `"ChainedDuration":3500`, `"OwnDuration":0`,
			`{"Name":"ChainedDuration","Unit":"Milliseconds"}`)

		spent, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		if _, err := h.Invoke(spent, recorded(t, "tokens-refresh")); err == nil || len(slow.events) != 1 {
			t.Errorf("invoked without time: %v, %d invocations", err, len(slow.events))
		}
	})
}

func TestALogWithoutErrorsHasAllOtherLines(t *testing.T) {
	var b bytes.Buffer
	l := log.New(trigger.WithoutErrors(&b), "", 0)
	l.Print(`{"errorMessage":"user@example.com","errorType":"Denied"}`)
	l.Print("the runtime failed")
	if b.String() != "the runtime failed\n" {
		t.Errorf("log %q", b.String())
	}
}
