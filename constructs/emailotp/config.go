package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/sender"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// config is the props as Go values with every default filled in. All later steps read the config
// and never the props, so they use what was validated.
type config struct {
	settings settings.Settings
	sender   sender.Config

	sandboxRecipients bool
	mailFile          []byte // mail.json; nil for none
	warnings          []string
	brand             *Brand // nil for the look that ships

	pool                  awscognito.IUserPool
	imported              bool // CloudFormation does not manage the pool
	checkOnDeploy         bool
	caseSensitive         bool // of an imported pool
	attachStatements      []awsiam.PolicyStatement
	poolProps             UserPoolProps
	clientProps           UserPoolClientProps
	clientsMayChangeEmail bool
	bypasses              []Bypass
	chained               map[settings.Function]awslambda.IFunction // the adopter's own, by the function that invokes it
	tokenVersion          awscognito.LambdaVersion                  // empty for V1_0
	tokenWarning          string                                    // empty for none

	architecture  awslambda.Architecture
	goarch        string
	memorySize    int
	logRetention  awslogs.RetentionDays
	platform      Platform
	destroy       bool
	keyGeneration int
	codes         map[settings.Function]awslambda.Code
}

// retain reports whether resources are kept when the stack is deleted.
func (c *config) retain() bool { return !c.destroy }

// removalPolicy returns the policy of a resource. A resource without deletion protection is deleted
// where the deployment that creates it fails; deletion protection would refuse that, and the
// roll-back with it.
func (c *config) removalPolicy(protected bool) awscdk.RemovalPolicy {
	switch {
	case c.destroy:
		return awscdk.RemovalPolicy_DESTROY
	case protected:
		return awscdk.RemovalPolicy_RETAIN
	}
	return awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
}

// guesses returns the account's guess bucket.
func (c *config) guesses() guard.Bucket {
	return guard.Bucket{Burst: c.settings.GuessBurst, Refill: c.settings.GuessRefill}
}

// bound returns the chance to guess a code of one account within any year.
func (c *config) bound() float64 { return guard.YearlyBound(c.settings.CodeLength, c.guesses()) }

// A reader turns the props into a config.
type reader struct{ propread.Reader }
