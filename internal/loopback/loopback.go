// Package loopback opens listeners on 127.0.0.1 that refuse requests for another host name.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// Listen opens 127.0.0.1:port; port 0 is a free one. Errors contain what, such as "the user-pool
// API", and flag, the option that changes the port.
func Listen(ctx context.Context, port int, what, flag string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d, meant for %s, is in use by another process; stop that one (perhaps an earlier "+
			"sandbox), "+
			"or choose another port with %s (0 takes a free one): %w", port, what, flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on port %d for %s: %w", port, what, err)
	}
	return l, nil
}

// Guard refuses requests whose Host header is not the listener's own loopback address. Otherwise a
// page of another site could have its name resolve to 127.0.0.1 and call the listener as its own
// origin.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if !ok || !ownHost(r.Host, local) {
			http.Error(w, "the Host header must be 127.0.0.1, localhost or [::1] with this listener's port",
				http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ownHost(host string, local net.Addr) bool {
	_, port, err := net.SplitHostPort(local.String())
	if err != nil {
		return false
	}
	for _, name := range []string{"127.0.0.1", "localhost", "[::1]"} {
		if host == name+":"+port || port == "80" && host == name {
			return true
		}
	}
	return false
}

// Server serves one handler on one listener.
type Server struct {
	url  string
	http *http.Server
	done chan struct{}
}

// Serve answers requests on l until Close. The handler is not guarded here.
func Serve(l net.Listener, h http.Handler, logger *slog.Logger) *Server {
	s := &Server{
		url: "http://" + l.Addr().String(),
		http: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second, // a stalled client must not hold a connection forever
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with http.ErrServerClosed
	}()
	return s
}

// URL is the server's origin, without a trailing slash.
func (s *Server) URL() string { return s.url }

// Close closes all connections and waits for the listener.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}
