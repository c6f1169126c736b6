package emailotp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
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
	// AlarmPageFaults: the sign-in page's function failed closed, in two of three periods of 5
	// minutes. Threshold: 1 fault. Only with [AlarmProps.HandOver], like the next three.
	AlarmPageFaults Alarm = "PageFaults"
	// AlarmPageErrors: that function ended with an error, in two of three periods of 5 minutes.
	// Threshold: 1. It answers a wrong request without one, so an error is a crash or a timeout.
	AlarmPageErrors Alarm = "PageErrors"
	// AlarmPageThrottles: Lambda refused invocations of that function, in two of three periods of 5
	// minutes. Threshold: 1. For each a user or an app got an error.
	AlarmPageThrottles Alarm = "PageThrottles"
	// AlarmSignInsRevoked: an authorization code was used by another than its app. Threshold: 1 in 5
	// minutes. It is a stolen code, or an app with a wrong redirect URI or verifier.
	AlarmSignInsRevoked Alarm = "SignInsRevoked"
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
	// MinimumVolume is how many sign-ins of 30 minutes [AlarmSignInSuccess] needs to judge them, 1
	// or more. Default: 20.
	MinimumVolume *float64
	// HandOver is the function of the sign-in page, page.HandOver(), whose alarms are added then.
	// Default: no alarms for a page.
	HandOver awslambda.Function
	// RunbookURL is the page that the alarms' descriptions link to, with the alarm's anchor.
	// Default: docs/runbook.md of this module on GitHub.
	RunbookURL *string
}

// minutes are the lengths of the alarms' periods.
const (
	shortPeriod = 5
	longPeriod  = 30
	hourPeriod  = 60
)

// anAlarm is one alarm. Below is true where values below the threshold are wrong.
type anAlarm struct {
	id        Alarm
	threshold float64
	metric    awscloudwatch.IMetric
	// period is in minutes; of periods the alarm needs points to be wrong.
	points, periods float64
	below           bool
}

func (e *emailOTP) AddAlarms(props *AlarmProps) map[Alarm]awscloudwatch.Alarm {
	var p AlarmProps
	if props != nil {
		p = *props
	}
	all := e.allAlarms(p)
	refuse(*e.Node().Path(), p.problems(all))
	if e.Node().TryFindChild(jsii.String("Alarms")) != nil {
		refuse(*e.Node().Path(), []string{"AddAlarms was called before; call it once, with all props"})
	}
	scope := constructs.NewConstruct(e, jsii.String("Alarms"))
	made := map[Alarm]awscloudwatch.Alarm{}
	for _, a := range all {
		if slices.Contains(p.Without, a.id) {
			continue
		}
		if t, ok := p.Thresholds[a.id]; ok {
			a.threshold = t
		}
		made[a.id] = e.addAlarm(scope, a, p)
	}
	return made
}

// problems returns what is wrong with the props.
func (p AlarmProps) problems(all []anAlarm) (problems []string) {
	var names []string
	for _, a := range all {
		names = append(names, string(a.id))
	}
	known := func(prop string, a Alarm) {
		if !slices.Contains(names, string(a)) {
			problems = append(problems, fmt.Sprintf("AddAlarms: %s has the alarm %q; the alarms are %s", prop, a,
				strings.Join(names, ", ")))
		}
	}
	for a, t := range p.Thresholds {
		known("Thresholds", a)
		if !(t > 0) { // a token is negative
			problems = append(problems, fmt.Sprintf("AddAlarms: the threshold of %s must be above 0 (received: %g); "+
				"leave it out for the default", a, t))
		}
	}
	for _, a := range p.Without {
		known("Without", a)
	}
	if v := p.MinimumVolume; v != nil && !(*v >= 1) {
		problems = append(problems, fmt.Sprintf("AddAlarms: MinimumVolume must be 1 or more sign-ins (received: %g); "+
			"leave it nil for 20", *v))
	}
	slices.Sort(problems)
	return problems
}

