//go:build !race

package stacks_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/stacks"
)

// withPage is an environment whose page has CloudFront's own domain.
func withPage() environments.Environment {
	set := settings.Defaults(settings.Passwordless)
	set.From = "no-reply@example.com"
	return environments.Environment{Name: "x", Region: "eu-west-1", Settings: set, KeyGeneration: 1, MemorySize: 512,
		SignInPage: true}
}

// withDomain is one whose page has the app's own domain.
func withDomain() environments.Environment {
	env := withPage()
	env.Region, env.Settings.Mode, env.Settings.ProductName = "eu-central-1", settings.Password, "Product"
	env.SenderIdentity, env.HostedZoneID = environments.IdentityDomain, "Z0123456789ABC"
	env.SignInPageDomain, env.SignInPageCertificateARN = "login.example.com",
		"arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c"
	env.Clients = []environments.Client{{Name: "Server", CallbackURLs: []string{"https://app.example.com/callback"},
		LogoutURLs: []string{"https://app.example.com/"}, GenerateSecret: true}}
	return env
}

func hosted(t *testing.T, context map[string]any, env environments.Environment) awscdk.Stack {
	t.Helper()
	return stacks.NewEmailOTPStack(emailotptest.App(t, context), "X", &stacks.EmailOTPStackProps{Environment: env}).Stack
}

func TestTemplateWithAPage(t *testing.T) {
	emailotptest.Snapshot(t, hosted(t, context(t), withDomain()), "testdata/page-domain.golden.json")
}

func TestThePageIsOffByDefault(t *testing.T) {
	env := withPage()
	env.SignInPage = false
	template := string(emailotptest.Template(t, hosted(t, nil, env)))
	for _, absent := range []string{"CloudFront", "AWS::S3::Bucket", "SignInUrl"} {
		if strings.Contains(template, absent) {
			t.Errorf("the template has %s", absent)
		}
	}
}

