package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// aheadAge is the greatest age of a connection opened ahead. Where the first event used none,
// Lambda may freeze the function for longer than a service keeps a silent connection, and a mail
// that was written to a dead connection may not be sent again.
const aheadAge = 3 * time.Second

// dialer opens one service's connections, some of them before a request needs them.
type dialer struct {
	// timeout is for a connection with its handshake. It is below the client's timeout for an
	// attempt, so that a service that doesn't connect differs from one that doesn't answer.
	timeout time.Duration
	// roots are trusted first, the system's after them.
	roots func() *x509.CertPool
	// address is the address of connections opened ahead, and early holds the unused ones.
	address string
	early   chan *early
	// system is set once a certificate was not of these roots: behind a proxy that decrypts the
	// traffic, or in a partition with other authorities.
	system atomic.Bool
	// once is set for a service of which a request must not be made twice: see [Once].
	once bool
}

// early is a connection that is being opened ahead; done is closed when it is open or failed.
type early struct {
	done   chan struct{}
	conn   *tls.Conn
	opened time.Time
}

// openAhead starts to open n connections.
func (d *dialer) openAhead(n int) {
	for range n {
		e := &early{done: make(chan struct{})}
		d.early <- e
		go func() {
			defer close(e.done)
			ctx, cancel := context.WithTimeout(context.Background(), d.timeout)
			defer cancel()
			if c, err := d.open(ctx, "tcp", d.address); err == nil { // a failure shows at the call
				// Without the monotonic clock, which may stand still while the function is frozen.
				e.conn, e.opened = c, time.Now().Round(0)
			}
		}()
	}
}

// dial is http.Transport's DialTLSContext. When it fails, no request left.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	for address == d.address && ctx.Value(newConnection{}) == nil {
		select {
		case e := <-d.early:
			if c := e.take(ctx); c != nil {
				return c, nil
			}
			continue
		default:
		}
		break
	}
	c, err := d.open(ctx, network, address)
	if err != nil {
		return nil, err // not c: a nil *tls.Conn in an interface is not nil
	}
	return c, nil
}

// take waits for the connection and returns it, or nil where it failed or may be dead by now.
func (e *early) take(ctx context.Context) *tls.Conn {
	select {
	case <-e.done:
	case <-ctx.Done():
		go func() {
			<-e.done // within the dialer's time
			if e.conn != nil {
				_ = e.conn.Close()
			}
		}()
		return nil
	}
	if e.conn == nil {
		return nil
	}
	if age := time.Now().Round(0).Sub(e.opened); age < 0 || age > aheadAge {
		_ = e.conn.Close() // no request was written to it
		return nil
	}
	return e.conn
}

// open trusts the roots first, which for AWS are Amazon's own, and the system's after an unknown
// authority. Reading the system's hundred and more takes half of a function's time to its first
// answer.
func (d *dialer) open(ctx context.Context, network, address string) (*tls.Conn, error) {
	if !d.system.Load() {
		c, err := handshake(ctx, network, address, d.roots())
		if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) {
			return c, err
		}
		d.system.Store(true)
	}
	return handshake(ctx, network, address, nil)
}

// handshake connects; nil roots are the system's. It reports an error in the middle of the
// handshake as one of dialling too, since no request has left yet.
func handshake(ctx context.Context, network, address string, roots *x509.CertPool) (*tls.Conn, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{KeepAlive: 30 * time.Second}, Config: &tls.Config{RootCAs: roots,
		MinVersion: tls.VersionTLS12}}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return c.(*tls.Conn), nil
}
