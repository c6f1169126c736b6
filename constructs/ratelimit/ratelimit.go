// Package ratelimit limits callers of a user pool's sign-in, and of what lies behind CloudFront, by
// AWS WAF. EmailOTP's own budgets are by account and by pool; these are by IP address, before
// Cognito counts a call.
//
//	ratelimit.NewRateLimit(stack, jsii.String("RateLimit"), &ratelimit.RateLimitProps{UserPool: signIn.UserPool()})
//
// A web ACL costs about $5 a month, each of its rules $1, a million requests $0.60: five rules make
// $10 a month. docs/security.md has the arithmetic of what they add against floods.
package ratelimit

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Error is a refusal to create a construct. Its text lists everything that is wrong.
type Error struct {
	// Path is the construct's path.
	Path string
	// Problems are sentences without a full stop.
	Problems []string
}

// Error returns the path and the problems, a line each.
func (e *Error) Error() string {
	return "ratelimit: " + e.Path + ": " + strings.Join(e.Problems, "\n  ")
}

func refuse(path string, problems []string) {
	if len(problems) > 0 {
		slices.Sort(problems)
		panic(&Error{path, slices.Compact(problems)})
	}
}

// RateLimit is a web ACL with rate rules.
type RateLimit interface {
	constructs.Construct
	// WebAcl returns the web ACL, for rules of your own.
	WebAcl() awswafv2.CfnWebACL
	// WebAclArn returns its ARN; CloudFront's distributions accept it as WebAclId.
	WebAclArn() *string
}

type rateLimit struct {
	constructs.Construct
	acl awswafv2.CfnWebACL
}

func (r *rateLimit) WebAcl() awswafv2.CfnWebACL { return r.acl }
func (r *rateLimit) WebAclArn() *string         { return r.acl.AttrArn() }

// RateLimitProps configures a [NewRateLimit].
type RateLimitProps struct {
	// UserPool is the pool to limit. A pool has one web ACL at most: where it has one, add [Rules]
	// to that. Required.
	UserPool awscognito.IUserPool
	// Limits are how many requests each caller may make.
	Limits Limits
}

// NewRateLimit creates a regional web ACL with a rate rule for each public operation of a sign-in
// and puts it before the pool. A blocked call is a ForbiddenException to the client. Calls that a
// server makes for its users come from one address: leave such pools without it, or raise the
// limits. A refusal is a panic with an [*Error].
func NewRateLimit(scope constructs.Construct, id *string, props *RateLimitProps) RateLimit {
	if props == nil || props.UserPool == nil {
		refuse(*id, []string{"UserPool is missing; pass the pool, such as signIn.UserPool()"})
	}
	refuse(*id, props.Limits.problems())
	r := newACL(scope, id, "REGIONAL", Rules(0, props.Limits))
	awswafv2.NewCfnWebACLAssociation(r, jsii.String("Association"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: props.UserPool.UserPoolArn(), WebAclArn: r.WebAclArn()})
	return r
}

// CloudFrontRateLimitProps configures a [NewCloudFrontRateLimit].
type CloudFrontRateLimitProps struct {
	// Requests is how many requests one caller may make in a window, 10 to 2,000,000,000. A visit
	// of the sign-in page makes about ten. Default: 500.
	Requests *float64
	// EndpointRequests is the same for paths that begin with one of EndpointPaths, counted
	// together. Default: 100.
	EndpointRequests *float64
	// EndpointPaths are where endpoints begin, such as "/oauth2/" and "/account/" of a sign-in
	// page. AWS WAF can't protect an HTTP API, so only this rule, before CloudFront, limits its
	// callers. Default: no rule for endpoints.
	EndpointPaths *[]*string
	// WindowSeconds is the length of the window: 60, 120, 300 or 600. Default: 600.
	WindowSeconds *float64
	// CountOnly counts what would be refused and refuses nothing. Default: false.
	CountOnly *bool
}

