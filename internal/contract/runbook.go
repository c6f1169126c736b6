package contract

// RunbookURL is the page with the steps for a person on call.
const RunbookURL = "https://github.com/cognito-emailotp/cdk-emailotp/blob/main/docs/runbook.md"

// RunbookAnchor begins the anchor of an alarm's section in docs/runbook.md; the alarm's id in lower
// case follows, as GitHub makes it of the heading "Alarm: Faults".
const RunbookAnchor = "alarm-"

// Runbook has the first line of each alarm's section in docs/runbook.md, by the alarm's id. It is
// the alarm's description too.
var Runbook = map[string]string{
	"Faults":            "Functions fail closed: sign-ins end with an error.",
	"Errors":            "Many invocations of the functions end with an error.",
	"Throttles":         "Lambda refuses invocations of the functions for their number.",
	"Duration":          "A trigger takes nearly as long as Cognito waits.",
	"UncertainMails":    "SES does not answer, so mails may be late or lost.",
	"ThrottledMails":    "SES refuses mails for their rate, so codes are not sent.",
	"VerifiedQuota":     "The quota for mails to verified addresses is nearly used: users will get no code.",
	"UnverifiedQuota":   "The quota for mails to unproven addresses is nearly used: newcomers will get no code.",
	"UnknownQuota":      "The quota for invented names is nearly used: a stranger tries names.",
	"BounceRate":        "The SES account's bounce rate is near the line at which SES reviews it.",
	"ComplaintRate":     "The SES account's complaint rate is near the line at which SES reviews it.",
	"GuessesRefused":    "Many answers are refused because their accounts' guesses are spent.",
	"SignInSuccess":     "Few sign-ins end with a right code.",
	"PageFaults":        "A function of the sign-in page fails closed.",
	"PageErrors":        "Invocations of the sign-in page's functions end with an error.",
	"PageThrottles":     "Lambda refuses invocations of the sign-in page's functions for their number.",
	"SignInsRevoked":    "A sign-in was revoked, because its authorization code was used by another than its app.",
	"AddressCodesWrong": "Many codes for a changed address are wrong.",
	"Chained":           "Your own function behind EmailOTP's gives no usable answer.",
}
