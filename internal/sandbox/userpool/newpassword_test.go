package userpool_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestNewPasswordInsideCustomAuth(t *testing.T) {
	const fresh = "Fresh-Passw0rd"
	setup := func(t *testing.T, set ...setting) (*world, *handlers, userpool.User, *cip.RespondToAuthChallengeOutput) {
		h := withPassword()
		h.preToken = func(event) (any, error) { return m{"claimsOverrideDetails": nil}, nil }
		w := newWorld(t, h, append(set, with(userpool.PreTokenGeneration))...)
		u := w.seed(t, userpool.UserSpec{Email: alice, Password: password, Temporary: true, EmailVerified: true})
		asked := must2(w.passwordStep(t, alice, password))(t)
		if asked.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
			t.Fatalf("challenge = %s", asked.ChallengeName)
		}
		return w, h, u, asked
	}
	choose := func(t *testing.T, w *world, session *string, more map[string]string) (*cip.RespondToAuthChallengeOutput,
		error) {
		answers := map[string]string{"USERNAME": alice, "NEW_PASSWORD": fresh}
		maps.Copy(answers, more)
		return w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: types.ChallengeNameTypeNewPasswordRequired, ClientId: ptr(clientID), Session: session,
			ChallengeResponses: answers,
		})
	}

	t.Run("leads on to the code", func(t *testing.T) {
		w, h, u, asked := setup(t)
		var attributes map[string]string
		var required []string
		if err := json.Unmarshal([]byte(asked.ChallengeParameters["userAttributes"]), &attributes); err != nil ||
			attributes["email"] != alice {
			t.Errorf("userAttributes = %q", asked.ChallengeParameters["userAttributes"])
		}
		if err := json.Unmarshal([]byte(asked.ChallengeParameters["requiredAttributes"]), &required); err != nil ||
			len(required) != 0 {
			t.Errorf("requiredAttributes = %q", asked.ChallengeParameters["requiredAttributes"])
		}
		chosen := must2(choose(t, w, asked.Session, map[string]string{"userAttributes.name": "Alice"}))(t)
		if chosen.ChallengeName != types.ChallengeNameTypeCustomChallenge {
			t.Fatalf("challenge = %s", chosen.ChallengeName)
		}
		done := must2(w.answer(t, clientID, alice, *chosen.Session, rightCode))(t)
		if done.AuthenticationResult == nil {
			t.Fatal("no tokens")
		}
		if got, _ := w.pool.User(alice); got.Status != "CONFIRMED" || got.Attributes["name"] != "Alice" ||
			got.Username != u.Username {
			t.Errorf("user = %+v", got)
		}
		rows := h.of(userpool.DefineAuthChallenge)[2].Request.Session
		if len(rows) != 3 || rows[2].ChallengeName != "NEW_PASSWORD_REQUIRED" || !rows[2].ChallengeResult {
			t.Errorf("rows = %+v", rows)
		}
		if e := h.of(userpool.PreTokenGeneration); len(e) != 1 || e[0].TriggerSource != "TokenGeneration_Authentication" {
			t.Errorf("PreTokenGeneration: %+v", e)
		}
		if out := must2(w.passwordStep(t, alice, fresh))(t); out.ChallengeName != types.ChallengeNameTypeCustomChallenge {
			t.Errorf("the new password leads to %s", out.ChallengeName)
		}
	})
	t.Run("gives tokens where so switched, and the trigger can refuse them", func(t *testing.T) {
		old := func(_ *userpool.Config, o *userpool.Options) { o.NewPasswordIssuesTokens = true }
		w, h, _, asked := setup(t, old)
		if n := len(h.of(userpool.DefineAuthChallenge)); n != 1 {
			t.Errorf("Define ran %d times before the new password, want once", n)
		}
		chosen := must2(choose(t, w, asked.Session, nil))(t)
		if chosen.AuthenticationResult == nil {
			t.Fatal("no tokens")
		}
		if e := h.of(userpool.PreTokenGeneration); len(e) != 1 ||
			e[0].TriggerSource != "TokenGeneration_NewPasswordChallenge" {
			t.Errorf("PreTokenGeneration: %+v", e)
		}

		w, h, _, asked = setup(t, old)
		h.preToken = func(e event) (any, error) {
			return nil, &lambda.Error{Type: "errorString", Message: "sign in again"}
		}
		_, err := choose(t, w, asked.Session, nil)
		wantError(t, err, "UserLambdaValidationException", "PreTokenGeneration failed with error sign in again.")
		if got, _ := w.pool.User(alice); got.Status != "CONFIRMED" {
			t.Errorf("status = %s: the password is changed all the same", got.Status)
		}
		if out := must2(w.passwordStep(t, alice, fresh))(t); out.ChallengeName != types.ChallengeNameTypeCustomChallenge {
			t.Errorf("the new password leads to %s", out.ChallengeName)
		}
	})
	t.Run("takes another try after a weak one", func(t *testing.T) {
		w, _, _, asked := setup(t)
		_, err := choose(t, w, asked.Session, map[string]string{"NEW_PASSWORD": "short"})
		wantError(t, err, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
		_, err = choose(t, w, asked.Session, map[string]string{"NEW_PASSWORD": ""})
		invalidParameter(t, err, "Missing required parameter NEW_PASSWORD")
		_, err = choose(t, w, asked.Session, map[string]string{"userAttributes.email_verified": "true"})
		notAuthorized(t, err, "A client attempted to write unauthorized attribute")
		must2(choose(t, w, asked.Session, nil))(t)
	})
	t.Run("asks for required attributes", func(t *testing.T) {
		w, _, _, asked := setup(t, func(cfg *userpool.Config, _ *userpool.Options) {
			cfg.Schema = append(cfg.Schema, userpool.SchemaAttribute{Name: "name", Mutable: true, Required: true})
		})
		if got := asked.ChallengeParameters["requiredAttributes"]; got != `["userAttributes.name"]` {
			t.Errorf("requiredAttributes = %s", got)
		}
		_, err := choose(t, w, asked.Session, nil)
		if code(err) != "InvalidParameterException" {
			t.Errorf("without the attribute: %v", err)
		}
		must2(choose(t, w, asked.Session, map[string]string{"userAttributes.name": "Alice"}))(t)
	})
	t.Run("is the source of the tokens that Define issues right after it", func(t *testing.T) {
		w, h, _, asked := setup(t)
		h.define = func(event) (any, error) { return m{"issueTokens": true}, nil }
		must2(choose(t, w, asked.Session, nil))(t)
		if e := h.of(userpool.PreTokenGeneration); len(e) != 1 ||
			e[0].TriggerSource != "TokenGeneration_NewPasswordChallenge" {
			t.Errorf("PreTokenGeneration: %+v", e)
		}
	})
	t.Run("is chosen once, however many sign-ins ask for it", func(t *testing.T) {
		w, _, _, asked := setup(t)
		again := must2(w.passwordStep(t, alice, password))(t)
		must2(choose(t, w, asked.Session, nil))(t)
		_, err := choose(t, w, again.Session, map[string]string{"NEW_PASSWORD": "An0ther-Passw0rd"})
		notAuthorized(t, err, "Invalid session for the user.")
		must2(w.passwordStep(t, alice, fresh))(t)
	})
	t.Run("an old temporary password is refused", func(t *testing.T) {
		w := newWorld(t, withPassword())
		w.seed(t, userpool.UserSpec{Email: alice, Password: password, Temporary: true})
		w.clock.Advance(7*24*time.Hour + time.Second)
		_, err := w.passwordStep(t, alice, password)
		notAuthorized(t, err, "Temporary password has expired and must be reset by an administrator.")
	})
}
