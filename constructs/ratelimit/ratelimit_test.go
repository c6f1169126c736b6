//go:build !race

package ratelimit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/ratelimit"
)

func TestMain(m *testing.M) { emailotptest.Main(m) }

func newStack(t *testing.T, region string) awscdk.Stack {
	t.Helper()
	return awscdk.NewStack(emailotptest.App(t, nil), jsii.String("Prod"),
		&awscdk.StackProps{Env: &awscdk.Environment{Region: &region}})
}

func refusal(f func()) (words string) {
	defer func() {
		if problem := recover(); problem != nil {
			words = fmt.Sprint(problem)
		}
	}()
	f()
	return ""
}

func template(t *testing.T, stack awscdk.Stack) string {
	t.Helper()
	b, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPoolsCallersAreLimitedByOperation(t *testing.T) {
	stack := newStack(t, "eu-west-1")
	pool := awscognito.NewUserPool(stack, jsii.String("Pool"), nil)
	made := ratelimit.NewRateLimit(stack, jsii.String("RateLimit"), &ratelimit.RateLimitProps{UserPool: pool,
		Limits: ratelimit.Limits{SignUp: jsii.Number(50), WindowSeconds: jsii.Number(60)}})
	if made.WebAcl() == nil || *made.WebAclArn() == "" {
		t.Error("the web ACL is not returned")
	}
	got := template(t, stack)
	for _, want := range []string{`"Scope":"REGIONAL"`, `"Limit":50`, `"Limit":300`, `"Limit":900`, `"Limit":10`,
		`"EvaluationWindowSec":60`, `"AggregateKeyType":"IP"`, `"Block":{}`, `"SearchString":"initiateauth"`, `"Limit":20`,
		`"SearchString":"confirmforgotpassword"`,
		`"SearchString":"awscognitoidentityproviderservice.respondtoauthchallenge"`, `"Name":"x-amz-target"`,
		`"Name":"x-amzn-cognito-operation-name"`, "AWS::WAFv2::WebACLAssociation", `"Priority":4`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}

func TestCloudFrontIsLimitedFromNorthVirginia(t *testing.T) {
	stack := newStack(t, "us-east-1")
	ratelimit.NewCloudFrontRateLimit(stack, jsii.String("RateLimit"), &ratelimit.CloudFrontRateLimitProps{
		EndpointPaths: jsii.Strings("/api/", "/oauth2/"), CountOnly: jsii.Bool(true)})
	got := template(t, stack)
	for _, want := range []string{`"Scope":"CLOUDFRONT"`, `"SearchString":"/api/"`, `"SearchString":"/oauth2/"`,
		`"Count":{}`, `"Limit":500`, `"Limit":100`, `"PositionalConstraint":"STARTS_WITH"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "WebACLAssociation") || strings.Contains(got, `"Block"`) {
		t.Errorf("CloudFront takes the ACL in its distribution, and nothing blocks: %s", got)
	}
}

func TestWrongLimitsAreRefusedTogether(t *testing.T) {
	stack := newStack(t, "eu-west-1")
	for words, wants := range map[string][]string{
		refusal(func() { ratelimit.NewRateLimit(stack, jsii.String("A"), nil) }):                         {"UserPool is missing"},
		refusal(func() { ratelimit.NewRateLimit(stack, jsii.String("B"), &ratelimit.RateLimitProps{}) }): {"UserPool is missing"},
		refusal(func() {
			ratelimit.Rules(0, ratelimit.Limits{InitiateAuth: jsii.Number(9), SignUp: jsii.Number(10.5),
				WindowSeconds: jsii.Number(90)})
		}): {"InitiateAuth must be a whole number from 10", "SignUp must be a whole number",
			"WindowSeconds must be 60, 120, 300 or 600"},
		refusal(func() {
			ratelimit.NewCloudFrontRateLimit(stack, jsii.String("C"), &ratelimit.CloudFrontRateLimitProps{
				EndpointPaths: jsii.Strings("api"), Requests: jsii.Number(1)})
		}): {"stack of us-east-1 (received: eu-west-1)", `EndpointPaths must begin with "/"`,
			"Requests must be a whole number"},
	} {
		for _, want := range wants {
			if !strings.Contains(words, want) {
				t.Errorf("%q is missing in %q", want, words)
			}
		}
	}
}