func TestThePageIsReadByCloudFrontAlone(t *testing.T) {
	template := assertions.Template_FromStack(hosted(t, nil, withPage()), nil)
	template.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1))
	template.HasResourceProperties(jsii.String("AWS::S3::Bucket"),
		map[string]any{"PublicAccessBlockConfiguration": map[string]any{
			"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}})
	template.HasResourceProperties(jsii.String("AWS::CloudFront::OriginAccessControl"),
		map[string]any{"OriginAccessControlConfig": map[string]any{
			"OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}})
	match := assertions.Match_ObjectLike
	template.HasResourceProperties(jsii.String("AWS::S3::BucketPolicy"),
		map[string]any{"PolicyDocument": map[string]any{"Statement": assertions.Match_ArrayWith(&[]any{
			match(&map[string]any{"Effect": "Deny",
				"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}),
			match(&map[string]any{"Effect": "Allow", "Action": "s3:GetObject",
				"Principal": map[string]any{"Service": "cloudfront.amazonaws.com"},
				"Condition": map[string]any{"StringEquals": map[string]any{"AWS:SourceArn": assertions.Match_AnyValue()}}}),
		})}})
}

func TestThePageIsServedWithTheHeadersOfTheLocalOne(t *testing.T) {
	template := string(emailotptest.Template(t, hosted(t, nil, withPage())))
	contains(t, template, "connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com; base-uri 'none'",
		`"Cross-Origin-Opener-Policy"`,
		`"FrameOption": "DENY"`, `"ReferrerPolicy": "no-referrer"`, `"ContentTypeOptions"`,
		`"AccessControlMaxAgeSec": 31536000`, `"redirect-to-https"`)
}

func TestTheDeploymentWritesTheSettings(t *testing.T) {
	resources := *assertions.Template_FromStack(hosted(t, nil, withDomain()),
		nil).FindResources(jsii.String("Custom::CDKBucketDeployment"), nil)
	if len(resources) != 2 {
		t.Fatalf("%d deployments, want one of what is named by its content and one of the rest", len(resources))
	}
	found := 0
	for name, r := range resources {
		resource := *r
		properties := resource["Properties"].(map[string]any)
		metadata := properties["SystemMetadata"].(map[string]any)["cache-control"]
		markers, _ := properties["SourceMarkers"].([]any)
		if len(markers) != 2 {
			continue
		}
		found++
		if got := slices.Collect(maps.Values(markers[1].(map[string]any))); len(got) != 2 {
			t.Errorf("the settings have %d values of the deployment, want the pool's id and the client's", len(got))
		}
		if metadata != "no-cache" || resource["DependsOn"] == nil {
			t.Errorf("%s: cache-control %v, after %v; want no-cache, and after what it refers to", name, metadata,
				resource["DependsOn"])
		}
	}
	if found != 1 {
		t.Errorf("%d deployments write settings, want one", found)
	}
}

func TestADomainOfTheZoneGetsItsRecords(t *testing.T) {
	template := string(emailotptest.Template(t, hosted(t, nil, withDomain())))
	contains(t, template, `"Name": "login.example.com."`, `"Type": "AAAA"`, `"MinimumProtocolVersion": "TLSv1.2_2021"`,
		`"https://login.example.com/"`)
	elsewhere := withDomain()
	elsewhere.SignInPageDomain = "login.example.org"
	if strings.Contains(string(emailotptest.Template(t, hosted(t, nil, elsewhere))), `"Type": "AAAA"`) {
		t.Error("a domain of another zone has records")
	}
}

func TestAPageWithoutNPMIsASentence(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	defer func() {
		problem, ok := recover().(*emailotp.Error)
		if !ok {
			t.Fatal("no error")
		}
		contains(t, problem.Error(), `EmailOTP "X/SignInPage": the sign-in page can't be made: the sign-in page comes with npm packages, and npm is not on PATH`)
	}()
	code := withPage()
	hosted(t, nil, code)
}

// pageReasons are the AWS Solutions rules that a page breaks beside those of an EmailOTP, on
// purpose.
var pageReasons = map[string]string{
	"AwsSolutions-CFR1":  "users sign in from anywhere; an app for some countries alone can configure CloudFront",
	"AwsSolutions-CFR2":  "WebAclID takes a web ACL; the user pool's API is not behind the distribution",
	"AwsSolutions-CFR3":  "a log of the visitors of the sign-in page is personal data without a use",
	"AwsSolutions-CFR4":  "CloudFront's own domain has no setting of the TLS version; a domain of the app's has TLS 1.2 at least",
	"AwsSolutions-S1":    "CloudFront alone reads the bucket",
	"AwsSolutions-IAM4":  "the CDK's deployment function has AWS's policy for writing logs",
	"AwsSolutions-IAM5":  "the CDK's deployment function writes the whole bucket and reads the CDK's assets",
	"AwsSolutions-SMG4":  "the distribution and the functions must change the secret together; a deployment does that",
	"AwsSolutions-APIG1": "a log of the requests would have codes and addresses in its paths",
	"AwsSolutions-APIG4": "the endpoints authenticate clients themselves, as OAuth 2.0 wants it",
	"AwsSolutions-L1":    "the CDK chooses its deployment function's runtime",
}

var rulePattern = regexp.MustCompile(`AwsSolutions-[A-Z0-9]+`)

func TestAWSSolutionsRulesHoldForThePageButForThoseWithAReason(t *testing.T) {
	broken := func(env environments.Environment) map[string]bool {
		stack := hosted(t, nil, env)
		awscdk.Aspects_Of(stack).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
		annotations, rule := assertions.Annotations_FromStack(stack),
			assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
		rules := map[string]bool{}
		for _, found := range append(*annotations.FindError(jsii.String("*"), rule),
			*annotations.FindWarning(jsii.String("*"), rule)...) {
			//lint:ignore SA1019 the Go binding has no other way to a finding's text
			rules[rulePattern.FindString(found.Entry.Data.(string))] = true
		}
		return rules
	}
	without := withPage()
	without.SignInPage = false
	allowed := broken(without) // the construct's own tests are about these
	unused := maps.Clone(pageReasons)
	for _, env := range []environments.Environment{withPage(), withDomain()} {
		for rule := range broken(env) {
			if !allowed[rule] && pageReasons[rule] == "" {
				t.Errorf("%s is broken without a reason", rule)
			}
			delete(unused, rule)
		}
	}
	for rule := range unused {
		t.Errorf("%s has a reason and is not broken", rule)
	}
}
