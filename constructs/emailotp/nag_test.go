//go:build !race

package emailotp_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// reasons are the AWS Solutions rules that an EmailOTP breaks on purpose.
var reasons = map[string]string{
	"AwsSolutions-COG2": "native MFA would put challenges between the password and the mailed code, or give tokens without it; the code is the second factor",
	"AwsSolutions-COG3": "threat protection needs the Plus plan; guesses and mails are bounded by the functions' own budgets",
}

var rulePattern = regexp.MustCompile(`AwsSolutions-[A-Z0-9]+`)

// broken returns the rules that a stack breaks, errors and warnings.
func broken(stack awscdk.Stack) []string {
	annotations, rule := assertions.Annotations_FromStack(stack),
		assertions.Match_StringLikeRegexp(text("AwsSolutions-.*"))
	rules := map[string]bool{}
	for _, found := range append(*annotations.FindError(text("*"), rule), *annotations.FindWarning(text("*"), rule)...) {
		//lint:ignore SA1019 the Go binding has no other way to a finding's text
		rules[rulePattern.FindString(found.Entry.Data.(string))] = true
	}
	return slices.Sorted(maps.Keys(rules))
}

func TestAWSSolutionsRulesHoldButForThoseWithAReason(t *testing.T) {
	for _, mode := range modes {
		for _, suppress := range []bool{false, true} {
			app := emailotptest.App(t, nil)
			stack := awscdk.NewStack(app, text("Prod"), nil)
			// With a function of the app's own behind the trigger: its rights are no wildcard.
			e := signIn(stack, withChain(mode, awslambda.Function_FromFunctionArn(stack, text("Own"),
				text("arn:aws:lambda:eu-west-1:123456789012:function:own"))))
			awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: yes}), nil)
			want := slices.Sorted(maps.Keys(reasons))
			if suppress {
				want = nil
				for rule, reason := range reasons {
					cdknag.NagSuppressions_AddResourceSuppressions(e.UserPool(),
						&[]*cdknag.NagPackSuppression{{Id: &rule, Reason: &reason}}, nil)
				}
			}
			if got := broken(stack); !slices.Equal(got, want) {
				t.Errorf("%s, suppressed %t: broken rules %v, want %v", mode, suppress, got, want)
			}
		}
	}
}