// allAlarms returns the mode's alarms in a fixed order.
func (e *emailOTP) allAlarms(p AlarmProps) []anAlarm {
	sum := func(m settings.Metric) awscloudwatch.IMetric { return e.metric(m, nil) }
	overFunctions := &awscloudwatch.MathExpressionOptions{Period: minutes(shortPeriod)}
	twice := func(id Alarm, threshold float64, m awscloudwatch.IMetric) anAlarm {
		return anAlarm{id: id, threshold: threshold, metric: m, points: 2, periods: 3}
	}
	once := func(id Alarm, threshold float64, m awscloudwatch.IMetric) anAlarm {
		return anAlarm{id: id, threshold: threshold, metric: m, points: 1, periods: 1}
	}
	all := []anAlarm{
		twice(AlarmFaults, 1, sum(settings.Faults)),
		twice(AlarmErrors, 20, e.MetricFunctionErrors(overFunctions)),
		twice(AlarmThrottles, 1, e.MetricFunctionThrottles(overFunctions)),
		twice(AlarmDuration, 3500, e.MetricFunctionDuration(overFunctions)),
		twice(AlarmUncertainMails, 3, sum(settings.MailsUncertain)),
		twice(AlarmThrottledMails, 1, sum(settings.MailsThrottled)),
		once(AlarmVerifiedQuota, 1, sum(settings.PoolMailsNearEndVerified)),
		once(AlarmUnverifiedQuota, 1, sum(settings.PoolMailsNearEndUnverified)),
		once(AlarmUnknownQuota, 1, sum(settings.PoolMailsNearEndUnknown)),
		once(AlarmBounceRate, 0.04, reputation("BounceRate")),
		once(AlarmComplaintRate, 0.0008, reputation("ComplaintRate")),
		twice(AlarmGuessesRefused, 20, sum(settings.GuessesRefused)),
		{id: AlarmSignInSuccess, threshold: 0.3, metric: e.success(p), points: 2, periods: 2, below: true},
	}
	if e.config.chained != nil {
		all = append(all, twice(AlarmChained, 1, e.Metric(jsii.String(string(settings.ChainedFaults)), nil)))
	}
	if !propread.IsNil(p.HandOver) {
		ofFunction := &awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: minutes(shortPeriod)}
		all = append(all,
			twice(AlarmPageFaults, 1, sum(settings.PageFaults)),
			twice(AlarmPageErrors, 1, p.HandOver.MetricErrors(ofFunction)),
			twice(AlarmPageThrottles, 1, p.HandOver.MetricThrottles(ofFunction)),
			once(AlarmSignInsRevoked, 1, sum(settings.SignInsRevoked)))
	}
	return all
}

// reputation is a rate of the whole SES account in this Region.
func reputation(rate string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{Namespace: jsii.String("AWS/SES"),
		MetricName: jsii.String("Reputation." + rate), Statistic: jsii.String("Average"), Period: minutes(hourPeriod)})
}

// success is the ratio of right codes to sign-ins that were given one, and 1 where there are too
// few to judge. A resend belongs to a sign-in that is counted already.
func (e *emailOTP) success(p AlarmProps) awscloudwatch.IMetric {
	least := 20.0
	if p.MinimumVolume != nil {
		least = *p.MinimumVolume
	}
	using := map[string]awscloudwatch.IMetric{}
	for name, m := range map[string]settings.Metric{"sent": settings.CodesSent, "resent": settings.CodesResent,
		"joined": settings.CodesJoined, "verified": settings.CodesVerified} {
		using[name] = e.metric(m, &awscloudwatch.MetricOptions{Period: minutes(longPeriod)})
	}
	const zero = "FILL(%s, 0)"
	filled := strings.NewReplacer("sent", fmt.Sprintf(zero, "sent"), "resent", fmt.Sprintf(zero, "resent"),
		"joined", fmt.Sprintf(zero, "joined"), "verified", fmt.Sprintf(zero, "verified"))
	given := filled.Replace("(sent - resent + joined)")
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(fmt.Sprintf("IF(%s >= %g, %s / %s, 1)", given, least, filled.Replace("verified"), given)),
		Label:        jsii.String("right codes per sign-in with a code"),
		UsingMetrics: &using, Period: minutes(longPeriod)})
}

func (e *emailOTP) addAlarm(scope constructs.Construct, a anAlarm, p AlarmProps) awscloudwatch.Alarm {
	comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD
	if a.below {
		comparison = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	url := contract.RunbookURL
	if p.RunbookURL != nil {
		url = *p.RunbookURL
	}
	alarm := awscloudwatch.NewAlarm(scope, jsii.String(string(a.id)), &awscloudwatch.AlarmProps{
		Metric: a.metric, Threshold: &a.threshold, ComparisonOperator: comparison,
		EvaluationPeriods: &a.periods, DatapointsToAlarm: &a.points,
		// No data is no trouble: the metrics are written by sign-ins alone, and most only where
		// there is something to count.
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		AlarmDescription: jsii.String(fmt.Sprintf("%s What to do: %s#%s", contract.Runbook[string(a.id)], url,
			contract.RunbookAnchor+strings.ToLower(string(a.id)))),
	})
	if p.Topic != nil {
		// The lower level: the class for an action would link the services that alarms may act on.
		arns := &[]*string{p.Topic.TopicArn()}
		resource := alarm.Node().DefaultChild().(awscloudwatch.CfnAlarm)
		resource.SetAlarmActions(arns)
		resource.SetOkActions(arns)
	}
	return alarm
}

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(&n) }
