package signin

import (
	"context"
	"crypto/rand"
	"errors"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// SignUp creates the account in a passwordless pool. It sends the address as the user name alone:
// clients may not write the attribute email, which the pool sets itself. An account that exists is
// no error, since the sign-in proves whose it is.
func (s *SignIn) SignUp(ctx context.Context) error {
	// Cognito requires a password. This one is forgotten; the suffix has every policy's four
	// classes.
	password := rand.Text() + rand.Text() + "aA1-"
	out, err := s.API.SignUp(ctx, &cognito.SignUpInput{ClientId: &s.ClientID, Username: &s.Username, Password: &password})
	if exists := (*types.UsernameExistsException)(nil); errors.As(err, &exists) {
		s.Person.Tell("There is an account with this address already. Signing in to it:")
		return nil
	}
	if err != nil {
		return understand(err)
	}
	if !out.UserConfirmed {
		return &Refused{Sentence: "the account was created, but the pool requires a confirmation before a sign-in; " +
			"is it a passwordless pool?", err: errors.New("user is not confirmed")}
	}
	s.Person.Tell("The account was created.")
	return nil
}
