package signinpage

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
)

// addHosting creates the bucket and the distribution. The bucket is private: the distribution alone
// reads it, by an origin access control of its own. It is deleted with the stack, because every
// deployment writes all of it again.
func (p *signInPage) addHosting() {
	bucket := awss3.NewBucket(p, jsii.String("Files"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY,
		AutoDeleteObjects: jsii.Bool(true),
	})
	p.bucket = bucket
	access := awscloudfront.NewCfnOriginAccessControl(p, jsii.String("FilesAccess"),
		&awscloudfront.CfnOriginAccessControlProps{
			OriginAccessControlConfig: &awscloudfront.CfnOriginAccessControl_OriginAccessControlConfigProperty{
				Name: jsii.String(uniqueName(p, "Files")), OriginAccessControlOriginType: jsii.String("s3"),
				SigningBehavior: jsii.String("always"), SigningProtocol: jsii.String("sigv4"),
			},
		})
	props := &awscloudfront.DistributionProps{
		Comment:           jsii.String("The sign-in page of " + *awscdk.Stack_Of(p).StackName()),
		DefaultRootObject: jsii.String(webbundle.IndexName),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin: &origin{awscloudfront.CfnDistribution_OriginProperty{
				DomainName: bucket.BucketRegionalDomainName(), OriginAccessControlId: access.AttrId(),
				S3OriginConfig: &awscloudfront.CfnDistribution_S3OriginConfigProperty{OriginAccessIdentity: jsii.String("")},
			}},
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			ResponseHeadersPolicy: headers(p, webbundle.Headers(webbundle.API(p.region()))),
		},
		HttpVersion: awscloudfront.HttpVersion_HTTP2_AND_3,
		WebAclId:    p.props.WebAclID,
	}
	if p.props.Domain != nil {
		props.DomainNames = &[]*string{p.props.Domain}
		props.Certificate = p.props.Certificate
		props.MinimumProtocolVersion = awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021
	}
	p.distribution = awscloudfront.NewDistribution(p, jsii.String("Distribution"), props)
	bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudfront.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:GetObject"),
		Resources:  &[]*string{bucket.ArnForObjects(jsii.String("*"))},
		Conditions: &map[string]any{"StringEquals": map[string]*string{"AWS:SourceArn": p.distribution.DistributionArn()}},
	}))
	if p.props.HostedZone != nil {
		p.addRecords()
	}
}

// region returns the pool's Region.
func (p *signInPage) region() string { return *awscdk.Stack_Of(p.props.SignIn).Region() }

// uniqueName returns a name that no other page of the account has, of at most 64 characters.
func uniqueName(p *signInPage, what string) string {
	name := *awscdk.Names_UniqueResourceName(p, &awscdk.UniqueResourceNameOptions{MaxLength: jsii.Number(50)})
	return name + what
}

// origin is where the distribution fetches answers. The classes of the CDK's package for origins
// would link every service that can be one.
type origin struct {
	property awscloudfront.CfnDistribution_OriginProperty
}

// Bind returns the origin under the id that the distribution gives it.
func (o *origin) Bind(_ constructs.Construct,
	options *awscloudfront.OriginBindOptions) *awscloudfront.OriginBindConfig {
	property := o.property
	property.Id = options.OriginId
	return &awscloudfront.OriginBindConfig{OriginProperty: &property}
}

// cloudFrontZone is the hosted zone of all distributions, as Route 53's documentation gives it.
const cloudFrontZone = "Z2FDTNDATAQYW2"

// addRecords makes the domain's records lead to the distribution.
func (p *signInPage) addRecords() {
	for id, kind := range map[string]string{"Ipv4": "A", "Ipv6": "AAAA"} {
		awsroute53.NewCfnRecordSet(p, &id, &awsroute53.CfnRecordSetProps{
			HostedZoneId: p.props.HostedZone.HostedZoneId(), Name: jsii.String(*p.props.Domain + "."), Type: &kind,
			AliasTarget: &awsroute53.CfnRecordSet_AliasTargetProperty{
				DnsName: p.distribution.DistributionDomainName(), HostedZoneId: jsii.String(cloudFrontZone),
			},
		})
	}
}

// hsts makes browsers use https for a year. It is of no use on a developer's machine, so `emailotp
// dev` does not send it.
func hsts() *awscloudfront.ResponseHeadersStrictTransportSecurity {
	return &awscloudfront.ResponseHeadersStrictTransportSecurity{
		AccessControlMaxAge: awscdk.Duration_Days(jsii.Number(365)), Override: jsii.Bool(true),
	}
}

// headers makes CloudFront send the headers that `emailotp dev` sends, and
// Strict-Transport-Security. CloudFront has properties for some of them and refuses these among the
// custom ones.
func headers(scope constructs.Construct, all []webbundle.Header) awscloudfront.ResponseHeadersPolicy {
	yes := jsii.Bool(true)
	security := &awscloudfront.ResponseSecurityHeadersBehavior{StrictTransportSecurity: hsts()}
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

// route returns a path as an HTTP API's route has it.
func route(path string) string {
	if prefix, ok := strings.CutSuffix(path, "*"); ok {
		return prefix + "{proxy+}"
	}
	return path
}
