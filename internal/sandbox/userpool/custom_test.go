package userpool_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestSignInByCode(t *testing.T) {
	h := passwordless()
	w := newWorld(t, h)
	u := w.user(t, alice)

	started := must2(w.start(t, clientID, "Alice@Example.com"))(t)
	if started.ChallengeName != types.ChallengeNameTypeCustomChallenge {
		t.Fatalf("challenge = %s", started.ChallengeName)
	}
	if p := started.ChallengeParameters; p["USERNAME"] != u.Username || p["codeLength"] != "6" || len(p) != 3 {
		t.Errorf("parameters = %v, want the public ones and USERNAME %s", p, u.Username)
	}
	wrong := must2(w.answer(t, clientID, u.Username, *started.Session, "000000"))(t)
	if wrong.ChallengeName != types.ChallengeNameTypeCustomChallenge || *wrong.Session == *started.Session {
		t.Errorf("a wrong answer gave %s, want another round with a new Session", wrong.ChallengeName)
	}
	done := must2(w.answer(t, clientID, u.Username, *wrong.Session, rightCode))(t)
	if done.AuthenticationResult == nil || done.Session != nil || done.ChallengeName != "" {
		t.Fatalf("a right answer gave %+v, want tokens alone", done)
	}

	defines := h.of(userpool.DefineAuthChallenge)
	if len(defines) != 3 || len(h.of(userpool.CreateAuthChallenge)) != 2 ||
		len(h.of(userpool.VerifyAuthChallengeResponse)) != 2 {
		t.Fatalf("calls: %d define, %d create, %d verify", len(defines), len(h.of(userpool.CreateAuthChallenge)),
			len(h.of(userpool.VerifyAuthChallengeResponse)))
	}
	rows := defines[2].Request.Session
	if len(rows) != 2 || rows[0].ChallengeResult || !rows[1].ChallengeResult || *rows[0].ChallengeMetadata != "round-0" ||
		*rows[1].ChallengeMetadata != "round-1" {
		t.Errorf("last rows = %+v", rows)
	}
}

// must2 takes the two results of a call before the test.
func must2[T any](out T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		return must(t, out, err)
	}
}

func TestAnswersMayNameTheUserAnyWay(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.user(t, alice)
	for _, name := range []string{u.Username, alice, "ALICE@example.com"} {
		started := must2(w.start(t, clientID, alice))(t)
		if out, err := w.answer(t, clientID, name, *started.Session, rightCode); err != nil ||
			out.AuthenticationResult == nil {
			t.Errorf("answering as %q: %v", name, err)
		}
	}
	w.user(t, "bob@example.com")
	started := must2(w.start(t, clientID, alice))(t)
	_, err := w.answer(t, clientID, "bob@example.com", *started.Session, rightCode)
	notAuthorized(t, err, "Invalid session for the user.")
	_, err = w.answer(t, clientID, "nobody@example.com", *started.Session, rightCode)
	notAuthorized(t, err, "Invalid session for the user.")
}

func TestDefineDecides(t *testing.T) {
	const wrong = "Incorrect username or password."
	const odd = "Unrecognizable lambda output"
	for _, c := range []struct {
		name     string
		response any
		kind     string
		message  string
	}{
		{"failAuthentication ends the sign-in", m{"failAuthentication": true}, "NotAuthorizedException", wrong},
		{"failAuthentication beats issueTokens", m{"failAuthentication": true, "issueTokens": true},
			"NotAuthorizedException", wrong},
		{"nothing at all is odd", m{}, "InvalidLambdaResponseException", odd},
		{"nulls are nothing", m{"challengeName": nil, "issueTokens": nil, "failAuthentication": nil},
			"InvalidLambdaResponseException", odd},
		{"an unknown challenge is odd", m{"challengeName": "WHATEVER"}, "InvalidLambdaResponseException", odd},
		{"a native factor isn't emulated", m{"challengeName": "SOFTWARE_TOKEN_MFA"}, "InvalidLambdaResponseException", odd},
		{"a quoted boolean is odd", m{"issueTokens": "true"}, "InvalidLambdaResponseException", odd},
		{"a number for a name is odd", m{"challengeName": 7}, "InvalidLambdaResponseException", odd},
		{"a null response is odd", nil, "InvalidLambdaResponseException", odd},
		{"a list for a response is odd", []string{"x"}, "InvalidLambdaResponseException", odd},
		{"an answer without a response is odd", []byte(`{"version":"1"}`), "InvalidLambdaResponseException", odd},
		{"issueTokens in another case is nothing", m{"IssueTokens": true}, "InvalidLambdaResponseException", odd},
		{"a response in another case is none", []byte(`{"Response":{"issueTokens":true}}`), "InvalidLambdaResponseException",
			odd},
		{"an answer that is a list is odd", []byte(`[]`), "InvalidLambdaResponseException", odd},
		{"an answer that is null is odd", []byte(`null`), "InvalidLambdaResponseException", odd},
		{"an answer that is no JSON", []byte(`{"response":`), "InvalidLambdaResponseException",
			"Invalid lambda function output : Invalid JSON"},
		{"an empty answer is no JSON", []byte(``), "InvalidLambdaResponseException",
			"Invalid lambda function output : Invalid JSON"},
		{"a password check without SRP_A fails", m{"challengeName": "PASSWORD_VERIFIER"}, "NotAuthorizedException", wrong},
		{"a new password for a confirmed user is odd", m{"challengeName": "NEW_PASSWORD_REQUIRED"},
			"InvalidLambdaResponseException", odd},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := passwordless()
			h.define = func(event) (any, error) { return c.response, nil }
			w := worldOfAlice(t, h)
			_, err := w.start(t, clientID, alice)
			wantError(t, err, c.kind, c.message)
		})
	}
}

