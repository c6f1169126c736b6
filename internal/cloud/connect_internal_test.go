package cloud

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// server is a TLS server that counts its connections.
func server(t *testing.T) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.WriteHeader(http.StatusOK)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, &n
}

func trusting(s *httptest.Server) *dialer {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &dialer{timeout: 5 * time.Second, roots: func() *x509.CertPool { return pool }}
}

func get(t *testing.T, d *dialer, url string) error {
	t.Helper()
	transport := &http.Transport{DialTLSContext: d.dial}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Get(url)
	if err == nil {
		_ = response.Body.Close()
	}
	return err
}

// opened has d open n connections to an address ahead.
func opened(d *dialer, n int, address string) {
	d.address = address
	a := &Ahead{}
	a.Connections(n)(d)
	_, _ = a.Before(silent{}).Invoke(context.Background(), nil) // it can't fail
}

type silent struct{}

func (silent) Invoke(context.Context, []byte) ([]byte, error) { return nil, nil }

func TestConnectionsOpenedAheadAreUsed(t *testing.T) {
	s, connections := server(t)
	d := trusting(s)
	opened(d, 2, s.Listener.Addr().String())
	for range 3 { // a new transport each: no connection is used twice
		if err := get(t, d, s.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("%d connections for three calls, two of them ahead", n)
	}
	if len(d.early) != 0 {
		t.Errorf("%d connections opened ahead were not used", len(d.early))
	}
}

func TestConnectionsOpenedTooLongAgoAreNotUsed(t *testing.T) {
	s, connections := server(t)
	d := trusting(s)
	opened(d, 1, s.Listener.Addr().String())
	e := <-d.early
	<-e.done
	e.opened = e.opened.Add(-aheadAge - time.Second)
	d.early <- e
	if err := get(t, d, s.URL); err != nil {
		t.Fatal(err)
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want the old one and a fresh one", n)
	}
	if _, err := e.conn.Write([]byte("x")); err == nil {
		t.Error("the old connection was left open")
	}
}

func TestAFailureAheadShowsAtTheCallAlone(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	d := &dialer{timeout: time.Second, roots: x509.NewCertPool}
	opened(d, 1, address)
	if err := get(t, d, "https://"+address); err == nil {
		t.Error("a call without a server succeeded")
	}
}

// A handshake that fails is no answer that was lost: the mail has not left.
func TestAConnectionThatDoesNotComeAboutIsAFailureOfDialling(t *testing.T) {
	for what, treat := range map[string]func(net.Conn){
		"closed":  func(c net.Conn) { _ = c.Close() },
		"reset":   func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
		"silent":  func(net.Conn) {},
		"garbage": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
	} {
		for _, ahead := range []int{0, 1} {
			address := newDesk(t, func(_ *desk, c net.Conn) { treat(c) }).address
			d := &dialer{timeout: 200 * time.Millisecond, roots: x509.NewCertPool}
			opened(d, ahead, address)
			client := &http.Client{Transport: &http.Transport{DialTLSContext: d.dial}, Timeout: time.Minute}
			_, err := client.Get("https://" + address)
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("%s in the handshake, %d opened ahead: %v, want a failure of dialling", what, ahead, err)
			}
		}
	}
}

func TestAConnectionThatNobodyWaitedForIsClosed(t *testing.T) {
	s, _ := server(t)
	d := trusting(s)
	d.address, d.early = s.Listener.Addr().String(), make(chan *early, 1)
	e := &early{done: make(chan struct{})}
	d.early <- e
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.dial(ctx, "tcp", d.address); err == nil {
		t.Fatal("dialled for somebody who had gone")
	}
	c, err := d.open(t.Context(), "tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	e.conn, e.opened = c, time.Now()
	close(e.done)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := c.Write(nil); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the connection is still open")
		}
	}
}

func TestAnotherAddressIsDialledAfresh(t *testing.T) {
	s, _ := server(t)
	other, connections := server(t)
	d := trusting(s)
	opened(d, 1, other.Listener.Addr().String())
	if err := get(t, d, s.URL); err != nil {
		t.Fatal(err)
	}
	<-(<-d.early).done
	if n := connections.Load(); n != 1 {
		t.Errorf("the other address got %d connections", n)
	}
}

// TestMain gives the process the authorities of a machine: the test servers' certificate.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "roots-")
	if err != nil {
		panic(err)
	}
	s := httptest.NewTLSServer(nil)
	file := filepath.Join(dir, "roots.pem")
	err = os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600)
	s.Close()
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("SSL_CERT_FILE", file)
	_ = os.Setenv("SSL_CERT_DIR", dir)
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func TestTheSystemsAuthoritiesAreTrustedToo(t *testing.T) {
	s, _ := server(t)
	d := &dialer{timeout: 5 * time.Second, roots: amazonRoots}
	if err := get(t, d, s.URL); err != nil {
		t.Fatal(err)
	}
	if !d.system.Load() {
		t.Error("the next call will try Amazon's again")
	}
}

