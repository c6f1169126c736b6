package userpool

import "slices"

type adminCreateInput struct {
	adminInput
	UserAttributes         []attribute
	ValidationData         []attribute
	TemporaryPassword      text
	MessageAction          text
	DesiredDeliveryMediums []string
	ClientMetadata         stringMap
}

func (in *adminCreateInput) check(c *constraints) {
	in.adminInput.check(c)
	c.attributes("userAttributes", in.UserAttributes)
	c.length("temporaryPassword", in.TemporaryPassword, 0, maxPassword)
	c.enum("messageAction", in.MessageAction, "RESEND", "SUPPRESS")
	for _, medium := range in.DesiredDeliveryMediums {
		c.enum("desiredDeliveryMediums", text{medium, true}, "SMS", "EMAIL")
	}
	c.texts("clientMetadata", in.ClientMetadata)
}

// userType is a user as lists and AdminCreateUser show it.
type userType struct {
	Username             string
	Attributes           []attribute
	UserCreateDate       epoch
	UserLastModifiedDate epoch
	Enabled              bool
	UserStatus           string
}

func (a *account) userType() *userType {
	return &userType{a.username, list(a.allAttributes()), epoch(a.created), epoch(a.modified), a.enabled, a.status}
}

type adminCreateOutput struct{ User *userType }

// adminCreateUser makes a user with a temporary password and invites them,
// unless the message is suppressed or e-mail isn't among the mediums, whose
// default is SMS alone.
func (p *Pool) adminCreateUser(c *call, in *adminCreateInput) (any, error) {
	password := in.TemporaryPassword.value
	if password == "" {
		password = p.generatePassword()
	} else if err := p.cfg.PasswordPolicy.check(password); err != nil {
		return nil, err
	}
	if in.MessageAction.value == "RESEND" {
		return p.resendInvitation(c, in, password)
	}
	a, given, err := p.draft(in.Username.value, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	request := preSignUpRequest{given, asMap(in.ValidationData), in.ClientMetadata}
	// Whatever PreSignUp says of confirming is ignored here.
	if _, err := p.preSignUp(c, "PreSignUp_AdminCreateUser", a.username, noClient, request); err != nil {
		return nil, err
	}
	a.status, a.passwordExpires = statusForceChange, p.temporaryExpiry()
	p.setPassword(a, password)
	stored := a.clone()
	if !p.users.add(a, false) {
		return nil, errUsernameExists()
	}
	c.sub = stored.sub
	if in.MessageAction.value != "SUPPRESS" {
		if err := p.invite(c, in, stored, password); err != nil {
			return nil, err
		}
	}
	return &adminCreateOutput{stored.userType()}, nil
}

// resendInvitation gives a user who never signed in a new temporary password.
func (p *Pool) resendInvitation(c *call, in *adminCreateInput, password string) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if a.status != statusForceChange {
		return nil, fail("UnsupportedUserStateException", "Resend not possible. %s status is not %s", a.username, statusForceChange)
	}
	verifier := p.verifier(a.username, password)
	a, err = p.users.update(a.username, func(a *account) error {
		a.password, a.passwordExpires, a.modified = verifier, p.temporaryExpiry(), p.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := p.invite(c, in, a, password); err != nil {
		return nil, err
	}
	return &adminCreateOutput{a.userType()}, nil
}

func (p *Pool) invite(c *call, in *adminCreateInput, a *account, password string) error {
	email := a.attributes["email"]
	if email == "" || !slices.Contains(in.DesiredDeliveryMediums, "EMAIL") {
		return nil
	}
	return p.deliver(c.ctx, email, "Your temporary password",
		"Your username is "+in.Username.value+" and temporary password is "+password+".")
}