func TestDefineMayIssueTokensAtOnce(t *testing.T) {
	h := passwordless()
	h.define = func(event) (any, error) { return m{"issueTokens": true}, nil }
	w := worldOfAlice(t, h)
	out := must2(w.start(t, clientID, alice))(t)
	if out.AuthenticationResult == nil {
		t.Fatal("no tokens")
	}
	_, err := w.start(t, clientID, "nobody@example.com")
	notAuthorized(t, err, "Incorrect username or password.")
}

func TestCreateDecides(t *testing.T) {
	const odd = "Unrecognizable lambda output"
	for _, c := range []struct {
		name     string
		response any
		kind     string
		message  string
	}{
		{"no private parameters fail like a wrong password", m{"publicChallengeParameters": m{"a": "b"}},
			"NotAuthorizedException", "Incorrect username or password."},
		{"empty ones too", m{"privateChallengeParameters": m{}}, "NotAuthorizedException", "Incorrect username or password."},
		{"a number among them is odd", m{"privateChallengeParameters": m{"a": 1}}, "InvalidLambdaResponseException", odd},
		{"a null among them is odd", m{"privateChallengeParameters": m{"a": nil}}, "InvalidLambdaResponseException", odd},
		{"a number among the public ones is odd",
			m{"publicChallengeParameters": m{"a": 1}, "privateChallengeParameters": m{"a": "b"}},
			"InvalidLambdaResponseException", odd},
		{"metadata that is no string is odd", m{"challengeMetadata": m{}, "privateChallengeParameters": m{"a": "b"}},
			"InvalidLambdaResponseException", odd},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := passwordless()
			h.create = func(event) (any, error) { return c.response, nil }
			w := worldOfAlice(t, h)
			_, err := w.start(t, clientID, alice)
			wantError(t, err, c.kind, c.message)
		})
	}
	t.Run("null public parameters and metadata are none", func(t *testing.T) {
		h := passwordless()
		h.create = func(event) (any, error) {
			return m{"publicChallengeParameters": nil, "privateChallengeParameters": m{"answer": rightCode},
				"challengeMetadata": nil}, nil
		}
		w := newWorld(t, h)
		u := w.user(t, alice)
		out := must2(w.start(t, clientID, alice))(t)
		if len(out.ChallengeParameters) != 1 || out.ChallengeParameters["USERNAME"] != u.Username {
			t.Errorf("parameters = %v", out.ChallengeParameters)
		}
		must2(w.answer(t, clientID, alice, *out.Session, "wrong"))(t)
		rows := h.of(userpool.DefineAuthChallenge)[1].Request.Session
		if rows[0].ChallengeMetadata != nil {
			t.Errorf("metadata = %q, want null", *rows[0].ChallengeMetadata)
		}
	})
}

func TestTheClientChoosesItsEntry(t *testing.T) {
	for _, c := range []struct {
		name   string
		params map[string]string
		row    bool
		want   string
	}{
		{"without a name the session is empty", map[string]string{}, false, ""},
		{"SRP_A without its name is ignored", map[string]string{"SRP_A": "abcdef"}, false, ""},
		{"SRP_A is a true row", map[string]string{"CHALLENGE_NAME": "SRP_A", "SRP_A": "abcdef"}, false, "SRP_A true"},
		{"CUSTOM_CHALLENGE is an empty session", map[string]string{"CHALLENGE_NAME": "CUSTOM_CHALLENGE"}, false, ""},
		{"CUSTOM_CHALLENGE is a true row where so switched", map[string]string{"CHALLENGE_NAME": "CUSTOM_CHALLENGE"}, true,
			"CUSTOM_CHALLENGE true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := passwordless()
			w := worldOfAlice(t, h, func(_ *userpool.Config, o *userpool.Options) { o.CustomChallengeEntryRow = c.row })
			c.params["USERNAME"] = alice
			w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
				AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: ptr(clientID), AuthParameters: c.params,
			})
			var got []string
			for _, r := range h.of(userpool.DefineAuthChallenge)[0].Request.Session {
				if r.ChallengeMetadata != nil {
					t.Errorf("row %s has metadata %q", r.ChallengeName, *r.ChallengeMetadata)
				}
				got = append(got, fmt.Sprint(r.ChallengeName, " ", r.ChallengeResult))
			}
			if strings.Join(got, ",") != c.want {
				t.Errorf("rows = %v, want %q", got, c.want)
			}
		})
	}
	w := worldOfAlice(t, passwordless())
	for _, params := range []map[string]string{
		{"CHALLENGE_NAME": "PASSWORD_VERIFIER"}, {"CHALLENGE_NAME": "SRP_A"}, {"CHALLENGE_NAME": "SRP_A", "SRP_A": "0"},
		{"CHALLENGE_NAME": "SRP_A", "SRP_A": strings.Repeat("1", 769)}, {"CHALLENGE_NAME": "SRP_A", "SRP_A": "no hex"},
	} {
		params["USERNAME"] = alice
		_, err := w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: ptr(clientID), AuthParameters: params,
		})
		if code(err) != "InvalidParameterException" {
			t.Errorf("entry %v gave %v, want InvalidParameterException", params, err)
		}
	}
}

