package userpool

import "slices"

type tokenInput struct{ AccessToken text }

func (in *tokenInput) check(c *constraints) { c.accessToken(in.AccessToken) }

type getUserOutput struct {
	Username       string
	UserAttributes []attribute
}

// getUser returns what the client may read of the token's user.
func (p *Pool) getUser(c *call, in *tokenInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &getUserOutput{b.account.username, list(p.readable(b.client, b.account))}, nil
}

// globalSignOut ends every grant of the token's user.
func (p *Pool) globalSignOut(c *call, in *tokenInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	p.grants.revokeUser(b.account.username)
	return nil, nil
}

// deleteUser removes the token's user.
func (p *Pool) deleteUser(c *call, in *tokenInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	p.users.remove(b.account.username)
	p.grants.revokeUser(b.account.username)
	return nil, nil
}

type changePasswordInput struct {
	AccessToken      text
	PreviousPassword text
	ProposedPassword text
}

func (in *changePasswordInput) check(c *constraints) {
	c.accessToken(in.AccessToken)
	c.password("previousPassword", in.PreviousPassword)
	c.password("proposedPassword", in.ProposedPassword)
}

// changeOwnPassword replaces the password of the token's user, who must know
// the old one.
func (p *Pool) changeOwnPassword(c *call, in *changePasswordInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := p.provePassword(b.account, in.PreviousPassword.value); err != nil {
		return nil, err
	}
	if err := p.cfg.PasswordPolicy.check(in.ProposedPassword.value); err != nil {
		return nil, err
	}
	verifier := p.verifier(b.account.username, in.ProposedPassword.value)
	_, err = p.users.update(b.account.username, func(a *account) error {
		a.usePassword(verifier, p.now())
		return nil
	})
	return nil, err
}

type updateAttributesInput struct {
	AccessToken    text
	UserAttributes []attribute
	ClientMetadata stringMap
}

func (in *updateAttributesInput) check(c *constraints) {
	c.accessToken(in.AccessToken)
	if in.UserAttributes == nil {
		c.add("userAttributes", "not be null")
	}
	c.attributes("userAttributes", in.UserAttributes)
	c.texts("clientMetadata", in.ClientMetadata)
}

type updateAttributesOutput struct{ CodeDeliveryDetailsList []*codeDelivery }

// updateUserAttributes changes attributes that the client may write. A new
// e-mail address is unverified; where the pool demands proof before the change,
// the old one stays until VerifyUserAttribute.
func (p *Pool) updateUserAttributes(c *call, in *updateAttributesInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := p.writable(b.client, in.UserAttributes); err != nil {
		return nil, err
	}
	changes, err := p.judged(in.UserAttributes, b.account)
	if err != nil {
		return nil, err
	}
	return p.changeAttributes(c, b.account, changes)
}

// changeAttributes stores a user's own change and mails the codes it asks for.
func (p *Pool) changeAttributes(c *call, old *account, changes map[string]string) (any, error) {
	held := map[string]string{}
	for _, attr := range []string{"email", "phone_number"} {
		value, ok := changes[attr]
		if ok && value != "" && value != old.attributes[attr] && slices.Contains(p.cfg.AttributesRequireVerificationBeforeUpdate, attr) {
			held[attr] = value
			delete(changes, attr)
		}
	}
	a, err := p.users.update(old.username, func(a *account) error {
		p.putAttributes(a, changes)
		for attr, value := range held {
			if a.pending == nil {
				a.pending = map[string]string{}
			}
			a.pending[attr] = value
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &updateAttributesOutput{CodeDeliveryDetailsList: []*codeDelivery{}}
	address, changed := held["email"], held["email"] != ""
	if !changed && changes["email"] != "" && changes["email"] != old.attributes["email"] {
		address, changed = a.attributes["email"], true
	}
	if changed && p.autoVerified("email") {
		delivery, err := p.mailCode(c.ctx, a.username, address, codeAttribute+"email", attributeCodeLife)
		if err != nil {
			return nil, err
		}
		out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, delivery)
	}
	return out, nil
}

type deleteAttributesInput struct {
	AccessToken        text
	UserAttributeNames []string
}

func (in *deleteAttributesInput) check(c *constraints) {
	c.accessToken(in.AccessToken)
	if in.UserAttributeNames == nil {
		c.add("userAttributeNames", "not be null")
	}
}

// deleteUserAttributes removes attributes that the client may write.
func (p *Pool) deleteUserAttributes(c *call, in *deleteAttributesInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	gone := emptied(in.UserAttributeNames)
	if err := p.writable(b.client, gone); err != nil {
		return nil, err
	}
	return nil, p.removeAttributes(b.account, gone)
}

// removeAttributes removes attributes.
func (p *Pool) removeAttributes(of *account, gone []attribute) error {
	changes, err := p.judged(gone, of)
	if err != nil {
		return err
	}
	_, err = p.users.update(of.username, func(a *account) error {
		p.putAttributes(a, changes)
		return nil
	})
	return err
}

func emptied(names []string) []attribute {
	out := make([]attribute, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}
