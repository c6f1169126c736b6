package userpool

import "maps"

// adminInput is what every operation about one user names.
type adminInput struct {
	UserPoolId text
	Username   text
}

func (in *adminInput) pool() text           { return in.UserPoolId }
func (in *adminInput) check(c *constraints) { c.username(in.Username) }

// adminSubject finds the user that an operation names, by username, sub or alias.
func (p *Pool) adminSubject(c *call, username text) (*account, error) {
	a, ok := p.users.find(username.value)
	if !ok {
		return nil, errUserNotFound()
	}
	c.sub = a.sub
	return a, nil
}

// edit changes the user that an operation names.
func (p *Pool) edit(c *call, username text, change func(*account) error) error {
	a, err := p.adminSubject(c, username)
	if err != nil {
		return err
	}
	_, err = p.users.update(a.username, func(a *account) error {
		a.modified = p.now()
		return change(a)
	})
	return err
}

// adminUser is a user as AdminGetUser shows it.
type adminUser struct {
	Username             string
	UserAttributes       []attribute
	UserCreateDate       epoch
	UserLastModifiedDate epoch
	Enabled              bool
	UserStatus           string
}

func (p *Pool) adminGetUser(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	u := a.userType()
	return &adminUser{u.Username, u.Attributes, u.UserCreateDate, u.UserLastModifiedDate, u.Enabled, u.UserStatus}, nil
}

type adminPasswordInput struct {
	adminInput
	Password  text
	Permanent bool
}

func (in *adminPasswordInput) check(c *constraints) {
	in.adminInput.check(c)
	c.password("password", in.Password)
}

// adminSetUserPassword sets a password; Permanent confirms the user.
func (p *Pool) adminSetUserPassword(c *call, in *adminPasswordInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if err := p.cfg.PasswordPolicy.check(in.Password.value); err != nil {
		return nil, err
	}
	verifier := p.verifier(a.username, in.Password.value)
	return nil, p.edit(c, in.Username, func(a *account) error {
		a.usePassword(verifier, p.now())
		if !in.Permanent {
			a.status, a.passwordExpires = statusForceChange, p.temporaryExpiry()
		}
		return nil
	})
}

type adminNamedInput struct {
	adminInput
	ClientMetadata stringMap
}

func (in *adminNamedInput) check(c *constraints) {
	in.adminInput.check(c)
	c.texts("clientMetadata", in.ClientMetadata)
}

// adminResetUserPassword makes the old password useless and mails a code.
func (p *Pool) adminResetUserPassword(c *call, in *adminNamedInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if !p.recoverable() {
		return nil, notAuthorized("User password cannot be reset in the current state.")
	}
	if _, err := p.mailReset(c, a); err != nil {
		return nil, err
	}
	return nil, p.edit(c, in.Username, func(a *account) error {
		a.status = statusResetRequired
		return nil
	})
}

type adminAttributesInput struct {
	adminInput
	UserAttributes []attribute
	ClientMetadata stringMap
}

func (in *adminAttributesInput) check(c *constraints) {
	in.adminInput.check(c)
	if in.UserAttributes == nil {
		c.add("userAttributes", "not be null")
	}
	c.attributes("userAttributes", in.UserAttributes)
	c.texts("clientMetadata", in.ClientMetadata)
}

// adminUpdateUserAttributes changes attributes at once, without codes: an
// address counts as verified only if the same call says so.
func (p *Pool) adminUpdateUserAttributes(c *call, in *adminAttributesInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	changes, err := p.judged(in.UserAttributes, a)
	if err != nil {
		return nil, err
	}
	return nil, p.edit(c, in.Username, func(a *account) error {
		// A change held back for proof is overruled.
		maps.DeleteFunc(a.pending, func(name, _ string) bool { _, ok := changes[name]; return ok })
		p.putAttributes(a, changes)
		return nil
	})
}

type adminDeleteAttributesInput struct {
	adminInput
	UserAttributeNames []string
}

func (in *adminDeleteAttributesInput) check(c *constraints) {
	in.adminInput.check(c)
	if in.UserAttributeNames == nil {
		c.add("userAttributeNames", "not be null")
	}
}

func (p *Pool) adminDeleteUserAttributes(c *call, in *adminDeleteAttributesInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	return nil, p.removeAttributes(a, emptied(in.UserAttributeNames))
}

// adminConfirmSignUp confirms a user without a code; nothing gets verified.
func (p *Pool) adminConfirmSignUp(c *call, in *adminNamedInput) (any, error) {
	err := p.edit(c, in.Username, func(a *account) error {
		if a.status != statusUnconfirmed {
			return notAuthorized("User cannot be confirmed. Current status is %s", a.status)
		}
		a.status = statusConfirmed
		return nil
	})
	if err != nil {
		return nil, err
	}
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	return nil, p.postConfirmation(c, "ConfirmSignUp", noClient, a, in.ClientMetadata)
}

// adminDisableUser bars a user and revokes the tokens.
func (p *Pool) adminDisableUser(c *call, in *adminInput) (any, error) {
	if err := p.setEnabled(c, in, false); err != nil {
		return nil, err
	}
	return p.adminUserGlobalSignOut(c, in)
}

func (p *Pool) adminEnableUser(c *call, in *adminInput) (any, error) {
	return nil, p.setEnabled(c, in, true)
}

func (p *Pool) setEnabled(c *call, in *adminInput, enabled bool) error {
	return p.edit(c, in.Username, func(a *account) error {
		a.enabled = enabled
		return nil
	})
}

func (p *Pool) adminUserGlobalSignOut(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	p.grants.revokeUser(a.username)
	return nil, nil
}

func (p *Pool) adminDeleteUser(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	p.users.remove(a.username)
	p.grants.revokeUser(a.username)
	return nil, nil
}
