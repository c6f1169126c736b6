// Package pools calls Cognito's operations on user pools with raw JSON in and out. The SDK's types
// would drop members that they don't know, and UpdateUserPool resets what it is not given.
package pools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
)

const (
	// timeout is for one call. Cognito answers these within a second.
	timeout = 10 * time.Second
	// maxAnswer bounds an answer, in bytes. A description of a pool stays below 200 kB.
	maxAnswer = 1 << 20
)

// API is Cognito's API for user pools. It repeats no call: package attach does.
type API struct{ client *signed.Client }

// New returns the API with the credentials, the Region and the endpoint of the environment.
func New(lookup cloud.Lookup) (*API, error) {
	c, err := signed.New(cloud.Cognito, "cognito-idp", lookup, timeout)
	return &API{c}, err
}

// Call sends one request and returns the answer's body. An error of Cognito's is an
// [attach.APIError].
func (a *API) Call(ctx context.Context, operation string, request any) (json.RawMessage, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation}}
	answer, err := a.client.Post(ctx, "/", header, body, maxAnswer)
	if err == nil && answer.Status != http.StatusOK {
		err = errorOf(answer)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return answer.Body, nil
}

// errorOf reads an error of the JSON protocol.
func errorOf(a signed.Answer) error {
	code := a.ErrorCode()
	if code == "" {
		return fmt.Errorf("HTTP status %d", a.Status)
	}
	var e struct{ Message string } // encoding/json takes "message" as well
	_ = json.Unmarshal(a.Body, &e)
	return &attach.APIError{Code: code, Message: e.Message}
}
