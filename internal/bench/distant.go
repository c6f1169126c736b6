package bench

import (
	"net"
	"sync/atomic"
	"time"
)

// distant is a listener whose answers take a while on their way, as from another machine: each flight
// of bytes that it sends, and one more at the beginning for the handshake of TCP.
type distant struct {
	net.Listener
	away time.Duration
}

func (l distant) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &distantConn{Conn: c, away: l.away}, nil
}

type distantConn struct {
	net.Conn
	away time.Duration
	met  atomic.Bool
}

func (c *distantConn) Write(b []byte) (int, error) {
	if !c.met.Swap(true) {
		time.Sleep(c.away)
	}
	time.Sleep(c.away)
	return c.Conn.Write(b)
}
