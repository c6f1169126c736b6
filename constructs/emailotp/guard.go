package emailotp

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

const (
	// doubtfulBound is the chance to guess a code of one account within a year above which the
	// construct warns.
	doubtfulBound = 1e-3
	// worstBound is the chance above which it refuses.
	worstBound = 1e-1
	// boundMark is the stack metadata that holds the arithmetic.
	boundMark = "EmailOTP::Guessing"
)

// addKeyAndTable creates what codes are derived from and what their guesses are counted in.
func (e *emailOTP) addKeyAndTable() {
	c := &e.config
	e.key = awskms.NewKey(e, jsii.String("Key"), &awskms.KeyProps{
		Description:   jsii.String("Derives and binds EmailOTP sign-in codes"),
		KeySpec:       awskms.KeySpec_HMAC_256,
		KeyUsage:      awskms.KeyUsage_GENERATE_VERIFY_MAC,
		RemovalPolicy: c.removalPolicy,
	})
	e.table = awsdynamodb.NewTableV2(e, jsii.String("Table"), &awsdynamodb.TablePropsV2{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String("ttl"),
		Billing:             awsdynamodb.Billing_OnDemand(nil),
		Encryption:          awsdynamodb.TableEncryptionV2_DynamoOwnedKey(),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(c.retain()),
		RemovalPolicy:      c.removalPolicy,
	})
	c.settings.KeyARN, c.settings.TableName = *e.key.KeyArn(), *e.table.TableName()
}

// stateBounds writes the chance of guessing into the stack, and warns where it is doubtful and of
// what the mail's wording leaves out.
func (e *emailOTP) stateBounds() {
	c := &e.config
	within := strings.TrimPrefix(*e.Node().Path(), *e.stack().Node().Path()+"/")
	e.stack().AddMetadata(jsii.String(boundMark+"::"+within), map[string]any{
		"CodeLength":              c.settings.CodeLength,
		"GuessBurst":              c.settings.GuessBurst,
		"GuessRefillSeconds":      int(c.settings.GuessRefill.Seconds()),
		"GuessesPerYear":          c.guesses().Yearly(),
		"ChancePerAccountAndYear": fmt.Sprintf("%.3g", c.bound()),
	})
	for i, w := range c.warnings {
		awscdk.Validations_Of(e).AddWarning(jsii.String(fmt.Sprintf("emailotp:Mail%d", i+1)), jsii.String(w))
	}
	if c.bound() > doubtfulBound {
		awscdk.Validations_Of(e).AddWarning(jsii.String("emailotp:GuessingBound"), jsii.String(fmt.Sprintf(
			"%s, above %g; lengthen the code or slow the refill", c.arithmetic(), doubtfulBound)))
	}
}

// arithmetic says where the chance comes from.
func (c *config) arithmetic() string {
	b := c.guesses()
	return fmt.Sprintf("%s guesses of one account a year (%d at once and one more every %s), each right once in 10^%d: a chance of %.2g",
		thousands(int(b.Yearly())), b.Burst, human(b.Refill), c.settings.CodeLength, c.bound())
}
