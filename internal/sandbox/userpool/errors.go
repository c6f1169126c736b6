package userpool

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is an answer in the service's own form. Everything a client can
// cause is an HTTP 400.
type apiError struct {
	status  int
	kind    string
	message string
}

// Error returns the type and the message.
func (e *apiError) Error() string { return e.kind + ": " + e.message }

func fail(kind, format string, args ...any) *apiError {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &apiError{status: http.StatusBadRequest, kind: kind, message: message}
}

func notAuthorized(format string, args ...any) *apiError {
	return fail("NotAuthorizedException", format, args...)
}

func invalidParameter(format string, args ...any) *apiError {
	return fail("InvalidParameterException", format, args...)
}

// Failures of a sign-in. Each call makes a new value: no error is shared.

func errWrongCredentials() *apiError { return notAuthorized("Incorrect username or password.") }
func errUserDisabled() *apiError     { return notAuthorized("User is disabled.") }
func errLockedOut() *apiError        { return notAuthorized("Password attempts exceeded") }
func errUserNotConfirmed() *apiError {
	return fail("UserNotConfirmedException", "User is not confirmed.")
}
func errResetRequired() *apiError {
	return fail("PasswordResetRequiredException", "Password reset required for the user")
}
func errTemporaryExpired() *apiError {
	return notAuthorized("Temporary password has expired and must be reset by an administrator.")
}
func errMissingParameter(name string) *apiError {
	return invalidParameter("Missing required parameter %s", name)
}

// Failures of a Session.

func errSessionUsed() *apiError {
	return notAuthorized("Invalid session for the user, session can only be used once.")
}
func errSessionExpired() *apiError {
	return notAuthorized("Invalid session for the user, session is expired.")
}
func errSessionInvalid() *apiError { return notAuthorized("Invalid session for the user.") }

// Failures of tokens.

func errInvalidAccessToken() *apiError { return notAuthorized("Invalid Access Token") }
func errAccessTokenExpired() *apiError { return notAuthorized("Access Token has expired") }
func errAccessTokenRevoked() *apiError { return notAuthorized("Access Token has been revoked") }
func errInvalidRefresh() *apiError     { return notAuthorized("Invalid Refresh Token.") }
func errRefreshExpired() *apiError     { return notAuthorized("Refresh Token has expired") }
func errRefreshRevoked() *apiError     { return notAuthorized("Refresh Token has been revoked") }
func errRefreshReused() *apiError {
	return fail("RefreshTokenReuseException", "Refresh token has been rotated and can no longer be used.")
}

// Failures around users.

func errUserNotFound() *apiError { return fail("UserNotFoundException", "User does not exist.") }

// errCombinationNotFound is how the operations that mail a code say that there
// is no such user.
func errCombinationNotFound() *apiError {
	return fail("UserNotFoundException", "Username/client id combination not found.")
}
func errUsernameExists() *apiError { return fail("UsernameExistsException", "User already exists") }

// errAliasExists takes a directory key, "email:a@example.com".
func errAliasExists(key string) *apiError {
	kind, _, _ := strings.Cut(key, ":")
	return fail("AliasExistsException", "An account with the given %s already exists.", kind)
}
func errCodeMismatch() *apiError {
	return fail("CodeMismatchException", "Invalid verification code provided, please try again.")
}
func errCodeExpired() *apiError {
	return fail("ExpiredCodeException", "Invalid code provided, please request a code again.")
}
func errAttemptLimit() *apiError {
	return fail("LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

// Failures of the request itself.

func errSerialization(message string) *apiError { return fail("SerializationException", "%s", message) }
func errNoClient(id string) *apiError {
	return fail("ResourceNotFoundException", "User pool client %s does not exist.", id)
}
func errNoPool(id string) *apiError {
	return fail("ResourceNotFoundException", "User pool %s does not exist.", id)
}

// Failures of a trigger.

func errLambdaValidation(t Trigger, message string) *apiError {
	return fail("UserLambdaValidationException", "%s failed with error %s.", t, message)
}
func errLambdaUnexpected(t Trigger, message string) *apiError {
	return fail("UnexpectedLambdaException", "%s invocation failed due to error %s", t, message)
}
func errInvalidJSON() *apiError {
	return fail("InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON")
}
func errUnrecognizable() *apiError {
	return fail("InvalidLambdaResponseException", "Unrecognizable lambda output")
}
