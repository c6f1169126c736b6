package awsfront

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// JSON is an answer with a JSON body.
func JSON(service string, status int, v any) Answer {
	body, err := json.Marshal(v)
	if err != nil { // only maps and structs of strings come here
		return Error(service, http.StatusInternalServerError, "InternalFailure", err.Error())
	}
	return Answer{Status: status, Header: http.Header{"Content-Type": {contentType(service)}}, Body: body}
}

// Error is an answer that AWS's clients read as an error of the given type.
func Error(service string, status int, kind, message string) Answer {
	member := kind
	if service == DynamoDB {
		member = "com.amazonaws.dynamodb.v20120810#" + kind
	}
	a := JSON(service, status, map[string]string{"__type": member, "message": message})
	a.Header.Set("X-Amzn-ErrorType", kind)
	return a
}

// NotEmulated is the answer to what the sandbox doesn't have. Clients don't
// repeat a call after a 501.
func NotEmulated(c Call) Answer {
	name := c.Service
	if name == "" {
		name = "unknown"
	}
	return Error(c.Service, http.StatusNotImplemented, "NotEmulated", fmt.Sprintf("the EmailOTP sandbox does not emulate %s %s", name, c.Operation))
}

func contentType(service string) string {
	switch service {
	case SES:
		return "application/json"
	case DynamoDB:
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// passThrough makes a Service of a handler that reads requests itself.
type passThrough struct{ handler http.Handler }

func (p passThrough) ServeCall(ctx context.Context, c Call) Answer {
	r := c.Request.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(c.Body))
	rec := &recorder{status: http.StatusOK, header: http.Header{}}
	p.handler.ServeHTTP(rec, r)
	return Answer{Status: rec.status, Header: rec.header, Body: rec.body.Bytes()}
}

// recorder is the http.ResponseWriter that holds an answer back.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