func TestAnUnknownAuthorityIsRefused(t *testing.T) {
	certificate, key := selfSigned(t)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	address := newDesk(t, func(_ *desk, c net.Conn) { _ = tls.Server(c, config).Handshake(); _ = c.Close() }).address
	d := &dialer{timeout: 5 * time.Second, roots: amazonRoots}
	if _, err := d.dial(context.Background(), "tcp", address); err == nil ||
		!strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody's was taken (%v)", err)
	}
}

func TestAWrongNameIsRefused(t *testing.T) {
	s, _ := server(t)
	d := trusting(s)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	if _, err := d.dial(context.Background(), "tcp", "localhost:"+port); err == nil {
		t.Error("a certificate for another name was taken")
	}
}

// The fingerprints are those that amazontrust.com/repository publishes.
func TestAmazonRoots(t *testing.T) {
	want := map[string]string{
		"8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e": "Amazon Root CA 1",
		"1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4": "Amazon Root CA 2",
		"18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4": "Amazon Root CA 3",
		"e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092": "Amazon Root CA 4",
		"568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5": "Starfield Services Root Certificate " +
			"Authority - G2",
	}
	for rest := amazonPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(block.Bytes))
		if want[sum] != c.Subject.CommonName {
			t.Errorf("%s, %s, is none of Amazon's authorities", c.Subject, sum)
		}
		if left := time.Until(c.NotAfter); left < 3*365*24*time.Hour {
			t.Errorf("%s ends in %v; look for its successor", c.Subject, left)
		}
		delete(want, sum)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestWhereConnectionsAreOpenedAhead(t *testing.T) {
	for _, c := range []struct {
		what                    string
		service                 Service
		region, endpoint, proxy string
		want                    string
	}{
		{"the service's own address", KMS, "eu-west-1", "", "", "kms.eu-west-1.amazonaws.com:443"},
		{"SES by its own name", SESv2, "us-east-1", "", "", "email.us-east-1.amazonaws.com:443"},
		{"the partition of China", DynamoDB, "cn-north-1", "", "", "dynamodb.cn-north-1.amazonaws.com.cn:443"},
		{"an endpoint", KMS, "eu-west-1", "https://vpce-1.kms.eu-west-1.vpce.amazonaws.com", "",
			"vpce-1.kms.eu-west-1.vpce.amazonaws.com:443"},
		{"an endpoint with a port", KMS, "eu-west-1", "https://127.0.0.1:8443", "", "127.0.0.1:8443"},
		{"nothing without TLS", KMS, "eu-west-1", "http://127.0.0.1:8080", "", ""},
		{"nothing through a proxy", KMS, "eu-west-1", "", "http://127.0.0.1:3128", ""},
	} {
		get := func(name string) string { return map[string]string{"HTTPS_PROXY": c.proxy}[name] }
		config := aws.Config{Region: c.region}
		if c.endpoint != "" {
			config.BaseEndpoint = &c.endpoint
		}
		if got := addressOf(c.service, config, get); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// The variable of the SDKs holds for all clients, and for the connections ahead of them.
func TestHostsValidatedByFIPS(t *testing.T) {
	for _, c := range []struct {
		service                Service
		region, endpoint, want string
	}{
		{KMS, "us-gov-west-1", "", "https://kms-fips.us-gov-west-1.amazonaws.com"},
		{DynamoDB, "us-gov-west-1", "", "https://dynamodb.us-gov-west-1.amazonaws.com"},
		{SESv2, "us-east-1", "", "https://email-fips.us-east-1.amazonaws.com"},
		{KMS, "us-east-1", "https://vpce-1.kms.us-east-1.vpce.amazonaws.com", "https://vpce-1.kms.us-east-1.vpce.amazonaws.com"},
	} {
		config, err := Config(c.service, func(name string) (string, bool) {
			return map[string]string{"AWS_REGION": c.region, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
				"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL_KMS": c.endpoint}[name], true
		}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if got := Endpoint(c.service, config); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.service, c.region, got, c.want)
		}
	}
}

func TestConnectionsAreOpenedByTheFirstEventAlone(t *testing.T) {
	s, connections := server(t)
	d, a := trusting(s), &Ahead{}
	d.address = s.Listener.Addr().String()
	a.Connections(1)(d)
	time.Sleep(20 * time.Millisecond)
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections before an event", n)
	}
	for range 2 {
		if _, err := a.Before(silent{}).Invoke(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); connections.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no connection was opened")
		}
	}
	time.Sleep(20 * time.Millisecond)
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections after two events", n)
	}
}

func selfSigned(t *testing.T) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}
