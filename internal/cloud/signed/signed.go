// Package signed sends requests to AWS that the SDK's clients would not send as they are: bodies in
// raw JSON, without the SDK's types, retries and their size.
package signed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
)

// A Client sends signed requests to one service.
type Client struct {
	config         aws.Config
	endpoint, name string
	signer         *v4.Signer
}

// New returns a client for a service, with its name in signatures, such as "cognito-idp". The
// timeout is for one request.
func New(service cloud.Service, name string, lookup cloud.Lookup, timeout time.Duration,
	options ...cloud.Option) (*Client, error) {
	c, err := cloud.Config(service, lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	return &Client{c, cloud.Endpoint(service, c), name, v4.NewSigner()}, nil
}

// An Answer is a response whose body was read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ErrorCode returns the code of an error in the JSON protocol; "" if the answer has none. The code
// may carry a namespace before "#" and a location after ":".
func (a Answer) ErrorCode() string {
	var e struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(a.Body, &e)
	code := cmp.Or(e.Type, a.Header.Get("X-Amzn-Errortype"))
	code, _, _ = strings.Cut(code[strings.LastIndex(code, "#")+1:], ":")
	return code
}

// Post sends one request, once. It returns an error where no whole answer of at most limit bytes
// came.
func (c *Client) Post(ctx context.Context, path string, header http.Header, body []byte, limit int64) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	r.Header = header
	credentials, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return Answer{}, err
	}
	sum := sha256.Sum256(body)
	err = c.signer.SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), c.name, c.config.Region, time.Now())
	if err != nil {
		return Answer{}, err
	}
	response, err := c.config.HTTPClient.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return Answer{}, err
	}
	if int64(len(got)) > limit {
		return Answer{}, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return Answer{response.StatusCode, response.Header, got}, nil
}
