package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A desk is a server on loopback that treats its connections one after the other by a script: what
// to do with the first, the second, and so on; the last entry also with all further ones.
type desk struct {
	address string
	accepts atomic.Int32
	// requests counts the requests that came in whole.
	requests atomic.Int32
}

func newDesk(t *testing.T, script ...func(*desk, net.Conn)) *desk {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{address: l.Addr().String()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(d.accepts.Add(1))
			go script[min(n, len(script))-1](d, c)
		}
	}()
	return d
}

// serve answers each request, and cut writes the beginning of an answer alone.
func serve(d *desk, c net.Conn) { d.answer(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") }
func cut(d *desk, c net.Conn)   { d.answer(c, "HTTP/1.1 200 OK\r\nContent-"); reset(d, c) }
func quiet(d *desk, c net.Conn) {
	d.answer(c, "")
}

func (d *desk) answer(c net.Conn, with string) {
	defer func() { _ = c.Close() }()
	buffer := make([]byte, 64<<10)
	for seen := ""; ; {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if seen += string(buffer[:n]); strings.HasSuffix(seen, "the body") {
			seen = ""
			d.requests.Add(1)
			if _, err := io.WriteString(c, with); err != nil || with != "" && !strings.HasSuffix(with, "ok") {
				return
			}
		}
	}
}

func reset(_ *desk, c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// half reads the beginning of a request and resets the connection.
func half(d *desk, c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 10)); reset(d, c) }

// A stale connection was reset, which this side does not know yet: as after a function was frozen.
type stale struct {
	net.Conn
	isReset *atomic.Bool
}

func (s stale) Write(p []byte) (int, error) {
	if s.isReset.Load() {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return s.Conn.Write(p)
}

// post sends one request and returns its error.
func post(o once, url string) error {
	r, err := http.NewRequest(http.MethodPost, url, struct{ io.Reader }{strings.NewReader("the body")})
	if err != nil {
		return err
	}
	r.ContentLength = int64(len("the body"))
	response, err := o.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func client(timeout time.Duration, dial dialFunc) once {
	return once{&http.Client{Timeout: timeout, Transport: &http.Transport{DialContext: countingDial(dial)}}}
}

func TestARequestThatLeftIsNeverRepeated(t *testing.T) {
	for what, script := range map[string]func(*desk, net.Conn){"half a request": half, "half an answer": cut,
		"no answer": quiet} {
		t.Run(what, func(t *testing.T) {
			d := newDesk(t, script)
			timeout := 30 * time.Second
			if what == "no answer" {
				timeout = 300 * time.Millisecond
			}
			err := post(client(timeout, new(net.Dialer).DialContext), "http://"+d.address)
			if !errors.Is(err, ErrNoAnswer) || d.accepts.Load() != 1 {
				t.Errorf("%v after %d connections, want %v after one", err, d.accepts.Load(), ErrNoAnswer)
			}
		})
	}
}

func TestARequestThatDidNotLeaveIsTriedOnceMore(t *testing.T) {
	for failures, want := range map[int]bool{0: true, 1: true, 2: false, 5: false} {
		d, dials := newDesk(t, serve), 0
		err := post(client(30*time.Second, func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials <= failures {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}), "http://"+d.address)
		if (err == nil) != want || errors.Is(err, ErrNoAnswer) || dials != min(failures+1, 2) {
			t.Errorf("%d failures: %v after %d dials", failures, err, dials)
		}
	}
}

func TestAHandshakeThatFailsIsTriedOnceMore(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	overTLS := func(d *desk, c net.Conn) { serve(d, tls.Server(c, s.TLS)) }
	for i, script := range [][]func(*desk, net.Conn){{reset, overTLS}, {reset}} {
		d, trusted := newDesk(t, script...), trusting(s)
		err := post(once{&http.Client{Timeout: 30 * time.Second,
			Transport: &http.Transport{DialTLSContext: countingDial(trusted.dial)}}},
			"https://"+d.address)
		if (err == nil) != (i == 0) || errors.Is(err, ErrNoAnswer) || d.accepts.Load() != 2 {
			t.Errorf("script %d: %v after %d connections", i, err, d.accepts.Load())
		}
	}
}

func TestAnIdleConnectionThatWasResetIsReplaced(t *testing.T) {
	d, isReset, dials := newDesk(t, serve), new(atomic.Bool), 0
	o := client(30*time.Second, func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if dials++; dials > 1 {
			return c, err
		}
		return stale{c, isReset}, err
	})
	for i := range 3 {
		isReset.Store(i > 0)
		if err := post(o, "http://"+d.address); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.requests.Load(); n != 3 || dials != 2 {
		t.Errorf("%d requests on %d connections, want 3 on 2", n, dials)
	}
}

func TestConnectionsOpenedAheadThatWereResetAreReplaced(t *testing.T) {
	var requests atomic.Int32
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(s.Close)
	d, isReset := trusting(s), new(atomic.Bool)
	d.address, d.early = s.Listener.Addr().String(), make(chan *early, 2)
	for range 2 {
		raw, err := net.Dial("tcp", d.address)
		if err != nil {
			t.Fatal(err)
		}
		c := tls.Client(stale{raw, isReset}, &tls.Config{RootCAs: d.roots(), ServerName: "127.0.0.1"})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		e := &early{done: make(chan struct{}), conn: c, opened: time.Now()}
		close(e.done)
		d.early <- e
	}
	isReset.Store(true)
	if err := post(once{&http.Client{Transport: &http.Transport{DialTLSContext: countingDial(d.dial)}}},
		s.URL); err != nil {
		t.Fatal(err)
	}
	if requests.Load() != 1 || len(d.early) != 1 {
		t.Errorf("%d requests, and %d of two connections were left alone", requests.Load(), len(d.early))
	}
}

func TestIdleConnectionsOfOneRequestServicesAreClosedSoon(t *testing.T) {
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}[name]
		return v, ok
	}
	c, err := Config(SESv2, lookup, time.Second, Once())
	if err != nil {
		t.Fatal(err)
	}
	o, ok := c.HTTPClient.(once)
	if !ok || c.RetryMaxAttempts != 1 {
		t.Fatalf("a %T with %d attempts", c.HTTPClient, c.RetryMaxAttempts)
	}
	if idle := o.client.Transport.(*http.Transport).IdleConnTimeout; idle <= 0 || idle > 5*time.Second {
		t.Errorf("idle connections live for %v", idle)
	}
}
