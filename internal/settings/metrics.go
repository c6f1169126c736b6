package settings

// Namespace is the CloudWatch namespace of the metrics that the functions write.
const Namespace = "EmailOTP"

// Dimension is the metrics' only dimension: the user pool's id.
const Dimension = "UserPoolId"

// Metric is the name of a CloudWatch metric. All are counts.
type Metric string

// The metrics. Names are part of the contract with adopters' dashboards and alarms.
const (
	// CodesSent counts mails that SES accepted.
	CodesSent Metric = "CodesSent"
	// CodesResent counts those of them that a client requested again.
	CodesResent Metric = "CodesResent"
	// LongCodesSent counts those of them with a long code: the account's guesses were spent.
	LongCodesSent Metric = "LongCodesSent"
	// CodesJoined counts sign-ins that were given a code already mailed.
	CodesJoined Metric = "CodesJoined"
	// CodesVerified counts right answers.
	CodesVerified Metric = "CodesVerified"
	// CodesWrong counts answers that were compared and wrong.
	CodesWrong Metric = "CodesWrong"
	// CodesExpired counts answers that came after the code's expiry.
	CodesExpired Metric = "CodesExpired"
	// GuessesRefused counts answers that were not compared because the account's budget was spent.
	GuessesRefused Metric = "GuessesRefused"
	// UserMailsRefused counts mails not sent because the user's budget was spent.
	UserMailsRefused Metric = "UserMailsRefused"
	// PoolMailsNearEnd counts mails that found a quota of the pool four fifths used: the sum of the
	// following three.
	PoolMailsNearEnd Metric = "PoolMailsNearEnd"
	// PoolMailsNearEndVerified counts those to verified addresses.
	PoolMailsNearEndVerified Metric = "PoolMailsNearEndVerified"
	// PoolMailsNearEndUnverified counts those to addresses that were never proven.
	PoolMailsNearEndUnverified Metric = "PoolMailsNearEndUnverified"
	// PoolMailsNearEndUnknown counts decoys to SES's simulator.
	PoolMailsNearEndUnknown Metric = "PoolMailsNearEndUnknown"
	// PoolMailsRefused counts mails not sent because a quota of the pool was spent: the sum of the
	// following three.
	PoolMailsRefused Metric = "PoolMailsRefused"
	// PoolMailsRefusedVerified counts those to verified addresses.
	PoolMailsRefusedVerified Metric = "PoolMailsRefusedVerified"
	// PoolMailsRefusedUnverified counts those to addresses that were never proven.
	PoolMailsRefusedUnverified Metric = "PoolMailsRefusedUnverified"
	// PoolMailsRefusedUnknown counts decoys to SES's simulator.
	PoolMailsRefusedUnknown Metric = "PoolMailsRefusedUnknown"
	// MailsUncertain counts mails to which SES did not answer: they may have been sent.
	MailsUncertain Metric = "MailsUncertain"
	// MailsThrottled counts mails that were not sent because SES throttled until the deadline.
	MailsThrottled Metric = "MailsThrottled"
	// AddressesUnmailable counts mails that were due to an account without an address that can be
	// mailed, and sign-ins refused after the password because the address is absent or unverified.
	AddressesUnmailable Metric = "AddressesUnmailable"
	// SignUpsRefused counts sign-ups with an address that can't be mailed or is of another domain
	// than those that may sign up.
	SignUpsRefused Metric = "SignUpsRefused"
	// RecipientsRefused counts mails that SES refused for their recipient.
	RecipientsRefused Metric = "RecipientsRefused"
	// AddressesBounced counts addresses that were marked after a permanent bounce: no mail is sent
	// there for some days.
	AddressesBounced Metric = "AddressesBounced"
	// AddressesComplained counts addresses that were marked after their owner reported a mail as
	// spam.
	AddressesComplained Metric = "AddressesComplained"
	// MailsSuppressed counts mails not sent because their address is marked.
	MailsSuppressed Metric = "MailsSuppressed"
	// VerificationFaults counts proven codes after which email_verified could not be set.
	VerificationFaults Metric = "VerificationFaults"
	// Faults counts functions that failed closed: a service was down, denied or throttled, or an
	// event was malformed.
	Faults Metric = "Faults"
)

