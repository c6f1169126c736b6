package cloud

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Lambda is AWS Lambda, by which a function invokes an adopter's own.
const Lambda Service = "LAMBDA"

// Endpoint returns the service's URL without a slash at its end: what the environment sets, else
// Amazon's in the Region.
func Endpoint(service Service, c aws.Config) string {
	if c.BaseEndpoint != nil {
		return strings.TrimSuffix(*c.BaseEndpoint, "/")
	}
	return "https://" + hosts[service] + "." + c.Region + suffixOf(c.Region)
}

// suffixOf returns the domain of a Region's partition.
func suffixOf(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return ".amazonaws.com.cn"
	}
	return ".amazonaws.com"
}
