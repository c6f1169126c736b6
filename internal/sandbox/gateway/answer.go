package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
)

// Answer is a service's response, held back until faults have had their turn.
type Answer = awsjson.Response

// JSON is an answer with a JSON body.
func JSON(service string, status int, v any) Answer {
	a := awsjson.Success(contentType(service), v)
	a.Status = status
	return a
}

// Error is an answer that AWS's clients read as an error of the given type.
func Error(service string, status int, kind, message string) Answer {
	if service == DynamoDB {
		kind = "com.amazonaws.dynamodb.v20120810#" + kind
	}
	return (&awsjson.Error{Status: status, Kind: kind, Message: message}).Response(contentType(service))
}

// NotEmulated is the answer to what the sandbox lacks: 501, after which clients don't repeat the
// call.
func NotEmulated(c Call) Answer {
	name := c.Service
	if name == "" {
		name = "unknown"
	}
	message := fmt.Sprintf("the EmailOTP sandbox does not emulate %s %s", name, c.Operation)
	return Error(c.Service, http.StatusNotImplemented, "NotEmulated", message)
}

func contentType(service string) string {
	switch service {
	case SES, Lambda:
		return "application/json"
	case DynamoDB:
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// handlerService makes a Service of a handler that reads requests itself.
type handlerService struct{ handler http.Handler }

func (h handlerService) ServeCall(ctx context.Context, c Call) Answer {
	r := c.Request.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(c.Body))
	rec := &recorder{status: http.StatusOK, header: http.Header{}}
	h.handler.ServeHTTP(rec, r)
	return Answer{Status: rec.status, Header: rec.header, Body: rec.body.Bytes()}
}

// recorder is an http.ResponseWriter that keeps the response.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
