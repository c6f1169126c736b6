// Package awsfront is the one address behind which a function finds the AWS
// services that the sandbox has. It tells them apart as AWS's own endpoints
// could: by X-Amz-Target, by the signature's credential scope, and by path.
package awsfront

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// MaxBody is the largest request that is read: DynamoDB and KMS refuse far less,
// and a mail of SESv2 is mostly some kilobytes.
const MaxBody = 16 << 20

// The services that calls are told apart by, named as in credential scopes.
const (
	KMS      = "kms"
	SES      = "ses"
	DynamoDB = "dynamodb"
	Cognito  = "cognito-idp"
)

// Call is one request to a service.
type Call struct {
	Service   string
	Operation string
	// AccessKeyID is the signer's; empty for an unsigned call. Signatures are
	// not checked: the key id only tells the callers apart.
	AccessKeyID string
	Body        []byte
	Request     *http.Request
}

// Answer is a service's answer, held back until faults have had their turn.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Service answers calls.
type Service interface {
	ServeCall(ctx context.Context, c Call) Answer
}

// Front is the http.Handler. Its methods may be called at any time.
type Front struct {
	services map[string]Service
	cognito  http.Handler
	logger   *slog.Logger
	faults   faults
	counts   counts
}

// New makes a front for the services, by name. Calls of Cognito's API go to
// cognito as they came, since the pool reads requests itself; nil means none.
func New(services map[string]Service, cognito http.Handler, logger *slog.Logger) *Front {
	return &Front{services: services, cognito: cognito, logger: logger}
}

// ServeHTTP dispatches one call.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := identify(r)
	service, ok := f.services[c.Service]
	if c.Service == Cognito && f.cognito != nil {
		service, ok = passThrough{f.cognito}, true
	}
	if !ok {
		f.logger.Warn("call of a service that the sandbox doesn't have", "service", c.Service, "operation", c.Operation, "method", r.Method, "path", r.URL.Path)
		write(w, NotEmulated(c))
		return
	}
	if c.AccessKeyID == "" && c.Service != Cognito {
		write(w, Error(c.Service, http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		write(w, Error(c.Service, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "the sandbox reads at most 16 MiB"))
		return
	}
	c.Body = body
	f.counts.add(c)
	f.serve(w, r, service, c)
}

func (f *Front) serve(w http.ResponseWriter, r *http.Request, service Service, c Call) {
	fault, hit := f.faults.next(c)
	if !hit {
		write(w, service.ServeCall(r.Context(), c))
		return
	}
	if fault.Latency > 0 {
		timer := time.NewTimer(fault.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if answer, instead := fault.answer(c.Service); instead {
		write(w, answer)
		return
	}
	answer := service.ServeCall(r.Context(), c)
	if fault.LoseAnswer {
		panic(http.ErrAbortHandler) // net/http drops the connection without a word
	}
	write(w, answer)
}

func write(w http.ResponseWriter, a Answer) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the caller went away: nobody is left to tell
}

// scope is the credential of a SigV4 signature: key id, date, region, service.
var scope = regexp.MustCompile(`^AWS4-[A-Z0-9-]+ Credential=([^/,\s]{1,128})/[^/,\s]*/[^/,\s]*/([a-z0-9-]{1,64})/aws4_request`)

// AccessKeyID reads who signed a request; empty for an unsigned one.
func AccessKeyID(r *http.Request) string {
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

func identify(r *http.Request) Call {
	c := Call{Request: r}
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		c.AccessKeyID, c.Service = m[1], m[2]
	}
	if target, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		switch {
		case target == "TrentService":
			c.Service = KMS
		case strings.HasPrefix(target, "DynamoDB_"):
			c.Service = DynamoDB
		case target == "AWSCognitoIdentityProviderService":
			c.Service = Cognito
		}
		c.Operation = operation
		return c
	}
	if strings.HasPrefix(r.URL.Path, "/v2/email/") {
		c.Service = SES
		c.Operation = r.Method + " " + r.URL.Path
		if r.Method == http.MethodPost && r.URL.Path == "/v2/email/outbound-emails" {
			c.Operation = "SendEmail"
		}
	}
	return c
}

// Fence answers whatever reaches it with 501 and logs it: the target of
// AWS_ENDPOINT_URL and HTTPS_PROXY, so that no call of a function leaves the
// machine. It has no Host check, as the names are what it has to report.
func Fence(logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := identify(r)
		logger.Warn("a function called what the sandbox doesn't have", "service", c.Service, "operation", c.Operation, "method", r.Method, "host", r.Host)
		write(w, NotEmulated(c))
	})
}
