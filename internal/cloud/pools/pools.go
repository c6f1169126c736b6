// Package pools calls Cognito's operations on user pools with raw JSON in and out. The SDK's types
// would drop members that they don't know, and UpdateUserPool resets what it is not given.
package pools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
)

const (
	// timeout is for one call. Cognito answers these within a second.
	timeout = 10 * time.Second
	// maxAnswer bounds an answer, in bytes. A description of a pool stays below 200 kB.
	maxAnswer = 1 << 20
	// target is the prefix of the operations' names in the JSON protocol.
	target = "AWSCognitoIdentityProviderService."
	// service is Cognito's name in a signature.
	service = "cognito-idp"
)

// API is Cognito's API for user pools. It repeats no call: package attach does.
type API struct {
	config   aws.Config
	endpoint string
	signer   *v4.Signer
}

// New returns the API with the credentials, the Region and the endpoint of the environment.
func New(ctx context.Context, lookup cloud.Lookup) (*API, error) {
	c, err := cloud.Config(cloud.Cognito, lookup, timeout)
	if err != nil {
		return nil, err
	}
	endpoint := aws.ToString(c.BaseEndpoint)
	if endpoint == "" {
		resolved, err := cognitoidentityprovider.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx,
			cognitoidentityprovider.EndpointParameters{Region: &c.Region})
		if err != nil {
			return nil, fmt.Errorf("find Cognito's endpoint in %s: %w", c.Region, err)
		}
		endpoint = resolved.URI.String()
	}
	return &API{c, strings.TrimSuffix(endpoint, "/") + "/", v4.NewSigner()}, nil
}

// Call sends one request and returns the answer's body. An error of Cognito's is an
// [attach.APIError].
func (a *API) Call(ctx context.Context, operation string, request any) (json.RawMessage, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target+operation)
	credentials, err := a.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	sum := sha256.Sum256(body)
	err = a.signer.SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), service, a.config.Region, time.Now())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	response, err := a.config.HTTPClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", operation, err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes", operation, maxAnswer)
	case response.StatusCode == http.StatusOK:
		return answer, nil
	}
	return nil, fmt.Errorf("%s: %w", operation, errorOf(response, answer))
}

// errorOf reads an error of the JSON protocol. The code may carry a namespace before "#" and a
// location after ":".
func errorOf(response *http.Response, body []byte) error {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Upper   string `json:"Message"`
	}
	_ = json.Unmarshal(body, &e)
	code := e.Type
	if code == "" {
		code = response.Header.Get("X-Amzn-Errortype")
	}
	code = code[strings.LastIndex(code, "#")+1:]
	code, _, _ = strings.Cut(code, ":")
	if code == "" {
		return errors.New(response.Status)
	}
	if e.Message == "" {
		e.Message = e.Upper
	}
	return &attach.APIError{Code: code, Message: e.Message}
}
