// Package lambda has the terms in which Lambda reports that a function failed.
package lambda

// Failure is the way in which a function failed.
type Failure int

const (
	// Handled means that the function returned an error.
	Handled Failure = iota
	// Exited means that the process ended during the call.
	Exited
	// TimedOut means that the function reached its own timeout. It does not mean the five seconds
	// that Cognito waits.
	TimedOut
)

// Error is a call without a result. Type and Message are Lambda's errorType, such as
// "Runtime.ExitError", and errorMessage.
type Error struct {
	Failure       Failure
	Type, Message string
}

// Error returns type and message.
func (e *Error) Error() string {
	if e.Type == "" {
		return e.Message
	}
	return e.Type + ": " + e.Message
}
