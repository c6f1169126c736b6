package emailotp

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/storage"
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
		storage.NewKey(e, c.keyGeneration-1, c.removalPolicy(false)) // for a roll-back; no function may use it
	}
	e.key = storage.NewKey(e, c.keyGeneration, c.removalPolicy(false))
	e.table = storage.NewTable(e, c.platform.TableEncryption(), c.retain(), c.removalPolicy(c.retain()))
	c.settings.KeyARN, c.settings.TableName = *e.key.KeyArn(), *e.table.TableName()
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
