package userpool

import "sync"

// operation is one entry of the API.
type operation struct {
	// iam is true where the real service wants a signature.
	iam bool
	run func(p *Pool, c *call, body []byte) (any, error)
}

// input is a request that knows its constraints in the API model.
type input[T any] interface {
	*T
	check(*constraints)
}

// open makes an operation that anybody may call.
func open[T any, I input[T]](f func(*Pool, *call, I) (any, error)) operation {
	return operation{run: func(p *Pool, c *call, body []byte) (any, error) {
		in := I(new(T))
		if err := decode(body, in); err != nil {
			return nil, err
		}
		var broken constraints
		in.check(&broken)
		if err := broken.err(); err != nil {
			return nil, err
		}
		return f(p, c, in)
	}}
}

// pooled is a request that names the pool.
type pooled[T any] interface {
	input[T]
	pool() text
}

// guarded makes an operation that IAM guards. All of them name the pool.
func guarded[T any, I pooled[T]](f func(*Pool, *call, I) (any, error)) operation {
	op := open(func(p *Pool, c *call, in I) (any, error) {
		var broken constraints
		broken.poolID(in.pool())
		if err := broken.err(); err != nil {
			return nil, err
		}
		if id := in.pool().value; id != p.cfg.ID {
			return nil, errNoPool(id)
		}
		return f(p, c, in)
	})
	op.iam = true
	return op
}

func (in *initiateAuthInput) pool() text { return in.UserPoolId }
func (in *respondInput) pool() text      { return in.UserPoolId }

// operations is everything the pool answers.
var operations = sync.OnceValue(func() map[string]operation {
	return map[string]operation{
		"InitiateAuth":              open((*Pool).initiateAuth),
		"RespondToAuthChallenge":    open((*Pool).respondToAuthChallenge),
		"GetTokensFromRefreshToken": open((*Pool).getTokensFromRefreshToken),
		"RevokeToken":               open((*Pool).revokeToken),
		"GlobalSignOut":             open((*Pool).globalSignOut),

		"SignUp":                 open((*Pool).signUp),
		"ConfirmSignUp":          open((*Pool).confirmSignUp),
		"ResendConfirmationCode": open((*Pool).resendConfirmationCode),
		"ForgotPassword":         open((*Pool).forgotPassword),
		"ConfirmForgotPassword":  open((*Pool).confirmForgotPassword),

		"GetUser":                          open((*Pool).getUser),
		"UpdateUserAttributes":             open((*Pool).updateUserAttributes),
		"DeleteUserAttributes":             open((*Pool).deleteUserAttributes),
		"GetUserAttributeVerificationCode": open((*Pool).getUserAttributeVerificationCode),
		"VerifyUserAttribute":              open((*Pool).verifyUserAttribute),
		"ChangePassword":                   open((*Pool).changeOwnPassword),
		"DeleteUser":                       open((*Pool).deleteUser),

		"AdminInitiateAuth":           guarded((*Pool).initiateAuth),
		"AdminRespondToAuthChallenge": guarded((*Pool).respondToAuthChallenge),
		"AdminCreateUser":             guarded((*Pool).adminCreateUser),
		"AdminGetUser":                guarded((*Pool).adminGetUser),
		"AdminSetUserPassword":        guarded((*Pool).adminSetUserPassword),
		"AdminResetUserPassword":      guarded((*Pool).adminResetUserPassword),
		"AdminUpdateUserAttributes":   guarded((*Pool).adminUpdateUserAttributes),
		"AdminDeleteUserAttributes":   guarded((*Pool).adminDeleteUserAttributes),
		"AdminConfirmSignUp":          guarded((*Pool).adminConfirmSignUp),
		"AdminDisableUser":            guarded((*Pool).adminDisableUser),
		"AdminEnableUser":             guarded((*Pool).adminEnableUser),
		"AdminDeleteUser":             guarded((*Pool).adminDeleteUser),
		"AdminUserGlobalSignOut":      guarded((*Pool).adminUserGlobalSignOut),

		"ListUsers":              guarded((*Pool).listUsers),
		"ListUserPoolClients":    guarded((*Pool).listUserPoolClients),
		"DescribeUserPool":       guarded((*Pool).describeUserPool),
		"DescribeUserPoolClient": guarded((*Pool).describeUserPoolClient),
	}
})
