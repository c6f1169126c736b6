// Package contract holds the names that several packages of this module, its clients and its
// adopters share: metadata keys of the template, challenge parameters, reasons and refusal ids. A
// name stands here once; the tests of this package compare README, docs and the sign-in page with
// it.
//
// It is a leaf package of constants: it imports nothing.
package contract

// Metadata keys of resources in the template. Tools that read a template find EmailOTP by them.
const (
	// MetadataFunction marks a Lambda function of EmailOTP; its value is the folder below lambdas/.
	MetadataFunction = "EmailOTP::Function"
	// MetadataClient marks the app client that EmailOTP creates.
	MetadataClient = "EmailOTP::Client"
	// MetadataAcknowledgedBypasses lists, on the user pool, the bypasses that the adopter accepted.
	MetadataAcknowledgedBypasses = "EmailOTP::AcknowledgedBypasses"
	// MetadataBrand has, on the function that mails, the adopter's brand as JSON.
	MetadataBrand = "EmailOTP::Brand"
	// MetadataGuessing holds, on the table, the yearly chance to guess a code.
	MetadataGuessing = "EmailOTP::Guessing"
)

// MetadataKeys returns every metadata key in a fixed order.
func MetadataKeys() []string {
	return []string{MetadataFunction, MetadataClient, MetadataAcknowledgedBypasses, MetadataBrand, MetadataGuessing}
}

// AttachmentType is the type of the custom resource that attaches to an imported pool, and of the
// one that checks a pool at each deployment.
const AttachmentType = "Custom::EmailOTPUserPoolAttachment"

// AnyResource in place of a resource's id acknowledges a kind of bypass for the whole deployed
// pool.
const AnyResource = "*"

// MailFile is the file beside the create function's program that holds an adopter's own brand,
// languages and templates of the mail.
const MailFile = "mail.json"

// UnbuiltFile is the file in a function's asset in place of the program, where a local run builds
// the function for its own machine. It holds the directory of the source. Such an assembly can't be
// deployed.
const UnbuiltFile = "NOT-BUILT"

// UnbuiltContext is the context key by which the app is synthesised with [UnbuiltFile].
const UnbuiltContext = "emailotp:unbuilt"

// Challenge parameters: the keys of ChallengeParameters in Cognito's answer to a client. All values
// are texts.
const (
	// ParamCodeLength is the number of digits of the code.
	ParamCodeLength = "codeLength"
	// ParamAttemptsLeft is how many more answers this sign-in accepts.
	ParamAttemptsLeft = "attemptsLeft"
	// ParamResendsLeft is how many more times this sign-in may request the mail again.
	ParamResendsLeft = "resendsLeft"
	// ParamExpiresAt is when the code expires: RFC 3339, UTC, whole seconds, as all times here.
	ParamExpiresAt = "expiresAt"
	// ParamResendAvailableAt is when the mail can be requested again.
	ParamResendAvailableAt = "resendAvailableAt"
	// ParamNow is the function's clock, for clients whose own is wrong.
	ParamNow = "now"
	// ParamReason is why the client is asked, one of the Reason constants.
	ParamReason = "reason"
	// ParamChallenge is which answer the round accepts, where that is not a code alone: one of the
	// Challenge constants. Other rounds lack it.
	ParamChallenge = "challenge"
	// ParamDestination is the masked address, in password mode alone.
	ParamDestination = "codeDeliveryDestination"
)

// ChallengeParams returns every challenge parameter in a fixed order.
func ChallengeParams() []string {
	return []string{ParamCodeLength, ParamAttemptsLeft, ParamResendsLeft, ParamExpiresAt,
		ParamResendAvailableAt, ParamNow, ParamReason, ParamChallenge, ParamDestination}
}

// The values of [ParamChallenge].
const (
	// ChallengeDevice: the round accepts the secret of a remembered device. No code was mailed.
	ChallengeDevice = "device"
	// ChallengeCodeOrDevice: a code was mailed, and the round accepts a device's secret too, with
	// [ActionDevice].
	ChallengeCodeOrDevice = "code-or-device"
)

// Reasons are the values of [ParamReason].
const (
	// ReasonSent: the first round; a code was mailed.
	ReasonSent = "sent"
	// ReasonWrongCode: the last answer was wrong.
	ReasonWrongCode = "wrong-code"
	// ReasonExpired: the last answer came after the code's expiry; the client should offer a
	// resend.
	ReasonExpired = "expired"
	// ReasonResent: the mail was sent again, as requested.
	ReasonResent = "resent"
	// ReasonResendTooSoon: the mail was not sent again; [ParamResendAvailableAt] has the time.
	ReasonResendTooSoon = "resend-too-soon"
	// ReasonNewCode: the last answer was not compared, and a new, longer code is due.
	ReasonNewCode = "new-code"
)

// Reasons returns every reason in a fixed order.
func Reasons() []string {
	return []string{ReasonSent, ReasonWrongCode, ReasonExpired, ReasonResent, ReasonResendTooSoon, ReasonNewCode}
}

// Client metadata that a client may send with an answer.
const (
	// ClientMetadataAction is the key of the action.
	ClientMetadataAction = "action"
	// ActionResend requests the mail again in place of an answer.
	ActionResend = "resend"
	// ActionDevice states that the client has a remembered device's secret, beside the proof of the
	// password; or, beside an answer, that the answer is that secret.
	ActionDevice = "device"
	// ActionRemember has the device remembered whose commitment is in [ClientMetadataDevice],
	// beside a right code.
	ActionRemember = "remember"
	// ActionForget forgets all of the account's devices, beside a right code.
	ActionForget = "forget"
	// ClientMetadataDevice is the key of the commitment: the SHA-256 hash of the device's secret,
	// in base64url without padding.
	ClientMetadataDevice = "device"
)

// Actions returns every action in a fixed order.
func Actions() []string {
	return []string{ActionResend, ActionDevice, ActionRemember, ActionForget}
}

// Refusal ids: what stands after "emailotp:" at the end of an error message of a trigger.
const (
	RefusalUnavailable          = "unavailable"
	RefusalMalformed            = "malformed"
	RefusalUnverifiedAddress    = "unverified-address"
	RefusalNoAddress            = "no-address"
	RefusalUndeliverableAddress = "undeliverable-address"
	RefusalSignInAgain          = "sign-in-again"
	RefusalNotAllowed           = "not-allowed"
	// RefusalSignUpAddress: the address can't receive mail from EmailOTP, by its format or domain.
	RefusalSignUpAddress = "sign-up-address"
)

// RefusalIDs returns every refusal id in a fixed order.
func RefusalIDs() []string {
	return []string{RefusalUnavailable, RefusalMalformed, RefusalUnverifiedAddress, RefusalNoAddress,
		RefusalUndeliverableAddress, RefusalSignInAgain, RefusalNotAllowed, RefusalSignUpAddress}
}
