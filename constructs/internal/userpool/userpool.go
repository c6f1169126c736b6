// Package userpool creates the user pool and its app clients, without the ways around the mailed
// code.
package userpool

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/sender"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// New creates the pool. It completes the props: the plan, the rule for passwords of at least
// passwordLength characters, and what no pool may have otherwise.
func New(scope constructs.Construct, passwordLength float64, p *awscognito.UserPoolProps) awscognito.UserPool {
	if p.FeaturePlan == "" {
		// Unset, new pools get the Essentials plan, at nearly three times the price.
		p.FeaturePlan = awscognito.FeaturePlan_LITE
	}
	if p.PasswordPolicy == nil {
		p.PasswordPolicy = &awscognito.PasswordPolicy{
			MinLength:            &passwordLength,
			RequireDigits:        jsii.Bool(true),
			RequireLowercase:     jsii.Bool(true),
			RequireSymbols:       jsii.Bool(true),
			RequireUppercase:     jsii.Bool(true),
			TempPasswordValidity: awscdk.Duration_Days(jsii.Number(7)),
		}
	}
	p.SignInAliases = &awscognito.SignInAliases{Email: jsii.Bool(true)}
	p.SignInCaseSensitive = jsii.Bool(false)
	p.AutoVerify = &awscognito.AutoVerifiedAttrs{Email: jsii.Bool(true)}
	p.KeepOriginal = &awscognito.KeepOriginalAttrs{Email: jsii.Bool(true)}
	// Native MFA would put challenges of its own between the password and the code.
	p.Mfa = awscognito.Mfa_OFF
	return awscognito.NewUserPool(scope, jsii.String("UserPool"), p)
}

// MailBy has the pool mail by the sender's identity.
func MailBy(pool awscognito.CfnUserPool, m settings.Mail, by sender.Resources) {
	email := &awscognito.CfnUserPool_EmailConfigurationProperty{
		EmailSendingAccount: jsii.String("DEVELOPER"), SourceArn: by.Identity.EmailIdentityArn(),
		From:             jsii.String(mail.FormatFrom(m)),
		ConfigurationSet: by.ConfigurationSet.ConfigurationSetName(),
	}
	if m.ReplyTo != "" {
		email.ReplyToEmailAddress = &m.ReplyTo
	}
	pool.SetEmailConfiguration(email)
}

// NewClient creates an app client that allows custom authentication and refresh, nothing else. A
// code lives for codeTTL.
func NewClient(scope constructs.Construct, id string, codeTTL time.Duration,
	p *awscognito.UserPoolClientProps) awscognito.UserPoolClient {
	// An empty list would be Cognito's default, which has SRP and with it a sign-in without code.
	p.AuthFlows = &awscognito.AuthFlow{Custom: jsii.Bool(true)}
	p.DisableOAuth = jsii.Bool(true)
	p.PreventUserExistenceErrors = jsii.Bool(true)
	p.EnableTokenRevocation = jsii.Bool(true)
	p.AuthSessionValidity = awscdk.Duration_Minutes(jsii.Number(sessionMinutes(codeTTL)))
	return awscognito.NewUserPoolClient(scope, &id, p)
}

// sessionMinutes is how long Cognito keeps a round of the sign-in open: two minutes more than the
// code lives. A client that answers late then learns that the code has expired, and can request
// another one in the same sign-in. Cognito accepts 3 to 15 minutes.
func sessionMinutes(codeTTL time.Duration) int {
	whole := int((codeTTL + time.Minute - 1) / time.Minute)
	return min(max(whole+2, 3), 15)
}

// Writable lists the standard attributes that clients may write, email among them only on request.
// Cognito refuses the flags such as email_verified.
func Writable(email bool) *awscognito.StandardAttributesMask {
	yes := jsii.Bool(true)
	return &awscognito.StandardAttributesMask{
		Email: jsii.Bool(email), Address: yes, Birthdate: yes, FamilyName: yes, Fullname: yes, Gender: yes, GivenName: yes,
		LastUpdateTime: yes, Locale: yes, MiddleName: yes, Nickname: yes, PhoneNumber: yes, PreferredUsername: yes,
		ProfilePage: yes, ProfilePicture: yes, Timezone: yes, Website: yes,
	}
}

// secretLength is the length of a generated secret: 43 letters and digits have 256 bits.
const secretLength = 43

// NewSecret creates the secret of a client, for the token endpoint of the sign-in page.
func NewSecret(scope constructs.Construct, client string, policy awscdk.RemovalPolicy) awssecretsmanager.Secret {
	return awssecretsmanager.NewSecret(scope, jsii.String(client+"Secret"), &awssecretsmanager.SecretProps{
		Description: jsii.String("Secret of the app client " + client + ", for EmailOTP's token endpoint"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true)},
		RemovalPolicy: policy,
	})
}
