package monitoring

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The sizes of widgets, in units of the dashboard's grid, which is 24 wide.
const (
	third      = 8
	wholeWidth = 24
	rowHeight  = 6
)

// AddDashboard adds the EmailOTP's rows to a dashboard; nil makes a new one of the name. The last
// row has what options add: remembered devices, and the function change, nil for none.
func (m Monitor) AddDashboard(
	board awscloudwatch.Dashboard, name *string, title string, change awslambda.Function,
) awscloudwatch.Dashboard {
	if board == nil {
		board = awscloudwatch.NewDashboard(m.Scope, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
			DashboardName: name})
	}
	board.AddWidgets(awscloudwatch.NewTextWidget(&awscloudwatch.TextWidgetProps{
		Markdown: jsii.String("# " + title), Width: jsii.Number(wholeWidth), Height: jsii.Number(1)}))
	board.AddWidgets(
		m.counts("Sign-ins", settings.CodesSent, settings.CodesResent, settings.CodesJoined, settings.CodesVerified),
		m.counts("Mails that were not sent", settings.UserMailsRefused, settings.PoolMailsRefusedVerified,
			settings.PoolMailsRefusedUnverified, settings.PoolMailsRefusedUnknown, settings.RecipientsRefused,
			settings.MailsSuppressed, settings.MailsThrottled, settings.MailsUncertain),
		m.counts("Guesses", settings.CodesWrong, settings.CodesExpired, settings.GuessesRefused, settings.LongCodesSent))
	board.AddWidgets(
		graph("Right codes per sign-in", m.success(jsii.Number(1))),
		m.latency(),
		graph("Trouble", m.Metric(settings.Faults, nil), m.Errors(nil), m.Throttles(nil)))
	board.AddWidgets(
		m.counts("Mail quotas near their end", settings.PoolMailsNearEndVerified, settings.PoolMailsNearEndUnverified,
			settings.PoolMailsNearEndUnknown),
		m.counts("Mails that came back", settings.AddressesBounced, settings.AddressesComplained),
		m.cost())
	var row []awscloudwatch.IWidget
	if m.HasDevices {
		row = append(row, m.counts("Remembered devices", settings.DeviceMetrics()...))
	}
	if !propread.IsNil(change) {
		row = append(row, m.counts("Changed addresses", settings.AddressMetrics()...),
			graph("Function of changed addresses", change.MetricInvocations(nil), change.MetricErrors(nil),
				change.MetricThrottles(nil), m.Metric(settings.PageFaults, nil)))
	}
	if len(row) > 0 {
		board.AddWidgets(row...)
	}
	return board
}

// counts is a graph of metrics that the functions write.
func (m Monitor) counts(title string, metrics ...settings.Metric) awscloudwatch.IWidget {
	var all []awscloudwatch.IMetric
	for _, name := range metrics {
		all = append(all, m.Metric(name, nil))
	}
	return graph(title, all...)
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: &title, Left: &metrics,
		Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}

// latency shows each trigger's 99th percentile, with the time after which a function ends itself.
func (m Monitor) latency() awscloudwatch.IWidget {
	var all []awscloudwatch.IMetric
	for _, fn := range m.Triggers {
		all = append(all, fn.MetricDuration(&awscloudwatch.MetricOptions{Statistic: jsii.String("p99"),
			Label: jsii.String(fn.ID)}))
	}
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String("Duration of the triggers, p99, in ms"), Left: &all,
		LeftAnnotations: &[]*awscloudwatch.HorizontalAnnotation{{Value: jsii.Number(m.Timeout * 1000),
			Label: jsii.String("the function's timeout")}},
		Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}

// cost shows the day's cost by the list prices of `emailotp cost`, without what a month costs
// anyway: users, the key, storage and metrics.
func (m Monitor) cost() awscloudwatch.IWidget {
	perDay := &awscloudwatch.MetricOptions{Period: minutes(dayPeriod)}
	using := map[string]awscloudwatch.IMetric{"sent": m.Metric(settings.CodesSent, perDay),
		"joined": m.Metric(settings.CodesJoined, perDay)}
	usd := awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf("(FILL(sent, 0) + FILL(joined, 0)) * %.9f",
			cost.SignInUSD(m.Mode, cost.Prices()))),
		Label: jsii.String("USD, list prices, without users, key and storage"), UsingMetrics: &using,
		Period: minutes(dayPeriod)})
	return awscloudwatch.NewSingleValueWidget(&awscloudwatch.SingleValueWidgetProps{Title: jsii.String("Cost of the day"),
		Metrics: &[]awscloudwatch.IMetric{usd}, Width: jsii.Number(third), Height: jsii.Number(rowHeight)})
}
