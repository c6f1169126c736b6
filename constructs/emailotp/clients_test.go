//go:build !race

package emailotp_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

func TestEveryWrongClientIsRefusedWithAllProblems(t *testing.T) {
	otp := signIn(newStack(t), valid(emailotp.ModePasswordless))
	otp.AddClient(jsii.String("Taken"), nil)
	for id, wants := range map[string][]string{
		"": {`the id must be a name that is not taken`}, "Taken": {`(received: "Taken")`}, "UserPool": {`(received: "UserPool")`},
		"Web": {`AddClient("Web"): CallbackURLs: a redirect URI may have http on localhost, 127.0.0.1 and [::1] alone; use https (received: "http://app.example.com/")`,
			`CallbackURLs: a redirect URI must have no fragment`, `CallbackURLs must have each address once`,
			`a redirect URI must be an absolute URL`, `a redirect URI must have no user name`, "wildcards",
			`a redirect URI must be https, http on localhost, or an app's own scheme (received: "javascript:alert(1)")`,
			"CallbackURLs must be known when the app is synthesised",
			`LogoutURLs: a redirect URI must be an absolute URL such as https://app.example.com/callback (received: "")`,
			"AccessTokenValidity must be", "WriteAttributes must not have email"},
	} {
		props := &emailotp.ClientProps{}
		if id == "Web" {
			token := awscdk.Fn_ImportValue(jsii.String("x"))
			list := append(*jsii.Strings("http://app.example.com/", "https://a.example.com/#x", "https://b.example.com/",
				"https://b.example.com/",
				"/callback", "https://user@c.example.com/", "https://*.example.com/", "javascript:alert(1)"), token)
			props = &emailotp.ClientProps{CallbackURLs: &list, LogoutURLs: jsii.Strings(""),
				AccessTokenValidity: awscdk.Duration_Days(jsii.Number(2)),
				WriteAttributes: awscognito.NewClientAttributes().WithStandardAttributes(
					&awscognito.StandardAttributesMask{Email: jsii.Bool(true)})}
		}
		words := refusal(func() { otp.AddClient(&id, props) })
		for _, want := range wants {
			if !strings.Contains(words, want) {
				t.Errorf("%q: the refusal lacks %q:\n%s", id, want, words)
			}
		}
	}
	words := refusal(func() {
		otp.AddClient(jsii.String("Alone"), &emailotp.ClientProps{GenerateSecret: jsii.Bool(true),
			LogoutURLs: jsii.Strings("https://a.example.com/")})
	})
	if !strings.Contains(words, "GenerateSecret is for the token endpoint") ||
		!strings.Contains(words, "LogoutURLs are for an app that signs in by redirect") {
		t.Errorf("refusal %q", words)
	}
}

// No package for importers links an AWS SDK: an app would compile it with each synthesis.
func TestNoPackageForImportersLinksAnSDK(t *testing.T) {
	const module = "github.com/cognito-emailotp/cdk-emailotp/constructs/"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"ratelimit", module+"signinpage",
		module+"signinpage/route", module+"emailotp/emailotptest").Output()
	if err != nil || strings.Contains(string(out), "aws-sdk-go") {
		t.Errorf("%v in\n%s", err, out)
	}
}

// An app that imports the construct compiles these packages of the CDK. The sign-in page is a
// package of its own, so that CloudFront and API Gateway are not among them.
func TestTheConstructLinksTheseServicesOnly(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp").Output()
	if err != nil {
		t.Fatal(err)
	}
	const cdk = "github.com/aws/aws-cdk-go/awscdk/v2/aws"
	var got []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), cdk); ok && !strings.Contains(name, "/") {
			got = append(got, name)
		}
		if strings.Contains(line, "aws-sdk-go") || strings.Contains(line, "evanw/esbuild") ||
			strings.Contains(line, "go-jose") {
			t.Errorf("the construct links %s", line)
		}
	}
	slices.Sort(got)
	want := strings.Fields(`applicationautoscaling cloudwatch codeguruprofiler codestarnotifications cognito dynamodb ec2 ecr
		ecrassets efs events glue iam kinesis kinesisfirehose kms lambda logs pinpoint route53 s3 s3assets secretsmanager ses
		signer sns sqs ssm`)
	if !slices.Equal(got, want) {
		t.Errorf("the construct links\n%v, want\n%v", got, want)
	}
}
