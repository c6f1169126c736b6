//go:build !race

package emailotp_test

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

func ExampleNewEmailOTP() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:        emailotp.ModePasswordless,
		Sender:      emailotp.SenderAddress("no-reply@example.com"),
		ProductName: jsii.String("Example"),
	})
	awscdk.NewCfnOutput(stack, jsii.String("UserPoolClientId"),
		&awscdk.CfnOutputProps{Value: signIn.UserPoolClient().UserPoolClientId()})
	app.Synth(nil)
}

// A pool that the stack has already keeps its other triggers and clients.
func ExampleNewEmailOTP_existingPool() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Prod"), nil)
	pool := awscognito.NewUserPool(stack, jsii.String("Users"), &awscognito.UserPoolProps{
		SignInAliases:   &awscognito.SignInAliases{Email: jsii.Bool(true)},
		AccountRecovery: awscognito.AccountRecovery_NONE,
	})
	emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:     emailotp.ModePassword,
		Sender:   emailotp.SenderDomain("example.com", "no-reply"),
		UserPool: pool,
	})
}

// A domain whose zone is in Route 53 gets its DKIM, MAIL FROM and DMARC records by itself.
func ExampleSenderHostedZone() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Prod"), nil)
	zone := awsroute53.PublicHostedZone_FromPublicHostedZoneAttributes(stack, jsii.String("Zone"),
		&awsroute53.PublicHostedZoneAttributes{
			HostedZoneId: jsii.String("Z0123456789ABC"),
			ZoneName:     jsii.String("example.com"),
		})
	emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:   emailotp.ModePasswordless,
		Sender: emailotp.SenderHostedZone(zone, "no-reply@example.com"),
	})
}

// Languages and texts are compiled while the app is synthesised.
func ExampleMailProps() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Prod"), nil)
	emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:   emailotp.ModePasswordless,
		Sender: emailotp.SenderAddress("no-reply@example.com"),
		Mail: &emailotp.MailProps{
			AccentColor: jsii.String("#7a1fa2"),
			Footer:      jsii.String("Example Ltd, 1 Example Street"),
			Languages:   map[string]emailotp.MailStrings{"de": {Subject: "Dein Code für {product}"}},
		},
	})
}

// An alarm on wrong answers over the whole pool sees an attack that spreads over many accounts.
func ExampleEmailOTP_metrics() {
	defer jsii.Close()
	stack := awscdk.NewStack(awscdk.NewApp(nil), jsii.String("Prod"), nil)
	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:   emailotp.ModePasswordless,
		Sender: emailotp.SenderAddress("no-reply@example.com"),
	})
	awscloudwatch.NewAlarm(stack, jsii.String("Guessing"), &awscloudwatch.AlarmProps{
		Metric:            signIn.MetricCodesWrong(nil),
		Threshold:         jsii.Number(500),
		EvaluationPeriods: jsii.Number(1),
	})
}

// A bypass that the app needs is acknowledged by its kind and path, as the error prints them.
func ExampleBypass() {
	_ = &emailotp.EmailOTPProps{
		Mode:                 emailotp.ModePassword,
		Sender:               emailotp.SenderAddress("no-reply@example.com"),
		AcknowledgedBypasses: &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Legacy"}},
	}
}
