package userpool_test

import (
	"testing"
	"time"

	cognitosrp "github.com/alexrudd/cognito-srp/v4"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// srpClient is a client's side of SRP.
type srpClient interface {
	start() string
	answer(t *testing.T, params map[string]string, password string) map[string]string
}

// ours is the client half of our own package.
type ours struct{ *srp.Client }

func (o ours) start() string { return o.SRPA() }

func (o ours) answer(t *testing.T, params map[string]string, password string) map[string]string {
	t.Helper()
	return must2(o.Answer(params, password, time.Date(2026, 11, 21, 6, 30, 0, 0, time.UTC)))(t)
}

// theirs is github.com/alexrudd/cognito-srp, which takes the password at the start.
type theirs struct{ *cognitosrp.CognitoSRP }

func (o theirs) start() string { return o.GetAuthParams()["SRP_A"] }

func (o theirs) answer(t *testing.T, params map[string]string, _ string) map[string]string {
	t.Helper()
	return must2(o.PasswordVerifierChallenge(params, time.Date(2026, 11, 21, 15, 30, 0, 0, time.UTC)))(t)
}

func newOurs(t *testing.T) ours {
	t.Helper()
	return ours{must2(srp.NewClient(poolID))(t)}
}

// startSRP begins CUSTOM_AUTH with SRP_A, or USER_SRP_AUTH.
func (w *world) startSRP(t *testing.T, flow types.AuthFlowType, client, username,
	srpA string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	params := map[string]string{"USERNAME": username, "SRP_A": srpA}
	if flow == types.AuthFlowTypeCustomAuth {
		params["CHALLENGE_NAME"] = "SRP_A"
	}
	return w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{AuthFlow: flow, ClientId: &client, AuthParameters: params})
}

func (w *world) prove(t *testing.T, client string, session *string,
	answers map[string]string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: types.ChallengeNameTypePasswordVerifier, ClientId: &client, Session: session,
		ChallengeResponses: answers,
	})
}

// passwordStep goes as far as the password's proof inside CUSTOM_AUTH.
func (w *world) passwordStep(t *testing.T, username, typed string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	client := newOurs(t)
	started := must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, username, client.start()))(t)
	if started.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		t.Fatalf("challenge = %s", started.ChallengeName)
	}
	return w.prove(t, clientID, started.Session, client.answer(t, started.ChallengeParameters, typed))
}

func TestSignInByPasswordAndCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		client func(t *testing.T) srpClient
	}{
		{"our client half", func(t *testing.T) srpClient { return newOurs(t) }},
		{"cognito-srp", func(t *testing.T) srpClient {
			return theirs{must2(cognitosrp.NewCognitoSRP(alice, password, poolID, clientID, nil))(t)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := withPassword()
			w := newWorld(t, h)
			u := w.user(t, alice)
			client := c.client(t)
			started := must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, alice, client.start()))(t)
			p := started.ChallengeParameters
			if p["USERNAME"] != u.Username || p["USER_ID_FOR_SRP"] != u.Username || len(p["SALT"]) != 32 || len(p) != 5 {
				t.Errorf("parameters = %v", p)
			}
			proven := must2(w.prove(t, clientID, started.Session, client.answer(t, p, password)))(t)
			if proven.ChallengeName != types.ChallengeNameTypeCustomChallenge {
				t.Fatalf("challenge = %s", proven.ChallengeName)
			}
			done := must2(w.answer(t, clientID, u.Username, *proven.Session, rightCode))(t)
			if done.AuthenticationResult == nil {
				t.Fatal("no tokens")
			}
			rows := h.of(userpool.DefineAuthChallenge)[2].Request.Session
			if len(rows) != 3 || rows[0].ChallengeName != "SRP_A" || rows[1].ChallengeName != "PASSWORD_VERIFIER" ||
				!rows[1].ChallengeResult {
				t.Errorf("rows = %+v", rows)
			}
		})
	}
}

