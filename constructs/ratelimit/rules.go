package ratelimit

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"
)

// Limits are how many requests one caller, an IP address, may make in a window. Each is 10 to
// 2,000,000,000; nil is the default. A household or a company behind one address shares them.
type Limits struct {
	// InitiateAuth is starts of sign-ins, refreshed tokens included. Default: 300.
	InitiateAuth *float64
	// RespondToAuthChallenge is answers. Default: 900, three for each start.
	RespondToAuthChallenge *float64
	// SignUp is new accounts. Default: 10, the least that AWS WAF counts.
	SignUp *float64
	// ForgotPassword is requests for Cognito's own reset. Default: 10.
	ForgotPassword *float64
	// ConfirmForgotPassword is guesses of a reset code. Default: 20, two for each request: the
	// first may have a typing error, or a password that Cognito refuses.
	ConfirmForgotPassword *float64
	// WindowSeconds is the length of the window: 60, 120, 300 or 600. Default: 600.
	WindowSeconds *float64
	// CountOnly counts what would be refused and refuses nothing: a first step for a pool with
	// users. Default: false.
	CountOnly *bool
}

// AWS WAF's bounds of a rate rule (AWS WAF Developer Guide, rate-based rule statement).
const (
	leastLimit    = 10
	mostLimit     = 2_000_000_000
	defaultWindow = 600
)

// target is the prefix of Cognito's operations in the header X-Amz-Target.
const target = "awscognitoidentityproviderservice."

// operation is a public operation of Cognito's with its limit.
type operation struct {
	name   string
	preset float64
	given  *float64
}

func (l Limits) operations() []operation {
	return []operation{
		{"InitiateAuth", 300, l.InitiateAuth},
		{"RespondToAuthChallenge", 900, l.RespondToAuthChallenge},
		{"SignUp", 10, l.SignUp},
		{"ForgotPassword", 10, l.ForgotPassword},
		{"ConfirmForgotPassword", 20, l.ConfirmForgotPassword},
	}
}

func (o operation) limit() float64 {
	if o.given != nil {
		return *o.given
	}
	return o.preset
}

func (l Limits) window() float64 {
	if l.WindowSeconds != nil {
		return *l.WindowSeconds
	}
	return defaultWindow
}

// problems returns everything that is wrong with the limits.
func (l Limits) problems() (problems []string) {
	for _, o := range l.operations() {
		problems = append(problems, limitProblem(o.name, o.limit())...)
	}
	switch l.window() {
	case 60, 120, 300, 600:
	default:
		problems = append(problems, fmt.Sprintf("WindowSeconds must be 60, 120, 300 or 600 (received: %g); leave it nil "+
			"for 600",
			l.window()))
	}
	return problems
}

func limitProblem(name string, limit float64) []string {
	if limit >= leastLimit && limit <= mostLimit && limit == float64(int64(limit)) {
		return nil
	}
	return []string{fmt.Sprintf("%s must be a whole number from 10 to 2,000,000,000 (received: %g); "+
		"leave it nil for the default", name, limit)}
}

// Rules returns the rules for a user pool, for a web ACL of your own: one for each operation, with
// priorities from first on. Wrong limits are a panic with an [*Error].
func Rules(first int, l Limits) []*awswafv2.CfnWebACL_RuleProperty {
	refuse("Rules", l.problems())
	var rules []*awswafv2.CfnWebACL_RuleProperty
	for i, o := range l.operations() {
		rules = append(rules, rule(o.name, first+i, o.limit(), l.window(), l.CountOnly, onOperation(o.name)))
	}
	return rules
}

// rule limits what scope matches; nil is every request.
func rule(name string, priority int, limit, window float64, countOnly *bool,
	scope *awswafv2.CfnWebACL_StatementProperty) *awswafv2.CfnWebACL_RuleProperty {
	action := &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{}}
	if countOnly != nil && *countOnly {
		action = &awswafv2.CfnWebACL_RuleActionProperty{Count: &awswafv2.CfnWebACL_CountActionProperty{}}
	}
	rate := &awswafv2.CfnWebACL_RateBasedStatementProperty{AggregateKeyType: jsii.String("IP"), Limit: &limit,
		EvaluationWindowSec: &window}
	if scope != nil {
		rate.ScopeDownStatement = scope
	}
	return &awswafv2.CfnWebACL_RuleProperty{Name: jsii.String("EmailOTP" + name), Priority: jsii.Number(priority),
		Action: action, VisibilityConfig: visible("EmailOTP" + name),
		Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: rate}}
}

// onOperation matches a call of Cognito's API by the two headers that may name it: the one that
// Cognito adds for AWS WAF, and the one that clients send.
func onOperation(name string) *awswafv2.CfnWebACL_StatementProperty {
	header := func(header, value string) *awswafv2.CfnWebACL_StatementProperty {
		return &awswafv2.CfnWebACL_StatementProperty{ByteMatchStatement: &awswafv2.CfnWebACL_ByteMatchStatementProperty{
			FieldToMatch:         &awswafv2.CfnWebACL_FieldToMatchProperty{SingleHeader: map[string]string{"Name": header}},
			PositionalConstraint: jsii.String("EXACTLY"), SearchString: jsii.String(strings.ToLower(value)),
			TextTransformations: &[]*awswafv2.CfnWebACL_TextTransformationProperty{
				{Priority: jsii.Number(0), Type: jsii.String("LOWERCASE")}}}}
	}
	return &awswafv2.CfnWebACL_StatementProperty{OrStatement: &awswafv2.CfnWebACL_OrStatementProperty{
		Statements: &[]*awswafv2.CfnWebACL_StatementProperty{
			header("x-amzn-cognito-operation-name", name), header("x-amz-target", target+name)}}}
}

func visible(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
	return &awswafv2.CfnWebACL_VisibilityConfigProperty{CloudWatchMetricsEnabled: jsii.Bool(true),
		MetricName: &name, SampledRequestsEnabled: jsii.Bool(true)}
}
