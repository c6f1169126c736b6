package userpool

import (
	"maps"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// adminInput is the input of every operation on one user.
type adminInput struct {
	Username string `rule:"username,required"`
}

// adminSubject finds the user of an operation by username, sub or alias.
func (p *Pool) adminSubject(c *call, username string) (*users.Account, error) {
	a, ok := p.users.Find(username)
	if !ok {
		return nil, refusal.UserNotFound
	}
	c.sub = a.Sub
	return a, nil
}

// edit changes the user of an operation.
func (p *Pool) edit(c *call, username string, change func(*users.Account) error) error {
	a, err := p.adminSubject(c, username)
	if err != nil {
		return err
	}
	_, err = p.users.Update(a.Username, func(a *users.Account) error {
		a.Modified = p.now()
		return change(a)
	})
	return err
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

func (p *Pool) adminGetUser(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	u := userTypeOf(a)
	return &adminUser{u.Username, u.Attributes, u.UserCreateDate, u.UserLastModifiedDate, u.Enabled, u.UserStatus}, nil
}

type adminPasswordInput struct {
	adminInput
	Password  string `rule:"password,required"`
	Permanent bool
}

// adminSetUserPassword sets a password; Permanent confirms the user.
func (p *Pool) adminSetUserPassword(c *call, in *adminPasswordInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if err := p.users.CheckPassword(in.Password); err != nil {
		return nil, err
	}
	verifier := p.users.Verifier(a.Username, in.Password)
	return nil, p.edit(c, in.Username, func(a *users.Account) error {
		a.UsePassword(verifier, p.now())
		if !in.Permanent {
			a.Status, a.PasswordExpires = users.ForceChange, p.users.TemporaryExpiry()
		}
		return nil
	})
}

type adminNamedInput struct {
	adminInput
	ClientMetadata awsjson.Map `rule:"texts"`
}

// adminResetUserPassword makes the old password useless and mails a code.
func (p *Pool) adminResetUserPassword(c *call, in *adminNamedInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	if !p.isRecoverable() {
		return nil, refusal.NotAuthorized("User password cannot be reset in the current state.")
	}
	if _, err := p.mailReset(c, a); err != nil {
		return nil, err
	}
	return nil, p.edit(c, in.Username, func(a *users.Account) error {
		a.Status = users.ResetRequired
		return nil
	})
}

type adminAttributesInput struct {
	adminInput
	UserAttributes []users.Attribute `rule:"attributes,required"`
	ClientMetadata awsjson.Map       `rule:"texts"`
}

// adminUpdateUserAttributes changes attributes at once, without codes. A changed address is verified only
// if the same call sets that it is.
func (p *Pool) adminUpdateUserAttributes(c *call, in *adminAttributesInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	changes, err := p.users.CheckAttributes(in.UserAttributes, a)
	if err != nil {
		return nil, err
	}
	if err := users.CheckVerified(changes, a.Attributes); err != nil {
		return nil, err
	}
	return nil, p.edit(c, in.Username, func(a *users.Account) error {
		// The change replaces one that waits for its code.
		maps.DeleteFunc(a.Pending, func(name, _ string) bool { _, ok := changes[name]; return ok })
		p.users.Put(a, changes)
		return nil
	})
}

type adminDeleteAttributesInput struct {
	adminInput
	UserAttributeNames []string `rule:",required"`
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
	err := p.edit(c, in.Username, func(a *users.Account) error {
		if a.Status != users.Unconfirmed {
			return refusal.NotConfirmable(a.Status)
		}
		a.Status = users.Confirmed
		return nil
	})
	if err != nil {
		return nil, err
	}
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	return nil, p.triggers.PostConfirmation(c.ctx, "ConfirmSignUp", triggers.NoClient, a, in.ClientMetadata)
}

// adminDisableUser disables a user and revokes the tokens.
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
	return p.edit(c, in.Username, func(a *users.Account) error {
		a.Enabled = enabled
		return nil
	})
}

func (p *Pool) adminUserGlobalSignOut(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	p.tokens.RevokeUser(a.Username)
	return nil, nil
}

func (p *Pool) adminDeleteUser(c *call, in *adminInput) (any, error) {
	a, err := p.adminSubject(c, in.Username)
	if err != nil {
		return nil, err
	}
	p.users.Remove(a.Username)
	p.tokens.RevokeUser(a.Username)
	return nil, nil
}