func TestWrongProofs(t *testing.T) {
	const wrong = "Incorrect username or password."
	for _, c := range []struct {
		name    string
		typed   string
		edit    func(map[string]string)
		kind    string
		message string
	}{
		{"a wrong password", "Wrong1234!", nil, "NotAuthorizedException", wrong},
		{"a padded day", password, func(m map[string]string) { m["TIMESTAMP"] = "Sat Nov 07 06:30:00 UTC 2026" },
			"NotAuthorizedException", wrong},
		{"another time than was signed", password,
			func(m map[string]string) { m["TIMESTAMP"] = "Sat Nov 21 06:30:01 UTC 2026" }, "NotAuthorizedException", wrong},
		{"a time of another form", password, func(m map[string]string) { m["TIMESTAMP"] = "2026-11-21" },
			"InvalidParameterException",
			"TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."},
		{"no time", password, func(m map[string]string) { delete(m, "TIMESTAMP") }, "InvalidParameterException",
			"Missing required parameter TIMESTAMP"},
		{"no signature", password, func(m map[string]string) { delete(m, "PASSWORD_CLAIM_SIGNATURE") },
			"InvalidParameterException", "Missing required parameter PASSWORD_CLAIM_SIGNATURE"},
		{"no block", password, func(m map[string]string) { delete(m, "PASSWORD_CLAIM_SECRET_BLOCK") },
			"InvalidParameterException", "Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK"},
		{"no name", password, func(m map[string]string) { delete(m, "USERNAME") }, "InvalidParameterException",
			"Missing required parameter USERNAME"},
		{"a block that isn't ours", password, func(m map[string]string) { m["PASSWORD_CLAIM_SECRET_BLOCK"] = "AAAA" },
			"NotAuthorizedException", wrong},
		{"a block that is no base64", password, func(m map[string]string) { m["PASSWORD_CLAIM_SECRET_BLOCK"] = "%" },
			"NotAuthorizedException", wrong},
		{"a signature that is no base64", password, func(m map[string]string) { m["PASSWORD_CLAIM_SIGNATURE"] = "%" },
			"NotAuthorizedException", wrong},
		{"an empty proof", password, func(m map[string]string) { m["PASSWORD_CLAIM_SIGNATURE"] = "AAAA" },
			"NotAuthorizedException", wrong},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := withPassword()
			w := worldOfAlice(t, h)
			client := newOurs(t)
			started := must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, alice, client.start()))(t)
			answers := client.answer(t, started.ChallengeParameters, c.typed)
			if c.edit != nil {
				c.edit(answers)
			}
			_, err := w.prove(t, clientID, started.Session, answers)
			wantError(t, err, c.kind, c.message)
			if n := len(h.of(userpool.DefineAuthChallenge)); n != 1 {
				t.Errorf("Define ran %d times, want once", n)
			}
		})
	}
}

func TestABlockBelongsToItsSession(t *testing.T) {
	w := worldOfAlice(t, withPassword())
	one, two := newOurs(t), newOurs(t)
	first := must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, alice, one.start()))(t)
	second := must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, alice, two.start()))(t)
	_, err := w.prove(t, clientID, first.Session, two.answer(t, second.ChallengeParameters, password))
	notAuthorized(t, err, "Invalid session for the user.")
	_, err = w.prove(t, clientID, nil, one.answer(t, first.ChallengeParameters, password))
	invalidParameter(t, err, "Missing required parameter Session")
	_, err = w.prove(t, openID, first.Session, one.answer(t, first.ChallengeParameters, password))
	notAuthorized(t, err, "Incorrect username or password.")
	// A code can't stand in for the proof.
	_, err = w.answer(t, clientID, alice, *first.Session, rightCode)
	notAuthorized(t, err, "Invalid session for the user.")
	if out, err := w.prove(t, clientID, first.Session, one.answer(t, first.ChallengeParameters, password)); err != nil {
		t.Errorf("the right proof was refused after the wrong tries: %v, %v", out, err)
	}
}

func TestUnknownUsersGetAChallengeTheyCantMeet(t *testing.T) {
	h := withPassword()
	w := worldOfAlice(t, h)
	ask := func(name string) (*cip.InitiateAuthOutput, ours) {
		client := newOurs(t)
		return must2(w.startSRP(t, types.AuthFlowTypeCustomAuth, clientID, name, client.start()))(t), client
	}
	known, _ := ask(alice)
	first, client := ask("wendy@example.com")
	again, _ := ask("WENDY@example.com")
	a, b := first.ChallengeParameters, again.ChallengeParameters
	if a["SALT"] != b["SALT"] || a["USER_ID_FOR_SRP"] != b["USER_ID_FOR_SRP"] || a["SRP_B"] == b["SRP_B"] {
		t.Errorf("first %v, then %v; want the same salt and user and another B", a, b)
	}
	if !uuidPattern.MatchString(a["USER_ID_FOR_SRP"]) || len(a["SALT"]) != len(known.ChallengeParameters["SALT"]) {
		t.Errorf("parameters = %v", a)
	}
	other, _ := ask("bob@example.com")
	if other.ChallengeParameters["SALT"] == a["SALT"] {
		t.Error("two unknown users have the same salt")
	}
	_, err := w.prove(t, clientID, first.Session, client.answer(t, a, password))
	notAuthorized(t, err, "Incorrect username or password.")
	for _, e := range h.of(userpool.DefineAuthChallenge)[1:] {
		if !*e.Request.UserNotFound {
			t.Error("Define wasn't told that the user doesn't exist")
		}
	}
}
