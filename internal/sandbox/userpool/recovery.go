package userpool

import "slices"

// forgotPassword mails a code that resets the password, where the pool lets a
// mailbox do that.
func (p *Pool) forgotPassword(c *call, in *codeRequestInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	// The refusal comes first and is the same for everybody, so that it says
	// nothing of who exists. Its wording on a live pool is not established.
	if !p.recoverable() {
		return nil, notAuthorized("Contact administrator to reset password.")
	}
	if a == nil {
		return p.simulated(client, in.Username.value)
	}
	delivery, err := p.mailReset(c, a)
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

// recoverable reports whether any recovery mechanism but an administrator is on.
func (p *Pool) recoverable() bool {
	return slices.Contains(p.cfg.RecoveryMechanisms, "verified_email") ||
		slices.Contains(p.cfg.RecoveryMechanisms, "verified_phone_number")
}

// mailReset mails a reset code to a verified address.
func (p *Pool) mailReset(c *call, a *account) (*codeDelivery, error) {
	switch {
	case !a.enabled:
		return nil, errUserDisabled()
	case a.status == statusForceChange:
		return nil, notAuthorized("User password cannot be reset in the current state.")
	}
	email := a.attributes["email"]
	allowed := slices.Contains(p.cfg.RecoveryMechanisms, "verified_email")
	if !allowed || email == "" || a.attributes["email_verified"] != "true" {
		return nil, invalidParameter("Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	return p.mailCode(c.ctx, a.username, email, codeReset, resetCodeLife)
}

type confirmForgotInput struct {
	ClientId         text
	SecretHash       text
	Username         text
	ConfirmationCode text
	Password         text
	ClientMetadata   stringMap
}

func (in *confirmForgotInput) check(c *constraints) {
	c.clientID(in.ClientId)
	c.username(in.Username)
	c.code(in.ConfirmationCode)
	c.password("password", in.Password)
	c.texts("clientMetadata", in.ClientMetadata)
}

// confirmForgotPassword takes the code from the reset mail and a new password.
func (p *Pool) confirmForgotPassword(c *call, in *confirmForgotInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, hidden(client, errCodeExpired())
	}
	if err := p.cfg.PasswordPolicy.check(in.Password.value); err != nil {
		return nil, err
	}
	verifier := p.verifier(a.username, in.Password.value)
	a, err = p.users.update(a.username, func(a *account) error {
		if !a.enabled {
			return errUserDisabled()
		}
		if err := a.useCode(codeReset, a.attributes["email"], in.ConfirmationCode.value, p.now()); err != nil {
			return err
		}
		a.usePassword(verifier, p.now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, p.postConfirmation(c, "ConfirmForgotPassword", client.ID, a, in.ClientMetadata)
}
