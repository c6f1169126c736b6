package partition_test

import (
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// The hosts are those of botocore's rules for endpoints, by Region, without and with FIPS.
func TestHosts(t *testing.T) {
	for _, c := range []struct{ region, name, service, host, fips string }{
		{"eu-west-1", "aws", "kms", "kms.eu-west-1.amazonaws.com", "kms-fips.eu-west-1.amazonaws.com"},
		{"us-east-1", "aws", "dynamodb", "dynamodb.us-east-1.amazonaws.com", "dynamodb-fips.us-east-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "cognito-idp", "cognito-idp.us-gov-west-1.amazonaws.com",
			"cognito-idp-fips.us-gov-west-1.amazonaws.com"},
		{"us-gov-east-1", "aws-us-gov", "email", "email.us-gov-east-1.amazonaws.com",
			"email-fips.us-gov-east-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "dynamodb", "dynamodb.us-gov-west-1.amazonaws.com",
			"dynamodb.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "cloudformation", "cloudformation.us-gov-west-1.amazonaws.com",
			"cloudformation.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "monitoring", "monitoring.us-gov-west-1.amazonaws.com",
			"monitoring.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "events", "events.us-gov-west-1.amazonaws.com", "events.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "aws-us-gov", "logs", "logs.us-gov-west-1.amazonaws.com", "logs.us-gov-west-1.amazonaws.com"},
		{"cn-north-1", "aws-cn", "lambda", "lambda.cn-north-1.amazonaws.com.cn", "lambda-fips.cn-north-1.amazonaws.com.cn"},
		{"eusc-de-east-1", "aws-eusc", "wafv2", "wafv2.eusc-de-east-1.amazonaws.eu", "wafv2-fips.eusc-de-east-1.amazonaws.eu"},
	} {
		if got := partition.Name(c.region); got != c.name {
			t.Errorf("%s is in %s, want %s", c.region, got, c.name)
		}
		if got := partition.Host(c.service, c.region, false); got != c.host {
			t.Errorf("%s in %s is %s, want %s", c.service, c.region, got, c.host)
		}
		if got := partition.Host(c.service, c.region, true); got != c.fips {
			t.Errorf("%s in %s with FIPS is %s, want %s", c.service, c.region, got, c.fips)
		}
	}
	for _, c := range []struct {
		service, region string
		isFIPS          bool
		host, signedFor string
	}{
		{"iam", "eu-west-1", false, "iam.amazonaws.com", "us-east-1"},
		{"iam", "us-west-2", true, "iam-fips.amazonaws.com", "us-east-1"},
		{"iam", "us-gov-east-1", false, "iam.us-gov.amazonaws.com", "us-gov-west-1"},
		{"iam", "us-gov-west-1", true, "iam.us-gov.amazonaws.com", "us-gov-west-1"},
		{"iam", "cn-northwest-1", false, "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
		{"iam", "eusc-de-east-1", false, "iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"},
		{"cloudfront", "eu-west-1", false, "cloudfront.amazonaws.com", "us-east-1"},
		{"cloudfront", "us-east-2", true, "cloudfront-fips.amazonaws.com", "us-east-1"},
		{"cloudfront", "cn-north-1", false, "cloudfront.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"},
	} {
		if host, signedFor := partition.Global(c.service, c.region, c.isFIPS); host != c.host || signedFor != c.signedFor {
			t.Errorf("%s from %s (FIPS: %t) is %s for %s, want %s for %s", c.service, c.region, c.isFIPS, host, signedFor,
				c.host, c.signedFor)
		}
	}
	if got, want := partition.Issuer("eusc-de-east-1", "eusc-de-east-1_Ab"),
		"https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_Ab"; got != want {
		t.Errorf("the issuer is %s, want %s", got, want)
	}
}
