package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// ErrNoAnswer marks the failure of a request that left this process, at least in part, and got no
// answer: the service may have carried it out. Only clients made with [Once] report it. A failure
// without it means that the service did not receive the request, or refused it.
var ErrNoAnswer = errors.New("no answer came")

// maxIdleOnce is how long a connection may wait for its next request under [Once]. Lambda may
// freeze a function between two requests; the longer it does, the likelier a service has closed the
// connection.
const maxIdleOnce = 5 * time.Second

// Once is for a service where a second request has a second effect, such as a second mail. A
// request of which no byte reached a connection is tried once more on a new connection, and no
// other is repeated.
func Once() Option {
	return func(d *dialer) { d.once = true }
}

type once struct{ client *http.Client }

// Do sends a request.
func (o once) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
		_ = r.Body.Close() // it was read to its end
	}
	response, left, err := o.try(r.Context(), r, body)
	if err != nil && !left && r.Context().Err() == nil {
		o.client.CloseIdleConnections()
		response, left, err = o.try(context.WithValue(r.Context(), newConnection{}, true), r, body)
	}
	if err != nil && left {
		err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return response, err
}

// newConnection is the context's key for a request that must not use a connection opened ahead.
type newConnection struct{}

// try sends a copy of r and reports whether any byte of it was written to a connection. Package
// http repeats no request of this kind by itself, since it can't read a body again that has no
// GetBody.
func (o once) try(ctx context.Context, r *http.Request, body []byte) (response *http.Response, left bool, err error) {
	connected, known := false, (*counted)(nil)
	var before int64
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		connected = true
		if known, _ = info.Conn.(*counted); known != nil {
			before = known.written.Load()
		}
	}})
	again := r.Clone(ctx)
	again.GetBody = nil
	if again.Body = http.NoBody; len(body) > 0 {
		again.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err = o.client.Do(again)
	return response, connected && (known == nil || known.written.Load() != before), err
}

// counted counts the bytes written to a connection. Bytes that are just being written count, so
// that none is missed.
type counted struct {
	net.Conn
	written atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n - len(p)))
	return n, err
}

// A dialFunc opens a connection as http.Transport demands.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// countingDial returns dial with counted connections.
func countingDial(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &counted{Conn: c}, nil
	}
}