// Metrics of a function that invokes an adopter's own.
const (
	// ChainedErrors counts errors that the adopter's function returned: its refusals and its
	// crashes.
	ChainedErrors Metric = "ChainedErrors"
	// ChainedFaults counts invocations that failed closed because the adopter's function gave no
	// usable answer: it was throttled, absent, denied or slow, or answered nonsense.
	ChainedFaults Metric = "ChainedFaults"
	// ChainedDuration is the time that the adopter's function took, in milliseconds.
	ChainedDuration Metric = "ChainedDuration"
)

// Metrics returns every metric in a fixed order.
func Metrics() []Metric {
	return []Metric{CodesSent, CodesResent, LongCodesSent, CodesJoined, CodesVerified, CodesWrong, CodesExpired,
		GuessesRefused, UserMailsRefused, PoolMailsNearEnd, PoolMailsNearEndVerified,
		PoolMailsNearEndUnverified, PoolMailsNearEndUnknown, PoolMailsRefused, PoolMailsRefusedVerified,
		PoolMailsRefusedUnverified, PoolMailsRefusedUnknown, RecipientsRefused, MailsUncertain, MailsThrottled,
		AddressesUnmailable, SignUpsRefused, AddressesBounced, AddressesComplained, MailsSuppressed, VerificationFaults,
		Faults}
}

// Metrics of a pool that remembers devices.
const (
	// DevicesRemembered counts devices that were remembered beside a right code.
	DevicesRemembered Metric = "DevicesRemembered"
	// DevicesForgotten counts accounts whose remembered devices were all forgotten.
	DevicesForgotten Metric = "DevicesForgotten"
	// DevicesAccepted counts sign-ins that a remembered device completed in place of a code.
	DevicesAccepted Metric = "DevicesAccepted"
	// DevicesRefused counts answers of a device that is not remembered.
	DevicesRefused Metric = "DevicesRefused"
	// DeviceFaults counts right codes beside which a device could not be remembered or forgotten.
	DeviceFaults Metric = "DeviceFaults"
)

// DeviceMetrics returns the metrics that only a pool that remembers devices writes.
func DeviceMetrics() []Metric {
	return []Metric{DevicesRemembered, DevicesForgotten, DevicesAccepted, DevicesRefused, DeviceFaults}
}

// InvitationsMailed counts invitations that were written for Cognito to mail. Each has a temporary
// password for the mailbox to which codes go.
const InvitationsMailed Metric = "InvitationsMailed"

// MessageMetrics returns the metrics that only a pool with CustomMessages writes.
func MessageMetrics() []Metric { return []Metric{InvitationsMailed} }

// Metrics of a sign-in page's function.
const (
	// SignInsRevoked counts sign-ins that ended because their authorization code was used by
	// another client, with a wrong verifier or with another redirect URI.
	SignInsRevoked Metric = "SignInsRevoked"
	// PageFaults counts requests that failed because a service was down, denied or throttled, or a
	// stored code was altered. Of [ChangeAddress] it also counts what failed after a change.
	PageFaults Metric = "PageFaults"
)

// PageMetrics returns the metrics that only a sign-in page's function writes.
func PageMetrics() []Metric { return []Metric{SignInsRevoked, PageFaults} }

// Metrics of [ChangeAddress].
const (
	// AddressChangesStarted counts starts of a change after which both mailboxes have a mail.
	AddressChangesStarted Metric = "AddressChangesStarted"
	// AddressesChanged counts accounts whose address was changed.
	AddressesChanged Metric = "AddressesChanged"
	// AddressCodesWrong counts pairs of codes that were compared and of which one was wrong.
	AddressCodesWrong Metric = "AddressCodesWrong"
	// AddressChangesRefused counts starts and answers that were refused because a budget was spent.
	AddressChangesRefused Metric = "AddressChangesRefused"
)

// AddressMetrics returns the metrics that only [ChangeAddress] writes.
func AddressMetrics() []Metric {
	return []Metric{AddressChangesStarted, AddressesChanged, AddressCodesWrong, AddressChangesRefused}
}

// ChainedMetrics returns the metrics that only a function with an adopter's own behind it writes.
func ChainedMetrics() []Metric { return []Metric{ChainedErrors, ChainedFaults, ChainedDuration} }
