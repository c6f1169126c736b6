package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// services stand in for KMS, DynamoDB, SES, Cognito and Lambda: every call succeeds at once. Both
// sides of a comparison call the same ones, so the caller is what is measured.
type services struct {
	// endpoints are environment variables: the SDKs' for the services, an origin each as on AWS,
	// and those that make a program trust the services' certificate.
	endpoints map[string]string

	mu      sync.Mutex
	counts  map[string]int
	servers []*http.Server
}

// startServices serves over plain HTTP, or over TLS if there is a certificate. Each answer, in
// handshakes too, is delayed by away.
func startServices(c *certificate, away time.Duration) (*services, error) {
	s := &services{endpoints: map[string]string{}, counts: map[string]int{}}
	scheme := "http"
	if c != nil {
		scheme = "https"
		maps.Copy(s.endpoints, c.environment)
	}
	for _, name := range []string{"KMS", "DYNAMODB", "SESV2", "COGNITO_IDENTITY_PROVIDER",
		"LAMBDA"} { // as the SDKs spell them
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			s.close()
			return nil, fmt.Errorf("listen for %s: %w", name, err)
		}
		s.endpoints["AWS_ENDPOINT_URL_"+name] = scheme + "://" + l.Addr().String()
		if away > 0 {
			l = distant{l, away}
		}
		if c != nil {
			l = tls.NewListener(l, c.config)
		}
		server := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute,
			ErrorLog: log.New(io.Discard, "", 0)}
		s.servers = append(s.servers, server)
		go func() { _ = server.Serve(l) }() // ends with http.ErrServerClosed
	}
	return s, nil
}

func (s *services) close() {
	for _, server := range s.servers {
		_ = server.Close()
	}
}

// answers are those of the operations.
var answers = map[string]string{
	"GenerateMac":               `{"KeyId":"key","Mac":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","MacAlgorithm":"HMAC_SHA_256"}`,
	"VerifyMac":                 `{"KeyId":"key","MacAlgorithm":"HMAC_SHA_256","MacValid":true}`,
	"GetItem":                   `{}`,
	"UpdateItem":                `{"Attributes":{"g":{"N":"1795000000000"}}}`,
	"SendEmail":                 `{"MessageId":"0102018f00000000-00000000-0000-4000-8000-000000000000-000000"}`,
	"AdminUpdateUserAttributes": `{}`,
}

// chainedARN is the adopter's function, which returns its event.
const chainedARN = "arn:aws:lambda:eu-west-1:123456789012:function:claims"

func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a request that breaks off fails at its sender
	if strings.HasSuffix(r.URL.Path, "/invocations") {
		s.mu.Lock()
		s.counts["Invoke"]++
		s.mu.Unlock()
		_, _ = w.Write(body)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if r.URL.Path == "/v2/email/outbound-emails" {
		operation = "SendEmail"
	}
	s.mu.Lock()
	s.counts[operation]++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if answers[operation] == "" {
		w.WriteHeader(http.StatusNotImplemented)
	}
	_, _ = io.WriteString(w, answers[operation]) // a caller that is gone is noticed by its exit
}

// take returns the calls since the last take, by operation.
func (s *services) take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.counts
	s.counts = map[string]int{}
	return taken
}

// distant is a listener whose answers take a while, as from another machine: each flight of bytes
// that it sends, and one more at the beginning for the handshake of TCP.
type distant struct {
	net.Listener
	away time.Duration
}

func (l distant) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &distantConn{Conn: c, away: l.away}, err
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
