package userpool

import (
	"fmt"
	"slices"
)

type signUpInput struct {
	ClientId       text
	SecretHash     text
	Username       text
	Password       text
	UserAttributes []attribute
	ValidationData []attribute
	ClientMetadata stringMap
}

func (in *signUpInput) check(c *constraints) {
	c.clientID(in.ClientId)
	c.username(in.Username)
	// Only a pool with native passwordless sign-in lets the password be absent,
	// and this is none: its clients send a random one.
	c.password("password", in.Password)
	c.attributes("userAttributes", in.UserAttributes)
	c.attributes("validationData", in.ValidationData)
	c.texts("clientMetadata", in.ClientMetadata)
}

type signUpOutput struct {
	UserConfirmed       bool
	UserSub             string
	CodeDeliveryDetails *codeDelivery `json:",omitempty"`
}

// signUp registers a user, asks PreSignUp about it and mails a code where the
// pool verifies addresses by itself.
func (p *Pool) signUp(c *call, in *signUpInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := p.checkSecretHash(client, in.SecretHash.value, in.Username.value); err != nil {
		return nil, err
	}
	if p.cfg.AdminCreateUserOnly {
		return nil, notAuthorized("SignUp is not permitted for this user pool")
	}
	if err := p.cfg.PasswordPolicy.check(in.Password.value); err != nil {
		return nil, err
	}
	if err := p.writable(client, in.UserAttributes); err != nil {
		return nil, err
	}
	a, given, err := p.draft(in.Username.value, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	if missing := p.missingRequired(a.attributes); len(missing) > 0 {
		return nil, invalidParameter("Attributes did not conform to the schema: %s", missingText(missing))
	}
	request := preSignUpRequest{given, asMap(in.ValidationData), in.ClientMetadata}
	said, err := p.preSignUp(c, "PreSignUp_SignUp", a.username, client.ID, request)
	if err != nil {
		return nil, err
	}
	if err := p.apply(said, a); err != nil {
		return nil, err
	}
	p.setPassword(a, in.Password.value)
	return p.finishSignUp(c, client, a, in.ClientMetadata)
}

// draft makes the account of a new user from the name and the attributes given,
// and returns the attributes as PreSignUp sees them. Where users sign up with an
// address, the name must be one and becomes the attribute, unjudged by the
// client's write attributes.
func (p *Pool) draft(username string, given []attribute) (*account, map[string]string, error) {
	attrs, err := p.judged(given, nil)
	if err != nil {
		return nil, nil, err
	}
	name, err := p.signUpAttribute(username)
	if err != nil {
		return nil, nil, err
	}
	if name == "" && p.looksLikeAlias(username) {
		return nil, nil, invalidParameter("Username cannot be of email format, since user pool is configured for email alias.")
	}
	if name != "" {
		if other, ok := attrs[name]; ok && p.users.fold(other) != p.users.fold(username) {
			return nil, nil, invalidParameter("The %s attribute differs from the username.", name)
		}
		attrs[name] = username
	}
	a := p.newAccount(username, map[string]string{})
	a.status = statusUnconfirmed
	p.putAttributes(a, attrs)
	for _, attr := range []string{"email", "phone_number"} {
		if a.attributes[attr] == "" {
			delete(a.attributes, attr+"_verified")
		}
	}
	if _, ok := p.users.find(username); ok {
		return nil, nil, errUsernameExists()
	}
	return a, attrs, nil
}

// signUpAttribute returns which attribute a username is, or "" where usernames
// are just names.
func (p *Pool) signUpAttribute(username string) (string, error) {
	email := slices.Contains(p.cfg.UsernameAttributes, "email")
	phone := slices.Contains(p.cfg.UsernameAttributes, "phone_number")
	switch {
	case !email && !phone:
		return "", nil
	case email && isEmail(username):
		return "email", nil
	case phone && isPhone(username):
		return "phone_number", nil
	case email && phone:
		return "", invalidParameter("Username should be either an email or a phone number.")
	case email:
		return "", invalidParameter("Username should be an email.")
	}
	return "", invalidParameter("Username should be a phone number.")
}

// looksLikeAlias reports whether a plain username could be mistaken for an alias.
func (p *Pool) looksLikeAlias(username string) bool {
	return slices.Contains(p.cfg.AliasAttributes, "email") && isEmail(username)
}

// apply carries out what PreSignUp said.
func (p *Pool) apply(said preSignUpResponse, a *account) error {
	for _, v := range []struct {
		on        bool
		name, arg string
	}{{said.AutoVerifyEmail, "email", "autoVerifyEmail"}, {said.AutoVerifyPhone, "phone_number", "autoVerifyPhone"}} {
		if !v.on {
			continue
		}
		if a.attributes[v.name] == "" {
			return fail("InvalidLambdaResponseException", "Invalid lambda function output : %s is set but the user has no %s", v.arg, v.name)
		}
		a.attributes[v.name+"_verified"] = "true"
	}
	if said.AutoConfirmUser {
		a.status = statusConfirmed
	}
	return nil
}

// finishSignUp stores the user, and then either tells PostConfirmation or mails a
// code.
func (p *Pool) finishSignUp(c *call, client *Client, a *account, metadata map[string]string) (any, error) {
	stored := a.clone()
	if !p.users.add(a, true) {
		return nil, errUsernameExists()
	}
	c.sub = stored.sub
	out := &signUpOutput{UserConfirmed: stored.status == statusConfirmed, UserSub: stored.sub}
	if out.UserConfirmed {
		return out, p.postConfirmation(c, "ConfirmSignUp", client.ID, stored, metadata)
	}
	if email := stored.attributes["email"]; email != "" && stored.attributes["email_verified"] != "true" && p.autoVerified("email") {
		var err error
		out.CodeDeliveryDetails, err = p.mailCode(c.ctx, stored.username, email, codeSignUp, signUpCodeLife)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type confirmSignUpInput struct {
	ClientId         text
	SecretHash       text
	Username         text
	ConfirmationCode text
	ClientMetadata   stringMap
}

func (in *confirmSignUpInput) check(c *constraints) {
	c.clientID(in.ClientId)
	c.username(in.Username)
	c.code(in.ConfirmationCode)
	c.texts("clientMetadata", in.ClientMetadata)
}

// confirmSignUp takes the code from the sign-up mail.
func (p *Pool) confirmSignUp(c *call, in *confirmSignUpInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	// For a user who doesn't exist a hiding client gets the answer for a code
	// that ran out.
	if a == nil {
		return nil, hidden(client, errCodeExpired())
	}
	if a.status != statusUnconfirmed {
		return nil, notAuthorized("User cannot be confirmed. Current status is %s", a.status)
	}
	a, err = p.users.update(a.username, func(a *account) error {
		if a.status != statusUnconfirmed {
			return notAuthorized("User cannot be confirmed. Current status is %s", a.status)
		}
		if err := a.useCode(codeSignUp, a.attributes["email"], in.ConfirmationCode.value, p.now()); err != nil {
			return err
		}
		a.status, a.modified = statusConfirmed, p.now()
		a.attributes["email_verified"] = "true"
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, p.postConfirmation(c, "ConfirmSignUp", client.ID, a, in.ClientMetadata)
}

type codeRequestInput struct {
	ClientId       text
	SecretHash     text
	Username       text
	ClientMetadata stringMap
}

func (in *codeRequestInput) check(c *constraints) {
	c.clientID(in.ClientId)
	c.username(in.Username)
	c.texts("clientMetadata", in.ClientMetadata)
}

type codeRequestOutput struct{ CodeDeliveryDetails *codeDelivery }

// resendConfirmationCode mails another sign-up code, which replaces the first.
func (p *Pool) resendConfirmationCode(c *call, in *codeRequestInput) (any, error) {
	client, a, err := p.named(c, in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return p.simulated(client, in.Username.value)
	}
	if a.status != statusUnconfirmed {
		return nil, invalidParameter("User is already confirmed.")
	}
	email := a.attributes["email"]
	if email == "" || !p.autoVerified("email") {
		return nil, invalidParameter("Cannot resend codes. Auto verification not turned on.")
	}
	delivery, err := p.mailCode(c.ctx, a.username, email, codeSignUp, signUpCodeLife)
	if err != nil {
		return nil, err
	}
	return &codeRequestOutput{delivery}, nil
}

// named finds the client and the user of an operation that names both. The
// account is nil for a name that nobody has.
func (p *Pool) named(c *call, clientID, secretHash, username text) (*Client, *account, error) {
	client, err := p.client(clientID)
	if err != nil {
		return nil, nil, err
	}
	if err := p.checkSecretHash(client, secretHash.value, username.value); err != nil {
		return nil, nil, err
	}
	a, ok := p.users.find(username.value)
	if !ok {
		return client, nil, nil
	}
	c.sub = a.sub
	return client, a, nil
}

// hidden is the answer about a user who doesn't exist: the truth, or what
// somebody who exists would get.
func hidden(client *Client, otherwise error) error {
	if client.PreventUserExistenceErrors {
		return otherwise
	}
	return errCombinationNotFound()
}

// simulated pretends to have mailed a code to a user who doesn't exist.
func (p *Pool) simulated(client *Client, name string) (any, error) {
	if !client.PreventUserExistenceErrors {
		return nil, errCombinationNotFound()
	}
	if !isEmail(name) {
		// A name says nothing about the address; a steady letter does.
		name = fmt.Sprintf("%c@%c", 'a'+p.fake("mask", name)[0]%26, 'a'+p.fake("mask", name)[1]%26)
	}
	return &codeRequestOutput{toEmail(name)}, nil
}

// asMap is nil for no attributes: an event then has null.
func asMap(attributes []attribute) map[string]string {
	if len(attributes) == 0 {
		return nil
	}
	m := make(map[string]string, len(attributes))
	for _, a := range attributes {
		m[a.Name] = a.Value
	}
	return m
}
