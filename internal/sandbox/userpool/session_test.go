package userpool_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

const (
	usedOnce = "Invalid session for the user, session can only be used once."
	expired  = "Invalid session for the user, session is expired."
	invalid  = "Invalid session for the user."
)

func TestSessions(t *testing.T) {
	newSession := func(t *testing.T, w *world) string {
		return *must2(w.start(t, clientID, alice))(t).Session
	}
	t.Run("work once", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		must2(w.answer(t, clientID, alice, session, rightCode))(t)
		_, err := w.answer(t, clientID, alice, session, rightCode)
		notAuthorized(t, err, usedOnce)
	})
	t.Run("work once after a wrong answer too", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		must2(w.answer(t, clientID, alice, session, "wrong"))(t)
		_, err := w.answer(t, clientID, alice, session, rightCode)
		notAuthorized(t, err, usedOnce)
	})
	t.Run("expire", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		w.clock.Advance(3*time.Minute - time.Millisecond)
		must2(w.answer(t, clientID, alice, session, "wrong"))(t)
		session = newSession(t, w)
		w.clock.Advance(3 * time.Minute)
		_, err := w.answer(t, clientID, alice, session, rightCode)
		notAuthorized(t, err, expired)
	})
	t.Run("live as long as the client says", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config,
			_ *userpool.Options) {
			cfg.Clients[0].AuthSessionValidity = 15 * time.Minute
		})
		w.user(t, alice)
		session := newSession(t, w)
		w.clock.Advance(15*time.Minute - time.Second)
		must2(w.answer(t, clientID, alice, session, rightCode))(t)
	})
	t.Run("belong to their client", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		_, err := w.answer(t, openID, alice, newSession(t, w), rightCode)
		notAuthorized(t, err, invalid)
	})
	t.Run("can't be made up or changed", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		flipped := []byte(session)
		flipped[len(flipped)/2] ^= 1
		for _, forged := range []string{strings.Repeat("A", 20), strings.Repeat("A", 2048), "no base64 but long enough",
			string(flipped), session[:40]} {
			_, err := w.answer(t, clientID, alice, forged, rightCode)
			notAuthorized(t, err, invalid)
		}
		other := newWorld(t, passwordless())
		other.user(t, alice)
		_, err := other.answer(t, clientID, alice, session, rightCode)
		notAuthorized(t, err, invalid)
	})
	t.Run("are checked for length", func(t *testing.T) {
		w := newWorld(t, passwordless())
		const path = "1 validation error detected: Value at 'session' failed to satisfy constraint: Member must have length "
		_, err := w.answer(t, clientID, alice, "short", rightCode)
		invalidParameter(t, err, path+"greater than or equal to 20")
		_, err = w.answer(t, clientID, alice, strings.Repeat("A", 2049), rightCode)
		invalidParameter(t, err, path+"less than or equal to 2048")
	})
	t.Run("must be there", func(t *testing.T) {
		w := newWorld(t, passwordless())
		_, err := w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(clientID),
			ChallengeResponses: map[string]string{"USERNAME": alice, "ANSWER": "x"},
		})
		invalidParameter(t, err, "Missing required parameter Session")
	})
	t.Run("survive a request that lacks something", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		for _, answers := range []map[string]string{{"USERNAME": alice}, {"USERNAME": alice, "ANSWER": ""}, {"ANSWER": "x"}} {
			_, err := w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
				ChallengeName: "CUSTOM_CHALLENGE", ClientId: ptr(clientID), Session: &session, ChallengeResponses: answers,
			})
			if code(err) != "InvalidParameterException" {
				t.Errorf("answers %v: %v", answers, err)
			}
		}
		must2(w.answer(t, clientID, alice, session, rightCode))(t)
	})
	t.Run("don't answer another challenge", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		session := newSession(t, w)
		for _, name := range []string{"NEW_PASSWORD_REQUIRED", "SMS_MFA", "SOFTWARE_TOKEN_MFA"} {
			status, _, body := w.post(t, "RespondToAuthChallenge",
				`{"ChallengeName":"`+name+`","ClientId":"`+clientID+`","Session":"`+session+
					`","ChallengeResponses":{"USERNAME":"`+alice+`","NEW_PASSWORD":"Fresh-Passw0rd","ANSWER":"x"}}`)
			if status != 400 || body["message"] != invalid {
				t.Errorf("%s: %d %v", name, status, body)
			}
		}
	})
}

