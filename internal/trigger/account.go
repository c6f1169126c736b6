package trigger

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// account identifies the user of a sign-in. Create and verify must compute the same key and the
// same subject from their events, or no code would ever be right.
type account struct {
	// key is the item's key in the table.
	key string
	// subject is what the code is bound to.
	subject otp.Subject
	// address is where the code is mailed; empty where the account is unknown.
	address string
	// unknown is true for a name without a user, and for a user without an address that can be
	// mailed. It gets codes that are never mailed and never right.
	unknown bool
	// unmailable is true for such a user.
	unmailable bool
	// class is the account's mail budget.
	class guard.Class
}

func accountOf(e *event, s settings.Settings) account {
	a := account{address: e.attribute("email"), class: guard.Verified}
	// Only an attribute is an address: userName may be whatever a stranger typed.
	a.unmailable = !e.Request.UserNotFound && mail.ValidateAddress(a.address) != nil
	if a.unknown = e.Request.UserNotFound || a.unmailable; a.unknown {
		a.address = ""
	}
	sub := e.attribute("sub")
	if sub == "" {
		sub = e.UserName
	}
	if e.Request.UserNotFound {
		a.key = guard.UnknownKey(e.UserPoolID, e.UserName, s.CaseSensitiveNames)
	} else {
		a.key = guard.Key(e.UserPoolID, sub)
	}
	if !a.unknown {
		a.class = guard.ClassOf(s.Mode, e.isVerified())
	}
	// The key stands for the user: it is a hash of pool and sub, of the same length for all.
	a.subject = otp.Subject{Pool: e.UserPoolID, User: a.key, Address: otp.HashAddress(a.address)}
	return a
}

// checkMailable returns the refusal for an account that proved its password and can't get a code.
// In passwordless mode there is none: the caller may be a stranger.
func (a account) checkMailable(e *event, s settings.Settings) error {
	if s.Mode != settings.Password {
		return nil
	}
	if a.unknown {
		return &failure{refusal: RefusedNoAddress, reason: "no-address"}
	}
	if !e.isVerified() && !s.TrustUnverified {
		return &failure{refusal: RefusedUnverified, reason: "unverified-address"}
	}
	return nil
}
