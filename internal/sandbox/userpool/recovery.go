package userpool

import (
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// forgotPassword mails a code that resets the password, where the pool allows that.
func (p *Pool) forgotPassword(c *call, in *codeRequestInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	// The refusal comes first and is the same for every name. Cognito's wording is not established.
	if !p.isRecoverable() {
		return nil, refusal.NotAuthorized("Contact administrator to reset password.")
	}
	if a == nil {
		return p.simulated(client, in.Username)
	}
	delivery, err := p.mailReset(c, message{"ForgotPassword", client.ID, a, in.ClientMetadata})
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

// isRecoverable reports whether a recovery mechanism other than an administrator is on.
func (p *Pool) isRecoverable() bool {
	return slices.Contains(p.cfg.RecoveryMechanisms, "verified_email") ||
		slices.Contains(p.cfg.RecoveryMechanisms, "verified_phone_number")
}

// mailReset mails a reset code to a verified address.
func (p *Pool) mailReset(c *call, m message) (*codeDelivery, error) {
	a := m.account
	switch {
	case !a.Enabled:
		return nil, refusal.UserDisabled
	case a.Status == users.ForceChange:
		return nil, refusal.NotAuthorized("User password cannot be reset in the current state.")
	}
	email := a.Attributes["email"]
	allowed := slices.Contains(p.cfg.RecoveryMechanisms, "verified_email")
	if !allowed || email == "" || a.Attributes["email_verified"] != "true" {
		return nil, refusal.InvalidParameter(
			"Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	return p.mailCode(c.ctx, m, email, users.ForReset)
}

type confirmForgotInput struct {
	ClientId         string `rule:"clientID,required"`
	SecretHash       string
	Username         string      `rule:"username,required"`
	ConfirmationCode string      `rule:"code,required"`
	Password         string      `rule:"password,required"`
	ClientMetadata   awsjson.Map `rule:"texts"`
}

// confirmForgotPassword resets the password by the code from the mail.
func (p *Pool) confirmForgotPassword(c *call, in *confirmForgotInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, hidden(client, refusal.CodeExpired)
	}
	if err := p.users.CheckPassword(in.Password); err != nil {
		return nil, err
	}
	verifier := p.users.Verifier(a.Username, in.Password)
	a, err = p.users.Update(a.Username, func(a *users.Account) error {
		if !a.Enabled {
			return refusal.UserDisabled
		}
		if err := a.UseCode(users.ForReset, a.Attributes["email"], in.ConfirmationCode, p.now()); err != nil {
			return err
		}
		a.UsePassword(verifier, p.now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, p.triggers.PostConfirmation(c.ctx, "ConfirmForgotPassword", client.ID, a, in.ClientMetadata)
}
