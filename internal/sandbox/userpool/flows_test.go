package userpool_test

import (
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestFlowsOutsideOfCustomAuth(t *testing.T) {
	h := passwordless()
	w := newWorld(t, h, with(userpool.PreAuthentication, userpool.PostAuthentication))
	u := w.user(t, alice)
	t.Run("USER_SRP_AUTH", func(t *testing.T) {
		client := newOurs(t)
		started := must2(w.startSRP(t, types.AuthFlowTypeUserSrpAuth, openID, alice, client.start()))(t)
		if started.Session != nil {
			t.Error("USER_SRP_AUTH came with a Session")
		}
		answers := client.answer(t, started.ChallengeParameters, password)
		done := must2(w.prove(t, openID, nil, answers))(t)
		if done.AuthenticationResult == nil {
			t.Fatal("no tokens")
		}
		_, err := w.prove(t, openID, nil, answers)
		notAuthorized(t, err, "Invalid session for the user, session can only be used once.")
		started = must2(w.startSRP(t, types.AuthFlowTypeUserSrpAuth, openID, alice, client.start()))(t)
		answers = client.answer(t, started.ChallengeParameters, password)
		w.clock.Advance(3 * time.Minute)
		_, err = w.prove(t, openID, nil, answers)
		notAuthorized(t, err, "Invalid session for the user, session is expired.")
	})
	t.Run("USER_PASSWORD_AUTH", func(t *testing.T) {
		out := must2(w.byPassword(t, openID, alice, password))(t)
		if got := claims(t, *out.AuthenticationResult.AccessToken)["sub"]; got != u.Sub {
			t.Errorf("sub = %v", got)
		}
		for _, name := range []string{alice, "nobody@example.com"} {
			_, err := w.byPassword(t, openID, name, "Wrong1234!")
			notAuthorized(t, err, "Incorrect username or password.")
		}
	})
	t.Run("ADMIN_USER_PASSWORD_AUTH", func(t *testing.T) {
		in := &cip.AdminInitiateAuthInput{
			AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, ClientId: ptr(openID), UserPoolId: ptr(poolID),
			AuthParameters: map[string]string{"USERNAME": alice, "PASSWORD": password},
		}
		if out := must2(w.AdminInitiateAuth(t.Context(), in))(t); out.AuthenticationResult == nil {
			t.Error("no tokens")
		}
		in.AuthFlow = types.AuthFlowTypeAdminNoSrpAuth
		must2(w.AdminInitiateAuth(t.Context(), in))(t)
		in.ClientId = ptr(clientID)
		_, err := w.AdminInitiateAuth(t.Context(), in)
		invalidParameter(t, err, "ADMIN_NO_SRP_AUTH is not enabled for the client.")
	})
	t.Run("a temporary password", func(t *testing.T) {
		w.seed(t, userpool.UserSpec{Email: "new@example.com", Password: password, Temporary: true})
		asked := must2(w.byPassword(t, openID, "new@example.com", password))(t)
		if asked.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
			t.Fatalf("challenge = %s", asked.ChallengeName)
		}
		done := must2(w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: types.ChallengeNameTypeNewPasswordRequired, ClientId: ptr(openID), Session: asked.Session,
			ChallengeResponses: map[string]string{"USERNAME": "new@example.com", "NEW_PASSWORD": "Other-Passw0rd"},
		}))(t)
		if done.AuthenticationResult == nil {
			t.Error("no tokens")
		}
	})
	t.Run("PreAuthentication sees the metadata and can refuse", func(t *testing.T) {
		h.forget()
		in := &cip.InitiateAuthInput{
			AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: ptr(openID), ClientMetadata: map[string]string{"k": "v"},
			AuthParameters: map[string]string{"USERNAME": alice, "PASSWORD": password},
		}
		must2(w.InitiateAuth(t.Context(), in))(t)
		if e := h.of(userpool.PreAuthentication); len(e) != 1 || e[0].Request.ValidationData["k"] != "v" {
			t.Errorf("PreAuthentication: %+v", e)
		}
		if n := len(h.of(userpool.PostAuthentication)); n != 1 {
			t.Errorf("PostAuthentication ran %d times", n)
		}
		h.preAuth = func(event) (any, error) { return nil, &lambda.Error{Message: "not today"} }
		_, err := w.InitiateAuth(t.Context(), in)
		wantError(t, err, "UserLambdaValidationException", "PreAuthentication failed with error not today.")
	})
}

