package userpool_test

import (
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// adminSet changes attributes as an administrator.
func (w *world) adminSet(t *testing.T, username string, attributes ...string) error {
	t.Helper()
	_, err := w.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: ptr(poolID), Username: &username, UserAttributes: pairs(attributes...)})
	return err
}

func TestACodeProvesNoAddressButItsOwn(t *testing.T) {
	const other, fresh = "other@example.com", "Fresh-Passw0rd"
	const void = "Invalid code provided, please request a code again."
	verify := func(t *testing.T, w *world, token *string, code string) error {
		_, err := w.VerifyUserAttribute(t.Context(),
			&cip.VerifyUserAttributeInput{AccessToken: token, AttributeName: ptr("email"), Code: &code})
		return err
	}
	// mailed is a user to whose address a code was mailed.
	mailed := func(t *testing.T, set ...setting) (*world, *string) {
		w := newWorld(t, passwordless(), set...)
		w.seed(t, userpool.UserSpec{Email: alice, Password: password})
		token := w.signIn(t, clientID, alice).AccessToken
		must2(w.GetUserAttributeVerificationCode(t.Context(),
			&cip.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: ptr("email")}))(t)
		return w, token
	}
	t.Run("where an administrator changed the address", func(t *testing.T) {
		w, token := mailed(t)
		if err := w.adminSet(t, alice, "email", other); err != nil {
			t.Fatal(err)
		}
		wantError(t, verify(t, w, token, w.mail.code(t, alice)), "ExpiredCodeException", void)
		if u, _ := w.pool.User(other); u.Attributes["email_verified"] != "false" {
			t.Errorf("user = %+v", u)
		}
		if err := w.adminSet(t, other, "email", alice); err != nil {
			t.Fatal(err)
		}
		if err := verify(t, w, token, w.mail.code(t, alice)); err != nil {
			t.Errorf("with the address back: %v", err)
		}
	})
	t.Run("where a change is held and got no code", func(t *testing.T) {
		w, token := mailed(t, func(cfg *userpool.Config, _ *userpool.Options) {
			cfg.AutoVerifiedAttributes, cfg.AttributesRequireVerificationBeforeUpdate = nil, []string{"email"}
		})
		must2(w.setAttributes(t, token, "email", other))(t)
		wantError(t, verify(t, w, token, w.mail.code(t, alice)), "ExpiredCodeException", void)
		if u, ok := w.pool.User(alice); !ok || u.Attributes["email"] != alice {
			t.Errorf("user = %+v", u)
		}
	})
	t.Run("where the address is gone", func(t *testing.T) {
		w, token := mailed(t, func(cfg *userpool.Config, _ *userpool.Options) { cfg.UsernameAttributes = nil })
		if err := w.adminSet(t, alice, "email", ""); err != nil {
			t.Fatal(err)
		}
		wantError(t, verify(t, w, token, w.mail.code(t, alice)), "ExpiredCodeException", void)
	})
	t.Run("at sign-up", func(t *testing.T) {
		w := newWorld(t, passwordless())
		must2(w.signUp(t, alice, password))(t)
		if err := w.adminSet(t, alice, "email", other); err != nil {
			t.Fatal(err)
		}
		wantError(t, w.confirm(t, other, w.mail.code(t, alice)), "ExpiredCodeException", void)
		if u, _ := w.pool.User(other); u.Status != "UNCONFIRMED" || u.Attributes["email_verified"] != "false" {
			t.Errorf("user = %+v", u)
		}
		must2(w.ResendConfirmationCode(t.Context(),
			&cip.ResendConfirmationCodeInput{ClientId: ptr(clientID), Username: ptr(other)}))(t)
		if err := w.confirm(t, other, w.mail.code(t, other)); err != nil {
			t.Error(err)
		}
	})
	t.Run("at a reset of the password", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		must2(w.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: ptr(openID), Username: ptr(alice)}))(t)
		if err := w.adminSet(t, alice, "email", other, "email_verified", "true"); err != nil {
			t.Fatal(err)
		}
		_, err := w.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
			ClientId: ptr(openID), Username: ptr(other), ConfirmationCode: ptr(w.mail.code(t, alice)), Password: ptr(fresh)})
		wantError(t, err, "ExpiredCodeException", void)
		must2(w.byPassword(t, openID, other, password))(t)
	})
}
