package userpool_test

import (
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// required makes the attribute "name" a required one.
func required(cfg *userpool.Config, _ *userpool.Options) {
	cfg.Schema = append(cfg.Schema, userpool.SchemaAttribute{Name: "name", Mutable: true, Required: true})
}

func TestAnEmptyValueRemovesNothingThatIsNeeded(t *testing.T) {
	const refused = "user.email: Attribute cannot be deleted."
	kept := func(t *testing.T, w *world) {
		t.Helper()
		u, ok := w.pool.User(alice)
		if !ok || u.Attributes["email"] != alice || u.Attributes["email_verified"] != "true" ||
			u.Attributes["name"] != "Alice" {
			t.Errorf("user = %+v", u)
		}
	}
	world := func(t *testing.T, set ...setting) *world {
		w := newWorld(t, withPassword(), set...)
		w.seed(t, userpool.UserSpec{Email: alice, Password: password, EmailVerified: true,
			Attributes: map[string]string{"name": "Alice"}})
		return w
	}
	t.Run("by an administrator", func(t *testing.T) {
		w := world(t, required)
		invalidParameter(t, w.adminSet(t, alice, "email", ""), refused)
		invalidParameter(t, w.adminSet(t, alice, "name", ""), "user.name: Attribute cannot be deleted.")
		for range 20 { // of several the first is named
			invalidParameter(t, w.adminSet(t, alice, "email_verified", "true", "email", "", "name", ""), refused)
			_, err := w.AdminDeleteUserAttributes(t.Context(), &cip.AdminDeleteUserAttributesInput{
				UserPoolId: ptr(poolID), Username: ptr(alice), UserAttributeNames: []string{"locale", "email", "name"}})
			invalidParameter(t, err, refused)
		}
		kept(t, w)
	})
	t.Run("by the user", func(t *testing.T) {
		w := world(t)
		token := must2(w.byPassword(t, openID, alice, password))(t).AuthenticationResult.AccessToken
		_, err := w.setAttributes(t, token, "email", "")
		invalidParameter(t, err, refused)
		kept(t, w)
	})
	t.Run("with a new password", func(t *testing.T) {
		w := newWorld(t, withPassword())
		w.seed(t, userpool.UserSpec{Email: alice, Password: password, Temporary: true, EmailVerified: true,
			Attributes: map[string]string{"name": "Alice"}})
		asked := must2(w.passwordStep(t, alice, password))(t)
		_, err := w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ChallengeName: asked.ChallengeName, ClientId: ptr(clientID), Session: asked.Session,
			ChallengeResponses: map[string]string{"USERNAME": alice, "NEW_PASSWORD": "Fresh-Passw0rd",
				"userAttributes.email": ""},
		})
		invalidParameter(t, err, refused)
		kept(t, w)
	})
	t.Run("at sign-up", func(t *testing.T) {
		w := newWorld(t, passwordless())
		_, err := w.signUp(t, alice, password, "email", "")
		invalidParameter(t, err, refused)
	})
}

func TestWhatIsVerifiedGoesWithTheAttribute(t *testing.T) {
	w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) { cfg.UsernameAttributes = nil })
	for range 20 { // in whatever order a map is walked
		if err := w.adminSet(t, w.user(t, alice).Username, "email", "", "email_verified", "true"); err != nil {
			t.Fatal(err)
		}
		u, _ := w.pool.User(alice)
		if _, ok := u.Attributes["email_verified"]; ok || u.Attributes["email"] != "" {
			t.Fatalf("user = %+v", u)
		}
		must2(w.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: ptr(poolID), Username: ptr(alice)}))(t)
	}
}
