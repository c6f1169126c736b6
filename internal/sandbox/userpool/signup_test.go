package userpool_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func (w *world) signUp(t *testing.T, username, password string, attributes ...string) (*cip.SignUpOutput, error) {
	t.Helper()
	in := &cip.SignUpInput{ClientId: ptr(clientID), Username: &username, UserAttributes: pairs(attributes...)}
	if password != "" {
		in.Password = &password
	}
	return w.SignUp(t.Context(), in)
}

// pairs makes attributes from names and values in turn.
func pairs(texts ...string) []types.AttributeType {
	var out []types.AttributeType
	for i := 0; i+1 < len(texts); i += 2 {
		out = append(out, types.AttributeType{Name: &texts[i], Value: &texts[i+1]})
	}
	return out
}

func (w *world) confirm(t *testing.T, username, code string) error {
	t.Helper()
	_, err := w.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: ptr(clientID), Username: &username,
		ConfirmationCode: &code})
	return err
}

// autoConfirm confirms everybody who signs up, as EmailOTP's passwordless mode does.
func autoConfirm(h *handlers) *handlers {
	h.preSignUp = func(event) (any, error) {
		return m{"autoConfirmUser": true, "autoVerifyEmail": false, "autoVerifyPhone": false}, nil
	}
	return h
}

func TestSignUpConfirmedByTheTrigger(t *testing.T) {
	h := autoConfirm(passwordless())
	w := newWorld(t, h, with(userpool.PreSignUp, userpool.PostConfirmation))
	out := must2(w.signUp(t, "Alice@Example.com", password))(t)
	if !out.UserConfirmed || out.CodeDeliveryDetails != nil || out.Session != nil ||
		!uuidPattern.MatchString(*out.UserSub) {
		t.Errorf("output = %+v", out)
	}
	if n := len(w.mail.all()); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
	u, ok := w.pool.User(alice)
	if !ok || u.Username != *out.UserSub || u.Sub != *out.UserSub || u.Status != "CONFIRMED" ||
		u.Attributes["email"] != "Alice@Example.com" || u.Attributes["email_verified"] != "false" {
		t.Errorf("user = %+v", u)
	}
	if e := h.of(userpool.PreSignUp)[0]; e.UserName != u.Username ||
		e.Request.UserAttributes["email"] != "Alice@Example.com" {
		t.Errorf("PreSignUp: %+v", e)
	}
	if n := len(h.of(userpool.PostConfirmation)); n != 1 {
		t.Errorf("PostConfirmation ran %d times", n)
	}
	w.signIn(t, clientID, alice)
	_, err := w.signUp(t, alice, password)
	wantError(t, err, "UsernameExistsException", "User already exists")
}

func TestSignUpConfirmedByCode(t *testing.T) {
	w := newWorld(t, passwordless())
	out := must2(w.signUp(t, alice, password, "name", "Alice"))(t)
	if out.UserConfirmed || *out.CodeDeliveryDetails.Destination != "a***@e***" ||
		*out.CodeDeliveryDetails.AttributeName != "email" {
		t.Errorf("output = %+v, %+v", out, out.CodeDeliveryDetails)
	}
	_, err := w.start(t, clientID, alice)
	wantError(t, err, "UserNotConfirmedException", "User is not confirmed.")
	code := w.mail.code(t, alice)
	wantError(t, w.confirm(t, alice, "nonsense"), "CodeMismatchException",
		"Invalid verification code provided, please try again.")
	resent := must2(w.ResendConfirmationCode(t.Context(),
		&cip.ResendConfirmationCodeInput{ClientId: ptr(clientID), Username: ptr(alice)}))(t)
	if *resent.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("resent to %s", *resent.CodeDeliveryDetails.Destination)
	}
	if fresh := w.mail.code(t, alice); fresh != code {
		wantError(t, w.confirm(t, alice, code), "CodeMismatchException",
			"Invalid verification code provided, please try again.")
		code = fresh
	}
	if err := w.confirm(t, alice, code); err != nil {
		t.Fatal(err)
	}
	if u, _ := w.pool.User(alice); u.Status != "CONFIRMED" || u.Attributes["email_verified"] != "true" ||
		u.Attributes["name"] != "Alice" {
		t.Errorf("user = %+v", u)
	}
	notAuthorized(t, w.confirm(t, alice, code), "User cannot be confirmed. Current status is CONFIRMED")
	_, err = w.ResendConfirmationCode(t.Context(),
		&cip.ResendConfirmationCodeInput{ClientId: ptr(clientID), Username: ptr(alice)})
	invalidParameter(t, err, "User is already confirmed.")
	w.signIn(t, clientID, alice)
}