func TestSessionsGrowWithTheSignIn(t *testing.T) {
	const metadata, rounds = 60, 6
	h := passwordless()
	h.define = func(event) (any, error) { return m{"challengeName": "CUSTOM_CHALLENGE"}, nil }
	h.create = func(e event) (any, error) {
		return m{"publicChallengeParameters": m{}, "privateChallengeParameters": m{"answer": strings.Repeat("p", 250)},
			"challengeMetadata": strings.Repeat("m", metadata)}, nil
	}
	w := worldOfAlice(t, h)
	session := *must2(w.start(t, clientID, alice))(t).Session
	for range rounds {
		next := *must2(w.answer(t, clientID, alice, session, "wrong"))(t).Session
		if grown := len(next) - len(session); grown < metadata {
			t.Errorf("a round added %d characters, want at least the %d of its metadata", grown, metadata)
		}
		if len(next) < 20 || len(next) > 2048 {
			t.Errorf("a Session of %d characters", len(next))
		}
		session = next
	}
}

func TestSessionsHaveALimit(t *testing.T) {
	h := passwordless()
	h.create = func(e event) (any, error) {
		return m{"privateChallengeParameters": m{"answer": rightCode}, "challengeMetadata": strings.Repeat("m", 900)}, nil
	}
	w := worldOfAlice(t, h)
	out := must2(w.start(t, clientID, alice))(t)
	_, err := w.answer(t, clientID, alice, *out.Session, "wrong")
	if code(err) != "InvalidLambdaResponseException" || !strings.Contains(err.Error(), "more than 2048") {
		t.Errorf("error = %v", err)
	}
	t.Run("with an overhead it is reached sooner", func(t *testing.T) {
		w := worldOfAlice(t, passwordless(), func(_ *userpool.Config, o *userpool.Options) { o.SessionOverhead = 500 })
		out := must2(w.start(t, clientID, alice))(t)
		if n := len(*out.Session); n < 667 {
			t.Errorf("a Session of %d characters, want the overhead in it", n)
		}
		must2(w.answer(t, clientID, alice, *out.Session, rightCode))(t)
		w = newWorld(t, passwordless(), func(_ *userpool.Config, o *userpool.Options) { o.SessionOverhead = 1500 })
		w.user(t, alice)
		if _, err := w.start(t, clientID, alice); code(err) != "InvalidLambdaResponseException" {
			t.Errorf("error = %v", err)
		}
	})
}

func TestOneOfManyWins(t *testing.T) {
	const racers = 50
	h := passwordless()
	w := worldOfAlice(t, h)
	for range 5 {
		h.forget()
		session := *must2(w.start(t, clientID, alice))(t).Session
		var won atomic.Int32
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for range racers {
			wg.Go(func() {
				<-gate
				out, err := w.answer(t, clientID, alice, session, rightCode)
				switch {
				case err == nil && out.AuthenticationResult != nil:
					won.Add(1)
				case err == nil || !strings.Contains(err.Error(), usedOnce):
					t.Errorf("a loser got %v, %v", out, err)
				}
			})
		}
		close(gate)
		wg.Wait()
		if n, verified := won.Load(), len(h.of(userpool.VerifyAuthChallengeResponse)); n != 1 || verified != 1 {
			t.Errorf("%d won and Verify ran %d times, want one and once", n, verified)
		}
	}
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	for range 20 {
		w.signIn(t, clientID, alice)
	}
	if n := w.pool.SpentSessions(); n != 20 {
		t.Errorf("%d spent Sessions, want 20", n)
	}
	w.clock.Advance(time.Hour)
	w.signIn(t, clientID, alice)
	if n := w.pool.SpentSessions(); n != 1 {
		t.Errorf("%d spent Sessions an hour later, want the newest alone", n)
	}
	if n := w.pool.Grants(); n != 21 {
		t.Errorf("%d grants, want 21", n)
	}
	w.clock.Advance(31 * 24 * time.Hour)
	w.signIn(t, clientID, alice)
	if n := w.pool.Grants(); n != 1 {
		t.Errorf("%d grants a month later, want the newest alone", n)
	}
	must2(w.AdminUserGlobalSignOut(t.Context(),
		&cip.AdminUserGlobalSignOutInput{UserPoolId: ptr(poolID), Username: ptr(alice)}))(t)
	w.clock.Advance(2 * time.Hour)
	w.signIn(t, clientID, alice)
	if n := w.pool.Grants(); n != 1 {
		t.Errorf("%d grants, want the revoked one forgotten with its access token", n)
	}
}
