package loopback_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
)

func serve(t *testing.T) *loopback.Server {
	t.Helper()
	l, err := loopback.Listen(t.Context(), 0, "the test", "--port")
	if err != nil {
		t.Fatal(err)
	}
	s := loopback.Serve(l, loopback.Guard(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		_, _ = io.WriteString(w, "in")
	})), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOnlyItsOwnHostNameIsServed(t *testing.T) {
	s := serve(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL(), "http://"))
	for host, want := range map[string]int{
		"127.0.0.1:" + port:         http.StatusOK,
		"localhost:" + port:         http.StatusOK,
		"[::1]:" + port:             http.StatusOK,
		"127.0.0.1":                 http.StatusForbidden,
		"localhost:1":               http.StatusForbidden,
		"attacker.example:" + port:  http.StatusForbidden,
		"localhost.example:" + port: http.StatusForbidden,
		"127.0.0.1.example":         http.StatusForbidden,
	} {
		r, err := http.NewRequest(http.MethodGet, s.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("Host %s: %d, want %d", host, response.StatusCode, want)
		}
	}
}

func TestAPortInUseIsNamedWithTheRemedy(t *testing.T) {
	s := serve(t)
	var port int
	if _, err := fmt.Sscanf(s.URL(), "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	_, err := loopback.Listen(t.Context(), port, "the user-pool API", "--port")
	if err == nil {
		t.Fatal("the port was given twice")
	}
	for _, part := range []string{fmt.Sprintf("port %d", port), "the user-pool API", "in use", "--port"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func TestNothingListensOutsideTheMachine(t *testing.T) {
	l, err := loopback.Listen(t.Context(), 0, "the test", "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Addr().(*net.TCPAddr).IP.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("listens on %s", l.Addr())
	}
}
