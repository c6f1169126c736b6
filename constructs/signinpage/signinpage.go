// Package signinpage hosts EmailOTP's sign-in page for the apps of a user pool: static files in S3
// and one function behind CloudFront. The page speaks the protocol of Cognito's managed login,
// OAuth 2.0 with authorization codes and PKCE, at the same paths. An app that redirects to managed
// login changes its domain and nothing else.
//
//	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{…})
//	signIn.AddClient(jsii.String("Web"), &emailotp.ClientProps{
//		CallbackURLs: jsii.Strings("https://app.example.com/callback"),
//		LogoutURLs:   jsii.Strings("https://app.example.com/"),
//	})
//	page := signinpage.NewSignInPage(stack, jsii.String("SignInPage"), &signinpage.SignInPageProps{
//		SignIn: signIn, Domain: jsii.String("login.example.com"), Certificate: certificate, HostedZone: zone,
//	})
//
// The package is one of its own: apps that import constructs/emailotp alone link no CloudFront.
// docs/clients.md shows how apps use the page.
package signinpage

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// SignInPage is a hosted sign-in page. Create one with [NewSignInPage].
type SignInPage interface {
	constructs.Construct

	// URL returns the page's address, with a slash at its end. Below it are the endpoints of
	// managed login, such as oauth2/authorize.
	URL() *string
	// Distribution returns the CloudFront distribution, for alarms and further behaviours.
	Distribution() awscloudfront.Distribution
	// HandOver returns the function that speaks OAuth 2.0 with the apps.
	HandOver() awslambda.Function
	// ChangeAddress returns the function by which users change their address; nil without the prop.
	ChangeAddress() awslambda.Function
	// AddRoute passes the requests of a path below the page's domain, such as "/account/*" or
	// "/account", to a function: whole and uncached, with the headers of package route, which is
	// for such functions. The function must check the secret among them: the HTTP API has an
	// address of its own, past the distribution and its web ACL, where any header can be forged.
	// AddRoute lets the function read the secret. Pass OriginSecret's ARN to it by an environment
	// variable of your own.
	//
	// The answers share the page's origin. A script among them can read the page's storage, with
	// the secrets of remembered devices, and can show users a form under the page's address.
	// CloudFront adds Strict-Transport-Security to them, and no Content-Security-Policy: the
	// function must send one, and no content of others. Serve that from another domain.
	AddRoute(path *string, fn awslambda.Function)
	// OriginSecret returns the secret that the distribution sends with each request to the
	// functions.
	OriginSecret() awssecretsmanager.ISecret
}

// SignInPageProps are the props of [NewSignInPage]. SignIn is required. Its EncryptionKey,
// LogGroup, Tracing, VpcConfig and CodeSigningConfig hold for the page's function, table and logs
// too.
type SignInPageProps struct {
	// SignIn is the sign-in whose page this is. Its clients with CallbackURLs can redirect to the
	// page, those that AddClient adds later included. Its own app client, with which the page signs
	// in where no app sent the user, must have no secret.
	SignIn emailotp.EmailOTP
	// Domain is the page's domain, such as "login.example.com". Default: CloudFront's own.
	Domain *string
	// Certificate is the domain's certificate, in us-east-1, where CloudFront requires it. Required
	// with Domain.
	Certificate awscertificatemanager.ICertificate
	// HostedZone gets the domain's records. Default: none, and the domain's owner makes them lead
	// to the distribution.
	HostedZone awsroute53.IHostedZone
	// WebAclID is the ARN of an AWS WAF web ACL in us-east-1 for the distribution. Default: none.
	WebAclID *string
	// MemorySize is the function's memory in MiB, 128 to 10,240. Default: 512.
	MemorySize *float64
	// LogRetention is how long the logs are kept, unless SignIn has a LogGroup. Default: ONE_MONTH.
	LogRetention awslogs.RetentionDays
	// ThrottlingRateLimit is how many requests a second the HTTP API's routes pass on, of all
	// callers together, 1 to 100,000: Lambda's concurrency is shared with the functions that sign
	// users in. The API answers others with 429. A sign-in by redirect makes three requests, so the
	// default allows 33 a second; Cognito's own quota (120 calls a second, three for each sign-in)
	// allows 40. In a new account, whose concurrency is 10, choose 20 or less. Default: 100.
	ThrottlingRateLimit *float64
	// ThrottlingBurstLimit is how many requests may come at once, 1 to 100,000. Default: 100.
	ThrottlingBurstLimit *float64
	// ReservedConcurrentExecutions is how many invocations of the function run at a time, 1 or
	// more. It reserves and limits. Default: that of SignIn.
	ReservedConcurrentExecutions *float64
	// HandOverCode is the function's code, built beforehand: a zip with the program as "bootstrap",
	// for the processor of the sign-in's functions. Default: built from source while the app is
	// synthesised.
	HandOverCode awslambda.Code
	// ChangeAddress lets users change the address of their account by a second function, below
	// account/email (docs/clients.md): with a fresh sign-in, a code to the present address and one
	// to the new address. An attacker who controls that function can give every account another
	// address (docs/security.md). Refused where clients may write email, where the pool requires
	// it, and for an imported pool. Default: false, and administrators change addresses.
	ChangeAddress *bool
	// ChangeAddressCode is that function's code, built beforehand as HandOverCode.
	ChangeAddressCode awslambda.Code
}

