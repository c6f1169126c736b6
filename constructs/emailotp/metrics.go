package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/monitoring"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func (e *emailOTP) Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	found, problems := monitoring.Named(name)
	refuse(*e.Node().Path(), problems)
	return e.metric(found, props)
}

func (e *emailOTP) metric(m settings.Metric, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.monitor().Metric(m, props)
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

func (e *emailOTP) MetricAddressesChanged(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.AddressesChanged, p)
}

func (e *emailOTP) MetricAddressCodesWrong(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.AddressCodesWrong, p)
}

func (e *emailOTP) MetricFaults(p *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return e.metric(settings.Faults, p)
}

func (e *emailOTP) MetricFunctionErrors(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return e.monitor().Errors(p)
}

func (e *emailOTP) MetricFunctionThrottles(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return e.monitor().Throttles(p)
}

func (e *emailOTP) MetricFunctionDuration(p *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression {
	return e.monitor().Duration(p)
}

// monitor returns what the metrics, the alarms and the dashboard are made of.
func (e *emailOTP) monitor() monitoring.Monitor {
	mode := e.config.settings.Mode
	functions := func(of []slots.Slot) (all []monitoring.Function) {
		for _, s := range of {
			all = append(all, monitoring.Function{ID: s.ID, Function: e.functions[s.Function]})
		}
		return all
	}
	return monitoring.Monitor{Scope: e, UserPoolID: e.pool.UserPoolId(), Mode: mode,
		Functions: functions(slots.Of(mode)), Triggers: functions(slots.Triggers(mode)), Timeout: slots.TimeoutSeconds,
		HasChained: len(e.config.chained) > 0, HasDevices: e.config.settings.RememberDevices > 0}
}
