package cloud

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
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
	return "https://" + partition.Host(hosts[service], c.Region, false)
}
