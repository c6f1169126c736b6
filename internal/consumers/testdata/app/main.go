// Command app imports the construct twice, once in each mode, as an adopter's app does.
package main

import (
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

func main() {
	defer jsii.Close()
	var architecture awslambda.Architecture // empty is the construct's default, arm64
	if os.Getenv("ARCHITECTURE") == "x86_64" {
		architecture = awslambda.Architecture_X86_64()
	}
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Importer"), nil)
	emailotp.NewEmailOTP(stack, jsii.String("Customers"), &emailotp.EmailOTPProps{
		Mode:         emailotp.ModePasswordless,
		Sender:       emailotp.SenderAddress("customers@example.com"),
		Architecture: architecture,

		DefineAuthChallengeCode: zip("define-auth-challenge"),
		CreateAuthChallengeCode: zip("create-auth-challenge"),
		VerifyAuthChallengeCode: zip("verify-auth-challenge"),
		PreSignUpCode:           zip("pre-sign-up"),
		MailEventsCode:          zip("mail-events"),
	})
	emailotp.NewEmailOTP(stack, jsii.String("Staff"), &emailotp.EmailOTPProps{
		Mode:         emailotp.ModePassword,
		Sender:       emailotp.SenderAddress("staff@example.com"),
		Architecture: architecture,

		DefineAuthChallengeCode: zip("define-auth-challenge"),
		CreateAuthChallengeCode: zip("create-auth-challenge"),
		VerifyAuthChallengeCode: zip("verify-auth-challenge"),
		PreTokenGenerationCode:  zip("pre-token-generation"),
		MailEventsCode:          zip("mail-events"),

		CheckOnDeploy:      jsii.Bool(true),
		AttachUserPoolCode: zip("attach-user-pool"),
	})
	app.Synth(nil)
}

// zip returns the code that was built beforehand, where ZIPS names its folder; else the functions
// are built now.
func zip(function string) awslambda.Code {
	dir := os.Getenv("ZIPS")
	if dir == "" {
		return nil
	}
	return awslambda.Code_FromAsset(jsii.String(filepath.Join(dir, function+".zip")), nil)
}
