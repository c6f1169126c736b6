//go:build !race

package emailotp_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// The new pool calls the function that mails codes, and mails by the sender's identity, without
// which Cognito refuses the answer.
func TestCustomMessagesHaveThePoolMailBySender(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.CustomMessages, p.ReplyTo, p.ProductName = yes, jsii.String("help@example.com"), jsii.String("Büro")
	signIn(stack, p)
	pool := resources(t, stack, "AWS::Cognito::UserPool")
	properties := pool[logical(t, pool, "SignIn")]["Properties"].(map[string]any)
	lambdas := properties["LambdaConfig"].(map[string]any)
	if got, want := compact(t, lambdas["CustomMessage"]), compact(t, lambdas["CreateAuthChallenge"]); got != want {
		t.Errorf("CustomMessage calls %s, not %s", got, want)
	}
	identity := logical(t, resources(t, stack, "AWS::SES::EmailIdentity"), "SignIn")
	contains(t, compact(t, properties["EmailConfiguration"]), `"EmailSendingAccount":"DEVELOPER"`,
		`"From":"=?utf-8?q?B=C3=BCro?= \u003c`, `"ReplyToEmailAddress":"help@example.com"`, identity,
		`"ConfigurationSet":{"Ref":`)
	contains(t, string(emailotptest.Template(t, stack)), `"SignInUserPoolCustomMessageCognito`)
}

func TestCustomMessagesNeedAPoolThatMailsByAnIdentity(t *testing.T) {
	ses := awscognito.UserPoolEmail_WithSES(&awscognito.UserPoolSESOptions{FromEmail: jsii.String("codes@example.com"),
		SesRegion: jsii.String("eu-west-1")})
	for name, test := range map[string]struct {
		email awscognito.UserPoolEmail
		open  bool
	}{"Cognito's sender": {nil, true}, "an identity": {ses, false}} {
		t.Run(name, func(t *testing.T) {
			stack, p := newStack(t), valid(emailotp.ModePassword)
			p.CustomMessages = yes
			p.UserPool = ownPool(stack, func(pool *awscognito.UserPoolProps) { pool.Email = test.email })
			signIn(stack, p)
			words := synthesised(stack)
			if got := strings.Contains(words, "EmailSendingAccount DEVELOPER"); got != test.open {
				t.Errorf("synthesised: %s", words)
			}
		})
	}
	t.Run("a pool of EmailOTP's with Cognito's sender", func(t *testing.T) {
		stack, p := newStack(t), valid(emailotp.ModePassword)
		p.CustomMessages = yes
		p.UserPoolProps = &emailotp.UserPoolProps{Email: awscognito.UserPoolEmail_WithCognito(nil)}
		signIn(stack, p)
		contains(t, synthesised(stack), "EmailSendingAccount DEVELOPER", "leave CustomMessages out")
	})
	t.Run("a trigger that an override replaces", func(t *testing.T) {
		stack, p := newStack(t), valid(emailotp.ModePassword)
		p.CustomMessages = yes
		e := signIn(stack, p)
		pool := e.UserPool().Node().DefaultChild().(awscognito.CfnUserPool)
		pool.SetLambdaConfig(&awscognito.CfnUserPool_LambdaConfigProperty{CustomMessage: adopters(stack).FunctionArn()})
		contains(t, synthesised(stack), "no longer calls the EmailOTP's function for its trigger CustomMessage")
	})
	t.Run("a trigger that is taken", func(t *testing.T) {
		stack, p := newStack(t), valid(emailotp.ModePassword)
		p.CustomMessages = yes
		pool := ownPool(stack, func(*awscognito.UserPoolProps) {})
		pool.AddTrigger(awscognito.UserPoolOperation_CUSTOM_MESSAGE(), adopters(stack), "")
		p.UserPool = pool
		contains(t, refusal(func() { signIn(stack, p) }), "has a trigger CustomMessage already",
			"remove it there and pass the "+
				"function as CustomMessage, which EmailOTP then invokes")
	})
}
