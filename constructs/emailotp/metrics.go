package emailotp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func (e *emailOTP) Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	all := slices.Concat(settings.Metrics(), settings.DeviceMetrics(), settings.ChainedMetrics(),
		settings.PageMetrics())
	if name == nil || !slices.Contains(all, settings.Metric(*name)) {
		given := "nil"
		if name != nil {
			given = fmt.Sprintf("%q", *name)
		}
		names := strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ", "), "[]")
		refuse(*e.Node().Path(), []string{
			fmt.Sprintf("Metric has no metric of that name (received: %s); the names are %s", given, names)})
	}
	// Made plain and then adjusted, so that the caller's options win and stay untouched.
	metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(settings.Namespace),
		MetricName:    name,
		DimensionsMap: &map[string]*string{settings.Dimension: e.pool.UserPoolId()},
		Statistic:     jsii.String("Sum"),
		Period:        awscdk.Duration_Minutes(jsii.Number(5)),
	}).AttachTo(e)
	if props == nil {
		return metric
	}
	return metric.With(props)
}

func (e *emailOTP) metric(m settings.Metric, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.Metric(jsii.String(string(m)), props)
}

func (e *emailOTP) MetricCodesSent(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.CodesSent, p)
}

func (e *emailOTP) MetricCodesVerified(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.CodesVerified, p)
}

func (e *emailOTP) MetricCodesWrong(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.CodesWrong, p)
}

func (e *emailOTP) MetricGuessesRefused(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.GuessesRefused, p)
}

func (e *emailOTP) MetricPoolMailsNearEnd(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.PoolMailsNearEnd, p)
}

func (e *emailOTP) MetricPoolMailsRefused(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.PoolMailsRefused, p)
}

func (e *emailOTP) MetricAddressesBounced(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.AddressesBounced, p)
}

func (e *emailOTP) MetricAddressesComplained(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.AddressesComplained, p)
}

func (e *emailOTP) MetricMailsSuppressed(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.MailsSuppressed, p)
}

func (e *emailOTP) MetricFaults(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.Faults, p)
}

func (e *emailOTP) MetricFunctionErrors(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	slots := slotsOf(e.config.settings.Mode)
	return e.overFunctions("SUM", "errors", slots, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricErrors(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
	})
}

func (e *emailOTP) MetricFunctionThrottles(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	slots := slotsOf(e.config.settings.Mode)
	return e.overFunctions("SUM", "throttles", slots, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricThrottles(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum")})
	})
}

func (e *emailOTP) MetricFunctionDuration(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	slots := triggersOf(e.config.settings.Mode)
	return e.overFunctions("MAX", "duration", slots, p, func(f awslambda.Function) awscloudwatch.IMetric {
		return f.MetricDuration(&awscloudwatch.MetricOptions{Statistic: jsii.String("Maximum")})
	})
}

// overFunctions applies a function of CloudWatch to one metric of each slot's function. A graph
// shares the ids of all its expressions' metrics, so the ids name the metric and the construct, and
// the expression names its own metrics rather than METRICS(), which is every metric of the graph.
func (e *emailOTP) overFunctions(
	function, metric string, slots []slot, p *awscloudwatch.MathExpressionOptions,
	of func(awslambda.Function) awscloudwatch.IMetric,
) awscloudwatch.MathExpression {
	using := make(map[string]awscloudwatch.IMetric)
	var ids []string
	for _, slot := range slots {
		id := metric + "_" + *e.Node().Addr() + "_" + slot.id
		using[id], ids = of(e.functions[slot.function]), append(ids, id)
	}
	props := &awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(function + "([" + strings.Join(ids, ", ") + "])"),
		Label:        jsii.String("EmailOTP functions: " + metric),
		UsingMetrics: &using,
		Period:       awscdk.Duration_Minutes(jsii.Number(5)),
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
