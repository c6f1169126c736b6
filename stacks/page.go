package stacks

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/signinpage"
)

// pageID is the id of the hosted sign-in page in its stack.
const pageID = "SignInPage"

func (d deployment) hostPage(stack awscdk.Stack, zone awsroute53.IHostedZone,
	signIn emailotp.EmailOTP) signinpage.SignInPage {
	props := &signinpage.SignInPageProps{SignIn: signIn, LogRetention: retentions[d.LogRetentionDays],
		MemorySize: jsii.Number(d.MemorySize), ChangeAddress: &d.ChangeAddress}
	if domain := d.SignInPageDomain; domain != "" {
		props.Domain = &domain
		props.Certificate = awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"),
			&d.SignInPageCertificateARN)
		if zone != nil && strings.HasSuffix(domain, "."+*zone.ZoneName()) {
			props.HostedZone = zone
		}
	}
	return signinpage.NewSignInPage(stack, jsii.String(pageID), props)
}