func TestSignUpCodesRunOutAndWearOut(t *testing.T) {
	w := newWorld(t, passwordless())
	must2(w.signUp(t, alice, password))(t)
	code := w.mail.code(t, alice)
	for range 5 {
		wantError(t, w.confirm(t, alice, "wrong"), "CodeMismatchException",
			"Invalid verification code provided, please try again.")
	}
	wantError(t, w.confirm(t, alice, code), "LimitExceededException",
		"Attempt limit exceeded, please try after some time.")
	must2(w.ResendConfirmationCode(t.Context(),
		&cip.ResendConfirmationCodeInput{ClientId: ptr(clientID), Username: ptr(alice)}))(t)
	w.clock.Advance(24 * time.Hour)
	wantError(t, w.confirm(t, alice, w.mail.code(t, alice)), "ExpiredCodeException",
		"Invalid code provided, please request a code again.")
}

func TestSignUpsThatAreRefused(t *testing.T) {
	const policy = "Password did not conform with policy: "
	for _, c := range []struct {
		name, username, password string
		attributes               []string
		kind, message            string
	}{
		{"no address", "alice", password, nil, "InvalidParameterException", "Username should be an email."},
		{"a blank in the name", "a b@example.com", password, nil, "InvalidParameterException",
			"1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+"},
		{"no password", alice, "", nil, "InvalidParameterException",
			"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"},
		{"a short password", alice, "Ab1!", nil, "InvalidPasswordException", policy + "Password not long enough"},
		{"no upper case", alice, "passw0rd!", nil, "InvalidPasswordException",
			policy + "Password must have uppercase characters"},
		{"no lower case", alice, "PASSW0RD!", nil, "InvalidPasswordException",
			policy + "Password must have lowercase characters"},
		{"no number", alice, "Password!", nil, "InvalidPasswordException", policy + "Password must have numeric characters"},
		{"no symbol", alice, "Passw0rdd", nil, "InvalidPasswordException", policy + "Password must have symbol characters"},
		{"an unknown attribute", alice, password, []string{"custom:nope", "x"}, "InvalidParameterException",
			"Attributes did not conform to the schema: custom:nope: Attribute does not exist in the schema.\n"},
		{"a custom attribute that the client may not write", alice, password, []string{"custom:team", "red"},
			"NotAuthorizedException",
			"A client attempted to write unauthorized attribute"},
		{"claiming the address is verified", alice, password, []string{"email_verified", "true"}, "NotAuthorizedException",
			"A client attempted to write unauthorized attribute"},
		{"claiming to be somebody", alice, password, []string{"sub", "x"}, "NotAuthorizedException",
			"A client attempted to write unauthorized attribute"},
		{"another address than the name", alice, password, []string{"email", "bob@example.com"}, "InvalidParameterException",
			"User email should be empty or same as username, since username attribute is email."},
		{"a telephone that is none", alice, password, []string{"phone_number", "12"}, "InvalidParameterException",
			"Invalid phone number format."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, passwordless())
			_, err := w.signUp(t, c.username, c.password, c.attributes...)
			wantError(t, err, c.kind, c.message)
			if n := len(w.pool.Users()); n != 0 {
				t.Errorf("%d users exist", n)
			}
		})
	}
	t.Run("email is not among the write attributes", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config,
			_ *userpool.Options) {
			cfg.Clients[0].WriteAttributes = []string{"name"}
		})
		_, err := w.signUp(t, alice, password, "email", alice)
		notAuthorized(t, err, "A client attempted to write unauthorized attribute")
		must2(w.signUp(t, alice, password, "name", "Alice"))(t)
	})
	t.Run("a required attribute is missing", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
			cfg.Schema = append(cfg.Schema, userpool.SchemaAttribute{Name: "name", Mutable: true, Required: true})
		})
		_, err := w.signUp(t, alice, password)
		invalidParameter(t, err, "Attributes did not conform to the schema: name: The attribute name is required\n")
	})
	t.Run("only administrators create users", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) { cfg.AdminCreateUserOnly = true })
		_, err := w.signUp(t, alice, password)
		notAuthorized(t, err, "SignUp is not permitted for this user pool")
	})
	t.Run("the trigger refuses", func(t *testing.T) {
		h := passwordless()
		h.preSignUp = failing(&lambda.Error{Message: "not you"})
		w := newWorld(t, h, with(userpool.PreSignUp))
		_, err := w.signUp(t, alice, password)
		wantError(t, err, "UserLambdaValidationException", "PreSignUp failed with error not you.")
		if _, ok := w.pool.User(alice); ok {
			t.Error("the user exists all the same")
		}
	})
	t.Run("the trigger verifies a telephone that isn't there", func(t *testing.T) {
		h := passwordless()
		h.preSignUp = func(event) (any, error) { return m{"autoVerifyPhone": true}, nil }
		w := newWorld(t, h, with(userpool.PreSignUp))
		_, err := w.signUp(t, alice, password)
		if code(err) != "InvalidLambdaResponseException" {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("the trigger verifies an address that isn't there", func(t *testing.T) {
		h := passwordless()
		h.preSignUp = func(event) (any, error) { return m{"autoVerifyEmail": true}, nil }
		w := newWorld(t, h, with(userpool.PreSignUp),
			func(cfg *userpool.Config, _ *userpool.Options) { cfg.UsernameAttributes = nil })
		_, err := w.signUp(t, "alice", password)
		if code(err) != "InvalidLambdaResponseException" {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("the mail can't be delivered", func(t *testing.T) {
		w := newWorld(t, passwordless())
		w.mail.fail = errors.New("no mail today")
		_, err := w.signUp(t, alice, password)
		wantError(t, err, "CodeDeliveryFailureException", "Verification code could not be delivered.")
	})
}

func TestSignUpWithAliases(t *testing.T) {
	h := passwordless()
	h.preSignUp = func(event) (any, error) { return m{"autoConfirmUser": true, "autoVerifyEmail": true}, nil }
	w := newWorld(t, h, with(userpool.PreSignUp), func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.UsernameAttributes, cfg.AliasAttributes = nil, []string{"email", "phone_number"}
	})
	_, err := w.invite(t, &cip.AdminCreateUserInput{Username: ptr("carol"),
		UserAttributes: pairs("email_verified", "true")})
	invalidParameter(t, err, "Email is required to verify/un-verify an email")
	_, err = w.signUp(t, alice, password)
	invalidParameter(t, err, "Username cannot be of email format, since user pool is configured for email alias.")
	_, err = w.signUp(t, "+441234567890", password)
	invalidParameter(t, err, "Username cannot be of phone number format, since user pool is configured for phone number alias.")
	must2(w.signUp(t, "alice", password, "email", alice))(t)
	if u, ok := w.pool.User(alice); !ok || u.Username != "alice" {
		t.Errorf("the alias leads to %+v", u)
	}
	// A new user whose address counts as verified takes the alias over.
	must2(w.signUp(t, "mallory", password, "email", alice))(t)
	if u, _ := w.pool.User(alice); u.Username != "mallory" {
		t.Errorf("the alias leads to %s", u.Username)
	}
	if u, _ := w.pool.User("alice"); u.Attributes["email_verified"] != "false" {
		t.Errorf("the former owner is %+v", u)
	}
}

func TestStrangersAndCodes(t *testing.T) {
	w := newWorld(t, passwordless())
	for _, client := range []string{clientID, legacyID} {
		hides := client == clientID
		resent, err := w.ResendConfirmationCode(t.Context(),
			&cip.ResendConfirmationCodeInput{ClientId: ptr(client), Username: ptr("zoe@example.com")})
		forgot, err2 := w.ForgotPassword(t.Context(),
			&cip.ForgotPasswordInput{ClientId: ptr(client), Username: ptr("zoe@example.com")})
		_, err3 := w.ConfirmSignUp(t.Context(),
			&cip.ConfirmSignUpInput{ClientId: ptr(client), Username: ptr("zoe@example.com"), ConfirmationCode: ptr("123456")})
		_, err4 := w.ConfirmForgotPassword(t.Context(),
			&cip.ConfirmForgotPasswordInput{ClientId: ptr(client), Username: ptr("zoe@example.com"),
				ConfirmationCode: ptr("123456"), Password: ptr(password)})
		if !hides {
			for _, err := range []error{err, err2, err3, err4} {
				wantError(t, err, "UserNotFoundException", "Username/client id combination not found.")
			}
			continue
		}
		if err != nil || err2 != nil || *resent.CodeDeliveryDetails.Destination != "z***@e***" ||
			*forgot.CodeDeliveryDetails.Destination != "z***@e***" {
			t.Errorf("resent %v, %v; forgot %v, %v", resent, err, forgot, err2)
		}
		for _, err := range []error{err3, err4} {
			wantError(t, err, "ExpiredCodeException", "Invalid code provided, please request a code again.")
		}
	}
	if n := len(w.mail.all()); n != 0 {
		t.Errorf("%d mails went out", n)
	}
}

func TestRecovery(t *testing.T) {
	const fresh = "Fresh-Passw0rd"
	forgot := func(w *world, username string) (*cip.ForgotPasswordOutput, error) {
		return w.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: ptr(openID), Username: &username})
	}
	confirm := func(w *world, code, password string) error {
		_, err := w.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
			ClientId: ptr(openID), Username: ptr(alice), ConfirmationCode: &code, Password: &password})
		return err
	}
	t.Run("by a code", func(t *testing.T) {
		h := allTriggers(passwordless())
		w := worldOfAlice(t, h, with(userpool.PostConfirmation))
		out := must2(forgot(w, alice))(t)
		if *out.CodeDeliveryDetails.Destination != "a***@e***" {
			t.Errorf("destination = %s", *out.CodeDeliveryDetails.Destination)
		}
		code := w.mail.code(t, alice)
		wantError(t, confirm(w, "wrong", fresh), "CodeMismatchException",
			"Invalid verification code provided, please try again.")
		wantError(t, confirm(w, code, "weak"), "InvalidPasswordException",
			"Password did not conform with policy: Password not long enough")
		if err := confirm(w, code, fresh); err != nil {
			t.Fatal(err)
		}
		wantError(t, confirm(w, code, fresh), "ExpiredCodeException", "Invalid code provided, please request a code again.")
		must2(w.byPassword(t, openID, alice, fresh))(t)
		_, err := w.byPassword(t, openID, alice, password)
		notAuthorized(t, err, "Incorrect username or password.")
		if e := h.of(userpool.PostConfirmation); len(e) != 1 ||
			e[0].TriggerSource != "PostConfirmation_ConfirmForgotPassword" {
			t.Errorf("PostConfirmation: %+v", e)
		}
	})
	t.Run("the code runs out in an hour", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		must2(forgot(w, alice))(t)
		w.clock.Advance(time.Hour)
		wantError(t, confirm(w, w.mail.code(t, alice), fresh), "ExpiredCodeException",
			"Invalid code provided, please request a code again.")
	})
	t.Run("is refused where only an administrator recovers", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config,
			_ *userpool.Options) {
			cfg.RecoveryMechanisms = []string{"admin_only"}
		})
		w.user(t, alice)
		for _, name := range []string{alice, "nobody@example.com"} {
			_, err := forgot(w, name)
			notAuthorized(t, err, "Contact administrator to reset password.")
		}
		if n := len(w.mail.all()); n != 0 {
			t.Errorf("%d mails", n)
		}
		_, err := w.AdminResetUserPassword(t.Context(),
			&cip.AdminResetUserPasswordInput{UserPoolId: ptr(poolID), Username: ptr(alice)})
		notAuthorized(t, err, "User password cannot be reset in the current state.")
	})
	t.Run("needs a verified address", func(t *testing.T) {
		w := newWorld(t, passwordless())
		w.seed(t, userpool.UserSpec{Email: alice})
		_, err := forgot(w, alice)
		invalidParameter(t, err, "Cannot reset password for the user as there is no registered/verified email or phone_number")
	})
	t.Run("needs a mechanism that mails", func(t *testing.T) {
		w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
			cfg.RecoveryMechanisms = []string{"verified_phone_number"}
		})
		w.user(t, alice)
		_, err := forgot(w, alice)
		invalidParameter(t, err, "Cannot reset password for the user as there is no registered/verified email or phone_number")
	})
	t.Run("a temporary password can't be reset", func(t *testing.T) {
		w := newWorld(t, passwordless())
		w.seed(t, userpool.UserSpec{Email: alice, EmailVerified: true, Temporary: true})
		_, err := forgot(w, alice)
		notAuthorized(t, err, "User password cannot be reset in the current state.")
	})
	t.Run("a disabled user can't", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		w.disable(t, alice)
		_, err := forgot(w, alice)
		notAuthorized(t, err, "User is disabled.")
	})
	t.Run("an administrator can ask for it", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		must2(w.AdminResetUserPassword(t.Context(),
			&cip.AdminResetUserPasswordInput{UserPoolId: ptr(poolID), Username: ptr(alice)}))(t)
		_, err := w.byPassword(t, openID, alice, password)
		wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
		if err := confirm(w, w.mail.code(t, alice), fresh); err != nil {
			t.Fatal(err)
		}
		must2(w.byPassword(t, openID, alice, fresh))(t)
	})
	t.Run("mails hold the code and go to the address alone", func(t *testing.T) {
		w := worldOfAlice(t, passwordless())
		must2(forgot(w, alice))(t)
		mail := w.mail.all()[0]
		if mail.To != alice || mail.Subject == "" || len(w.mail.code(t, alice)) != 6 ||
			!strings.Contains(mail.Text, "reset") {
			t.Errorf("mail = %+v", mail)
		}
	})
}
