package trigger

// Refusal is a failure that the client is told. Cognito puts the words of a trigger's error into its
// own message, so nothing else may be returned to it.
type Refusal struct {
	// ID names the refusal for programs; it stays when the sentence is worded anew.
	ID string
	// Sentence is for people.
	Sentence string
}

// Error returns the sentence and, in brackets, the id by which a client can translate it.
func (r *Refusal) Error() string { return r.Sentence + " (emailotp:" + r.ID + ")" }

var (
	// RefusedUnavailable: a service that the sign-in needs is down, throttled or denied.
	RefusedUnavailable = &Refusal{"unavailable", "Sign-in codes are not available just now; please try again in a few minutes"}
	// RefusedMalformed: the event is not one that Cognito sends to this trigger.
	RefusedMalformed = &Refusal{"malformed", "This sign-in could not be understood; please start again"}
	// RefusedUnverified: the password is right, but the account's address was never verified.
	RefusedUnverified = &Refusal{"unverified-address", "The e-mail address of this account is not verified, so no code can be sent to it; please ask for help"}
	// RefusedNoAddress: the password is right, but the account has no address that can be mailed to.
	RefusedNoAddress = &Refusal{"no-address", "This account has no e-mail address that a code could be sent to; please ask for help"}
	// RefusedUndeliverable: the password is right, but mail to the account's address came back, or was
	// reported as spam, and none is sent there until the address changes.
	RefusedUndeliverable = &Refusal{"undeliverable-address", "Mail to the e-mail address of this account can't be delivered, so no code can be sent to it; please ask for help"}
	// RefusedNewPassword: the new password is set and alone gives no tokens.
	RefusedNewPassword = &Refusal{"sign-in-again", "The new password is set; please sign in with it"}
	// RefusedTokens: tokens were asked for in a way that this pool does not allow.
	RefusedTokens = &Refusal{"not-allowed", "This way to sign in is not allowed here"}
)

// Refusals returns every refusal: all that a client can read of a failure.
func Refusals() []*Refusal {
	return []*Refusal{RefusedUnavailable, RefusedMalformed, RefusedUnverified, RefusedNoAddress, RefusedUndeliverable,
		RefusedNewPassword, RefusedTokens}
}