func TestFlowsThatAreOff(t *testing.T) {
	w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.Clients = append(cfg.Clients,
			userpool.Client{ID: "default"}, userpool.Client{ID: "older", ExplicitAuthFlows: []string{"USER_PASSWORD_AUTH"}},
			userpool.Client{ID: "customonly", ExplicitAuthFlows: []string{"CUSTOM_AUTH_FLOW_ONLY"}},
			userpool.Client{ID: "srponly", ExplicitAuthFlows: []string{"ALLOW_USER_SRP_AUTH"}})
	})
	w.user(t, alice)
	flows := []types.AuthFlowType{"CUSTOM_AUTH", "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"}
	for client, on := range map[string]string{
		clientID: "CUSTOM_AUTH REFRESH_TOKEN_AUTH", "default": "CUSTOM_AUTH USER_SRP_AUTH REFRESH_TOKEN_AUTH",
		"older":      "CUSTOM_AUTH USER_SRP_AUTH USER_PASSWORD_AUTH REFRESH_TOKEN_AUTH",
		"customonly": "CUSTOM_AUTH REFRESH_TOKEN_AUTH",
		"srponly":    "USER_SRP_AUTH", openID: "CUSTOM_AUTH USER_SRP_AUTH USER_PASSWORD_AUTH REFRESH_TOKEN_AUTH",
		rotatingID: "USER_PASSWORD_AUTH",
	} {
		for _, flow := range flows {
			_, err := w.InitiateAuth(t.Context(),
				&cip.InitiateAuthInput{AuthFlow: flow, ClientId: ptr(client), AuthParameters: map[string]string{
					"USERNAME": alice, "PASSWORD": password, "SRP_A": "abcdef", "REFRESH_TOKEN": "none",
				}})
			off := err != nil && strings.Contains(err.Error(), "enabled for th")
			if off == strings.Contains(on, string(flow)) {
				t.Errorf("client %s, flow %s: off = %v (%v)", client, flow, off, err)
			}
		}
	}
	for _, flow := range []types.AuthFlowType{"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"} {
		_, err := w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: flow, ClientId: ptr(openID),
			AuthParameters: map[string]string{"USERNAME": alice}})
		invalidParameter(t, err, "Initiate Auth method not supported.")
	}
	_, err := w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: "USER_AUTH", ClientId: ptr(openID),
		AuthParameters: map[string]string{"USERNAME": alice}})
	invalidParameter(t, err, "USER_AUTH is not enabled for the client.")
}

func TestLockout(t *testing.T) {
	const wrong, locked = "Incorrect username or password.", "Password attempts exceeded"
	w := worldOfAlice(t, passwordless())
	try := func(password string) error {
		_, err := w.byPassword(t, openID, alice, password)
		return err
	}
	for range 5 {
		notAuthorized(t, try("Wrong1234!"), wrong)
	}
	notAuthorized(t, try(password), locked)
	w.clock.Advance(time.Second)
	notAuthorized(t, try("Wrong1234!"), wrong) // the sixth: two seconds
	w.clock.Advance(time.Second)
	for range 10 {
		notAuthorized(t, try("Wrong1234!"), locked) // doesn't count
	}
	w.clock.Advance(time.Second)
	if err := try(password); err != nil {
		t.Fatalf("after the lock-out: %v", err)
	}
	notAuthorized(t, try("Wrong1234!"), wrong)
	if err := try(password); err != nil {
		t.Fatalf("a success didn't clear the count: %v", err)
	}

	for n := range 30 {
		notAuthorized(t, try("Wrong1234!"), wrong)
		if n >= 5 {
			notAuthorized(t, try(password), locked)
		}
		w.clock.Advance(min(time.Second<<min(max(n-4, 0), 20), 15*time.Minute))
	}
	w.clock.Advance(15 * time.Minute)
	for range 4 {
		notAuthorized(t, try("Wrong1234!"), wrong)
	}
	if err := try(password); err != nil {
		t.Errorf("quiet minutes didn't clear the count: %v", err)
	}
	t.Run("wrong codes don't count", func(t *testing.T) {
		for range 4 {
			out := must2(w.start(t, openID, alice))(t)
			session := *out.Session
			for range 2 {
				session = *must2(w.answer(t, openID, alice, session, "wrong"))(t).Session
			}
		}
		if err := try(password); err != nil {
			t.Error(err)
		}
	})
}

