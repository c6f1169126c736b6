package trigger

import "github.com/cognito-emailotp/cdk-emailotp/internal/contract"

// Refusal is a failure that the client is shown. Cognito puts the text of a trigger's error into
// its own message, so nothing else may be returned to Cognito.
type Refusal struct {
	// ID names the refusal for programs; it stays when the sentence changes.
	ID string
	// Sentence is for people.
	Sentence string
}

// Error returns the sentence and, in brackets, the id by which a client can translate it.
func (r *Refusal) Error() string { return r.Sentence + " (emailotp:" + r.ID + ")" }

var (
	// RefusedUnavailable: a service that the sign-in needs is down, throttled or denied.
	RefusedUnavailable = &Refusal{contract.RefusalUnavailable,
		"Sign-in codes are not available just now; please try again in a few minutes"}
	// RefusedMalformed: the event is not one that Cognito sends to this trigger.
	RefusedMalformed = &Refusal{contract.RefusalMalformed,
		"This sign-in could not be understood; please start again"}
	// RefusedUnverified: the password is right, but the account's address was never verified.
	RefusedUnverified = &Refusal{contract.RefusalUnverifiedAddress,
		"The e-mail address of this account is not verified, so no code can be sent to it; please ask for help"}
	// RefusedNoAddress: the password is right, but the account has no address that can be mailed
	// to.
	RefusedNoAddress = &Refusal{contract.RefusalNoAddress,
		"This account has no e-mail address that a code could be sent to; please ask for help"}
	// RefusedUndeliverable: the password is right, but mail to the account's address bounced, or
	// was reported as spam.
	RefusedUndeliverable = &Refusal{contract.RefusalUndeliverableAddress,
		"Mail to the e-mail address of this account can't be delivered, so no code can be sent to it; " +
			"please ask for help"}
	// RefusedNewPassword: the new password is set, and tokens need a code as well.
	RefusedNewPassword = &Refusal{contract.RefusalSignInAgain, "The new password is set; please sign in with it"}
	// RefusedTokens: tokens were requested in a way that this pool does not allow.
	RefusedTokens = &Refusal{contract.RefusalNotAllowed, "This way to sign in is not allowed here"}
	// RefusedSignUp: the address can't be mailed, by its format, or its domain may not sign up.
	RefusedSignUp = &Refusal{contract.RefusalSignUpAddress,
		"This e-mail address can't be used to sign up here; please use another one"}
)

// Refusals returns every refusal: all that a client can read of a failure.
func Refusals() []*Refusal {
	return []*Refusal{RefusedUnavailable, RefusedMalformed, RefusedUnverified, RefusedNoAddress, RefusedUndeliverable,
		RefusedNewPassword, RefusedTokens, RefusedSignUp}
}
