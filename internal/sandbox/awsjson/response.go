package awsjson

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an error in the form that AWS's clients read.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Kind is the error's type, such as "NotAuthorizedException". A namespace may stand before a
	// "#".
	Kind string
	// Message may be empty.
	Message string
}

// Error returns the type and the message.
func (e *Error) Error() string { return e.Kind + ": " + e.Message }

// Fail returns an error with HTTP status 400. Without args the format is the message.
func Fail(kind, format string, args ...any) *Error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &Error{http.StatusBadRequest, kind, format}
}

// Internal is the error for what is a bug of the sandbox or a broken part of it.
func Internal() *Error {
	return &Error{http.StatusInternalServerError, "InternalErrorException", "Internal error"}
}

// Response is an HTTP response that has not been sent yet.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Success is the response with v as its JSON body; nil is an empty object.
func Success(contentType string, v any) Response {
	if v == nil {
		v = struct{}{}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return Internal().Response(contentType)
	}
	return Response{http.StatusOK, http.Header{"Content-Type": {contentType}}, body}
}

// Response is the response that reports the error, in the body and in the headers.
func (e *Error) Response(contentType string) Response {
	body, _ := json.Marshal(struct { // strings always encode
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
	}{e.Kind, e.Message})
	header := http.Header{"Content-Type": {contentType}}
	header.Set("x-amzn-ErrorType", e.Kind[strings.LastIndexByte(e.Kind, '#')+1:]+":")
	if e.Message != "" {
		header.Set("x-amzn-ErrorMessage", Printable(e.Message))
	}
	return Response{e.Status, header, body}
}

// Send writes the response.
func (r Response) Send(w http.ResponseWriter) {
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // the client has gone away
}

// Printable makes a text safe for a header and a log line: visible ASCII and spaces, at most 1,000
// bytes.
func Printable(s string) string {
	b := []byte(strings.ToValidUTF8(s, "?"))
	b = b[:min(len(b), 1000)]
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// Epoch is a time as AWS's JSON has it: seconds since 1970 with milliseconds.
type Epoch time.Time

// MarshalJSON writes a number.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(e).UnixMilli())/1000, 'f', 3, 64), nil
}