func TestSecretHash(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.user(t, alice)
	start := func(client, hash, name string) error {
		params := map[string]string{"USERNAME": name}
		if hash != "" {
			params["SECRET_HASH"] = hash
		}
		_, err := w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: &client,
			AuthParameters: params})
		return err
	}
	for _, hashed := range []string{alice, u.Username} {
		for _, name := range []string{alice, u.Username} {
			if err := start(secretID, userpool.SecretHash(secretID, secret, hashed), name); err != nil {
				t.Errorf("hash of %s for %s: %v", hashed, name, err)
			}
		}
	}
	notAuthorized(t, start(secretID, "", alice),
		"Client "+secretID+" is configured with secret but SECRET_HASH was not received")
	for _, hash := range []string{"nonsense", userpool.SecretHash(secretID, secret, "bob@example.com"),
		userpool.SecretHash(clientID, secret, alice)} {
		notAuthorized(t, start(secretID, hash, alice), "Unable to verify secret hash for client "+secretID)
	}
	notAuthorized(t, start(clientID, "x", alice),
		"Client "+clientID+" is not configured for secret but secret hash was received")

	for _, name := range []string{alice, "nobody@example.com"} {
		out := must2(w.InitiateAuth(t.Context(),
			&cip.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: ptr(secretID), AuthParameters: map[string]string{
				"USERNAME": name, "SECRET_HASH": userpool.SecretHash(secretID, secret, name),
			}}))(t)
		// The answer's hash is over the internal name, the dummy one for a stranger.
		internal := out.ChallengeParameters["USERNAME"]
		_, err := w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(secretID), Session: out.Session,
			ChallengeResponses: map[string]string{"USERNAME": internal, "ANSWER": "wrong",
				"SECRET_HASH": userpool.SecretHash(secretID, secret, internal)},
		})
		if err != nil {
			t.Errorf("answering as %s: %v", name, err)
		}
	}
	t.Run("an answer takes the one over its USERNAME", func(t *testing.T) {
		const upper = "ALICE@example.com"
		for _, name := range []string{alice, upper, u.Username} {
			for _, hashed := range []string{alice, upper, u.Username} {
				started := must2(w.InitiateAuth(t.Context(),
					&cip.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: ptr(secretID),
						AuthParameters: map[string]string{"USERNAME": alice,
							"SECRET_HASH": userpool.SecretHash(secretID, secret, alice)}}))(t)
				_, err := w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
					ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(secretID), Session: started.Session,
					ChallengeResponses: map[string]string{"USERNAME": name, "ANSWER": "wrong",
						"SECRET_HASH": userpool.SecretHash(secretID, secret, hashed)},
				})
				if name == hashed && err != nil {
					t.Errorf("USERNAME %s with its own hash: %v", name, err)
				} else if name != hashed {
					notAuthorized(t, err, "Unable to verify secret hash for client "+secretID)
				}
			}
		}
	})
	t.Run("other operations take the one over their Username", func(t *testing.T) {
		for hashed, want := range map[string]string{alice: "", u.Username: "NotAuthorizedException"} {
			_, err := w.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: ptr(secretID), Username: ptr(alice),
				SecretHash: ptr(userpool.SecretHash(secretID, secret, hashed))})
			if code(err) != want {
				t.Errorf("the hash of %s: %v", hashed, err)
			}
		}
	})
}
