package cloud

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// Ahead opens connections when a function's first event arrives: all in parallel, before the event
// is read. A trigger calls its services one after the other, and without Ahead each first call
// would wait for a handshake of its own. Its zero value is ready to use.
type Ahead struct {
	once sync.Once
	open []func()
}

// Option changes what [Config] does.
type Option func(*dialer)

// Connections opens n connections ahead for a client: as many as the trigger's calls to the service
// that run in parallel.
func (a *Ahead) Connections(n int) Option {
	return func(d *dialer) {
		if d.address != "" {
			d.early = make(chan *early, n)
			a.open = append(a.open, func() { d.openAhead(n) })
		}
	}
}

// Handler is the interface of a function in aws-lambda-go.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Before returns a handler that opens the connections and then calls h.
func (a *Ahead) Before(h Handler) Handler { return ahead{a, h} }

type ahead struct {
	*Ahead
	handler Handler
}

// Invoke opens the connections at the first event, and passes each event on.
func (a ahead) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	a.once.Do(func() {
		for _, open := range a.open {
			open()
		}
	})
	return a.handler.Invoke(ctx, payload)
}

// hosts are the first parts of the services' host names.
var hosts = map[Service]string{KMS: "kms", DynamoDB: "dynamodb", SESv2: "email", Cognito: "cognito-idp",
	Lambda: "lambda", SecretsManager: "secretsmanager"}

// addressOf returns where the service will be called, "host:port", or "" where that is not by TLS
// or through a proxy. It need not be right: a connection to another address is never used.
func addressOf(service Service, c aws.Config, get func(string) string) string {
	if get("HTTPS_PROXY") != "" || get("https_proxy") != "" {
		return ""
	}
	if c.BaseEndpoint == nil {
		return partition.Host(hosts[service], c.Region, false) + ":443"
	}
	u, err := url.Parse(*c.BaseEndpoint)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return u.Host
}

// maxIdle is the number of idle connections to keep: one for each of the calls that run in
// parallel.
const maxIdle = 4

// transport returns a client's HTTP transport, which dials by d.
func (d *dialer) transport() *http.Transport {
	t := awshttp.NewBuildableClient().GetTransport()
	t.DialTLSContext = d.dial
	t.MaxIdleConnsPerHost = maxIdle
	if d.once {
		t.DialContext, t.DialTLSContext = countingDial(t.DialContext), countingDial(d.dial)
		t.IdleConnTimeout = maxIdleOnce
	}
	return t
}
