package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const (
	contentType  = "application/x-amz-json-1.1"
	targetPrefix = "AWSCognitoIdentityProviderService."
	// maxBody is the longest request that is read, in bytes: room for the largest
	// ClientMetadata value of the API model, and then some.
	maxBody = 1 << 20
)

// call is one request on its way through an operation.
type call struct {
	ctx  context.Context
	http *http.Request
	id   string
	op   string
	// admin is true for the forms of an operation that IAM guards.
	admin bool
	// sub is the user the call turned out to be about, for the log.
	sub string
}

// ServeHTTP answers the API, dispatched on X-Amz-Target whatever the path is,
// and GET of /<pool id>/.well-known/jwks.json and openid-configuration.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.allowOrigin(w, r)
	switch r.Method {
	case http.MethodOptions:
		p.preflight(w, r)
	case http.MethodGet, http.MethodHead:
		p.wellKnown(w, r)
	case http.MethodPost:
		p.api(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// api answers one API request.
func (p *Pool) api(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	// A trigger that has begun runs on when the client goes away, as in the cloud.
	c := &call{ctx: context.WithoutCancel(r.Context()), http: r, id: p.uuid()}
	out, err := p.dispatch(c, w)
	status := http.StatusOK
	var kind string
	if err != nil {
		e := p.asAPIError(c, err)
		status, kind = e.status, e.kind
		writeError(w, c.id, e)
	} else {
		writeResult(w, c.id, out)
	}
	p.log.Info("request", "operation", c.op, "status", status, "errorType", kind, "requestId", c.id,
		"sub", c.sub, "durationMs", time.Since(started).Milliseconds())
}

// dispatch finds the operation and runs it. A panic is a bug of this package: it
// ends as an error like any other, and its stack is in the log.
func (p *Pool) dispatch(c *call, w http.ResponseWriter) (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	name, ok := strings.CutPrefix(c.http.Header.Get("X-Amz-Target"), targetPrefix)
	if !ok || name == "" {
		return nil, fail("UnknownOperationException", "")
	}
	op, ok := operations()[name]
	if !ok {
		p.log.Warn("operation is not emulated", "operation", printable(name))
		return nil, &apiError{http.StatusNotImplemented, "NotEmulatedException", "operation " + printable(name) + " is not emulated"}
	}
	c.op, c.admin = name, op.iam
	body, err := io.ReadAll(http.MaxBytesReader(w, c.http.Body, maxBody))
	if err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return nil, &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "Request size exceeded " + strconv.Itoa(maxBody) + " bytes"}
		}
		return nil, errSerialization("The request could not be read.")
	}
	if op.iam {
		if err := p.authorize(c); err != nil {
			return nil, err
		}
	}
	return op.run(p, c, body)
}

// authorize judges an operation that IAM guards. Any signature will do, but
// there must be one.
func (p *Pool) authorize(c *call) error {
	if c.http.Header.Get("Authorization") == "" {
		return fail("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if p.opts.Authorize == nil {
		return nil
	}
	if err := p.opts.Authorize(c.http, "cognito-idp:"+c.op, p.ARN()); err != nil {
		return fail("AccessDeniedException", "%s", err.Error())
	}
	return nil
}

// asAPIError turns what isn't an answer already into an InternalErrorException.
func (p *Pool) asAPIError(c *call, err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	p.log.Error("internal error", "operation", c.op, "requestId", c.id, "error", err.Error())
	return &apiError{http.StatusInternalServerError, "InternalErrorException", "Internal error"}
}

func writeResult(w http.ResponseWriter, id string, out any) {
	if out == nil {
		out = struct{}{}
	}
	body, err := json.Marshal(out)
	if err != nil {
		writeError(w, id, &apiError{http.StatusInternalServerError, "InternalErrorException", "Internal error"})
		return
	}
	writeBody(w, id, http.StatusOK, body)
}

func writeError(w http.ResponseWriter, id string, e *apiError) {
	w.Header().Set("x-amzn-ErrorType", e.kind+":")
	if e.message != "" {
		w.Header().Set("x-amzn-ErrorMessage", printable(e.message))
	}
	body, _ := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
	}{e.kind, e.message})
	writeBody(w, id, e.status, body)
}

func writeBody(w http.ResponseWriter, id string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("x-amzn-RequestId", id)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// printable makes a text safe for a header and a log line: visible ASCII and
// spaces, 1,000 characters at most.
func printable(s string) string {
	b := []byte(strings.ToValidUTF8(s, "?"))
	b = b[:min(len(b), 1000)]
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// epoch is a time as the API writes it: seconds with a fraction.
type epoch time.Time

// MarshalJSON writes seconds since 1970 with milliseconds.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(e).UnixMilli())/1000, 'f', 3, 64), nil
}
