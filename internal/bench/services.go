package bench

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
	"time"
)

// services stand in for KMS, DynamoDB, SES and Cognito: every call succeeds at once. Both sides of a
// comparison call the same ones, so what is measured is the caller.
type services struct {
	// endpoints are variables: the SDKs' for the services, an origin each as on AWS, and those that
	// make a program trust them.
	endpoints map[string]string

	mu      sync.Mutex
	counts  map[string]int
	servers []*http.Server
}

// serviceNames are as the SDKs' endpoint variables spell them.
var serviceNames = []string{"KMS", "DYNAMODB", "SESV2", "COGNITO_IDENTITY_PROVIDER"}

// startServices serves over plain HTTP, or over TLS where there is a certificate. Each of their answers,
// in handshakes too, is away that long.
func startServices(c *certificate, away time.Duration) (*services, error) {
	s := &services{endpoints: map[string]string{}, counts: map[string]int{}}
	scheme := "http"
	if c != nil {
		scheme = "https"
		maps.Copy(s.endpoints, c.environment())
	}
	for _, name := range serviceNames {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			s.close()
			return nil, fmt.Errorf("listen for %s: %w", name, err)
		}
		s.endpoints["AWS_ENDPOINT_URL_"+name] = scheme + "://" + l.Addr().String()
		server := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
		if away > 0 {
			l = distant{l, away}
		}
		if c != nil {
			l = tls.NewListener(l, c.config)
		}
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

// answers are what the operations say.
var answers = map[string]string{
	"GenerateMac":               `{"KeyId":"key","Mac":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","MacAlgorithm":"HMAC_SHA_256"}`,
	"VerifyMac":                 `{"KeyId":"key","MacAlgorithm":"HMAC_SHA_256","MacValid":true}`,
	"GetItem":                   `{}`,
	"UpdateItem":                `{"Attributes":{"g":{"N":"1795000000000"}}}`,
	"SendEmail":                 `{"MessageId":"0102018f00000000-00000000-0000-4000-8000-000000000000-000000"}`,
	"AdminUpdateUserAttributes": `{}`,
}

func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // what is cut off fails at the caller
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if r.URL.Path == "/v2/email/outbound-emails" {
		operation = "SendEmail"
	}
	s.mu.Lock()
	s.counts[operation]++
	s.mu.Unlock()
	body, ok := answers[operation]
	if !ok {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, body) // a caller that went away is noticed elsewhere
}

// take returns what was called since the last take.
func (s *services) take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := maps.Clone(s.counts)
	clear(s.counts)
	return taken
}
