package userpool_test

import (
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestChangePassword(t *testing.T) {
	const fresh = "Fresh-Passw0rd"
	w := worldOfAlice(t, passwordless())
	token := w.signIn(t, clientID, alice).AccessToken
	change := func(from, to string) error {
		_, err := w.ChangePassword(t.Context(),
			&cip.ChangePasswordInput{AccessToken: token, PreviousPassword: &from, ProposedPassword: &to})
		return err
	}
	notAuthorized(t, change("Wrong1234!", fresh), "Incorrect username or password.")
	wantError(t, change(password, "weak"), "InvalidPasswordException",
		"Password did not conform with policy: Password not long enough")
	if err := change(password, fresh); err != nil {
		t.Fatal(err)
	}
	must2(w.byPassword(t, openID, alice, fresh))(t)
	_, err := w.byPassword(t, openID, alice, password)
	notAuthorized(t, err, "Incorrect username or password.")
	for range 4 {
		change("Wrong1234!", fresh)
	}
	notAuthorized(t, change(fresh, password), "Password attempts exceeded")
}

func (w *world) setAttributes(t *testing.T, token *string, attributes ...string) (*cip.UpdateUserAttributesOutput,
	error) {
	t.Helper()
	return w.UpdateUserAttributes(t.Context(),
		&cip.UpdateUserAttributesInput{AccessToken: token, UserAttributes: pairs(attributes...)})
}

func TestUpdateUserAttributes(t *testing.T) {
	const unauthorized = "A client attempted to write unauthorized attribute"
	w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.Clients[0].WriteAttributes = []string{"name", "custom:badge", "custom:fixed", "email_verified"}
		cfg.Schema = append(cfg.Schema, userpool.SchemaAttribute{Name: "fixed"})
	})
	w.user(t, alice)
	token := w.signIn(t, clientID, alice).AccessToken
	must2(w.setAttributes(t, token, "name", "Alice"))(t)
	if u, _ := w.pool.User(alice); u.Attributes["name"] != "Alice" {
		t.Errorf("user = %+v", u)
	}
	for _, name := range []string{"email", "email_verified", "phone_number_verified", "sub", "custom:team", "locale"} {
		_, err := w.setAttributes(t, token, "name", "Mallory", name, "true")
		notAuthorized(t, err, unauthorized)
	}
	_, err := w.setAttributes(t, token, "custom:nope", "x")
	invalidParameter(t, err, "Attributes did not conform to the schema: custom:nope: Attribute does not exist in the schema.\n")
	_, err = w.setAttributes(t, token, "custom:fixed", "x")
	invalidParameter(t, err, "Attributes did not conform to the schema: user.custom:fixed: Attribute cannot be updated.\n")
	if u, _ := w.pool.User(alice); u.Attributes["name"] != "Alice" || u.Attributes["email"] != alice {
		t.Errorf("a refused change left %+v", u)
	}
	_, err = w.DeleteUserAttributes(t.Context(),
		&cip.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"locale"}})
	notAuthorized(t, err, unauthorized)
	must2(w.DeleteUserAttributes(t.Context(),
		&cip.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"name"}}))(t)
	if u, _ := w.pool.User(alice); u.Attributes["name"] != "" {
		t.Errorf("name = %q", u.Attributes["name"])
	}
}