// NewCloudFrontRateLimit creates a web ACL for CloudFront with rate rules. Its stack must be in
// us-east-1, where AWS WAF keeps those. Pass [RateLimit.WebAclArn] to the distribution as WebAclId,
// or to a sign-in page as WebAclID.
// A refusal is a panic with an [*Error].
func NewCloudFrontRateLimit(scope constructs.Construct, id *string, props *CloudFrontRateLimitProps) RateLimit {
	p := CloudFrontRateLimitProps{}
	if props != nil {
		p = *props
	}
	requests, endpoints := 500.0, 100.0
	if p.Requests != nil {
		requests = *p.Requests
	}
	if p.EndpointRequests != nil {
		endpoints = *p.EndpointRequests
	}
	window := Limits{WindowSeconds: p.WindowSeconds}
	problems := append(window.problems(), limitProblem("Requests", requests)...)
	problems = append(problems, limitProblem("EndpointRequests", endpoints)...)
	var paths []string
	if p.EndpointPaths != nil {
		for _, path := range *p.EndpointPaths {
			if path == nil || !strings.HasPrefix(*path, "/") {
				problems = append(problems, `EndpointPaths must begin with "/", such as "/account/"`)
				continue
			}
			paths = append(paths, *path)
		}
	}
	if region := *awscdk.Stack_Of(scope).Region(); region != "us-east-1" {
		problems = append(problems, "a web ACL for CloudFront must be in a stack of us-east-1 (received: "+region+
			"); create a stack there, with CrossRegionReferences where the distribution is in another")
	}
	refuse(*id, problems)
	rules := []*awswafv2.CfnWebACL_RuleProperty{}
	if len(paths) > 0 {
		rules = append(rules, rule("Endpoints", 0, endpoints, window.window(), p.CountOnly, below(paths)))
	}
	rules = append(rules, rule("Requests", len(rules), requests, window.window(), p.CountOnly, nil))
	return newACL(scope, id, "CLOUDFRONT", rules)
}

// below matches paths that begin with one of the prefixes.
func below(prefixes []string) *awswafv2.CfnWebACL_StatementProperty {
	var all []*awswafv2.CfnWebACL_StatementProperty
	for _, prefix := range prefixes {
		all = append(all, startsWith(prefix))
	}
	if len(all) == 1 {
		return all[0] // AWS WAF requires two statements or more in an OR
	}
	return &awswafv2.CfnWebACL_StatementProperty{OrStatement: &awswafv2.CfnWebACL_OrStatementProperty{Statements: &all}}
}

func startsWith(prefix string) *awswafv2.CfnWebACL_StatementProperty {
	return &awswafv2.CfnWebACL_StatementProperty{ByteMatchStatement: &awswafv2.CfnWebACL_ByteMatchStatementProperty{
		FieldToMatch:         &awswafv2.CfnWebACL_FieldToMatchProperty{UriPath: map[string]any{}},
		PositionalConstraint: jsii.String("STARTS_WITH"), SearchString: &prefix,
		TextTransformations: &[]*awswafv2.CfnWebACL_TextTransformationProperty{
			{Priority: jsii.Number(0), Type: jsii.String("NORMALIZE_PATH")}}}}
}

func newACL(scope constructs.Construct, id *string, reach string, rules []*awswafv2.CfnWebACL_RuleProperty) *rateLimit {
	r := &rateLimit{}
	constructs.NewConstruct_Override(r, scope, id)
	r.acl = awswafv2.NewCfnWebACL(r, jsii.String("WebAcl"), &awswafv2.CfnWebACLProps{Scope: &reach,
		DefaultAction:    &awswafv2.CfnWebACL_DefaultActionProperty{Allow: &awswafv2.CfnWebACL_AllowActionProperty{}},
		VisibilityConfig: visible("EmailOTPRateLimit"), Rules: &rules})
	return r
}
