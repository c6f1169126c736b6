// Package monitoring makes the metrics, alarms and dashboards of an EmailOTP.
package monitoring

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The lengths of periods, in minutes.
const (
	shortPeriod = 5
	longPeriod  = 30
	hourPeriod  = 60
	dayPeriod   = 24 * hourPeriod
)

func minutes(n float64) awscdk.Duration { return awscdk.Duration_Minutes(&n) }

// Function is a function of the EmailOTP with the id of its construct.
type Function struct {
	ID string
	awslambda.Function
}

// Monitor is an EmailOTP as its metrics show it.
type Monitor struct {
	// Scope is the EmailOTP.
	Scope      constructs.Construct
	UserPoolID *string
	Mode       settings.Mode
	// Functions are the mode's, Triggers those of them that the pool calls.
	Functions, Triggers []Function
	// Timeout is how long a trigger may run, in seconds.
	Timeout int
	// HasChained is true where the app's own function is behind EmailOTP's.
	HasChained bool
	// HasDevices is true where the pool remembers devices.
	HasDevices bool
}

// Metric returns a metric that the functions write: a sum over 5 minutes, unless props say other.
func (m Monitor) Metric(name settings.Metric, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	// Made plain and then adjusted, so that the caller's options win and stay untouched.
	metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(settings.Namespace),
		MetricName:    jsii.String(string(name)),
		DimensionsMap: &map[string]*string{settings.Dimension: m.UserPoolID},
		Statistic:     jsii.String("Sum"),
		Period:        minutes(shortPeriod),
	}).AttachTo(m.Scope)
	if props == nil {
		return metric
	}
	return metric.With(props)
}

// Errors sums the failed invocations of all functions.
func (m Monitor) Errors(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return m.errors(m.Functions, p)
}

func (m Monitor) errors(of []Function, p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return m.overFunctions("SUM", "errors", of, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricErrors(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
	})
}

// Throttles sums the invocations of all functions that Lambda refused.
func (m Monitor) Throttles(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return m.throttles(m.Functions, p)
}

func (m Monitor) throttles(of []Function, p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return m.overFunctions("SUM", "throttles", of, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricThrottles(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
	})
}

// Duration is the longest run of any trigger, in milliseconds.
func (m Monitor) Duration(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return m.overFunctions("MAX", "duration", m.Triggers, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricDuration(&awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")})
	})
}

// overFunctions applies a function of CloudWatch to one metric of each function. A graph
// shares the ids of all its expressions' metrics, so the ids name the metric and the construct, and
// the expression names its own metrics rather than METRICS(), which is every metric of the graph.
func (m Monitor) overFunctions(
	function, metric string, functions []Function, p *awscloudwatch.MathExpressionOptions,
	of func(awslambda.Function) awscloudwatch.IMetric,
) awscloudwatch.MathExpression {
	using := make(map[string]awscloudwatch.IMetric)
	var ids []string
	for _, fn := range functions {
		id := metric + "_" + *m.Scope.Node().Addr() + "_" + fn.ID
		using[id], ids = of(fn.Function), append(ids, id)
	}
	props := &awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(function + "([" + strings.Join(ids, ", ") + "])"),
		Label:        jsii.String("EmailOTP functions: " + metric),
		UsingMetrics: &using,
		Period:       minutes(shortPeriod),
	}
	if p != nil {
		props.Color, props.SearchAccount, props.SearchRegion = p.Color, p.SearchAccount, p.SearchRegion
		if p.Label != nil {
			props.Label = p.Label
		}
		if p.Period != nil {
			props.Period = p.Period
		}
	}
	return awscloudwatch.NewMathExpression(props)
}
