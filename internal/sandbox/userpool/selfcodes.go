package userpool

import (
	"cmp"
	"strings"
)

type attributeCodeInput struct {
	AccessToken    text
	AttributeName  text
	ClientMetadata stringMap
}

func (in *attributeCodeInput) check(c *constraints) {
	c.accessToken(in.AccessToken)
	c.required("attributeName", in.AttributeName, 1, 32)
}

// getUserAttributeVerificationCode mails a code that verifies the address.
func (p *Pool) getUserAttributeVerificationCode(c *call, in *attributeCodeInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if in.AttributeName.value != "email" {
		return nil, invalidParameter("Invalid attribute name: %s", in.AttributeName.value)
	}
	address := b.account.unproven("email")
	if address == "" {
		return nil, invalidParameter("User does not have an email to verify.")
	}
	delivery, err := p.mailCode(c.ctx, b.account.username, address, codeAttribute+"email", attributeCodeLife)
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

// unproven returns the value that a code for an attribute is about: a held change,
// or else what is stored.
func (a *account) unproven(attr string) string {
	return cmp.Or(a.pending[attr], a.attributes[attr])
}

type verifyAttributeInput struct {
	AccessToken   text
	AttributeName text
	Code          text
}

func (in *verifyAttributeInput) check(c *constraints) {
	c.accessToken(in.AccessToken)
	c.required("attributeName", in.AttributeName, 1, 32)
	c.required("code", in.Code, 1, maxCode)
}

// verifyUserAttribute takes the code for an address, and with it a held change.
func (p *Pool) verifyUserAttribute(c *call, in *verifyAttributeInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	name := in.AttributeName.value
	if !strings.HasPrefix(name, "email") && !strings.HasPrefix(name, "phone_number") {
		return nil, invalidParameter("Invalid attribute name: %s", name)
	}
	_, err = p.users.update(b.account.username, func(a *account) error {
		if err := a.useCode(codeAttribute+name, a.unproven(name), in.Code.value, p.now()); err != nil {
			return err
		}
		if value := a.pending[name]; value != "" {
			a.attributes[name] = value
			delete(a.pending, name)
		}
		a.attributes[name+"_verified"] = "true"
		a.modified = p.now()
		return nil
	})
	return nil, err
}
