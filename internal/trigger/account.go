package trigger

import (
	"errors"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// account is who a code is for, as create and verify both see it: the same event gives both the same
// key and the same subject, or no code would ever be right.
type account struct {
	// key is the item's key in the table.
	key string
	// subject is what the code is bound to.
	subject otp.Subject
	// address is where the code goes; empty for a stand-in.
	address string
	// unknown is true for a stand-in: a name that nobody has, or a user without an address. It gets
	// codes that are never mailed and never right.
	unknown bool
	// class is the account's mail budget.
	class guard.Class
}

func accountOf(e *event, s settings.Settings) account {
	a := account{address: e.attribute("email"), class: guard.Verified}
	// Only an attribute is an address: userName may be whatever a stranger typed.
	if e.Request.UserNotFound || mail.ValidateAddress(a.address) != nil {
		a.unknown, a.address = true, ""
	}
	sub := e.attribute("sub")
	if sub == "" {
		sub = e.UserName
	}
	if e.Request.UserNotFound {
		a.key = guard.UnknownKey(e.UserPoolID, e.UserName)
	} else {
		a.key = guard.Key(e.UserPoolID, sub)
	}
	if !a.unknown && !e.verified() && s.Mode == settings.Passwordless {
		a.class = guard.Unverified
	}
	// The key stands for the user: it is a hash of pool and sub, and as long for everybody.
	a.subject = otp.Subject{Pool: e.UserPoolID, User: a.key, Address: otp.HashAddress(a.address)}
	return a
}

// mayBeMailed returns the refusal for an account that proved its password and can't get a code. In
// passwordless mode nobody is told: the caller is a stranger.
func (a account) mayBeMailed(e *event, s settings.Settings) error {
	if s.Mode != settings.Password {
		return nil
	}
	if a.unknown {
		return &failure{RefusedNoAddress, "no-address", errors.New("the account has no address that can be mailed to")}
	}
	if !e.verified() && !s.TrustUnverified {
		return &failure{RefusedUnverified, "unverified-address", errors.New("email_verified is not true")}
	}
	return nil
}
