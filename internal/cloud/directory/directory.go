// Package directory changes users of a Cognito user pool.
package directory

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
)

// Directory is Cognito, as far as the function's role allows.
type Directory struct {
	client *cognitoidentityprovider.Client
}

const timeout = 1500 * time.Millisecond

// New returns the directory.
func New(lookup cloud.Lookup) (*Directory, error) {
	c, err := cloud.Config(cloud.Cognito, lookup, timeout)
	if err != nil {
		return nil, err
	}
	return &Directory{cognitoidentityprovider.NewFromConfig(c)}, nil
}

// MarkVerified sets the user's email_verified attribute to true.
func (d *Directory) MarkVerified(ctx context.Context, pool, username string) error {
	_, err := d.client.AdminUpdateUserAttributes(ctx, &cognitoidentityprovider.AdminUpdateUserAttributesInput{
		UserPoolId: &pool, Username: &username,
		UserAttributes: []types.AttributeType{{Name: aws.String("email_verified"), Value: aws.String("true")}},
	})
	if err != nil {
		return fmt.Errorf("set email_verified: %w", err)
	}
	return nil
}
