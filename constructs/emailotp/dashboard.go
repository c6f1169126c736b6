package emailotp

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// DashboardProps configures [EmailOTP.AddDashboard].
type DashboardProps struct {
	// Dashboard receives the rows: one dashboard may show several EmailOTPs. Default: a new one.
	Dashboard awscloudwatch.Dashboard
	// DashboardName is the name of a new dashboard. It can't go with Dashboard. Default: generated.
	DashboardName *string
	// Title is the heading of the rows. Default: the construct's path.
	Title *string
}

// The sizes of widgets, in units of the dashboard's grid, which is 24 wide.
const (
	third      = 8
	wholeWidth = 24
	rowHeight  = 6
)

// dayPeriod is the period of the widget with the day's cost, in minutes.
const dayPeriod = 24 * hourPeriod

func (e *emailOTP) AddDashboard(props *DashboardProps) awscloudwatch.Dashboard {
	var p DashboardProps
	if props != nil {
		p = *props
	}
	if p.Dashboard != nil && p.DashboardName != nil {
		refuse(*e.Node().Path(), []string{"AddDashboard: DashboardName can't go with Dashboard, which has a name already"})
	}
	title := *e.Node().Path()
	if p.Title != nil {
		title = *p.Title
	}
	board := p.Dashboard
	if board == nil {
		board = awscloudwatch.NewDashboard(e, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
			DashboardName: p.DashboardName})
	}
	board.AddWidgets(awscloudwatch.NewTextWidget(&awscloudwatch.TextWidgetProps{
		Markdown: jsii.String("# " + title), Width: jsii.Number(wholeWidth), Height: jsii.Number(1)}))
	board.AddWidgets(
		e.counts("Sign-ins", settings.CodesSent, settings.CodesResent, settings.CodesJoined, settings.CodesVerified),
		e.counts("Mails that were not sent", settings.UserMailsRefused, settings.PoolMailsRefusedVerified,
			settings.PoolMailsRefusedUnverified, settings.PoolMailsRefusedUnknown, settings.RecipientsRefused,
			settings.MailsSuppressed, settings.MailsThrottled, settings.MailsUncertain),
		e.counts("Guesses", settings.CodesWrong, settings.CodesExpired, settings.GuessesRefused, settings.LongCodesSent))
	board.AddWidgets(
		graph("Right codes per sign-in", e.success(AlarmProps{MinimumVolume: jsii.Number(1)})),
		e.latency(),
		graph("Trouble", e.metric(settings.Faults, nil), e.MetricFunctionErrors(nil), e.MetricFunctionThrottles(nil)))
	board.AddWidgets(
		e.counts("Mail quotas near their end", settings.PoolMailsNearEndVerified, settings.PoolMailsNearEndUnverified,
			settings.PoolMailsNearEndUnknown),
		e.counts("Mails that came back", settings.AddressesBounced, settings.AddressesComplained),
		e.cost())
	return board
}

// counts is a graph of metrics that the functions write.
func (e *emailOTP) counts(title string, metrics ...settings.Metric) awscloudwatch.IWidget {
	var all []awscloudwatch.IMetric
	for _, m := range metrics {
		all = append(all, e.metric(m, nil))
	}
	return graph(title, all...)
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: &title, Left: &metrics,
		Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}

// latency shows each trigger's 99th percentile, with the time after which a function ends itself.
func (e *emailOTP) latency() awscloudwatch.IWidget {
	var all []awscloudwatch.IMetric
	for _, slot := range triggersOf(e.config.settings.Mode) {
		var fn awslambda.Function = e.functions[slot.function]
		all = append(all, fn.MetricDuration(&awscloudwatch.MetricOptions{Statistic: jsii.String("p99"),
			Label: jsii.String(slot.id)}))
	}
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String("Duration of the triggers, p99, in ms"), Left: &all,
		LeftAnnotations: &[]*awscloudwatch.HorizontalAnnotation{{Value: jsii.Number(timeoutSeconds * 1000),
			Label: jsii.String("the function's timeout")}},
		Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}

// cost shows the day's cost by the list prices of `emailotp cost`, without what a month costs
// anyway: users, the key, storage and metrics.
func (e *emailOTP) cost() awscloudwatch.IWidget {
	perDay := &awscloudwatch.MetricOptions{Period: minutes(dayPeriod)}
	using := map[string]awscloudwatch.IMetric{"sent": e.metric(settings.CodesSent, perDay),
		"joined": e.metric(settings.CodesJoined, perDay)}
	usd := awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf("(FILL(sent, 0) + FILL(joined, 0)) * %.9f",
			cost.SignInUSD(e.config.settings.Mode, cost.Prices()))),
		Label: jsii.String("USD, list prices, without users, key and storage"), UsingMetrics: &using, Period: minutes(dayPeriod)})
	return awscloudwatch.NewSingleValueWidget(&awscloudwatch.SingleValueWidgetProps{Title: jsii.String("Cost of the day"),
		Metrics: &[]awscloudwatch.IMetric{usd}, Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}
