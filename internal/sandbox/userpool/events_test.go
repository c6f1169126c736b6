package userpool_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares an event with testdata/events/<name>.json, with the ids of this run replaced.
func golden(t *testing.T, name string, raw []byte, replace map[string]string) {
	t.Helper()
	for _, old := range slices.Sorted(maps.Keys(replace)) {
		raw = bytes.ReplaceAll(raw, []byte(old), []byte(replace[old]))
	}
	var got bytes.Buffer
	if err := json.Indent(&got, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", "events", name+".json")
	if *update {
		disk.Write(t, file, got.Bytes())
	}
	want := must2(os.ReadFile(file))(t)
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("event %s is\n%swant\n%s(run with -update to accept)", name, got.Bytes(), want)
	}
}

// allTriggers answers every trigger without changing anything.
func allTriggers(h *handlers) *handlers {
	nothing := func(event) (any, error) { return m{}, nil }
	h.preSignUp, h.preToken, h.preAuth, h.postAuth, h.postConfirm = nothing, nothing, nothing, nothing, nothing
	return h
}

func TestEvents(t *testing.T) {
	h := allTriggers(withPassword())
	w := newWorld(t, h, with(userpool.Triggers()...))
	u := w.seed(t, userpool.UserSpec{Email: alice, Password: password, EmailVerified: true,
		Attributes: map[string]string{"locale": "de-AT", "custom:team": "blue"}})
	client := newOurs(t)
	started := must2(w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: "CUSTOM_AUTH", ClientId: ptr(clientID), ClientMetadata: map[string]string{"campaign": "spring"},
		AuthParameters: map[string]string{"USERNAME": alice, "CHALLENGE_NAME": "SRP_A", "SRP_A": client.start()},
	}))(t)
	proven := must2(w.prove(t, clientID, started.Session, client.answer(t, started.ChallengeParameters, password)))(t)
	done := must2(w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(clientID), Session: proven.Session,
		ChallengeResponses: map[string]string{"USERNAME": alice, "ANSWER": rightCode},
		ClientMetadata:     map[string]string{"device": "phone"},
	}))(t)
	must2(w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: ptr(clientID),
		AuthParameters: map[string]string{"REFRESH_TOKEN": *done.AuthenticationResult.RefreshToken},
	}))(t)
	// Each trigger's calls are numbered in the order in which they came.
	seen := map[userpool.Trigger]int{}
	for _, e := range h.of("") {
		seen[e.trigger]++
		golden(t, fmt.Sprintf("%s-%d", e.trigger, seen[e.trigger]), e.raw,
			map[string]string{u.Username: "00000000-0000-4000-8000-0000000000a1"})
	}
	want := map[userpool.Trigger]int{
		userpool.PreAuthentication: 1, userpool.DefineAuthChallenge: 3, userpool.CreateAuthChallenge: 1,
		userpool.VerifyAuthChallengeResponse: 1, userpool.PostAuthentication: 1, userpool.PreTokenGeneration: 2,
	}
	if !maps.Equal(seen, want) {
		t.Errorf("calls = %v, want %v", seen, want)
	}
}

func TestEventsOfUnknownUsersAndTellingClients(t *testing.T) {
	h := passwordless()
	w := newWorld(t, h)
	u := w.user(t, alice)
	out := must2(w.start(t, clientID, "stranger@example.com"))(t)
	must2(w.answer(t, clientID, "stranger@example.com", *out.Session, "1"))(t)
	for i, name := range []string{"define", "create", "verify"} {
		golden(t, "unknown-"+name, h.of("")[i].raw, nil)
	}
	h.forget()
	must2(w.start(t, legacyID, alice))(t)
	golden(t, "telling-define", h.of("")[0].raw, map[string]string{u.Username: "00000000-0000-4000-8000-0000000000a1"})
}

func TestEventsOfSignUps(t *testing.T) {
	h := allTriggers(passwordless())
	h.preSignUp = func(e event) (any, error) {
		return m{"autoConfirmUser": true, "autoVerifyEmail": false, "autoVerifyPhone": false}, nil
	}
	w := newWorld(t, h, with(userpool.Triggers()...))
	out := must2(w.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: ptr(clientID), Username: ptr(alice), Password: ptr(password),
		UserAttributes: []types.AttributeType{{Name: ptr("locale"), Value: ptr("fr")}},
		ValidationData: []types.AttributeType{{Name: ptr("captcha"), Value: ptr("solved")}},
		ClientMetadata: map[string]string{"from": "web"},
	}))(t)
	must2(w.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: ptr(poolID), Username: ptr("bob@example.com"), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: ptr("email_verified"), Value: ptr("true")}},
	}))(t)
	bob, _ := w.pool.User("bob@example.com")
	ids := map[string]string{*out.UserSub: "00000000-0000-4000-8000-0000000000a1",
		bob.Sub: "00000000-0000-4000-8000-0000000000b0"}
	pre, post := h.of(userpool.PreSignUp), h.of(userpool.PostConfirmation)
	if len(pre) != 2 || len(post) != 1 {
		t.Fatalf("PreSignUp ran %d times and PostConfirmation %d", len(pre), len(post))
	}
	golden(t, "PreSignUp-SignUp", pre[0].raw, ids)
	golden(t, "PreSignUp-AdminCreateUser", pre[1].raw, ids)
	golden(t, "PostConfirmation-ConfirmSignUp", post[0].raw, ids)
}

func TestEventsInAPoolWithAliases(t *testing.T) {
	h := passwordless()
	w := newWorld(t, h, func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.UsernameAttributes, cfg.AliasAttributes = nil, []string{"email"}
	})
	u := w.seed(t, userpool.UserSpec{Username: "alice", Email: alice, EmailVerified: true})
	w.seed(t, userpool.UserSpec{Username: "bob", Email: "bob@example.com"})
	if u.Username != "alice" || u.Sub == u.Username {
		t.Errorf("user = %+v", u)
	}
	must2(w.start(t, legacyID, alice))(t)
	e := h.of("")[0]
	if e.UserName != "alice" || e.Request.UserAttributes["cognito:email_alias"] != alice ||
		e.Request.UserAttributes["sub"] != u.Sub {
		t.Errorf("event for %q with %v", e.UserName, e.Request.UserAttributes)
	}
	_, err := w.start(t, legacyID, "bob@example.com")
	wantError(t, err, "UserNotFoundException", "User does not exist.") // an unverified alias
	must2(w.start(t, legacyID, "BOB"))(t)
	if e := h.of(userpool.DefineAuthChallenge)[1]; strings.Contains(string(e.raw), "email_alias") {
		t.Error("an unverified address is shown as an alias")
	}
}
