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

// operation is an operation of the API.
type operation struct {
	// isGuarded is true where Cognito requires a signature.
	isGuarded bool
	// limits says what the emulation leaves out; empty means nothing that is known.
	limits string
	run    func(p *Pool, c *call, body []byte) (any, error)
}

// open makes an operation that needs no signature.
func open[T any](f func(*Pool, *call, *T) (any, error)) operation {
	return operation{run: func(p *Pool, c *call, body []byte) (any, error) {
		in := new(T)
		if err := model.Decode(body, in); err != nil {
			return nil, err
		}
		return f(p, c, in)
	}}
}

// guarded makes an operation that IAM guards. All of them name the pool.
func guarded[T any](f func(*Pool, *call, *T) (any, error)) operation {
	return operation{isGuarded: true, run: func(p *Pool, c *call, body []byte) (any, error) {
		var named struct {
			UserPoolId string `rule:"poolID,required"`
		}
		if err := model.Decode(body, &named); err != nil {
			return nil, err
		}
		if named.UserPoolId != p.cfg.ID {
			return nil, refusal.NoPool(named.UserPoolId)
		}
		return open(f).run(p, c, body)
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
)

// operations is the registry: everything that the pool answers.
var operations = sync.OnceValue(func() map[string]operation {
	return map[string]operation{
		"InitiateAuth":              open((*Pool).initiateAuth).partly(noDevices),
		"RespondToAuthChallenge":    open((*Pool).respondToAuthChallenge).partly(noDevices),
		"GetTokensFromRefreshToken": open((*Pool).getTokensFromRefreshToken).partly("no devices"),
		"RevokeToken":               open((*Pool).revokeToken),
		"GlobalSignOut":             open((*Pool).globalSignOut),

		"SignUp":                 open((*Pool).signUp).partly("no Session in the answer; " + mailOnly),
		"ConfirmSignUp":          open((*Pool).confirmSignUp).partly("no Session, no ForceAliasCreation"),
		"ResendConfirmationCode": open((*Pool).resendConfirmationCode).partly(mailOnly),
		"ForgotPassword":         open((*Pool).forgotPassword).partly(mailOnly),
		"ConfirmForgotPassword":  open((*Pool).confirmForgotPassword),

		"GetUser":                          open((*Pool).getUser).partly("no MFA settings"),
		"UpdateUserAttributes":             open((*Pool).updateUserAttributes).partly(mailOnly),
		"DeleteUserAttributes":             open((*Pool).deleteUserAttributes),
		"GetUserAttributeVerificationCode": open((*Pool).getUserAttributeVerificationCode).partly("email only"),
		"VerifyUserAttribute":              open((*Pool).verifyUserAttribute).partly("email only"),
		"ChangePassword":                   open((*Pool).changeOwnPassword).partly("no password history"),
		"DeleteUser":                       open((*Pool).deleteUser),

		"AdminInitiateAuth":           guarded((*Pool).initiateAuth).partly(noDevices),
		"AdminRespondToAuthChallenge": guarded((*Pool).respondToAuthChallenge).partly(noDevices),
		"AdminCreateUser":             guarded((*Pool).adminCreateUser).partly("no ForceAliasCreation; " + mailOnly),
		"AdminGetUser":                guarded((*Pool).adminGetUser).partly("no MFA settings"),
		"AdminSetUserPassword":        guarded((*Pool).adminSetUserPassword).partly("no password history"),
		"AdminResetUserPassword":      guarded((*Pool).adminResetUserPassword).partly(mailOnly),
		"AdminUpdateUserAttributes":   guarded((*Pool).adminUpdateUserAttributes),
		"AdminDeleteUserAttributes":   guarded((*Pool).adminDeleteUserAttributes),
		"AdminConfirmSignUp":          guarded((*Pool).adminConfirmSignUp),
		"AdminDisableUser":            guarded((*Pool).adminDisableUser),
		"AdminEnableUser":             guarded((*Pool).adminEnableUser),
		"AdminDeleteUser":             guarded((*Pool).adminDeleteUser),
		"AdminUserGlobalSignOut":      guarded((*Pool).adminUserGlobalSignOut),

		"ListUsers":              guarded((*Pool).listUsers),
		"ListUserPoolClients":    guarded((*Pool).listUserPoolClients).partly("one page"),
		"DescribeUserPool":       guarded((*Pool).describeUserPool).partly("what this emulation knows of"),
		"DescribeUserPoolClient": guarded((*Pool).describeUserPoolClient).partly("what this emulation knows of"),
	}
})

// Operation is an entry of the registry. Limits says what the emulation leaves out; empty means nothing
// that is known.
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
	"poolID":         {Min: 1, Max: 55, Pattern: config.PoolID, Shown: `[\w-]+_[0-9a-zA-Z]+`},
	"clientID":       {Min: 1, Max: 128, Pattern: config.ClientID, Shown: `[\w+]+`},
	"username":       {Min: 1, Max: 128, Pattern: regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`), Shown: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
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
	"action":         {Enum: []string{"RESEND", "SUPPRESS"}},
	"medium":         {Enum: []string{"SMS", "EMAIL"}},
	"flow": {Enum: []string{"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH",
		"ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH"}},
	"challenge": {Enum: []string{"SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP",
		"PASSWORD_VERIFIER", "CUSTOM_CHALLENGE", "SELECT_CHALLENGE", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
		"ADMIN_NO_SRP_AUTH", "NEW_PASSWORD_REQUIRED", "SMS_OTP", "PASSWORD", "WEB_AUTHN", "PASSWORD_SRP"}},
}}
