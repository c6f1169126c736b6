package cloud

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Lambda is AWS Lambda, by which a function invokes an adopter's own.
const Lambda Service = "LAMBDA"

// SecretsManager is AWS Secrets Manager, which holds the secrets of app clients.
const SecretsManager Service = "SECRETS_MANAGER"

// Endpoint returns the service's URL without a slash at its end: what the environment sets, else
// Amazon's in the Region.
func Endpoint(service Service, c aws.Config) string {
	if c.BaseEndpoint != nil {
		return strings.TrimSuffix(*c.BaseEndpoint, "/")
	}
	return "https://" + hosts[service] + "." + c.Region + suffixOf(c.Region)
}

// Issuer returns the iss of a user pool's tokens.
func Issuer(region, poolID string) string {
	return "https://" + hosts[Cognito] + "." + region + suffixOf(region) + "/" + poolID
}

// suffixOf returns the domain of a Region's partition.
func suffixOf(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return ".amazonaws.com.cn"
	}
	return ".amazonaws.com"
}
