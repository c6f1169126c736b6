package monitoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// AlarmProps are the props of AddAlarms, with the alarms by their names.
type AlarmProps struct {
	Topic         awssns.ITopic
	Thresholds    map[string]float64
	Without       []string
	MinimumVolume *float64
	RunbookURL    *string
	HandOver      awslambda.Function
	ChangeAddress awslambda.Function
}

// AddAlarms creates the mode's alarms below "Alarms" and returns them by name, or what is wrong
// with the props.
func (m Monitor) AddAlarms(p AlarmProps) (made map[string]awscloudwatch.Alarm, problems []string) {
	all := m.allAlarms(p)
	if problems = p.problems(all); len(problems) > 0 {
		return nil, problems
	}
	if m.Scope.Node().TryFindChild(jsii.String("Alarms")) != nil {
		return nil, []string{"AddAlarms was called before; call it once, with all props"}
	}
	scope := constructs.NewConstruct(m.Scope, jsii.String("Alarms"))
	made = map[string]awscloudwatch.Alarm{}
	for _, a := range all {
		if slices.Contains(p.Without, a.id) {
			continue
		}
		if t, ok := p.Thresholds[a.id]; ok {
			a.threshold = t
		}
		made[a.id] = addAlarm(scope, a, p)
	}
	return made, nil
}

// anAlarm is one alarm. Below is true where values below the threshold are wrong.
type anAlarm struct {
	id        string
	threshold float64
	metric    awscloudwatch.IMetric
	// period is in minutes; of periods the alarm needs points to be wrong.
	points, periods float64
	below           bool
}

// problems returns what is wrong with the props.
func (p AlarmProps) problems(all []anAlarm) (problems []string) {
	var names []string
	for _, a := range all {
		names = append(names, a.id)
	}
	known := func(prop string, a string) {
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
func (m Monitor) allAlarms(p AlarmProps) []anAlarm {
	sum := func(name settings.Metric) awscloudwatch.IMetric { return m.Metric(name, nil) }
	overFunctions := &awscloudwatch.MathExpressionOptions{Period: minutes(shortPeriod)}
	twice := func(id string, threshold float64, metric awscloudwatch.IMetric) anAlarm {
		return anAlarm{id: id, threshold: threshold, metric: metric, points: 2, periods: 3}
	}
	once := func(id string, threshold float64, metric awscloudwatch.IMetric) anAlarm {
		return anAlarm{id: id, threshold: threshold, metric: metric, points: 1, periods: 1}
	}
	all := []anAlarm{
		twice("Faults", 1, sum(settings.Faults)),
		twice("Errors", 20, m.Errors(overFunctions)),
		twice("Throttles", 1, m.Throttles(overFunctions)),
		twice("Duration", 3500, m.Duration(overFunctions)),
		twice("UncertainMails", 3, sum(settings.MailsUncertain)),
		twice("ThrottledMails", 1, sum(settings.MailsThrottled)),
		once("VerifiedQuota", 1, sum(settings.PoolMailsNearEndVerified)),
		once("UnverifiedQuota", 1, sum(settings.PoolMailsNearEndUnverified)),
		once("UnknownQuota", 1, sum(settings.PoolMailsNearEndUnknown)),
		once("BounceRate", 0.04, reputation("BounceRate")),
		once("ComplaintRate", 0.0008, reputation("ComplaintRate")),
		twice("GuessesRefused", 20, sum(settings.GuessesRefused)),
		{id: "SignInSuccess", threshold: 0.3, metric: m.success(p.MinimumVolume), points: 2, periods: 2, below: true},
	}
	if m.HasChained {
		all = append(all, twice("Chained", 1, sum(settings.ChainedFaults)))
	}
	if page := p.page(); len(page) > 0 {
		var errors, throttles awscloudwatch.IMetric
		if len(page) == 1 { // the template of a page without ChangeAddress stays as it is
			own := &awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: minutes(shortPeriod)}
			errors, throttles = page[0].MetricErrors(own), page[0].MetricThrottles(own)
		} else {
			errors, throttles = m.errors(page, overFunctions), m.throttles(page, overFunctions)
		}
		all = append(all, twice("PageFaults", 1, sum(settings.PageFaults)), twice("PageErrors", 1, errors),
			twice("PageThrottles", 1, throttles))
	}
	if !propread.IsNil(p.HandOver) {
		all = append(all, once("SignInsRevoked", 1, sum(settings.SignInsRevoked)))
	}
	if !propread.IsNil(p.ChangeAddress) {
		all = append(all, once("AddressCodesWrong", 20, sum(settings.AddressCodesWrong)))
	}
	return all
}

// page returns the functions of the sign-in page that were given.
func (p AlarmProps) page() (given []Function) {
	for _, f := range []Function{
		{ID: "HandOver", Function: p.HandOver},
		{ID: "ChangeAddress", Function: p.ChangeAddress},
	} {
		if !propread.IsNil(f.Function) {
			given = append(given, f)
		}
	}
	return given
}

// reputation is a rate of the whole SES account in this Region.
func reputation(rate string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{Namespace: jsii.String("AWS/SES"),
		MetricName: jsii.String("Reputation." + rate), Statistic: jsii.String("Average"), Period: minutes(hourPeriod)})
}

// success is the ratio of right codes to sign-ins that were given one, and 1 where there are too
// few to judge. A resend belongs to a sign-in that is counted already.
func (m Monitor) success(minimum *float64) awscloudwatch.IMetric {
	least := 20.0
	if minimum != nil {
		least = *minimum
	}
	using := map[string]awscloudwatch.IMetric{}
	for name, counted := range map[string]settings.Metric{"sent": settings.CodesSent, "resent": settings.CodesResent,
		"joined": settings.CodesJoined, "verified": settings.CodesVerified} {
		using[name] = m.Metric(counted, &awscloudwatch.MetricOptions{Period: minutes(longPeriod)})
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

func addAlarm(scope constructs.Construct, a anAlarm, p AlarmProps) awscloudwatch.Alarm {
	comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD
	if a.below {
		comparison = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
	}
	url := contract.RunbookURL
	if p.RunbookURL != nil {
		url = *p.RunbookURL
	}
	alarm := awscloudwatch.NewAlarm(scope, jsii.String(a.id), &awscloudwatch.AlarmProps{
		Metric: a.metric, Threshold: &a.threshold, ComparisonOperator: comparison,
		EvaluationPeriods: &a.periods, DatapointsToAlarm: &a.points,
		// No data is no trouble: the metrics are written by sign-ins alone, and most only where
		// there is something to count.
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		AlarmDescription: jsii.String(fmt.Sprintf("%s What to do: %s#%s", contract.Runbook[a.id], url,
			contract.RunbookAnchor+strings.ToLower(a.id))),
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
