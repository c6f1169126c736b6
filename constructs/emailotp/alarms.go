package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/monitoring"
)

// Alarm is the name of one of the alarms that [EmailOTP.AddAlarms] creates. It is the alarm's
// construct id below "Alarms".
type Alarm string

// The alarms. The comments have the default threshold, and the reason for the number.
const (
	// AlarmFaults: a function failed closed, in two of three periods of 5 minutes. Threshold: 1
	// fault. A sign-in failed for each.
	AlarmFaults Alarm = "Faults"
	// AlarmErrors: functions ended with an error, as Lambda counts them, in two of three periods of
	// 5 minutes. Threshold: 20 errors. A refused sign-up and a refused start are errors too, so a
	// stranger can cause a few.
	AlarmErrors Alarm = "Errors"
	// AlarmThrottles: Lambda refused invocations, in two of three periods of 5 minutes. Threshold:
	// 1. Cognito repeats a refused call, so the first ones are no failed sign-ins.
	AlarmThrottles Alarm = "Throttles"
	// AlarmDuration: the slowest trigger took long, in two of three periods of 5 minutes.
	// Threshold: 3,500 ms. A function ends itself after 4,000 ms, and Cognito gives up after 5,000.
	AlarmDuration Alarm = "Duration"
	// AlarmUncertainMails: SES did not answer to mails, in two of three periods of 5 minutes.
	// Threshold: 3 mails.
	AlarmUncertainMails Alarm = "UncertainMails"
	// AlarmThrottledMails: SES throttled mails to the end, in two of three periods of 5 minutes.
	// Threshold: 1 mail.
	AlarmThrottledMails Alarm = "ThrottledMails"
	// AlarmVerifiedQuota: the hour's quota for mails to verified addresses is four fifths used.
	// Threshold: 1 mail in 5 minutes. Beyond the quota users can't sign in.
	AlarmVerifiedQuota Alarm = "VerifiedQuota"
	// AlarmUnverifiedQuota: the same for addresses that were never proven. Beyond it newcomers
	// can't sign up.
	AlarmUnverifiedQuota Alarm = "UnverifiedQuota"
	// AlarmUnknownQuota: the same for invented names. No user is kept out, but a stranger tries
	// names.
	AlarmUnknownQuota Alarm = "UnknownQuota"
	// AlarmBounceRate: the account's bounce rate in SES. Threshold: 0.04; SES reviews an account at
	// 0.05 and may pause it at 0.1.
	AlarmBounceRate Alarm = "BounceRate"
	// AlarmComplaintRate: the account's complaint rate in SES. Threshold: 0.0008; SES reviews an
	// account at 0.001 and may pause it at 0.005.
	AlarmComplaintRate Alarm = "ComplaintRate"
	// AlarmGuessesRefused: answers were refused because their account's guesses were spent, in two
	// of three periods of 5 minutes. Threshold: 20 answers. One user who mistypes causes fewer.
	AlarmGuessesRefused Alarm = "GuessesRefused"
	// AlarmSignInSuccess: the ratio of right codes to sign-ins that were given one, over 30
	// minutes, twice in a row. Threshold: 0.3, the lower limit. Periods with fewer sign-ins than
	// [AlarmProps.MinimumVolume] count as well.
	AlarmSignInSuccess Alarm = "SignInSuccess"
	// AlarmChained: your own function behind EmailOTP's gave no usable answer, in two of three
	// periods of 5 minutes. Threshold: 1. Only with PreSignUp or PreTokenGeneration.
	AlarmChained Alarm = "Chained"
	// AlarmPageFaults: a function of the sign-in page failed closed, in two of three periods of 5
	// minutes. Threshold: 1 fault. Only with [AlarmProps.HandOver] or [AlarmProps.ChangeAddress],
	// like the next two, which are of the functions given.
	AlarmPageFaults Alarm = "PageFaults"
	// AlarmPageErrors: such a function ended with an error, in two of three periods of 5 minutes.
	// Threshold: 1. It answers a wrong request without one, so an error is a crash or a timeout.
	AlarmPageErrors Alarm = "PageErrors"
	// AlarmPageThrottles: Lambda refused invocations of such a function, in two of three periods of
	// 5 minutes. Threshold: 1. For each a user or an app got an error.
	AlarmPageThrottles Alarm = "PageThrottles"
	// AlarmSignInsRevoked: an authorization code was used by another than its app. Threshold: 1 in
	// 5 minutes. It is a stolen code, or an app with a wrong redirect URI or verifier. Only with
	// [AlarmProps.HandOver].
	AlarmSignInsRevoked Alarm = "SignInsRevoked"
	// AlarmAddressCodesWrong: pairs of codes for a changed address were wrong. Threshold: 20 in 5
	// minutes; one account causes at most 15. Only with [AlarmProps.ChangeAddress].
	AlarmAddressCodesWrong Alarm = "AddressCodesWrong"
)

// AlarmProps configures [EmailOTP.AddAlarms].
type AlarmProps struct {
	// Topic receives a message when an alarm goes off and when it ends. Default: no messages.
	Topic awssns.ITopic
	// Thresholds replaces the thresholds of single alarms. Each must be above 0. Default: those in
	// the comments of the Alarm constants.
	Thresholds map[Alarm]float64
	// Without leaves alarms out, such as [AlarmBounceRate] where one for the account exists.
	// Default: none.
	Without []Alarm
	// MinimumVolume is how many sign-ins in 30 minutes [AlarmSignInSuccess] needs to compare their
	// ratio with the threshold, 1 or more. Default: 20.
	MinimumVolume *float64
	// HandOver is the function of the sign-in page, page.HandOver(), whose alarms are added then.
	// The page must be in this stack: the CDK refuses references in both directions. Default: no
	// alarms for a page.
	HandOver awslambda.Function
	// ChangeAddress is the other one, page.ChangeAddress(), which these alarms then watch as well.
	// Default: it is not watched.
	ChangeAddress awslambda.Function
	// RunbookURL is the page that the alarms' descriptions link to, with the alarm's anchor.
	// Default: docs/runbook.md of this module on GitHub.
	RunbookURL *string
}

func (e *emailOTP) AddAlarms(props *AlarmProps) map[Alarm]awscloudwatch.Alarm {
	var p AlarmProps
	if props != nil {
		p = *props
	}
	given := monitoring.AlarmProps{Topic: p.Topic, Thresholds: map[string]float64{}, MinimumVolume: p.MinimumVolume,
		RunbookURL: p.RunbookURL, HandOver: p.HandOver, ChangeAddress: p.ChangeAddress}
	for a, t := range p.Thresholds {
		given.Thresholds[string(a)] = t
	}
	for _, a := range p.Without {
		given.Without = append(given.Without, string(a))
	}
	added, problems := e.monitor().AddAlarms(given)
	refuse(*e.Node().Path(), problems)
	made := map[Alarm]awscloudwatch.Alarm{}
	for name, alarm := range added {
		made[Alarm(name)] = alarm
	}
	return made
}