func TestVerifyMayChangeTheUser(t *testing.T) {
	h := passwordless()
	w := newWorld(t, h)
	w.seed(t, userpool.UserSpec{Email: alice})
	h.verify = func(e event) (any, error) {
		_, err := w.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
			UserPoolId: ptr(poolID), Username: &e.UserName,
			UserAttributes: []types.AttributeType{{Name: ptr("email_verified"), Value: ptr("true")}},
		})
		return m{"answerCorrect": true}, err
	}
	tokens := w.signIn(t, clientID, alice)
	if got := claims(t, *tokens.IdToken)["email_verified"]; got != true {
		t.Errorf("email_verified = %v in the ID token, want true", got)
	}
	last := h.of(userpool.DefineAuthChallenge)[1]
	if got := last.Request.UserAttributes["email_verified"]; got != "true" {
		t.Errorf("email_verified = %q in the last event, want \"true\"", got)
	}
}

func TestClientMetadata(t *testing.T) {
	h := passwordless()
	h.postAuth, h.preToken = func(event) (any, error) { return m{}, nil }, func(event) (any, error) { return m{}, nil }
	w := worldOfAlice(t, h, with(userpool.PreAuthentication, userpool.PostAuthentication, userpool.PreTokenGeneration))
	out := must2(w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: ptr(clientID),
		AuthParameters: map[string]string{"USERNAME": alice}, ClientMetadata: map[string]string{"from": "initiate"},
	}))(t)
	for _, e := range h.of("") {
		if e.Request.ClientMetadata != nil {
			t.Errorf("%s got InitiateAuth's metadata", e.trigger)
		}
	}
	if n := len(h.of(userpool.PreAuthentication)); n != 0 {
		t.Error("PreAuthentication ran without a password")
	}
	h.forget()
	respond := func(session *string, answer string) *cip.RespondToAuthChallengeOutput {
		return must2(w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: types.ChallengeNameTypeCustomChallenge, ClientId: ptr(clientID), Session: session,
			ChallengeResponses: map[string]string{"USERNAME": alice, "ANSWER": answer},
			ClientMetadata:     map[string]string{"action": "resend"},
		}))(t)
	}
	again := respond(out.Session, "wrong")
	respond(again.Session, rightCode)
	seen := map[userpool.Trigger]int{}
	for _, e := range h.of("") {
		seen[e.trigger]++
		if e.Request.ClientMetadata["action"] != "resend" {
			t.Errorf("%s lacks RespondToAuthChallenge's metadata", e.trigger)
		}
	}
	for trigger, n := range map[userpool.Trigger]int{
		userpool.DefineAuthChallenge: 2, userpool.CreateAuthChallenge: 1, userpool.VerifyAuthChallengeResponse: 2,
		userpool.PostAuthentication: 1, userpool.PreTokenGeneration: 1,
	} {
		if seen[trigger] != n {
			t.Errorf("%s ran %d times, want %d", trigger, seen[trigger], n)
		}
	}
}

func TestCustomAuthNeedsItsTriggers(t *testing.T) {
	w := worldOfAlice(t, nil, func(cfg *userpool.Config, _ *userpool.Options) { cfg.Triggers = nil })
	_, err := w.start(t, clientID, alice)
	invalidParameter(t, err, "Custom auth lambda trigger is not configured for the user pool.")
}

func TestRoundsAreNotLimitedByTheClock(t *testing.T) {
	h := passwordless()
	h.define = func(e event) (any, error) { return m{"challengeName": "CUSTOM_CHALLENGE"}, nil }
	w := worldOfAlice(t, h)
	session := must2(w.start(t, clientID, alice))(t).Session
	for range 5 {
		w.clock.Advance(3*time.Minute - time.Second)
		session = must2(w.answer(t, clientID, alice, *session, "wrong"))(t).Session
	}
}

// with turns further triggers on.
func with(triggers ...userpool.Trigger) setting {
	return func(cfg *userpool.Config, _ *userpool.Options) {
		for _, t := range triggers {
			cfg.Triggers[t] = true
		}
	}
}

func (w *world) disable(t *testing.T, username string) {
	t.Helper()
	if _, err := w.AdminDisableUser(t.Context(),
		&cip.AdminDisableUserInput{UserPoolId: ptr(poolID), Username: &username}); err != nil {
		t.Error(err)
	}
}

func ptr[T any](v T) *T { return &v }