// signInPage implements [SignInPage].
type signInPage struct {
	constructs.Construct
	props        SignInPageProps
	platform     emailotp.Platform // of SignIn
	rate, burst  int               // of the HTTP API
	bucket       awss3.Bucket
	distribution awscloudfront.Distribution
	handOver     awslambda.Function
	change       awslambda.Function // nil without ChangeAddress
	clientIDs    []string           // of change
	clients      []settings.Client
	api          awsapigatewayv2.CfnApi
	apiOrigin    awscloudfront.IOrigin
	behavior     *awscloudfront.AddBehaviorOptions
	originSecret awssecretsmanager.Secret
}

// NewSignInPage hosts the sign-in page of an EmailOTP. It
//
//  1. refuses invalid props, all problems at once;
//  2. creates a private bucket and the distribution, the only one that reads it;
//  3. creates the function with its HTTP API, its table of authorization codes and the secret by
//     which it recognises the distribution;
//  4. bundles the page, and writes it with its settings at each deployment.
//
// A refusal is a panic with an [*emailotp.Error].
func NewSignInPage(scope constructs.Construct, id *string, props *SignInPageProps) SignInPage {
	p := &signInPage{}
	if props != nil {
		p.props = *props
	}
	p.props.LogRetention = cmp.Or(p.props.LogRetention, awslogs.RetentionDays_ONE_MONTH)
	path, problems := p.check(scope, id)
	refuse(path, problems)
	constructs.NewConstruct_Override(p, scope, id)
	p.addHosting()
	p.addHandOver()
	if propread.Flag(p.props.ChangeAddress, false) {
		p.addChangeAddress()
	}
	p.writeFiles()
	return p
}

func (p *signInPage) Distribution() awscloudfront.Distribution { return p.distribution }
func (p *signInPage) HandOver() awslambda.Function             { return p.handOver }
func (p *signInPage) OriginSecret() awssecretsmanager.ISecret  { return p.originSecret }

func (p *signInPage) ChangeAddress() awslambda.Function { return p.change }

func (p *signInPage) URL() *string {
	host := p.props.Domain
	if host == nil {
		host = p.distribution.DistributionDomainName()
	}
	return jsii.String("https://" + *host + "/")
}

var domains = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

