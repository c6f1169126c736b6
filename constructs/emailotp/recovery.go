package emailotp

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"
)

// PasswordRecovery is the way back in for a user of [ModePassword] who forgot the password.
type PasswordRecovery string

const (
	// RecoveryByAdministrator leaves it to an administrator to set a new password, who must find
	// out by other means that the user is the user.
	RecoveryByAdministrator PasswordRecovery = "administrator"
	// RecoveryByEmail has Cognito mail a code of 6 digits that sets a new password. The mailbox
	// alone then opens the account: a reset code and a sign-in code go to the same place, so the
	// password is no second factor against a reader of the mailbox. docs/security.md has the
	// arithmetic.
	RecoveryByEmail PasswordRecovery = "email"
)

func (r *reader) recovery(c *config, p *EmailOTPProps) {
	switch p.PasswordRecovery {
	case "", RecoveryByAdministrator:
	case RecoveryByEmail:
		c.settings.RecoveryByEmail = true
		if p.Mode == ModePasswordless {
			r.Add("PasswordRecovery has a meaning in ModePassword alone; leave it empty: " +
				"a passwordless pool has no password to forget")
		}
	default:
		r.Add("PasswordRecovery must be RecoveryByAdministrator (%q) or RecoveryByEmail (%q) (received: %q); "+
			"leave it empty for the first", RecoveryByAdministrator, RecoveryByEmail, p.PasswordRecovery)
	}
}

// warnOfRecovery warns of a reset by e-mail that is acknowledged and not chosen by
// PasswordRecovery, beside remembered devices.
func (e *emailOTP) warnOfRecovery() {
	c := &e.config
	isAccepted := slices.ContainsFunc(c.bypasses, func(b Bypass) bool { return b.Kind == BypassEmailRecovery })
	if isAccepted && c.settings.RememberDevices > 0 && !c.settings.RecoveryByEmail {
		awscdk.Validations_Of(e).AddWarning(jsii.String("emailotp:RememberDevices"), jsii.String(
			"RememberDevices: the pool resets passwords by e-mail (acknowledged EMAIL_RECOVERY), and a reset leaves the "+
				"remembered devices as they are; set PasswordRecovery to RecoveryByEmail, by which a reset forgets them"))
	}
}

// accountRecovery returns the pool's recovery. In passwordless mode there is nothing to recover,
// and no budget would bound the reset mails.
func (c *config) accountRecovery() awscognito.AccountRecovery {
	if c.settings.RecoveryByEmail {
		return awscognito.AccountRecovery_EMAIL_ONLY
	}
	return awscognito.AccountRecovery_NONE
}

func (e *emailOTP) SupportAddress() *string { return &e.config.settings.SupportAddress }

func (e *emailOTP) RememberDevices() *float64 {
	return jsii.Number(e.config.settings.RememberDevices)
}

func (e *emailOTP) PasswordRecovery() PasswordRecovery {
	if e.config.settings.RecoveryByEmail {
		return RecoveryByEmail
	}
	return RecoveryByAdministrator
}
