// Package partition names AWS's partitions and the hosts of its services in them, as the SDKs'
// rules for endpoints have them.
package partition

import (
	"slices"
	"strings"
)

// Name returns the partition of a Region, which is the second part of every ARN in it.
func Name(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// Domain returns the domain of a Region's services, such as "amazonaws.com".
func Domain(region string) string {
	switch Name(region) {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// validated are the services whose only endpoints in GovCloud are validated by FIPS 140.
var validated = []string{"cloudformation", "dynamodb", "events", "logs", "monitoring"}

// Host returns the name of a service's host in a Region, such as "kms.eu-west-1.amazonaws.com".
// With isFIPS it is the host whose cryptography is validated by FIPS 140; not every Region has one.
func Host(service, region string, isFIPS bool) string {
	if isFIPS && !(Name(region) == "aws-us-gov" && slices.Contains(validated, service)) {
		service += "-fips"
	}
	return service + "." + region + "." + Domain(region)
}

// Global returns the host of a service with one address for all Regions of a partition, and the
// Region that its requests are signed for.
func Global(service, region string, isFIPS bool) (host, signedFor string) {
	name := Name(region)
	switch {
	case name == "aws-us-gov":
		return service + ".us-gov.amazonaws.com", "us-gov-west-1"
	case name == "aws-cn" && service == "cloudfront":
		signedFor = "cn-northwest-1"
	case name == "aws-cn":
		signedFor = "cn-north-1"
	case name == "aws-eusc":
		signedFor = "eusc-de-east-1"
	case isFIPS:
		return service + "-fips.amazonaws.com", "us-east-1"
	default:
		return service + ".amazonaws.com", "us-east-1"
	}
	return Host(service, signedFor, false), signedFor
}

// Issuer returns the iss of a user pool's tokens.
func Issuer(region, poolID string) string {
	return "https://" + Host("cognito-idp", region, false) + "/" + poolID
}