// check reports every problem with the props.
func (p *signInPage) check(scope constructs.Construct, id *string) (path string, problems []string) {
	r := &propread.Reader{}
	if id != nil {
		path = *id
	}
	switch {
	case scope == nil || path == "":
		r.Add("NewSignInPage needs a scope and an id, such as stack and jsii.String(\"SignInPage\")")
	case *scope.Node().Path() != "":
		path = *scope.Node().Path() + "/" + path
	}
	if propread.IsNil(p.props.SignIn) {
		r.Add("SignIn is missing; pass the EmailOTP whose page this is")
	} else {
		p.readPlatform(r, scope)
		client, isResource := p.props.SignIn.UserPoolClient().Node().DefaultChild().(awscognito.CfnUserPoolClient)
		if isResource && client.GenerateSecret() == true {
			r.Add("SignIn has an app client with a secret of Cognito's (UserPoolClientProps.GenerateSecret), and a browser " +
				"can't compute what Cognito then requires; leave it out there, and give apps on servers clients by AddClient " +
				"with GenerateSecret")
		}
	}
	if domain := p.props.Domain; domain != nil && !propread.IsToken(*domain) && !domains.MatchString(*domain) {
		r.Add("Domain must be a domain name in small letters such as login.example.com (received: %q)", *domain)
	}
	if (p.props.Domain == nil) != propread.IsNil(p.props.Certificate) {
		r.Add("Domain and Certificate go together; pass both, or none for CloudFront's own domain")
	}
	if p.props.Domain == nil && !propread.IsNil(p.props.HostedZone) {
		r.Add("HostedZone is for the records of Domain; pass Domain too")
	}
	r.Whole("MemorySize", p.props.MemorySize, settings.MinMemorySize, settings.MaxMemorySize,
		settings.DefaultMemorySize, "MiB")
	const most = 100_000 // more than any account has, so that a typing error shows
	p.rate = r.Whole("ThrottlingRateLimit", p.props.ThrottlingRateLimit, 1, most, 100, "requests a second")
	p.burst = r.Whole("ThrottlingBurstLimit", p.props.ThrottlingBurstLimit, 1, most, 100, "requests")
	if given := p.props.ReservedConcurrentExecutions; given != nil {
		p.platform.ReservedConcurrentExecutions = jsii.Number(r.Whole("ReservedConcurrentExecutions", given, 1, most, 1,
			"invocations"))
	}
	return path, r.Problems
}

// readPlatform reads the props of SignIn that apply to functions, tables and logs.
func (p *signInPage) readPlatform(r *propread.Reader, scope constructs.Construct) {
	p.platform = p.props.SignIn.Platform()
	changes := propread.Flag(p.props.ChangeAddress, false)
	if p.platform.CodeSigningConfig != nil && p.props.HandOverCode == nil {
		r.Add("SignIn has a CodeSigningConfig, which needs HandOverCode: assets of the CDK are not signed; sign what " +
			"`emailotp lambdas` writes, and pass it")
	}
	if p.platform.CodeSigningConfig != nil && p.props.ChangeAddressCode == nil && changes {
		r.Add("SignIn has a CodeSigningConfig, which needs ChangeAddressCode beside ChangeAddress: assets of the CDK are " +
			"not signed; sign what `emailotp lambdas` writes, and pass it")
	}
	if p.props.ChangeAddressCode != nil && !changes {
		r.Add("ChangeAddressCode is for ChangeAddress; set it true, or leave the code out")
	}
	if changes {
		if problem := p.props.SignIn.AddressChange().Problem; problem != "" {
			r.Add("ChangeAddress can't be: %s", problem)
		}
	}
	if p.platform.EncryptionKey != nil && scope != nil && *awscdk.Token_IsUnresolved(awscdk.Stack_Of(scope).Region()) {
		r.Add("SignIn has an EncryptionKey, which needs a stack with a Region: DynamoDB's key belongs to one; set the " +
			"stack's Env, such as &awscdk.Environment{Region: jsii.String(\"eu-west-1\")}")
	}
}

// refuse panics if there are problems.
func refuse(path string, problems []string) {
	if len(problems) > 0 {
		slices.Sort(problems)
		panic(&emailotp.Error{Path: path, Problems: problems})
	}
}

// fail refuses with one problem.
func (p *signInPage) fail(format string, args ...any) {
	refuse(*p.Node().Path(), []string{fmt.Sprintf(format, args...)})
}
