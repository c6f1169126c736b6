package signin

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// Refused is an answer in which the pool refuses the sign-in.
type Refused struct {
	// Sentence is for the user.
	Sentence string
	// ID is the id of a refusal by a trigger, one of the Refusal constants in package contract or a
	// newer one; empty where the pool itself refuses.
	ID          string
	credentials bool // in Cognito's words for a wrong password
	err         error
}

// Error returns the sentence.
func (r *Refused) Error() string { return r.Sentence }

// Unwrap returns the SDK's error.
func (r *Refused) Unwrap() error { return r.err }

// Unavailable is a pool that does not answer, or can't at the moment.
type Unavailable struct {
	// Sentence is for the user.
	Sentence string
	err      error
}

// Error returns the sentence.
func (u *Unavailable) Error() string { return u.Sentence }

// Unwrap returns the SDK's error.
func (u *Unavailable) Unwrap() error { return u.err }

// triggerSentence matches a refusal of a trigger in Cognito's message, such as
// "VerifyAuthChallengeResponse failed with error <sentence> (emailotp:<id>).".
var triggerSentence = regexp.MustCompile(`failed with error (.*) \(emailotp:([a-z-]+)\)`)

// understand makes a [*Refused] or an [*Unavailable] of the SDK's errors. A cancelled context stays
// as it is.
func understand(err error) error {
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &api):
		return understandAPI(api, err)
	case errors.As(err, &network), errors.As(err, &response), errors.Is(err, context.DeadlineExceeded):
		return &Unavailable{"the user pool does not answer: " + root(err).Error(), err}
	}
	return err
}

func understandAPI(api smithy.APIError, err error) error {
	message := strings.TrimSuffix(api.ErrorMessage(), ".")
	switch api.(type) {
	case *types.UserLambdaValidationException:
		m := triggerSentence.FindStringSubmatch(message)
		switch {
		case m == nil:
			return &Unavailable{"a trigger of the user pool failed: " + message, err}
		case m[2] == contract.RefusalUnavailable:
			return &Unavailable{m[1], err}
		}
		return &Refused{Sentence: m[1], ID: m[2], err: err}
	case *types.UnexpectedLambdaException, *types.InvalidLambdaResponseException:
		return &Unavailable{"a trigger of the user pool failed: " + message, err}
	case *types.InternalErrorException, *types.TooManyRequestsException:
		return &Unavailable{"the user pool can't answer just now: " + message, err}
	case *types.InvalidPasswordException:
		return err // for the caller, which asks for another
	case *types.NotAuthorizedException:
		credentials := strings.HasPrefix(message, "Incorrect username or password")
		return &Refused{Sentence: message, credentials: credentials, err: err}
	case *types.UserNotFoundException, *types.UserNotConfirmedException, *types.PasswordResetRequiredException,
		*types.LimitExceededException, *types.ForbiddenException:
		return &Refused{Sentence: message, err: err}
	}
	if api.ErrorFault() == smithy.FaultServer {
		return &Unavailable{"the user pool can't answer just now: " + message, err}
	}
	return &rejected{api.ErrorCode() + ": " + message, err}
}

// rejected is an error for a wrong request, such as one with an unknown client.
type rejected struct {
	message string
	err     error
}

func (r *rejected) Error() string { return r.message }
func (r *rejected) Unwrap() error { return r.err }

// root returns the innermost cause: "connection refused" without the SDK's frame around it.
func root(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
