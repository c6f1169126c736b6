package emailotp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

const (
	// doubtfulBound is the chance to guess a code of one account within a year above which the
	// construct warns.
	doubtfulBound = 1e-3
	// worstBound is the chance above which it refuses.
	worstBound = 1e-1
)

// addKeyAndTable creates the key of the codes and the table that counts guesses and mails.
func (e *emailOTP) addKeyAndTable() {
	c := &e.config
	if c.keyGeneration > 1 {
		e.addKey(c.keyGeneration - 1) // for a roll-back; no function may use it
	}
	e.key = e.addKey(c.keyGeneration)
	e.table = awsdynamodb.NewTableV2(e, jsii.String("Table"), &awsdynamodb.TablePropsV2{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String("ttl"),
		Billing:             awsdynamodb.Billing_OnDemand(nil),
		Encryption:          e.config.platform.TableEncryption(),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(c.retain()),
		RemovalPolicy:      c.removalPolicy(c.retain()),
	})
	c.settings.KeyARN, c.settings.TableName = *e.key.KeyArn(), *e.table.TableName()
}

// addKey creates the key of a generation. The first one's construct id is without its number.
func (e *emailOTP) addKey(generation int) awskms.Key {
	id := "Key"
	if generation > 1 {
		id += strconv.Itoa(generation)
	}
	return awskms.NewKey(e, jsii.String(id), &awskms.KeyProps{
		Description:   jsii.String("Derives and binds EmailOTP sign-in codes"),
		KeySpec:       awskms.KeySpec_HMAC_256,
		KeyUsage:      awskms.KeyUsage_GENERATE_VERIFY_MAC,
		RemovalPolicy: e.config.removalPolicy(false),
	})
}

// stateBounds writes the chance of guessing into the stack. It warns where the chance is doubtful,
// and of every text that a language of the mail lacks.
func (e *emailOTP) stateBounds() {
	c := &e.config
	within := strings.TrimPrefix(*e.Node().Path(), *e.stack().Node().Path()+"/")
	e.stack().AddMetadata(jsii.String(contract.MetadataGuessing+"::"+within), map[string]any{
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

// arithmetic explains the chance of guessing.
func (c *config) arithmetic() string {
	b := c.guesses()
	return fmt.Sprintf("%s guesses of one account a year (%d at once and one more every %s), each right once in 10^%d: "+
		"a chance of %.2g",
		propread.Thousands(int(b.Yearly())), b.Burst, propread.Human(b.Refill), c.settings.CodeLength, c.bound())
}
