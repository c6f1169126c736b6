package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

// adminTimeout is for one call of an [Admin]. Cognito answers these within a second.
const adminTimeout = 3 * time.Second

// Admin calls the operations on users that the function's role opens.
type Admin struct {
	client *signed.Client
	pool   string
}

// NewAdmin returns the operations on the pool with the given id.
func NewAdmin(poolID string, lookup cloud.Lookup, options ...cloud.Option) (*Admin, error) {
	c, err := signed.New(cloud.Cognito, "cognito-idp", lookup, adminTimeout, options...)
	return &Admin{c, poolID}, err
}

// Find calls AdminGetUser by user name, sub or address, and returns the attributes. It returns nil
// for a user that doesn't exist.
func (a *Admin) Find(ctx context.Context, name string) (map[string]string, error) {
	var out struct {
		UserAttributes []struct{ Name, Value string }
	}
	err := a.call(ctx, "AdminGetUser", map[string]any{"Username": name}, &out)
	var refused *oauth.APIError
	if errors.As(err, &refused) && refused.Code == "UserNotFoundException" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	user := map[string]string{}
	for _, attribute := range out.UserAttributes {
		user[attribute.Name] = attribute.Value
	}
	return user, nil
}

// SetEmail sets a user's address and that it is verified, in one call of AdminUpdateUserAttributes.
func (a *Admin) SetEmail(ctx context.Context, username, address string) error {
	return a.call(ctx, "AdminUpdateUserAttributes", map[string]any{"Username": username,
		"UserAttributes": []map[string]string{{"Name": "email", "Value": address},
			{"Name": "email_verified", "Value": "true"}}}, nil)
}

// SignOut calls AdminUserGlobalSignOut.
func (a *Admin) SignOut(ctx context.Context, username string) error {
	return a.call(ctx, "AdminUserGlobalSignOut", map[string]any{"Username": username}, nil)
}

// call sends one request. An error of Cognito's is an [oauth.APIError].
func (a *Admin) call(ctx context.Context, operation string, in map[string]any, out any) error {
	in["UserPoolId"] = a.pool
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation}}
	answer, err := a.client.Post(ctx, "/", header, body, maxAnswer)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", operation, err)
	case answer.Status != http.StatusOK:
		return fmt.Errorf("%s: %w", operation, &oauth.APIError{Code: answer.ErrorCode(), Status: answer.Status})
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return fmt.Errorf("%s: the answer is no JSON of the expected form", operation)
	}
	return nil
}
