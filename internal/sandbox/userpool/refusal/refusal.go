// Package refusal has the errors of Amazon Cognito, in its own words. All have the HTTP status 400.
package refusal

import (
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
)

// NotAuthorized is a NotAuthorizedException.
func NotAuthorized(format string, args ...any) *awsjson.Error {
	return awsjson.Fail("NotAuthorizedException", format, args...)
}

// InvalidParameter is an InvalidParameterException.
func InvalidParameter(format string, args ...any) *awsjson.Error {
	return awsjson.Fail("InvalidParameterException", format, args...)
}

// MissingParameter reports a parameter that is missing in a map.
func MissingParameter(name string) *awsjson.Error {
	return InvalidParameter("Missing required parameter %s", name)
}

// Errors of a sign-in.
var (
	WrongCredentials = NotAuthorized("Incorrect username or password.")
	UserDisabled     = NotAuthorized("User is disabled.")
	UserNotConfirmed = awsjson.Fail("UserNotConfirmedException", "User is not confirmed.")
	LockedOut        = NotAuthorized("Password attempts exceeded")
	ResetRequired    = awsjson.Fail("PasswordResetRequiredException", "Password reset required for the user")
	TemporaryExpired = NotAuthorized("Temporary password has expired and must be reset by an administrator.")
	SessionUsed      = NotAuthorized("Invalid session for the user, session can only be used once.")
	SessionExpired   = NotAuthorized("Invalid session for the user, session is expired.")
	SessionInvalid   = NotAuthorized("Invalid session for the user.")
)

// Errors of tokens.
var (
	InvalidAccessToken = NotAuthorized("Invalid Access Token")
	AccessTokenExpired = NotAuthorized("Access Token has expired")
	AccessTokenRevoked = NotAuthorized("Access Token has been revoked")
	InvalidRefresh     = NotAuthorized("Invalid Refresh Token.")
	RefreshExpired     = NotAuthorized("Refresh Token has expired")
	RefreshRevoked     = NotAuthorized("Refresh Token has been revoked")
	RefreshReused      = awsjson.Fail("RefreshTokenReuseException",
		"Refresh token has been rotated and can no longer be used.")
)

// Errors around users and their codes. CombinationNotFound reports an unknown user in the
// operations that mail a code.
var (
	UserNotFound        = awsjson.Fail("UserNotFoundException", "User does not exist.")
	CombinationNotFound = awsjson.Fail("UserNotFoundException", "Username/client id combination not found.")
	UsernameExists      = awsjson.Fail("UsernameExistsException", "User already exists")
	CodeMismatch        = awsjson.Fail("CodeMismatchException", "Invalid verification code provided, please try again.")
	CodeExpired         = awsjson.Fail("ExpiredCodeException", "Invalid code provided, please request a code again.")
	AttemptLimit        = awsjson.Fail("LimitExceededException", "Attempt limit exceeded, please try after some time.")
)

// AliasExists reports the attribute, such as "email", whose value another user has.
func AliasExists(attribute string) *awsjson.Error {
	return awsjson.Fail("AliasExistsException", "An account with the given %s already exists.", attribute)
}

// WeakPassword names the rule of the policy that a password breaks.
func WeakPassword(why string) *awsjson.Error {
	return awsjson.Fail("InvalidPasswordException", "Password did not conform with policy: %s", why)
}

// NotConfirmable reports a user whose status is not UNCONFIRMED.
func NotConfirmable(status string) *awsjson.Error {
	return NotAuthorized("User cannot be confirmed. Current status is %s", status)
}

// NoClient reports an unknown app client, NoPool another pool's id.
func NoClient(id string) *awsjson.Error {
	return awsjson.Fail("ResourceNotFoundException", "User pool client %s does not exist.", id)
}

// NoPool reports an id that is not the pool's.
func NoPool(id string) *awsjson.Error {
	return awsjson.Fail("ResourceNotFoundException", "User pool %s does not exist.", id)
}

// SchemaViolation lists attributes that do not fit the schema, a line each.
func SchemaViolation(lines []string) *awsjson.Error {
	return InvalidParameter("Attributes did not conform to the schema: %s", strings.Join(lines, ""))
}

// Types of the errors of a trigger.
const (
	lambdaValidation = "UserLambdaValidationException"
	lambdaUnexpected = "UnexpectedLambdaException"
	lambdaResponse   = "InvalidLambdaResponseException"
)

// LambdaFailed reports the error of a function.
func LambdaFailed(trigger, message string) *awsjson.Error {
	return awsjson.Fail(lambdaValidation, "%s failed with error %s.", trigger, message)
}

// LambdaUnreachable reports a call that had no answer.
func LambdaUnreachable(trigger, why string) *awsjson.Error {
	return awsjson.Fail(lambdaUnexpected, "%s invocation failed due to error %s", trigger, why)
}

// InvalidOutput reports an answer of a function that Cognito refuses.
func InvalidOutput(format string, args ...any) *awsjson.Error {
	return awsjson.Fail(lambdaResponse, "Invalid lambda function output : "+format, args...)
}

// Unrecognizable reports an answer of the wrong shape.
var Unrecognizable = awsjson.Fail(lambdaResponse, "Unrecognizable lambda output")

// IsTriggerError reports whether e comes from a trigger.
func IsTriggerError(e *awsjson.Error) bool {
	return slices.Contains([]string{lambdaValidation, lambdaUnexpected, lambdaResponse}, e.Kind)
}