func TestChangingTheAddress(t *testing.T) {
	const moved = "moved@example.com"
	verify := func(w *world, token *string, code string) error {
		_, err := w.VerifyUserAttribute(t.Context(),
			&cip.VerifyUserAttributeInput{AccessToken: token, AttributeName: ptr("email"), Code: &code})
		return err
	}
	t.Run("moves at once and is unverified", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		token := w.signIn(t, clientID, alice).AccessToken
		out := must2(w.setAttributes(t, token, "email", moved))(t)
		if len(out.CodeDeliveryDetailsList) != 1 || *out.CodeDeliveryDetailsList[0].Destination != "m***@e***" {
			t.Errorf("delivery = %+v", out.CodeDeliveryDetailsList)
		}
		if u, ok := w.pool.User(moved); !ok || u.Attributes["email_verified"] != "false" {
			t.Errorf("user = %+v", u)
		}
		if _, ok := w.pool.User(alice); ok {
			t.Error("the old address still leads to the user")
		}
		wantError(t, verify(w, token, "wrong"), "CodeMismatchException",
			"Invalid verification code provided, please try again.")
		if err := verify(w, token, w.mail.code(t, moved)); err != nil {
			t.Fatal(err)
		}
		if u, _ := w.pool.User(moved); u.Attributes["email_verified"] != "true" {
			t.Errorf("user = %+v", u)
		}
	})
	t.Run("waits for the proof where the pool demands it", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
			cfg.AttributesRequireVerificationBeforeUpdate = []string{"email"}
		})
		w.user(t, alice)
		token := w.signIn(t, clientID, alice).AccessToken
		must2(w.setAttributes(t, token, "email", moved))(t)
		if u, ok := w.pool.User(alice); !ok || u.Attributes["email_verified"] != "true" {
			t.Errorf("user = %+v", u)
		}
		must2(w.GetUserAttributeVerificationCode(t.Context(),
			&cip.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: ptr("email")}))(t)
		if err := verify(w, token, w.mail.code(t, moved)); err != nil {
			t.Fatal(err)
		}
		if u, ok := w.pool.User(moved); !ok || u.Attributes["email"] != moved || u.Attributes["email_verified"] != "true" {
			t.Errorf("user = %+v", u)
		}
	})
	t.Run("can't take somebody else's", func(t *testing.T) {
		for _, held := range []bool{false, true} {
			w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
				if held {
					cfg.AttributesRequireVerificationBeforeUpdate = []string{"email"}
				}
			})
			w.user(t, alice)
			token := w.signIn(t, clientID, alice).AccessToken
			_, err := w.setAttributes(t, token, "email", moved)
			if err != nil {
				t.Fatal(err)
			}
			w.seed(t, userpool.UserSpec{Email: "bob@example.com"})
			_, err = w.setAttributes(t, token, "email", "BOB@example.com")
			if held {
				err = verify(w, token, w.mail.code(t, "BOB@example.com"))
			}
			wantError(t, err, "AliasExistsException", "An account with the given email already exists.")
			if u, ok := w.pool.User("bob@example.com"); !ok || u.Attributes["email"] != "bob@example.com" {
				t.Errorf("bob is %+v", u)
			}
		}
	})
	t.Run("is proven by its own name alone", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		for _, name := range []string{"emails", "phone_numbers", "name"} {
			_, err := w.VerifyUserAttribute(t.Context(), &cip.VerifyUserAttributeInput{
				AccessToken: w.signIn(t, clientID, alice).AccessToken, AttributeName: &name, Code: ptr("123456")})
			invalidParameter(t, err, "Invalid attribute name: "+name)
		}
	})
	t.Run("can't be no address, or removed", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		token := w.signIn(t, clientID, alice).AccessToken
		_, err := w.setAttributes(t, token, "email", "nonsense")
		invalidParameter(t, err, "Invalid email address format.")
		_, err = w.DeleteUserAttributes(t.Context(),
			&cip.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"email"}})
		invalidParameter(t, err, "user.email: Attribute cannot be deleted.")
	})
}

func TestDeleteUser(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	tokens := w.signIn(t, clientID, alice)
	must2(w.DeleteUser(t.Context(), &cip.DeleteUserInput{AccessToken: tokens.AccessToken}))(t)
	if _, ok := w.pool.User(alice); ok {
		t.Error("the user is still there")
	}
	_, err := w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken})
	notAuthorized(t, err, "Access Token has been revoked")
	_, err = refresh(t, w, clientID, *tokens.RefreshToken)
	notAuthorized(t, err, "Refresh Token has been revoked")
	again := w.user(t, alice)
	if again.Sub == claims(t, *tokens.AccessToken)["sub"] {
		t.Error("the address came back with the old sub")
	}
}
