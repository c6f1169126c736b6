// Package gateway is the one address at which a function finds the AWS services of the sandbox. It
// distinguishes the services by X-Amz-Target, by the signature's credential scope, and by path.
package gateway

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// MaxBody is the largest request that is read, in bytes.
const MaxBody = 16 << 20

// The services that calls are routed to, named as in credential scopes.
const (
	KMS      = "kms"
	SES      = "ses"
	DynamoDB = "dynamodb"
	Cognito  = "cognito-idp"
	Lambda   = "lambda"
	Secrets  = "secretsmanager"

	// Operators call these; functions do not.
	CloudFormation = "cloudformation"
	EventBridge    = "events"
	Logs           = "logs"
)

// Call is one request to a service.
type Call struct {
	Service   string
	Operation string
	// AccessKeyID is the signer's; empty for an unsigned call. Signatures are not checked.
	AccessKeyID string
	Body        []byte
	Request     *http.Request
}

// Service answers calls.
type Service interface {
	ServeCall(ctx context.Context, c Call) Answer
}

// Gateway is the http.Handler. Its methods may be called from several goroutines at once.
type Gateway struct {
	services map[string]Service
	logger   *slog.Logger
	faults   faults
	counts   counts
}

// New makes a gateway for the services, by name. Calls of Cognito's API go to the cognito handler
// unread; nil means that there is no user pool.
func New(services map[string]Service, cognito http.Handler, logger *slog.Logger) *Gateway {
	g := &Gateway{services: maps.Clone(services), logger: logger, counts: counts{byCaller: map[string]map[string]int{}}}
	if cognito != nil {
		g.services[Cognito] = handlerService{cognito}
	}
	return g
}

// ServeHTTP passes one call to its service.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := identify(r)
	service, ok := g.services[c.Service]
	if !ok {
		g.logger.Warn("call of a service that the sandbox does not have", "service", c.Service, "operation", c.Operation,
			"method", r.Method, "path", r.URL.Path)
		NotEmulated(c).Send(w)
		return
	}
	if c.AccessKeyID == "" && c.Service != Cognito {
		Error(c.Service, http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token").Send(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		Error(c.Service, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException",
			"the sandbox reads at most 16 MiB").Send(w)
		return
	}
	c.Body = body
	g.counts.add(c)
	g.serve(w, r, service, c)
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, service Service, c Call) {
	fault, hit := g.faults.next(c)
	if hit && fault.Latency > 0 {
		timer := time.NewTimer(fault.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if answer, ok := fault.answer(c.Service); ok {
		answer.Send(w)
		return
	}
	answer := service.ServeCall(r.Context(), c)
	if fault.LoseAnswer {
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	answer.Send(w)
}

// scope is the credential of a SigV4 signature: key id, date, region, service.
var scope = regexp.MustCompile(`^AWS4-[A-Z0-9-]+ Credential=([^/,\s]{1,128})/[^/,\s]*/[^/,\s]*/([a-z0-9-]{1,64})/aws4_request`)

// AccessKeyID returns the signer's access key; empty for an unsigned request.
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
		case target == "secretsmanager":
			c.Service = Secrets
		case strings.HasPrefix(target, "DynamoDB_"):
			c.Service = DynamoDB
		case target == "AWSCognitoIdentityProviderService":
			c.Service = Cognito
		}
		c.Operation = operation
		return c
	}
	if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/.well-known/") {
		c.Service, c.Operation = Cognito, "GET "+r.URL.Path
	}
	if strings.HasPrefix(r.URL.Path, "/v2/email/") {
		c.Service = SES
		c.Operation = r.Method + " " + r.URL.Path
		if r.Method == http.MethodPost && r.URL.Path == "/v2/email/outbound-emails" {
			c.Operation = "SendEmail"
		}
	}
	if strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/") {
		c.Service = Lambda
		c.Operation = r.Method + " " + r.URL.Path
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/invocations") {
			c.Operation = "Invoke"
		}
	}
	return c
}

// CatchAll answers every request with 501 and logs it. AWS_ENDPOINT_URL and HTTPS_PROXY lead to it,
// so that no call of a function leaves the machine. It does not check Host: it reports foreign
// names.
func CatchAll(logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := identify(r)
		logger.Warn("a function called a service that the sandbox does not have", "service", c.Service,
			"operation", c.Operation, "method", r.Method, "host", r.Host)
		NotEmulated(c).Send(w)
	})
}
