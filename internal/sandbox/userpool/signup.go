package userpool

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

type signUpInput struct {
	ClientId       string `rule:"clientID,required"`
	SecretHash     string
	Username       string            `rule:"username,required"`
	Password       string            `rule:"password,required"`
	UserAttributes []users.Attribute `rule:"attributes"`
	ValidationData []users.Attribute `rule:"attributes"`
	ClientMetadata awsjson.Map       `rule:"texts"`
}

type signUpOutput struct {
	UserConfirmed       bool
	UserSub             string
	CodeDeliveryDetails *codeDelivery `json:",omitempty"`
}

// signUp registers a user, after PreSignUp, and mails a code where the pool verifies addresses
// itself.
func (p *Pool) signUp(c *call, in *signUpInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := checkSecretHash(client, in.SecretHash, in.Username); err != nil {
		return nil, err
	}
	if p.cfg.AdminCreateUserOnly {
		return nil, refusal.NotAuthorized("SignUp is not permitted for this user pool")
	}
	if err := p.users.CheckPassword(in.Password); err != nil {
		return nil, err
	}
	if err := p.users.CheckWritable(client, in.UserAttributes); err != nil {
		return nil, err
	}
	a, given, err := p.draft(in.Username, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	if err := p.users.CheckComplete(a.Attributes); err != nil {
		return nil, err
	}
	request := triggers.PreSignUpRequest{
		UserAttributes: given, ValidationData: asMap(in.ValidationData), ClientMetadata: in.ClientMetadata,
	}
	response, err := p.triggers.PreSignUp(c.ctx, "SignUp", a.Username, client.ID, request)
	if err != nil {
		return nil, err
	}
	if err := applyPreSignUp(response, a); err != nil {
		return nil, err
	}
	a.Password = p.users.Verifier(a.Username, in.Password)
	return p.finishSignUp(c, client, a, in.ClientMetadata)
}

// draft makes the account of a new user and returns the attributes that PreSignUp receives. Where
// users sign up with an address, the name becomes that attribute, whatever the client may write.
func (p *Pool) draft(username string, given []users.Attribute) (*users.Account, map[string]string, error) {
	attrs, err := p.users.CheckAttributes(given, nil)
	if err != nil {
		return nil, nil, err
	}
	name, err := p.signUpAttribute(username)
	if err != nil {
		return nil, nil, err
	}
	if other, ok := attrs[name]; ok && p.users.Fold(other) != p.users.Fold(username) {
		return nil, nil, refusal.InvalidParameter(
			"User %s should be empty or same as username, since username attribute is %s.", name, name)
	}
	if name != "" {
		attrs[name] = username
	}
	if err := users.CheckVerified(attrs, nil); err != nil {
		return nil, nil, err
	}
	a := p.users.NewAccount(username, map[string]string{})
	a.Status = users.Unconfirmed
	p.users.Put(a, attrs)
	if _, ok := p.users.Find(username); ok {
		return nil, nil, refusal.UsernameExists
	}
	return a, attrs, nil
}

// signUpAttribute returns the attribute that a username is, or "" where usernames are plain names.
func (p *Pool) signUpAttribute(username string) (string, error) {
	has := func(list []string, name string) bool { return slices.Contains(list, name) }
	email, phone := has(p.cfg.UsernameAttributes, "email"), has(p.cfg.UsernameAttributes, "phone_number")
	switch {
	case email && users.IsEmail(username):
		return "email", nil
	case phone && users.IsPhone(username):
		return "phone_number", nil
	case email && phone:
		return "", refusal.InvalidParameter("Username should be either an email or a phone number.")
	case email:
		return "", refusal.InvalidParameter("Username should be an email.")
	case phone:
		return "", refusal.InvalidParameter("Username should be a phone number.")
	case has(p.cfg.AliasAttributes, "email") && users.IsEmail(username):
		return "", refusal.InvalidParameter(
			"Username cannot be of email format, since user pool is configured for email alias.")
	case has(p.cfg.AliasAttributes, "phone_number") && users.IsPhone(username):
		return "", refusal.InvalidParameter(
			"Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return "", nil
}

// applyPreSignUp changes the account as PreSignUp's response demands.
func applyPreSignUp(response triggers.PreSignUpResponse, a *users.Account) error {
	for _, v := range []struct {
		isOn      bool
		name, arg string
	}{
		{response.AutoVerifyEmail, "email", "autoVerifyEmail"},
		{response.AutoVerifyPhone, "phone_number", "autoVerifyPhone"},
	} {
		if !v.isOn {
			continue
		}
		if a.Attributes[v.name] == "" {
			return refusal.InvalidOutput("%s is set but the user has no %s", v.arg, v.name)
		}
		a.Attributes[v.name+"_verified"] = "true"
	}
	if response.AutoConfirmUser {
		a.Status = users.Confirmed
	}
	return nil
}

// finishSignUp stores the user, then calls PostConfirmation or mails a code.
func (p *Pool) finishSignUp(c *call, client *Client, a *users.Account, metadata map[string]string) (any, error) {
	stored, ok := p.users.Add(a, true)
	if !ok {
		return nil, refusal.UsernameExists
	}
	c.sub = stored.Sub
	out := &signUpOutput{UserConfirmed: stored.Status == users.Confirmed, UserSub: stored.Sub}
	if out.UserConfirmed {
		return out, p.triggers.PostConfirmation(c.ctx, "ConfirmSignUp", client.ID, stored, metadata)
	}
	email, isProven := stored.Attributes["email"], stored.Attributes["email_verified"] == "true"
	if email != "" && !isProven && p.isAutoVerified("email") {
		var err error
		out.CodeDeliveryDetails, err = p.mailCode(c.ctx, message{"SignUp", client.ID, stored, metadata}, email,
			users.ForSignUp)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type confirmSignUpInput struct {
	ClientId         string `rule:"clientID,required"`
	SecretHash       string
	Username         string      `rule:"username,required"`
	ConfirmationCode string      `rule:"code,required"`
	ClientMetadata   awsjson.Map `rule:"texts"`
}

// confirmSignUp confirms a user by the code from the sign-up mail.
func (p *Pool) confirmSignUp(c *call, in *confirmSignUpInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	// A client that hides who exists gets the error for an expired code.
	if a == nil {
		return nil, hidden(client, refusal.CodeExpired)
	}
	if a.Status != users.Unconfirmed {
		return nil, refusal.NotConfirmable(a.Status)
	}
	a, err = p.users.Update(a.Username, func(a *users.Account) error {
		if a.Status != users.Unconfirmed {
			return refusal.NotConfirmable(a.Status)
		}
		if err := a.UseCode(users.ForSignUp, a.Attributes["email"], in.ConfirmationCode, p.now()); err != nil {
			return err
		}
		a.Status, a.Modified = users.Confirmed, p.now()
		a.Attributes["email_verified"] = "true"
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, p.triggers.PostConfirmation(c.ctx, "ConfirmSignUp", client.ID, a, in.ClientMetadata)
}

type codeRequestInput struct {
	ClientId       string `rule:"clientID,required"`
	SecretHash     string
	Username       string      `rule:"username,required"`
	ClientMetadata awsjson.Map `rule:"texts"`
}

type codeRequestOutput struct{ CodeDeliveryDetails *codeDelivery }

// resendConfirmationCode mails another sign-up code, which replaces the first.
func (p *Pool) resendConfirmationCode(c *call, in *codeRequestInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return p.simulated(client, in.Username)
	}
	if a.Status != users.Unconfirmed {
		return nil, refusal.InvalidParameter("User is already confirmed.")
	}
	email := a.Attributes["email"]
	if email == "" || !p.isAutoVerified("email") {
		return nil, refusal.InvalidParameter("Cannot resend codes. Auto verification not turned on.")
	}
	m := message{"ResendCode", client.ID, a, in.ClientMetadata}
	delivery, err := p.mailCode(c.ctx, m, email, users.ForSignUp)
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

// named finds the client and the user of an operation that names both. The account is nil for an
// unknown name.
func (p *Pool) named(c *call, clientID, secretHash, username string) (*Client, *users.Account, error) {
	client, err := p.client(clientID)
	if err != nil {
		return nil, nil, err
	}
	if err := checkSecretHash(client, secretHash, username); err != nil {
		return nil, nil, err
	}
	a, ok := p.users.Find(username)
	if !ok {
		return client, nil, nil
	}
	c.sub = a.Sub
	return client, a, nil
}

// hidden is the error for an unknown user: CombinationNotFound, or otherwise for a client that
// hides who exists.
func hidden(client *Client, otherwise error) error {
	if client.PreventUserExistenceErrors {
		return otherwise
	}
	return refusal.CombinationNotFound
}

// simulated is the output for an unknown user at a client that hides who exists: no code is mailed.
func (p *Pool) simulated(client *Client, name string) (any, error) {
	if !client.PreventUserExistenceErrors {
		return nil, refusal.CombinationNotFound
	}
	if !users.IsEmail(name) {
		name = fmt.Sprintf("%c@%c", 'a'+p.fake("mask", name)[0]%26, 'a'+p.fake("mask", name)[1]%26)
	}
	return &codeRequestOutput{toEmail(name)}, nil
}

// asMap returns nil for no attributes: the event has null then.
func asMap(attributes []users.Attribute) map[string]string {
	if len(attributes) == 0 {
		return nil
	}
	m := make(map[string]string, len(attributes))
	for _, a := range attributes {
		m[a.Name] = a.Value
	}
	return m
}

// codeDelivery is the destination of a mailed code.
type codeDelivery struct{ Destination, DeliveryMedium, AttributeName string }

// toEmail is the delivery to an address, masked as "f***@e***".
func toEmail(address string) *codeDelivery {
	first := func(s string) string {
		for _, r := range s {
			return string(r)
		}
		return ""
	}
	local, host, _ := strings.Cut(address, "@")
	return &codeDelivery{first(local) + "***@" + first(host) + "***", "EMAIL", "email"}
}

func (p *Pool) mailCode(ctx context.Context, m message, address, purpose string) (*codeDelivery, error) {
	code, err := p.users.NewCode(m.account.Username, address, purpose)
	if err != nil {
		return nil, err
	}
	kind := "confirmation"
	if purpose == users.ForReset {
		kind = "password reset"
	}
	own := CognitoMail{address, "Your verification code", "Your " + kind + " code is " + code, ""}
	if err := p.mail(ctx, m, own, code, ""); err != nil {
		return nil, err
	}
	return toEmail(address), nil
}

// isAutoVerified reports whether the pool mails codes for an attribute. Telephones get none: there
// is no SMS.
func (p *Pool) isAutoVerified(attr string) bool {
	return attr == "email" && slices.Contains(p.cfg.AutoVerifiedAttributes, attr)
}
