package userpool

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// edit changes a stored user and returns the result.
func (p *Pool) edit(a *users.Account, change func(*users.Account) error) (*users.Account, error) {
	return p.users.Update(a.Username, func(a *users.Account) error {
		a.Modified = p.now()
		return change(a)
	})
}

// adminUser is a user in AdminGetUser.
type adminUser struct {
	Username             string
	UserAttributes       []users.Attribute
	UserCreateDate       awsjson.Epoch
	UserLastModifiedDate awsjson.Epoch
	Enabled              bool
	UserStatus           string
}

func (p *Pool) adminGetUser(_ *call, _ *struct{}, a *users.Account) (any, error) {
	u := userTypeOf(a)
	return &adminUser{u.Username, u.Attributes, u.UserCreateDate, u.UserLastModifiedDate, u.Enabled, u.UserStatus}, nil
}

type adminPasswordInput struct {
	Password  string `rule:"password,required"`
	Permanent bool
}

// adminSetUserPassword sets a password; Permanent confirms the user.
func (p *Pool) adminSetUserPassword(c *call, in *adminPasswordInput, a *users.Account) (any, error) {
	if err := p.users.CheckPassword(in.Password); err != nil {
		return nil, err
	}
	verifier := p.users.Verifier(a.Username, in.Password)
	_, err := p.edit(a, func(a *users.Account) error {
		a.UsePassword(verifier, p.now())
		if !in.Permanent {
			a.Status, a.PasswordExpires = users.ForceChange, p.users.TemporaryExpiry()
		}
		return nil
	})
	return nil, err
}

type adminNamedInput struct {
	ClientMetadata awsjson.Map `rule:"texts"`
}

// adminResetUserPassword makes the old password useless and mails a code.
func (p *Pool) adminResetUserPassword(c *call, in *adminNamedInput, a *users.Account) (any, error) {
	if !p.isRecoverable() {
		return nil, refusal.NotAuthorized("User password cannot be reset in the current state.")
	}
	if _, err := p.mailReset(c, message{"ForgotPassword", triggers.NoClient, a, in.ClientMetadata}); err != nil {
		return nil, err
	}
	_, err := p.edit(a, func(a *users.Account) error {
		a.Status = users.ResetRequired
		return nil
	})
	return nil, err
}

type adminAttributesInput struct {
	UserAttributes []users.Attribute `rule:"attributes,required"`
	ClientMetadata awsjson.Map       `rule:"texts"`
}

// adminUpdateUserAttributes changes attributes at once, without codes. A changed address is
// verified only if the same call sets that it is.
func (p *Pool) adminUpdateUserAttributes(c *call, in *adminAttributesInput, a *users.Account) (any, error) {
	changes, err := p.users.CheckAttributes(in.UserAttributes, a)
	if err != nil {
		return nil, err
	}
	if err := users.CheckVerified(changes, a.Attributes); err != nil {
		return nil, err
	}
	_, err = p.edit(a, func(a *users.Account) error {
		// The change replaces one that waits for its code.
		maps.DeleteFunc(a.Pending, func(name, _ string) bool { _, ok := changes[name]; return ok })
		p.users.Put(a, changes)
		return nil
	})
	return nil, err
}

type adminDeleteAttributesInput struct {
	UserAttributeNames []string `rule:",required"`
}

func (p *Pool) adminDeleteUserAttributes(c *call, in *adminDeleteAttributesInput, a *users.Account) (any, error) {
	return nil, p.removeAttributes(a, emptied(in.UserAttributeNames))
}

// adminConfirmSignUp confirms a user without a code; nothing gets verified.
func (p *Pool) adminConfirmSignUp(c *call, in *adminNamedInput, a *users.Account) (any, error) {
	a, err := p.edit(a, func(a *users.Account) error {
		if a.Status != users.Unconfirmed {
			return refusal.NotConfirmable(a.Status)
		}
		a.Status = users.Confirmed
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, p.triggers.PostConfirmation(c.ctx, "ConfirmSignUp", triggers.NoClient, a, in.ClientMetadata)
}

// adminDisableUser disables a user and revokes the tokens.
func (p *Pool) adminDisableUser(_ *call, _ *struct{}, a *users.Account) (any, error) {
	p.tokens.RevokeUser(a.Username)
	return nil, p.setEnabled(a, false)
}

func (p *Pool) adminEnableUser(_ *call, _ *struct{}, a *users.Account) (any, error) {
	return nil, p.setEnabled(a, true)
}

func (p *Pool) setEnabled(a *users.Account, enabled bool) error {
	_, err := p.edit(a, func(a *users.Account) error {
		a.Enabled = enabled
		return nil
	})
	return err
}

func (p *Pool) adminUserGlobalSignOut(_ *call, _ *struct{}, a *users.Account) (any, error) {
	p.tokens.RevokeUser(a.Username)
	return nil, nil
}

func (p *Pool) adminDeleteUser(_ *call, _ *struct{}, a *users.Account) (any, error) {
	p.users.Remove(a.Username)
	p.tokens.RevokeUser(a.Username)
	return nil, nil
}

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
	return &userType{a.Username, users.List(a.AllAttributes()), awsjson.Epoch(a.Created),
		awsjson.Epoch(a.Modified), a.Enabled, a.Status}
}

type adminCreateOutput struct{ User *userType }

// adminCreateUser makes a user with a temporary password and mails an invitation, unless the
// message is suppressed or the mediums lack e-mail. The default medium is SMS.
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
	request := triggers.PreSignUpRequest{
		UserAttributes: given, ValidationData: asMap(in.ValidationData), ClientMetadata: in.ClientMetadata,
	}
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
	a, ok := p.users.Find(in.Username)
	if !ok {
		return nil, refusal.UserNotFound
	}
	c.sub = a.Sub
	if a.Status != users.ForceChange {
		return nil, awsjson.Fail("UnsupportedUserStateException", "Resend not possible. %s status is not %s",
			a.Username, users.ForceChange)
	}
	verifier := p.users.Verifier(a.Username, password)
	a, err := p.users.Update(a.Username, func(a *users.Account) error {
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
	m := message{"AdminCreateUser", triggers.NoClient, a, in.ClientMetadata}
	text := "Your username is " + in.Username + " and temporary password is " + password + "."
	return p.mail(c.ctx, m, CognitoMail{email, "Your temporary password", text, ""}, password, in.Username)
}
