package userpool

import (
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

type operation struct {
	// isGuarded is true where Cognito requires a signature.
	isGuarded bool
	// limits lists what the emulation leaves out; empty means nothing that is known.
	limits string
	run    func(p *Pool, c *call, body []byte) (any, error)
}

// open makes an operation that needs no signature.
func open[T any](f func(*Pool, *call, *T) (any, error)) operation {
	return operation{run: func(p *Pool, c *call, body []byte) (any, error) {
		in, err := decode[T](body)
		if err != nil {
			return nil, err
		}
		return f(p, c, in)
	}}
}

func decode[T any](body []byte) (*T, error) {
	in := new(T)
	return in, model.Decode(body, in)
}

// ofBearer makes an operation for the user of an access token.
func ofBearer[T any](f func(*Pool, *call, *T, *bearer) (any, error)) operation {
	return operation{run: func(p *Pool, c *call, body []byte) (any, error) {
		named, err := decode[struct {
			AccessToken string `rule:"token,required"`
		}](body)
		if err != nil {
			return nil, err
		}
		return open(func(p *Pool, c *call, in *T) (any, error) {
			b, err := p.authenticate(c, named.AccessToken)
			if err != nil {
				return nil, err
			}
			return f(p, c, in, b)
		}).run(p, c, body)
	}}
}

// guarded makes an operation that IAM guards. All of them name the pool.
func guarded[T any](f func(*Pool, *call, *T) (any, error)) operation {
	return operation{isGuarded: true, run: func(p *Pool, c *call, body []byte) (any, error) {
		named, err := decode[struct {
			UserPoolId string `rule:"poolID,required"`
		}](body)
		if err != nil {
			return nil, err
		}
		if named.UserPoolId != p.cfg.ID {
			return nil, refusal.NoPool(named.UserPoolId)
		}
		return open(f).run(p, c, body)
	}}
}

// adminInput is the input of every guarded operation on one user.
type adminInput struct {
	Username string `rule:"username,required"`
}

// ofUser makes an operation that IAM guards, on a user whom it finds by username, sub or alias.
func ofUser[T any](f func(*Pool, *call, *T, *users.Account) (any, error)) operation {
	return operation{isGuarded: true, run: func(p *Pool, c *call, body []byte) (any, error) {
		return guarded(func(p *Pool, c *call, named *adminInput) (any, error) {
			return open(func(p *Pool, c *call, in *T) (any, error) {
				a, ok := p.users.Find(named.Username)
				if !ok {
					return nil, refusal.UserNotFound
				}
				c.sub = a.Sub
				return f(p, c, in, a)
			}).run(p, c, body)
		}).run(p, c, body)
	}}
}

// partly notes what the emulation of the operation leaves out.
func (o operation) partly(limits string) operation {
	o.limits = limits
	return o
}

const (
	noDevices = "no devices, no MFA, no USER_AUTH"
	mailOnly  = "codes go by e-mail only"
	// clientLimits are those of the two operations that take an app client's settings.
	clientLimits = "OAuth's and analytics' members are kept and have no effect"
)

// operations is the registry: everything that the pool answers.
var operations = sync.OnceValue(func() map[string]operation {
	return map[string]operation{
		"InitiateAuth":              open((*Pool).initiateAuth).partly(noDevices),
		"RespondToAuthChallenge":    open((*Pool).respondToAuthChallenge).partly(noDevices),
		"GetTokensFromRefreshToken": open((*Pool).getTokensFromRefreshToken).partly("no devices"),
		"RevokeToken":               open((*Pool).revokeToken),
		"GlobalSignOut":             ofBearer((*Pool).globalSignOut),

		"SignUp":                 open((*Pool).signUp).partly("no Session in the answer; " + mailOnly),
		"ConfirmSignUp":          open((*Pool).confirmSignUp).partly("no Session, no ForceAliasCreation"),
		"ResendConfirmationCode": open((*Pool).resendConfirmationCode).partly(mailOnly),
		"ForgotPassword":         open((*Pool).forgotPassword).partly(mailOnly),
		"ConfirmForgotPassword":  open((*Pool).confirmForgotPassword),

		"GetUser":                          ofBearer((*Pool).getUser).partly("no MFA settings"),
		"UpdateUserAttributes":             ofBearer((*Pool).updateUserAttributes).partly(mailOnly),
		"DeleteUserAttributes":             ofBearer((*Pool).deleteUserAttributes),
		"GetUserAttributeVerificationCode": ofBearer((*Pool).getUserAttributeVerificationCode).partly("email only"),
		"VerifyUserAttribute":              ofBearer((*Pool).verifyUserAttribute).partly("email only"),
		"ChangePassword":                   ofBearer((*Pool).changeOwnPassword).partly("no password history"),
		"DeleteUser":                       ofBearer((*Pool).deleteUser),

		"AdminInitiateAuth":           guarded((*Pool).initiateAuth).partly(noDevices),
		"AdminRespondToAuthChallenge": guarded((*Pool).respondToAuthChallenge).partly(noDevices),
		"AdminCreateUser":             guarded((*Pool).adminCreateUser).partly("no ForceAliasCreation; " + mailOnly),
		"AdminGetUser":                ofUser((*Pool).adminGetUser).partly("no MFA settings"),
		"AdminSetUserPassword":        ofUser((*Pool).adminSetUserPassword).partly("no password history"),
		"AdminResetUserPassword":      ofUser((*Pool).adminResetUserPassword).partly(mailOnly),
		"AdminUpdateUserAttributes":   ofUser((*Pool).adminUpdateUserAttributes),
		"AdminDeleteUserAttributes":   ofUser((*Pool).adminDeleteUserAttributes),
		"AdminConfirmSignUp":          ofUser((*Pool).adminConfirmSignUp),
		"AdminDisableUser":            ofUser((*Pool).adminDisableUser),
		"AdminEnableUser":             ofUser((*Pool).adminEnableUser),
		"AdminDeleteUser":             ofUser((*Pool).adminDeleteUser),
		"AdminUserGlobalSignOut":      ofUser((*Pool).adminUserGlobalSignOut),

		"ListUsers":              guarded((*Pool).listUsers),
		"ListUserPoolClients":    guarded((*Pool).listUserPoolClients),
		"DescribeUserPool":       guarded((*Pool).describeUserPool).partly("the settings that this emulation has"),
		"UpdateUserPool":         raw((*Pool).updateUserPool).partly("sign-ins go on by the settings of the start"),
		"GetUserPoolMfaConfig":   guarded((*Pool).getUserPoolMfaConfig).partly("MfaConfiguration alone"),
		"DescribeUserPoolClient": guarded((*Pool).describeUserPoolClient).partly("the settings that this emulation has"),
		"CreateUserPoolClient":   raw((*Pool).createUserPoolClient).partly(clientLimits),
		"UpdateUserPoolClient":   raw((*Pool).updateUserPoolClient).partly(clientLimits),
		"DeleteUserPoolClient":   guarded((*Pool).deleteUserPoolClient),
	}
})

// Operation is an entry of the registry. Limits lists what the emulation leaves out; empty means
// nothing that is known.
type Operation struct{ Name, Limits string }

// Operations lists what the pool answers, by name.
func Operations() []Operation {
	var all []Operation
	for _, name := range slices.Sorted(maps.Keys(operations())) {
		all = append(all, Operation{name, operations()[name].limits})
	}
	return all
}

const maxListed = 60

// model is the part of Cognito's API model that requests are checked against.
var model = awsjson.Model{Exception: "InvalidParameterException", Rules: map[string]awsjson.Rule{
	"poolID":   {Min: 1, Max: 55, Pattern: config.PoolID, Shown: `[\w-]+_[0-9a-zA-Z]+`},
	"clientID": {Min: 1, Max: 128, Pattern: config.ClientID, Shown: `[\w+]+`},
	"username": {Min: 1, Max: 128, Pattern: regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`),
		Shown: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
	"password":       users.PasswordRule,
	"temporary":      {Max: users.PasswordRule.Max},
	"token":          {Pattern: regexp.MustCompile(`^[A-Za-z0-9\-_=.]+$`), Shown: `[A-Za-z0-9-_=.]+`},
	"session":        {Min: session.MinLength, Max: session.MaxLength},
	"code":           {Min: 1, Max: 2048, Pattern: regexp.MustCompile(`^\S+$`), Shown: `[\S]+`},
	"attributeCode":  {Min: 1, Max: 2048},
	"attributes":     {},
	"attributeName":  {Min: 1, Max: 32},
	"attributeValue": {Max: 2048},
	"texts":          {Max: 131072},
	"filter":         {Max: 256},
	"page":           {Min: 1, Max: 131072},
	"limit":          {Max: maxListed},
	"maxResults":     {Min: 1, Max: maxListed},
	"clientName":     {Min: 1, Max: 128, Pattern: regexp.MustCompile(`^[\w\s+=,.@-]+$`), Shown: `[\w\s+=,.@-]+`},
	"existence":      {Enum: []string{"LEGACY", "ENABLED"}},
	"authFlow": {Enum: []string{"ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH",
		"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH",
		"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"}},
	"action": {Enum: []string{"RESEND", "SUPPRESS"}},
	"medium": {Enum: []string{"SMS", "EMAIL"}},
	"flow": {Enum: []string{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH",
		"ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH"}},
	"challenge": {Enum: []string{"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP",
		"PASSWORD_VERIFIER", "CUSTOM_CHALLENGE", "SELECT_CHALLENGE", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
		"ADMIN_NO_SRP_AUTH", "NEW_PASSWORD_REQUIRED", "SMS_OTP", "PASSWORD", "WEB_AUTHN", "PASSWORD_SRP"}},
}}
