package awsapi

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Error is a service's answer that reports an error.
type Error struct {
	// Action is the IAM action of the call, such as "kms:DescribeKey".
	Action string
	// Code is the error's name, such as "AccessDeniedException"; Message is the service's sentence,
	// with "…" in place of e-mail addresses: a service may repeat what it was sent.
	Code, Message string
	// Status is the HTTP status.
	Status int
}

// Error returns the call, the code and the service's sentence.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Action, cmp.Or(e.Code, fmt.Sprintf("HTTP status %d", e.Status)))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Unreachable is a call that got no answer.
type Unreachable struct {
	// Endpoint is the service's address, without a path; Err is why there was no answer.
	Endpoint string
	Err      error
}

// Error returns both.
func (e *Unreachable) Error() string { return "no answer from " + e.Endpoint + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Unreachable) Unwrap() error { return e.Err }

// address is what may be an e-mail address in a service's sentence.
var address = regexp.MustCompile(`[^\s"'<>()/,;:=@]+@[^\s"'<>()/,;:=@]+`)

// denials are the codes by which services refuse a caller's rights.
var denials = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
	"NotAuthorized"}

// IsDenied reports whether the caller lacks the right for a call. Cognito's NotAuthorizedException
// is about a user, not about the caller.
func IsDenied(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && slices.Contains(denials, e.Code)
}

// HasCode reports whether a service refused a call by this code.
func HasCode(err error, code string) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Code == code
}

// IsNotFound reports whether what a call named does not exist.
func IsNotFound(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && (strings.Contains(e.Code, "NotFound") || strings.HasPrefix(e.Code, "NoSuch") ||
		e.Code == "ValidationError" && strings.Contains(e.Message, "does not exist"))
}

// IsAbsent reports whether the service or the operation does not exist where the call went, as in a
// sandbox or another emulator.
func IsAbsent(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && (e.Status == http.StatusNotImplemented || e.Code == "UnknownOperationException" ||
		e.Code == "NotImplemented")
}

// isPassing reports whether the same call may succeed a little later.
func (e *Error) isPassing() bool {
	return e.Status == http.StatusTooManyRequests || strings.Contains(e.Code, "Throttl") ||
		strings.HasPrefix(e.Code, "TooManyRequests") || e.Code == "RequestLimitExceeded" ||
		e.Status >= 500 && e.Status != http.StatusNotImplemented
}

// errorOf reads an error of any of the protocols. The code may carry a namespace before "#" and a
// location after ":".
func errorOf(action string, status int, header http.Header, body []byte) *Error {
	e := &Error{Action: action, Status: status}
	var asJSON struct {
		Type, Code string
		ShortType  string `json:"__type"`
		Message    string // encoding/json takes "message" as well
	}
	var asXML struct {
		Error struct{ Code, Message string }
		// The error stands at the top where the service answers without a wrapper.
		Code, Message string
	}
	if json.Unmarshal(body, &asJSON) == nil {
		e.Code = cmp.Or(asJSON.ShortType, asJSON.Code)
		e.Message = asJSON.Message
	} else if xml.Unmarshal(body, &asXML) == nil {
		e.Code = cmp.Or(asXML.Error.Code, asXML.Code)
		e.Message = cmp.Or(asXML.Error.Message, asXML.Message)
	}
	e.Message = address.ReplaceAllLiteralString(e.Message, "…")
	e.Code = cmp.Or(e.Code, header.Get("X-Amzn-Errortype"))
	e.Code = e.Code[strings.LastIndex(e.Code, "#")+1:]
	e.Code, _, _ = strings.Cut(e.Code, ":")
	return e
}
