package signin

import (
	"context"
	"errors"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// resetDigits is the length of Cognito's codes that reset a password.
const resetDigits = 6

// Recover sets a new password by a code that Cognito mails, in a pool that resets passwords by
// e-mail. Run then signs in with it. Addresses without an account, and accounts that can't be
// recovered, look like others: no code comes.
func (s *SignIn) Recover(ctx context.Context) error {
	var code string
	for {
		if err := s.requestReset(ctx); err != nil {
			return err
		}
		answer, err := s.Person.Code(ctx, Challenge{CodeLength: resetDigits, AttemptsLeft: -1, ResendsLeft: -1,
			Reason: contract.ReasonSent, Destination: s.Username + ", if its account can be recovered"})
		if err != nil {
			return err
		}
		if answer != Resend {
			code = answer
			break
		}
	}
	refused := ""
	for {
		password, err := s.Person.NewPassword(ctx, refused)
		if err != nil {
			return err
		}
		_, err = s.API.ConfirmForgotPassword(ctx, &cognito.ConfirmForgotPasswordInput{ClientId: &s.ClientID,
			Username: &s.Username, ConfirmationCode: &code, Password: &password})
		policy := (*types.InvalidPasswordException)(nil)
		switch {
		case err == nil:
			s.password, s.Device = password, ""
			return nil
		case errors.As(err, &policy):
			refused = policy.ErrorMessage()
		case isRefusedReset(err):
			return &Refused{Sentence: "that code is not right, or it has expired", err: err}
		default:
			return understand(err)
		}
	}
}

func (s *SignIn) requestReset(ctx context.Context) error {
	_, err := s.API.ForgotPassword(ctx, &cognito.ForgotPasswordInput{ClientId: &s.ClientID, Username: &s.Username})
	if err == nil || isRefusedReset(err) {
		return nil
	}
	return understand(err)
}

// isRefusedReset reports whether an error is Cognito's for a wrong code, or for an account that
// can't be recovered.
func isRefusedReset(err error) bool {
	for _, known := range []any{new(*types.CodeMismatchException), new(*types.ExpiredCodeException),
		new(*types.NotAuthorizedException), new(*types.UserNotFoundException), new(*types.UserNotConfirmedException),
		new(*types.InvalidParameterException)} {
		if errors.As(err, known) {
			return true
		}
	}
	return false
}
