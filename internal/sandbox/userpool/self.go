package userpool

import (
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// bearer is the user and the client of an access token.
type bearer struct {
	account *users.Account
	client  *Client
}

// authenticate checks an access token and finds its user.
func (p *Pool) authenticate(c *call, token string) (*bearer, error) {
	g, err := p.tokens.Authenticate(token)
	if err != nil {
		return nil, err
	}
	a, ok := p.users.Find(g.Username)
	if !ok {
		return nil, refusal.UserNotFound
	}
	if !a.Enabled {
		return nil, refusal.UserDisabled
	}
	client := p.clients.Find(g.Client)
	if client == nil { // deleted since it was issued the token
		return nil, refusal.InvalidAccessToken
	}
	c.sub = a.Sub
	return &bearer{account: a, client: client}, nil
}

type getUserOutput struct {
	Username       string
	UserAttributes []users.Attribute
}

// getUser returns what the client may read of the token's user.
func (p *Pool) getUser(_ *call, _ *struct{}, b *bearer) (any, error) {
	return &getUserOutput{b.account.Username, users.List(p.users.Readable(b.client, b.account))}, nil
}

// globalSignOut ends every grant of the token's user.
func (p *Pool) globalSignOut(_ *call, _ *struct{}, b *bearer) (any, error) {
	p.tokens.RevokeUser(b.account.Username)
	return nil, nil
}

// deleteUser removes the token's user.
func (p *Pool) deleteUser(_ *call, _ *struct{}, b *bearer) (any, error) {
	p.users.Remove(b.account.Username)
	p.tokens.RevokeUser(b.account.Username)
	return nil, nil
}

type changePasswordInput struct {
	PreviousPassword string `rule:"password,required"`
	ProposedPassword string `rule:"password,required"`
}

// changeOwnPassword replaces the password of the token's user, who must send the old one.
func (p *Pool) changeOwnPassword(c *call, in *changePasswordInput, b *bearer) (any, error) {
	if err := p.checkPassword(b.account, in.PreviousPassword); err != nil {
		return nil, err
	}
	if err := p.users.CheckPassword(in.ProposedPassword); err != nil {
		return nil, err
	}
	verifier := p.users.Verifier(b.account.Username, in.ProposedPassword)
	_, err := p.users.Update(b.account.Username, func(a *users.Account) error {
		a.UsePassword(verifier, p.now())
		return nil
	})
	return nil, err
}

type updateAttributesInput struct {
	UserAttributes []users.Attribute `rule:"attributes,required"`
	ClientMetadata awsjson.Map       `rule:"texts"`
}

type updateAttributesOutput struct{ CodeDeliveryDetailsList []*codeDelivery }

// updateUserAttributes changes attributes that the client may write. A new address is unverified;
// where the pool requires proof before the change, the old one stays until VerifyUserAttribute.
func (p *Pool) updateUserAttributes(c *call, in *updateAttributesInput, b *bearer) (any, error) {
	if err := p.users.CheckWritable(b.client, in.UserAttributes); err != nil {
		return nil, err
	}
	changes, err := p.users.CheckAttributes(in.UserAttributes, b.account)
	if err != nil {
		return nil, err
	}
	return p.changeAttributes(c, message{"UpdateUserAttribute", b.client.ID, b.account, in.ClientMetadata}, changes)
}

// changeAttributes stores a user's own change and mails the code for it.
func (p *Pool) changeAttributes(c *call, m message, changes map[string]string) (any, error) {
	old := m.account
	held := map[string]string{}
	for _, attr := range []string{"email", "phone_number"} {
		value, ok := changes[attr]
		needsProof := slices.Contains(p.cfg.AttributesRequireVerificationBeforeUpdate, attr)
		if ok && value != "" && value != old.Attributes[attr] && needsProof {
			held[attr] = value
			delete(changes, attr)
		}
	}
	a, err := p.users.Update(old.Username, func(a *users.Account) error {
		p.users.Put(a, changes)
		for attr, value := range held {
			if a.Pending == nil {
				a.Pending = map[string]string{}
			}
			a.Pending[attr] = value
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &updateAttributesOutput{CodeDeliveryDetailsList: []*codeDelivery{}}
	address, changed := held["email"], held["email"] != ""
	if !changed && changes["email"] != "" && changes["email"] != old.Attributes["email"] {
		address, changed = a.Attributes["email"], true
	}
	if changed && p.isAutoVerified("email") {
		m.account = a
		delivery, err := p.mailCode(c.ctx, m, address, users.ForAttribute+"email")
		if err != nil {
			return nil, err
		}
		out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, delivery)
	}
	return out, nil
}

type deleteAttributesInput struct {
	UserAttributeNames []string `rule:",required"`
}

// deleteUserAttributes removes attributes that the client may write.
func (p *Pool) deleteUserAttributes(c *call, in *deleteAttributesInput, b *bearer) (any, error) {
	gone := emptied(in.UserAttributeNames)
	if err := p.users.CheckWritable(b.client, gone); err != nil {
		return nil, err
	}
	return nil, p.removeAttributes(b.account, gone)
}

func (p *Pool) removeAttributes(of *users.Account, gone []users.Attribute) error {
	changes, err := p.users.CheckAttributes(gone, of)
	if err != nil {
		return err
	}
	_, err = p.users.Update(of.Username, func(a *users.Account) error {
		p.users.Put(a, changes)
		return nil
	})
	return err
}

func emptied(names []string) []users.Attribute {
	out := make([]users.Attribute, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

type attributeCodeInput struct {
	AttributeName  string      `rule:"attributeName,required"`
	ClientMetadata awsjson.Map `rule:"texts"`
}

// getUserAttributeVerificationCode mails a code that verifies the address.
func (p *Pool) getUserAttributeVerificationCode(c *call, in *attributeCodeInput, b *bearer) (any, error) {
	if in.AttributeName != "email" {
		return nil, refusal.InvalidParameter("Invalid attribute name: %s", in.AttributeName)
	}
	address := b.account.Unproven("email")
	if address == "" {
		return nil, refusal.InvalidParameter("User does not have an email to verify.")
	}
	m := message{"VerifyUserAttribute", b.client.ID, b.account, in.ClientMetadata}
	delivery, err := p.mailCode(c.ctx, m, address, users.ForAttribute+"email")
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

type verifyAttributeInput struct {
	AttributeName string `rule:"attributeName,required"`
	Code          string `rule:"attributeCode,required"`
}

// verifyUserAttribute verifies an address by its code, and completes a pending change of it.
func (p *Pool) verifyUserAttribute(c *call, in *verifyAttributeInput, b *bearer) (any, error) {
	name := in.AttributeName
	if name != "email" && name != "phone_number" {
		return nil, refusal.InvalidParameter("Invalid attribute name: %s", name)
	}
	_, err := p.users.Update(b.account.Username, func(a *users.Account) error {
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
