package userpool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
)

const (
	contentType  = "application/x-amz-json-1.1"
	targetPrefix = "AWSCognitoIdentityProviderService."
	// maxBody is the longest request that is read, in bytes. The largest ClientMetadata value fits.
	maxBody = 1 << 20
)

// call is one request on its way through an operation.
type call struct {
	ctx  context.Context
	http *http.Request
	id   string
	op   string
	// isAdmin is true for operations that IAM guards.
	isAdmin bool
	// sub is the user of the call, for the log.
	sub string
}

// ServeHTTP answers the API by X-Amz-Target, whatever the path is, and GET of /<pool
// id>/.well-known/jwks.json and openid-configuration.
func (p *Pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.allowOrigin(w, r)
	switch r.Method {
	case http.MethodOptions:
		p.preflight(w, r)
	case http.MethodGet, http.MethodHead:
		p.tokens.ServeWellKnown(w, r)
	case http.MethodPost:
		p.serveAPI(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

func (p *Pool) serveAPI(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	// A trigger that has begun runs on when the client disconnects, as in the cloud.
	c := &call{ctx: context.WithoutCancel(r.Context()), http: r, id: random.UUID()}
	out, err := p.dispatch(c, w)
	response, kind := awsjson.Success(contentType, out), ""
	if err != nil {
		e := p.asError(c, err)
		response, kind = e.Response(contentType), e.Kind
	}
	w.Header().Set("x-amzn-RequestId", c.id)
	response.Send(w)
	p.log.Info("request", "operation", c.op, "status", response.Status, "errorType", kind, "requestId", c.id,
		"sub", c.sub, "durationMs", time.Since(started).Milliseconds())
}

// dispatch runs the operation. A panic is a bug of this package: it becomes an
// InternalErrorException, and its stack is logged.
func (p *Pool) dispatch(c *call, w http.ResponseWriter) (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	name, ok := strings.CutPrefix(c.http.Header.Get("X-Amz-Target"), targetPrefix)
	if !ok || name == "" {
		return nil, awsjson.Fail("UnknownOperationException", "")
	}
	op, ok := operations()[name]
	if !ok {
		name = awsjson.Printable(name)
		p.log.Warn("operation is not emulated", "operation", name)
		return nil, &awsjson.Error{Status: http.StatusNotImplemented, Kind: "NotEmulatedException",
			Message: "operation " + name + " is not emulated"}
	}
	c.op, c.isAdmin = name, op.isGuarded
	body, err := io.ReadAll(http.MaxBytesReader(w, c.http.Body, maxBody))
	if err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return nil, &awsjson.Error{Status: http.StatusRequestEntityTooLarge, Kind: "RequestEntityTooLargeException",
				Message: "Request size exceeded " + strconv.Itoa(maxBody) + " bytes"}
		}
		return nil, awsjson.Fail("SerializationException", "The request could not be read.")
	}
	if op.isGuarded {
		if err := p.authorize(c); err != nil {
			return nil, err
		}
	}
	return op.run(p, c, body)
}

// authorize checks an operation that IAM guards. There must be a signature, which is not verified.
func (p *Pool) authorize(c *call) error {
	if c.http.Header.Get("Authorization") == "" {
		return awsjson.Fail("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if p.opts.Authorize == nil {
		return nil
	}
	if err := p.opts.Authorize(c.http, "cognito-idp:"+c.op, p.ARN()); err != nil {
		return awsjson.Fail("AccessDeniedException", "%s", err.Error())
	}
	return nil
}

// asError turns any other error into an InternalErrorException and logs it.
func (p *Pool) asError(c *call, err error) *awsjson.Error {
	var e *awsjson.Error
	if errors.As(err, &e) {
		return e
	}
	p.log.Error("internal error", "operation", c.op, "requestId", c.id, "error", err.Error())
	return awsjson.Internal()
}
