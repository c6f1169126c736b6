package userpool_test

import (
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestUnknownUsers(t *testing.T) {
	t.Run("a hiding client can't tell them", func(t *testing.T) {
		h := passwordless()
		w := newWorld(t, h)
		w.user(t, "known-user@example.com")
		known := must2(w.start(t, clientID, "known-user@example.com"))(t)
		first := must2(w.start(t, clientID, "other-user@example.com"))(t)
		again := must2(w.start(t, clientID, "OTHER-user@example.com"))(t)
		name := first.ChallengeParameters["USERNAME"]
		if !uuidPattern.MatchString(name) || name != again.ChallengeParameters["USERNAME"] {
			t.Errorf("USERNAME = %q, then %q; want the same UUID", name, again.ChallengeParameters["USERNAME"])
		}
		if len(known.ChallengeParameters) != len(first.ChallengeParameters) || len(*known.Session) != len(*first.Session) {
			t.Errorf("%d parameters and a Session of %d for a known user, %d and %d for an unknown one",
				len(known.ChallengeParameters), len(*known.Session), len(first.ChallengeParameters), len(*first.Session))
		}
		out := must2(w.answer(t, clientID, name, *first.Session, rightCode))(t)
		if out.AuthenticationResult != nil || out.ChallengeName != types.ChallengeNameTypeCustomChallenge {
			t.Errorf("an answer gave %+v, want another round", out)
		}
		for _, e := range h.of("") {
			unknown := e.UserName != known.ChallengeParameters["USERNAME"]
			if e.Request.UserNotFound == nil || *e.Request.UserNotFound != unknown {
				t.Errorf("%s: userNotFound = %v, want %v", e.trigger, e.Request.UserNotFound, unknown)
			}
			if unknown && (len(e.Request.UserAttributes) != 0 || !strings.EqualFold(e.UserName, "other-user@example.com")) {
				t.Errorf("%s: userName %q with attributes %v", e.trigger, e.UserName, e.Request.UserAttributes)
			}
		}
	})
	t.Run("the event's userName can be the dummy", func(t *testing.T) {
		h := passwordless()
		w := newWorld(t, h, func(_ *userpool.Config, o *userpool.Options) { o.UnknownUserNameIsDummy = true })
		out := must2(w.start(t, clientID, "nobody@example.com"))(t)
		if got := h.of("")[0].UserName; got != out.ChallengeParameters["USERNAME"] {
			t.Errorf("userName = %q, want %q", got, out.ChallengeParameters["USERNAME"])
		}
	})
	t.Run("a telling client stops before any trigger", func(t *testing.T) {
		h := passwordless()
		w := newWorld(t, h)
		_, err := w.start(t, legacyID, "nobody@example.com")
		wantError(t, err, "UserNotFoundException", "User does not exist.")
		if n := len(h.of("")); n != 0 {
			t.Errorf("%d triggers ran", n)
		}
		u := w.user(t, alice)
		must2(w.start(t, legacyID, alice))(t)
		if e := h.of("")[0]; e.Request.UserNotFound != nil || e.UserName != u.Username {
			t.Errorf("userNotFound = %v for %q, want it absent", e.Request.UserNotFound, e.UserName)
		}
	})
	t.Run("tokens are refused whatever the trigger says", func(t *testing.T) {
		h := passwordless()
		h.verify = func(event) (any, error) { return m{"answerCorrect": true}, nil }
		w := newWorld(t, h)
		out := must2(w.start(t, clientID, "nobody@example.com"))(t)
		_, err := w.answer(t, clientID, "nobody@example.com", *out.Session, "x")
		notAuthorized(t, err, "Incorrect username or password.")
	})
	t.Run("who was unknown stays unknown", func(t *testing.T) {
		w := newWorld(t, passwordless())
		out := must2(w.start(t, clientID, alice))(t)
		w.user(t, alice)
		next := must2(w.answer(t, clientID, alice, *out.Session, rightCode))(t)
		if next.AuthenticationResult != nil {
			t.Error("a sign-in that began without a user ended with tokens")
		}
	})
}

func TestUsersWhoMayNotSignIn(t *testing.T) {
	for _, c := range []struct {
		name          string
		spec          userpool.UserSpec
		disable       bool
		kind, message string
	}{
		{"unconfirmed", userpool.UserSpec{Unconfirmed: true}, false, "UserNotConfirmedException", "User is not confirmed."},
		{"disabled", userpool.UserSpec{}, true, "NotAuthorizedException", "User is disabled."},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := passwordless()
			w := newWorld(t, h)
			c.spec.Email = alice
			w.seed(t, c.spec)
			if c.disable {
				w.disable(t, alice)
			}
			for _, client := range []string{clientID, legacyID} {
				_, err := w.start(t, client, alice)
				wantError(t, err, c.kind, c.message)
			}
			if n := len(h.of("")); n != 0 {
				t.Errorf("%d triggers ran", n)
			}
		})
	}
	t.Run("disabled in the middle of a sign-in", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		out := must2(w.start(t, clientID, alice))(t)
		w.disable(t, alice)
		_, err := w.answer(t, clientID, alice, *out.Session, rightCode)
		notAuthorized(t, err, "User is disabled.")
	})
	t.Run("disabled by a trigger", func(t *testing.T) {
		h := passwordless()
		w := worldOfAlice(t, h)
		h.verify = func(event) (any, error) {
			w.disable(t, alice)
			return m{"answerCorrect": true}, nil
		}
		out := must2(w.start(t, clientID, alice))(t)
		_, err := w.answer(t, clientID, alice, *out.Session, rightCode)
		notAuthorized(t, err, "User is disabled.")
	})
	t.Run("deleted in the middle of a sign-in", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		out := must2(w.start(t, clientID, alice))(t)
		must2(w.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: ptr(poolID), Username: ptr(alice)}))(t)
		_, err := w.answer(t, clientID, out.ChallengeParameters["USERNAME"], *out.Session, rightCode)
		notAuthorized(t, err, "Incorrect username or password.")
	})
	t.Run("a temporary password doesn't hinder a code", func(t *testing.T) {
		w := newWorld(t, passwordless())
		w.seed(t, userpool.UserSpec{Email: alice, Password: password, Temporary: true})
		w.signIn(t, clientID, alice)
	})
}
