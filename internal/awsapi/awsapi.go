// Package awsapi calls AWS services for an operator at the command line, with the SDK's usual
// configuration: profiles, credentials of every kind, AWS_ENDPOINT_URL and its forms for a service.
//
// It sends raw JSON, REST and query requests instead of linking a client of the SDK for each
// service: of most services one or two operations are called, and each client would add megabytes
// to the command line.
//
//	api, err := awsapi.New(ctx, awsapi.Options{Region: "eu-west-1"})
//	err = api.JSON(ctx, awsapi.KMS, "DescribeKey", map[string]any{"KeyId": arn}, &answer)
package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// timeout is for one attempt of a call.
const timeout = 20 * time.Second

// Options choose the account and the Region.
type Options struct {
	// Region and Profile replace those of the configuration; empty leaves them.
	Region, Profile string
	// Sandbox is the address of a sandbox that answers for all services; empty for AWS. It needs no
	// credentials.
	Sandbox string
	// Sleep waits between attempts, and before a call that would be too early; nil is real time.
	Sleep func(context.Context, time.Duration) error
}

// Client calls services. Its methods may be called from several goroutines at once.
type Client struct {
	config  aws.Config
	sandbox bool
	isFIPS  bool
	signer  *v4.Signer
	http    aws.HTTPClient
	sleep   func(context.Context, time.Duration) error

	mu   sync.Mutex
	next time.Time // when SES may be called again
}

// New returns a client. The error names what the configuration lacks.
func New(ctx context.Context, o Options) (*Client, error) {
	c := &Client{signer: v4.NewSigner(), http: &http.Client{CheckRedirect: noRedirect},
		sleep: o.Sleep, sandbox: o.Sandbox != ""}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.sandbox {
		c.config = aws.Config{Region: o.Region, BaseEndpoint: &o.Sandbox, HTTPClient: c.http,
			Credentials: credentials.NewStaticCredentialsProvider("operator", "operator", "")}
		return c, nil
	}
	var load []func(*config.LoadOptions) error
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	var err error
	if c.config, err = config.LoadDefaultConfig(ctx, load...); err != nil {
		return nil, fmt.Errorf("the AWS configuration: %w", err)
	}
	if c.config.Region == "" {
		return nil, errors.New("no AWS Region is set; give --region, or set AWS_REGION or the profile's region")
	}
	c.isFIPS = usesFIPS(c.config)
	if c.config.HTTPClient != nil {
		c.http = c.config.HTTPClient // with the certificates of AWS_CA_BUNDLE
	}
	if _, err := c.config.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &noCredentials{err}
	}
	return c, nil
}

// noCredentials is a configuration without usable credentials.
type noCredentials struct{ err error }

// Error returns the sentence.
func (e *noCredentials) Error() string {
	return "no usable AWS credentials: " + lastCause(e.err) +
		"; sign in by `aws sso login`, give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
}

// Unwrap returns the SDK's error.
func (e *noCredentials) Unwrap() error { return e.err }

// lastCause returns the innermost part of the SDK's long sentence.
func lastCause(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Region returns the Region that is called.
func (c *Client) Region() string { return c.config.Region }

// HTTPClient returns what sends the requests, for another client of the same services.
func (c *Client) HTTPClient() aws.HTTPClient { return c.http }

// IsSandbox reports whether a sandbox answers, which has no second user and few services.
func (c *Client) IsSandbox() bool { return c.sandbox }

// Endpoint returns the address of a service without a slash at its end, and whether it is AWS's
// own. The order is the SDK's: the service's own variable, its setting in the profile, the ones for
// all services.
func (c *Client) Endpoint(s Service) (url string, isAWS bool) {
	ignore, _, _ := config.GetIgnoreConfiguredEndpoints(context.Background(), c.config.ConfigSources)
	for _, source := range c.config.ConfigSources {
		provider, ok := source.(interface {
			GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
		})
		if !ok || ignore {
			continue
		}
		if url, found, err := provider.GetServiceBaseEndpoint(context.Background(), s.ID); found && err == nil {
			return strings.TrimSuffix(url, "/"), false
		}
	}
	if c.config.BaseEndpoint != nil {
		return strings.TrimSuffix(*c.config.BaseEndpoint, "/"), false
	}
	if s.Global {
		host, _ := partition.Global(s.Host, c.config.Region, c.isFIPS)
		return "https://" + host, true
	}
	return "https://" + partition.Host(s.Host, c.config.Region, c.isFIPS), true
}

// usesFIPS reports whether the configuration asks for hosts that are validated by FIPS 140.
func usesFIPS(c aws.Config) bool {
	for _, source := range c.ConfigSources {
		if provider, ok := source.(interface {
			GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
		}); ok {
			if state, found, err := provider.GetUseFIPSEndpoint(context.Background()); found && err == nil {
				return state == aws.FIPSEndpointStateEnabled
			}
		}
	}
	return false
}
