package userpool

import (
	"cmp"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

type adminCreateInput struct {
	adminInput
	UserAttributes         []users.Attribute `rule:"attributes"`
	ValidationData         []users.Attribute `rule:"attributes"`
	TemporaryPassword      string            `rule:"temporary"`
	MessageAction          string            `rule:"action"`
	DesiredDeliveryMediums []string          `rule:"medium"`
	ClientMetadata         awsjson.Map       `rule:"texts"`
}

// userType is a user in lists and in AdminCreateUser.
type userType struct {
	Username             string
	Attributes           []users.Attribute
	UserCreateDate       awsjson.Epoch
	UserLastModifiedDate awsjson.Epoch
	Enabled              bool
	UserStatus           string
}

func userTypeOf(a *users.Account) *userType {
	return &userType{a.Username, users.List(a.AllAttributes()), awsjson.Epoch(a.Created), awsjson.Epoch(a.Modified), a.Enabled, a.Status}
}

type adminCreateOutput struct{ User *userType }

// adminCreateUser makes a user with a temporary password and mails an invitation, unless the message is
// suppressed or the mediums lack e-mail. The default medium is SMS.
func (p *Pool) adminCreateUser(c *call, in *adminCreateInput) (any, error) {
	password := cmp.Or(in.TemporaryPassword, p.users.GeneratePassword())
	if err := p.users.CheckPassword(password); err != nil {
		return nil, err
	}
	if in.MessageAction == "RESEND" {
		return p.resendInvitation(c, in, password)
	}
	a, given, err := p.draft(in.Username, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	request := triggers.PreSignUpRequest{UserAttributes: given, ValidationData: asMap(in.ValidationData), ClientMetadata: in.ClientMetadata}
	// Cognito ignores the response here.
	if _, err := p.triggers.PreSignUp(c.ctx, "AdminCreateUser", a.Username, triggers.NoClient, request); err != nil {
		return nil, err
	}
	a.Status, a.PasswordExpires = users.ForceChange, p.users.TemporaryExpiry()
	a.Password = p.users.Verifier(a.Username, password)
	stored, ok := p.users.Add(a, false)
	if !ok {
		return nil, refusal.UsernameExists
	}
	c.sub = stored.Sub
	if in.MessageAction != "SUPPRESS" {
		if err := p.invite(c, in, stored, password); err != nil {
			return nil, err
		}
	}
	return &adminCreateOutput{userTypeOf(stored)}, nil
}

// resendInvitation mails a new temporary password to a user who has never signed in.
func (p *Pool) resendInvitation(c *call, in *adminCreateInput, password string) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if a.Status != users.ForceChange {
		return nil, awsjson.Fail("UnsupportedUserStateException", "Resend not possible. %s status is not %s",
			a.Username, users.ForceChange)
	}
	verifier := p.users.Verifier(a.Username, password)
	a, err = p.users.Update(a.Username, func(a *users.Account) error {
		a.Password, a.PasswordExpires, a.Modified = verifier, p.users.TemporaryExpiry(), p.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := p.invite(c, in, a, password); err != nil {
		return nil, err
	}
	return &adminCreateOutput{userTypeOf(a)}, nil
}

func (p *Pool) invite(c *call, in *adminCreateInput, a *users.Account, password string) error {
	email := a.Attributes["email"]
	if email == "" || !slices.Contains(in.DesiredDeliveryMediums, "EMAIL") {
		return nil
	}
	return p.deliver(c.ctx, email, "Your temporary password",
		"Your username is "+in.Username+" and temporary password is "+password+".")
}
