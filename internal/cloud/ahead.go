package cloud

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Ahead opens connections when a function's first event arrives, all side by side and before the event is
// even read: a trigger's calls follow upon one another, and without it each service's first call would
// wait for a handshake of its own. Its zero value is ready to use.
type Ahead struct {
	once sync.Once
	open []func()
}

// Option changes what [Config] does.
type Option func(*dialer)

// Connections gives a client n connections of those that are opened: as many as the trigger's calls to the
// service that run side by side.
func (a *Ahead) Connections(n int) Option {
	return func(d *dialer) {
		if d.address != "" {
			d.early = make(chan *early, n)
			a.open = append(a.open, func() { d.openAhead(n) })
		}
	}
}

// Handler is a function as aws-lambda-go takes it.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Before returns the handler, with the connections opened before its first event.
func (a *Ahead) Before(h Handler) Handler { return ahead{a, h} }

type ahead struct {
	*Ahead
	handler Handler
}

// Invoke hands the event on.
func (a ahead) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	a.once.Do(func() {
		for _, open := range a.open {
			open()
		}
	})
	return a.handler.Invoke(ctx, payload)
}

// hosts are the first parts of the services' host names.
var hosts = map[Service]string{KMS: "kms", DynamoDB: "dynamodb", SESv2: "email", Cognito: "cognito-idp", Lambda: "lambda"}

// addressOf returns where the service will be called, "host:port", or "" where that is not by TLS or
// through a proxy. It need not be right: a connection to another address is never used.
func addressOf(service Service, c aws.Config, get func(string) string) string {
	if get("HTTPS_PROXY") != "" || get("https_proxy") != "" {
		return ""
	}
	if c.BaseEndpoint == nil {
		return hosts[service] + "." + c.Region + suffixOf(c.Region) + ":443"
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

// maxIdle keeps a connection for each of the calls that run side by side.
const maxIdle = 4

// transport makes the HTTP transport of a client use the dialer.
func (d *dialer) transport(t *http.Transport) {
	t.DialTLSContext = d.dial
	t.MaxIdleConnsPerHost = maxIdle
}
