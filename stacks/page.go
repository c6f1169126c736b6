package stacks

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53targets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3deployment"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// PageID is the id of the hosted sign-in page in its stack.
const PageID = "SignInPage"

// hostPage puts the sign-in page on S3 behind CloudFront and returns its address. The bucket is
// private: the distribution alone reads it, by an origin access control of its own. The bucket is
// deleted with the stack, because every deployment writes all of it again.
func (d deployment) hostPage(stack awscdk.Stack, zone awsroute53.IHostedZone,
	signIn emailotp.EmailOTP) (address *string) {
	scope := constructs.NewConstruct(stack, jsii.String(PageID))
	bucket := awss3.NewBucket(scope, jsii.String("Files"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY,
		AutoDeleteObjects: jsii.Bool(true),
	})
	props := &awscloudfront.DistributionProps{
		Comment:           jsii.String("The sign-in page of " + *stack.StackName()),
		DefaultRootObject: jsii.String(webbundle.IndexName),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin:                awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket, nil),
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			ResponseHeadersPolicy: headers(scope, webbundle.Headers(webbundle.API(d.Region))),
		},
		HttpVersion: awscloudfront.HttpVersion_HTTP2_AND_3,
	}
	if d.SignInPageDomain != "" {
		props.DomainNames = jsii.Strings(d.SignInPageDomain)
		props.Certificate = awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"),
			&d.SignInPageCertificateARN)
		props.MinimumProtocolVersion = awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021
	}
	distribution := awscloudfront.NewDistribution(scope, jsii.String("Distribution"), props)
	d.writePage(scope, bucket, webbundle.Settings{
		UserPoolID: *signIn.UserPool().UserPoolId(), UserPoolClientID: *signIn.UserPoolClient().UserPoolClientId(),
		Mode:           string(d.Settings.Mode),
		SignUp:         d.Settings.Mode == emailotp.ModePasswordless && (d.SelfSignUp == nil || *d.SelfSignUp),
		Product:        d.Settings.Product(),
		PasswordLength: emailotp.DefaultPasswordLength,
	})
	if d.SignInPageDomain == "" {
		return jsii.String("https://" + *distribution.DistributionDomainName() + "/")
	}
	if zone != nil && strings.HasSuffix(d.SignInPageDomain, "."+*zone.ZoneName()) {
		alias(scope, zone, d.SignInPageDomain, distribution)
	}
	return jsii.String("https://" + d.SignInPageDomain + "/")
}

// alias makes the domain's records lead to the distribution.
func alias(scope constructs.Construct, zone awsroute53.IHostedZone, domain string,
	distribution awscloudfront.Distribution) {
	target := awsroute53.RecordTarget_FromAlias(awsroute53targets.NewCloudFrontTarget(distribution))
	awsroute53.NewARecord(scope, jsii.String("Ipv4"),
		&awsroute53.ARecordProps{Zone: zone, RecordName: &domain, Target: target})
	awsroute53.NewAaaaRecord(scope, jsii.String("Ipv6"),
		&awsroute53.AaaaRecordProps{Zone: zone, RecordName: &domain, Target: target})
}

