// Package cloud makes the AWS clients of the Lambda functions, a package each below this one, so
// that a function links only what it calls.
//
// The package doesn't use the SDK's LoadDefaultConfig, which reads files and probes services that a
// Lambda function doesn't have, and doubles the time to the first answer. [Config] reads what
// Lambda and a developer set: region, credentials, endpoints and the number of attempts.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// Lookup finds an environment variable; os.LookupEnv is one.
type Lookup func(name string) (string, bool)

// Service is an AWS service as the SDK's environment variables spell it.
type Service string

// The services that functions call.
const (
	KMS      Service = "KMS"
	DynamoDB Service = "DYNAMODB"
	SESv2    Service = "SESV2"
	Cognito  Service = "COGNITO_IDENTITY_PROVIDER"
)

// attempts is how often a call is made in all: Cognito waits five seconds and then calls the
// trigger again, which leaves no time for the SDK's three attempts and their pauses.
const attempts = 2

// Config returns the configuration of a client of the service, or an error that names every missing
// variable. The timeout is for one attempt. Errors of the client's calls have the error's code, the
// HTTP status and the request id, and no text of the service.
func Config(service Service, lookup Lookup, timeout time.Duration, options ...Option) (aws.Config, error) {
	get := func(name string) string { v, _ := lookup(name); return v }
	c := aws.Config{
		Region:           get("AWS_REGION"),
		RetryMaxAttempts: attempts,
	}
	var problems []error
	if c.Region == "" {
		problems = append(problems, errors.New("AWS_REGION is not set"))
	}
	keys := aws.Credentials{AccessKeyID: get("AWS_ACCESS_KEY_ID"), SecretAccessKey: get("AWS_SECRET_ACCESS_KEY"),
		SessionToken: get("AWS_SESSION_TOKEN"), Source: "Environment"}
	if !keys.HasKeys() {
		problems = append(problems, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"))
	}
	c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
	if n := get("AWS_MAX_ATTEMPTS"); n != "" {
		if v, err := strconv.Atoi(n); err == nil && v > 0 {
			c.RetryMaxAttempts = v
		} else {
			problems = append(problems, fmt.Errorf("AWS_MAX_ATTEMPTS must be a whole number above 0 (received: %q)", n))
		}
	}
	if url := endpoint(service, get); url != "" {
		c.BaseEndpoint = &url
	} else if strings.EqualFold(get("AWS_USE_FIPS_ENDPOINT"), "true") {
		c.BaseEndpoint = aws.String("https://" + partition.Host(hosts[service], c.Region, true))
	}
	if err := errors.Join(problems...); err != nil {
		return aws.Config{}, fmt.Errorf("cloud: %s: %w", service, err)
	}
	d := &dialer{timeout: timeout * 3 / 4, roots: amazonRoots, address: addressOf(service, c, get)}
	for _, o := range options {
		o(d)
	}
	client := &http.Client{Timeout: timeout, Transport: d.transport(), CheckRedirect: noRedirect}
	if c.HTTPClient = client; d.once {
		c.HTTPClient, c.RetryMaxAttempts = once{client}, 1
	}
	c.APIOptions = []func(*middleware.Stack) error{func(s *middleware.Stack) error {
		return s.Initialize.Add(withoutText, middleware.Before)
	}}
	return c, nil
}

// noRedirect makes a redirect the answer: AWS's services send none.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// endpoint returns the endpoint that the environment sets for the service, in the SDK's order.
func endpoint(service Service, get func(string) string) string {
	if strings.EqualFold(get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		return ""
	}
	if url := get("AWS_ENDPOINT_URL_" + string(service)); url != "" {
		return url
	}
	return get("AWS_ENDPOINT_URL")
}
