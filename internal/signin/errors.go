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
)

// The ids of refusals that a client acts upon.
const (
	signInAgain = "sign-in-again"
	unavailable = "unavailable"
)

// Refused is the pool's no.
type Refused struct {
	// Sentence is for the person.
	Sentence string
	// ID is the construct's id of a refusal by a trigger, such as
	// "unverified-address"; empty for the pool's own.
	ID          string
	credentials bool // in the words of a wrong password
	err         error
}

// Error returns the sentence.
func (r *Refused) Error() string { return r.Sentence }

// Unwrap returns the SDK's error.
func (r *Refused) Unwrap() error { return r.err }

// Unavailable is a pool that does not answer, or can't just now.
type Unavailable struct {
	// Sentence is for the person.
	Sentence string
	err      error
}

// Error returns the sentence.
func (u *Unavailable) Error() string { return u.Sentence }

// Unwrap returns the SDK's error.
func (u *Unavailable) Unwrap() error { return u.err }

// triggerSentence finds the construct's sentence in Cognito's "VerifyAuthChallengeResponse failed
// with error <sentence> (emailotp:<id>).".
var triggerSentence = regexp.MustCompile(`failed with error (.*) \(emailotp:([a-z-]+)\)`)

// understand sorts the SDK's errors. A cancelled context stays what it is.
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
		case m[2] == unavailable:
			return &Unavailable{m[1], err}
		}
		return &Refused{Sentence: m[1], ID: m[2], err: err}
	case *types.UnexpectedLambdaException, *types.InvalidLambdaResponseException:
		return &Unavailable{"a trigger of the user pool failed: " + message, err}
	case *types.InternalErrorException, *types.TooManyRequestsException:
		return &Unavailable{"the user pool can't answer just now: " + message, err}
	case *types.InvalidPasswordException:
		return err // for the caller, who asks for another
	case *types.NotAuthorizedException:
		return &Refused{Sentence: message, credentials: strings.HasPrefix(message, "Incorrect username or password"), err: err}
	case *types.UserNotFoundException, *types.UserNotConfirmedException, *types.PasswordResetRequiredException,
		*types.LimitExceededException, *types.ForbiddenException:
		return &Refused{Sentence: message, err: err}
	}
	if api.ErrorFault() == smithy.FaultServer {
		return &Unavailable{"the user pool can't answer just now: " + message, err}
	}
	return &rejected{api.ErrorCode() + ": " + message, err}
}

// rejected is a request that the pool found wrong, such as an unknown client.
type rejected struct {
	message string
	err     error
}

func (r *rejected) Error() string { return r.message }
func (r *rejected) Unwrap() error { return r.err }

// root is the innermost cause: "connection refused" rather than the SDK's frame around it.
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
