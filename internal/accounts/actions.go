package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// ErrNoItem reports that the table has no item of the account: no code was requested for it in 400
// days, so there is nothing to clear.
var ErrNoItem = errors.New("the account has no item in the table, so nothing is counted or marked")

// Unmark removes the mark of a bounce or a complaint, and takes the address off SES's own
// suppression list. It reports whether that list had it.
func (a *Accounts) Unmark(ctx context.Context, u *Account) (wasSuppressed bool, err error) {
	isThere, errTable := a.store.Unmark(ctx, u.Key, a.Now())
	errList := a.API.REST(ctx, awsapi.SES, "DeleteSuppressedDestination", http.MethodDelete,
		"/v2/email/suppression/addresses/"+url.PathEscape(u.Email), nil)
	wasSuppressed = errList == nil
	if awsapi.IsNotFound(errList) || awsapi.IsAbsent(errList) {
		errList = nil
	}
	if err = errors.Join(errTable, errList); err == nil && !isThere && !wasSuppressed {
		err = ErrNoItem
	}
	return wasSuppressed, err
}

// Unlock fills the account's budgets for guesses and mails and ends its run of failures.
func (a *Accounts) Unlock(ctx context.Context, u *Account) error {
	done, err := a.store.Unlock(ctx, u.Key, a.Now())
	if err == nil && !done {
		err = ErrNoItem
	}
	return err
}

// Reset sets a temporary password and returns it. Where devices may be remembered it forgets them
// first: the new password alone must not open the account on a stolen device. It mails nothing:
// Cognito's own reset would mail a code, and the mailbox alone would then open the account.
func (a *Accounts) Reset(ctx context.Context, u *Account) (password string, err error) {
	if a.EmailOTP.Mode != settings.Password {
		return "", errors.New("a passwordless pool has no passwords to reset; users sign in by the mailed code alone")
	}
	if a.EmailOTP.Settings.RememberDevices > 0 {
		if err := a.ForgetDevices(ctx, u); err != nil {
			return "", err
		}
	}
	password = temporaryPassword()
	return password, a.admin(ctx, "AdminSetUserPassword", u, map[string]any{"Password": password, "Permanent": false})
}

// ForgetDevices forgets all remembered devices: each next sign-in requires a code.
func (a *Accounts) ForgetDevices(ctx context.Context, u *Account) error {
	return a.store.ForgetDevices(ctx, u.Key)
}

// IsInvitedByMail reports whether Cognito mails the temporary password of an invited user.
func (a *Accounts) IsInvitedByMail() bool {
	return a.EmailOTP.Mode == settings.Password && a.EmailOTP.Settings.InvitationByMail
}

// Invite creates a user with a verified address. In a password pool it returns a temporary
// password, and mails nothing: the mailbox with that password would be both factors. Where the
// adopter chose that, Cognito draws and mails the password, and none is returned.
func (a *Accounts) Invite(ctx context.Context, address string) (password string, err error) {
	in := map[string]any{"UserPoolId": a.EmailOTP.PoolID, "Username": address,
		"UserAttributes": []map[string]string{{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}}}
	switch {
	case a.IsInvitedByMail():
		in["DesiredDeliveryMediums"] = []string{"EMAIL"} // Cognito's default is SMS
	case a.EmailOTP.Mode == settings.Password:
		password = temporaryPassword()
		in["TemporaryPassword"] = password
		fallthrough
	default:
		in["MessageAction"] = "SUPPRESS"
	}
	// Once: a repeat after a lost answer would be refused, and the password be lost with it.
	err = a.API.Once(ctx, awsapi.Cognito, "AdminCreateUser", in, nil)
	if awsapi.HasCode(err, "UsernameExistsException") {
		remedy := "`emailotp users reset` sets a new password"
		if a.IsInvitedByMail() {
			remedy += ", --resend mails the invitation again"
		}
		return "", errors.New("the pool has a user with this address already; " + remedy)
	}
	return password, err
}

// Reinvite mails the invitation again, with a new temporary password, to a user who has not chosen
// one.
func (a *Accounts) Reinvite(ctx context.Context, address string) error {
	if !a.IsInvitedByMail() {
		return errors.New("this EmailOTP mails no invitations (InvitationByMail); " +
			"`emailotp users reset` prints a new temporary password")
	}
	err := a.admin(ctx, "AdminCreateUser", &Account{User: User{Username: address}},
		map[string]any{"MessageAction": "RESEND", "DesiredDeliveryMediums": []string{"EMAIL"}})
	if awsapi.HasCode(err, "UnsupportedUserStateException") {
		return errors.New("the user has chosen a password already; `emailotp users reset` sets a new one")
	}
	return err
}

// temporaryPassword has 130 bits, and every class that a policy may require.
func temporaryPassword() string { return rand.Text() + "-aA1" }

// SignOut revokes the user's refresh tokens. Access and ID tokens stay valid until they expire, an
// hour by default.
func (a *Accounts) SignOut(ctx context.Context, u *Account) error {
	return a.admin(ctx, "AdminUserGlobalSignOut", u, nil)
}

// Delete deletes the user from the pool. The item stays in the table until it expires: a new user
// with the same address has a new sub, and so an item of its own.
func (a *Accounts) Delete(ctx context.Context, u *Account) error {
	return a.admin(ctx, "AdminDeleteUser", u, nil)
}

func (a *Accounts) admin(ctx context.Context, operation string, u *Account, more map[string]any) error {
	in := map[string]any{"UserPoolId": a.EmailOTP.PoolID, "Username": u.Username}
	for name, value := range more {
		in[name] = value
	}
	return a.API.JSON(ctx, awsapi.Cognito, operation, in, nil)
}