// headers makes CloudFront send the headers that `emailotp dev` sends, and
// Strict-Transport-Security, which is of no use on a developer's machine. CloudFront has properties
// for some of them and refuses these among the custom ones.
func headers(scope constructs.Construct, all []webbundle.Header) awscloudfront.ResponseHeadersPolicy {
	yes := jsii.Bool(true)
	security := &awscloudfront.ResponseSecurityHeadersBehavior{
		StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{
			AccessControlMaxAge: awscdk.Duration_Days(jsii.Number(365)), Override: yes,
		},
	}
	var custom []*awscloudfront.ResponseCustomHeader
	for _, h := range all {
		switch h.Name {
		case "Content-Security-Policy":
			security.ContentSecurityPolicy = &awscloudfront.ResponseHeadersContentSecurityPolicy{
				ContentSecurityPolicy: &h.Value, Override: yes,
			}
		case "Referrer-Policy":
			security.ReferrerPolicy = &awscloudfront.ResponseHeadersReferrerPolicy{
				ReferrerPolicy: awscloudfront.HeadersReferrerPolicy_NO_REFERRER, Override: yes,
			}
		case "X-Content-Type-Options":
			security.ContentTypeOptions = &awscloudfront.ResponseHeadersContentTypeOptions{Override: yes}
		case "X-Frame-Options":
			security.FrameOptions = &awscloudfront.ResponseHeadersFrameOptions{
				FrameOption: awscloudfront.HeadersFrameOption_DENY, Override: yes,
			}
		default:
			custom = append(custom, &awscloudfront.ResponseCustomHeader{Header: &h.Name, Value: &h.Value, Override: yes})
		}
	}
	return awscloudfront.NewResponseHeadersPolicy(scope, jsii.String("Headers"), &awscloudfront.ResponseHeadersPolicyProps{
		SecurityHeadersBehavior: security,
		CustomHeadersBehavior:   &awscloudfront.ResponseCustomHeadersBehavior{CustomHeaders: &custom},
	})
}

// writePage makes the deployment write the files and, beside them, the settings, whose ids are not
// known at synth. The files named by their content come first, and stay after the next deployment,
// because a browser may still have the page open.
func (d deployment) writePage(scope constructs.Construct, bucket awss3.Bucket, settings webbundle.Settings) {
	dir, err := os.MkdirTemp("", "emailotp-page-*")
	if err != nil {
		panic(pageError(scope, err))
	}
	defer os.RemoveAll(dir)
	named, rest := filepath.Join(dir, "named"), filepath.Join(dir, "rest")
	if err := bundle(named, rest); err != nil {
		panic(pageError(scope, err))
	}
	log := awslogs.NewLogGroup(scope, jsii.String("Log"), &awslogs.LogGroupProps{
		Retention:     cmp.Or(retentions[d.LogRetentionDays], awslogs.RetentionDays_ONE_MONTH),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY})
	write := func(id, cacheControl string, sources ...awss3deployment.ISource) awss3deployment.BucketDeployment {
		return awss3deployment.NewBucketDeployment(scope, &id, &awss3deployment.BucketDeploymentProps{
			DestinationBucket: bucket, Sources: &sources,
			CacheControl: &[]awss3deployment.CacheControl{awss3deployment.CacheControl_FromString(&cacheControl)},
			Prune:        jsii.Bool(false), OutputObjectKeys: jsii.Bool(false),
			LogGroup: log,
		})
	}
	first := write("Assets", "public, max-age=31536000, immutable", awss3deployment.Source_Asset(&named, nil))
	last := write("Page", "no-cache", awss3deployment.Source_Asset(&rest, nil),
		awss3deployment.Source_JsonData(jsii.String(webbundle.SettingsName), object(settings), nil))
	last.Node().AddDependency(first)
}

// bundle writes the page's files into two directories: those that are named by their content, and
// the rest.
func bundle(named, rest string) error {
	cache, err := cachedir.Dir()
	if err != nil {
		return err
	}
	modules, err := webbundle.Install(context.Background(), cache,
		func(s string) { fmt.Fprintln(os.Stderr, "emailotp:", s) })
	if err != nil {
		return err
	}
	page, err := webbundle.Build(web.Sources(), modules)
	if err != nil {
		return err
	}
	for _, f := range page.Files() {
		path := filepath.Join(rest, filepath.FromSlash(f.Name))
		if f.Immutable {
			path = filepath.Join(named, filepath.FromSlash(f.Name))
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pageError returns the refusal of a page that can't be built.
func pageError(scope constructs.Construct, err error) *emailotp.Error {
	return &emailotp.Error{Path: *scope.Node().Path(),
		Problems: []string{fmt.Sprintf("signInPage: %v; without it, leave signInPage out", err)}}
}

// object returns the settings in the form that jsii accepts.
func object(settings webbundle.Settings) map[string]any {
	text, err := json.Marshal(settings)
	if err != nil {
		panic(err) // a struct of texts, numbers and flags
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}
