// Package identity calls the operations of Cognito that users' tokens open. None of them is signed:
// the function's role plays no part in them.
package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

const (
	// timeout is for one request. A refresh runs the pool's triggers, for which Cognito waits 5
	// seconds each.
	timeout = 12 * time.Second
	// maxAnswer bounds an answer, in bytes: tokens stay below 50 kB.
	maxAnswer = 256 << 10
)

// Pool is one user pool.
type Pool struct {
	http         aws.HTTPClient
	endpoint, id string
}

// New returns the pool with the given id.
func New(poolID string, lookup cloud.Lookup, options ...cloud.Option) (*Pool, error) {
	c, err := cloud.Config(cloud.Cognito, lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	return &Pool{c.HTTPClient, cloud.Endpoint(cloud.Cognito, c), poolID}, nil
}

// Refresh calls GetTokensFromRefreshToken.
func (p *Pool) Refresh(ctx context.Context, clientID, refreshToken string) (oauth.Tokens, error) {
	var out struct {
		AuthenticationResult struct {
			AccessToken, IdToken, RefreshToken string
			ExpiresIn                          int64
		}
	}
	err := p.call(ctx, "GetTokensFromRefreshToken",
		map[string]string{"ClientId": clientID, "RefreshToken": refreshToken}, &out)
	got := out.AuthenticationResult
	return oauth.Tokens{ID: got.IdToken, Access: got.AccessToken, Refresh: got.RefreshToken,
		ExpiresIn: got.ExpiresIn}, err
}

// Revoke calls RevokeToken.
func (p *Pool) Revoke(ctx context.Context, clientID, refreshToken string) error {
	return p.call(ctx, "RevokeToken", map[string]string{"ClientId": clientID, "Token": refreshToken}, nil)
}

// User calls GetUser.
func (p *Pool) User(ctx context.Context, accessToken string) (map[string]string, error) {
	var out struct {
		Username       string
		UserAttributes []struct{ Name, Value string }
	}
	if err := p.call(ctx, "GetUser", map[string]string{"AccessToken": accessToken}, &out); err != nil {
		return nil, err
	}
	user := map[string]string{"username": out.Username}
	for _, a := range out.UserAttributes {
		user[a.Name] = a.Value
	}
	return user, nil
}

// Keys returns the pool's keys.
func (p *Pool) Keys(ctx context.Context) (keys jose.JSONWebKeySet, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.endpoint+"/"+p.id+"/.well-known/jwks.json", nil)
	if err != nil {
		return keys, err
	}
	return keys, p.send(r, "jwks.json", &keys)
}

func (p *Pool) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	return p.send(r, operation, out)
}

func (p *Pool) send(r *http.Request, operation string, out any) error {
	response, err := p.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		a := signed.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
		return fmt.Errorf("%s: %w", operation, &oauth.APIError{Code: a.ErrorCode(), Status: a.Status})
	}
	if out == nil || len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: the answer is no JSON of the expected form", operation)
	}
	return nil
}
