package userpool

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

type attributeCodeInput struct {
	AccessToken    string      `rule:"token,required"`
	AttributeName  string      `rule:"attributeName,required"`
	ClientMetadata awsjson.Map `rule:"texts"`
}

// getUserAttributeVerificationCode mails a code that verifies the address.
func (p *Pool) getUserAttributeVerificationCode(c *call, in *attributeCodeInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if in.AttributeName != "email" {
		return nil, refusal.InvalidParameter("Invalid attribute name: %s", in.AttributeName)
	}
	address := b.account.Unproven("email")
	if address == "" {
		return nil, refusal.InvalidParameter("User does not have an email to verify.")
	}
	delivery, err := p.mailCode(c.ctx, b.account.Username, address, users.ForAttribute+"email")
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

type verifyAttributeInput struct {
	AccessToken   string `rule:"token,required"`
	AttributeName string `rule:"attributeName,required"`
	Code          string `rule:"attributeCode,required"`
}

// verifyUserAttribute verifies an address by its code, and completes a pending change of it.
func (p *Pool) verifyUserAttribute(c *call, in *verifyAttributeInput) (any, error) {
	b, err := p.authenticate(c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	name := in.AttributeName
	if name != "email" && name != "phone_number" {
		return nil, refusal.InvalidParameter("Invalid attribute name: %s", name)
	}
	_, err = p.users.Update(b.account.Username, func(a *users.Account) error {
		if err := a.UseCode(users.ForAttribute+name, a.Unproven(name), in.Code, p.now()); err != nil {
			return err
		}
		if value := a.Pending[name]; value != "" {
			a.Attributes[name] = value
			delete(a.Pending, name)
		}
		a.Attributes[name+"_verified"] = "true"
		a.Modified = p.now()
		return nil
	})
	return nil, err
}
