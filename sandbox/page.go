package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"mime"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// maxRequest is the largest request to an HTTP API, in bytes: API Gateway's limit.
const maxRequest = 10 << 20

// SetPage sets what serves the sign-in page's files on the origin of the OAuth endpoints. Before,
// requests for files are answered with 404. Without [Config.OAuth] it does nothing.
func (s *Sandbox) SetPage(h http.Handler) { s.page.Store(&h) }

// servePage serves the page's origin, by http and, if the options ask for it, by https.
func (s *Sandbox) servePage() error {
	if s.plan.Page == nil {
		return nil
	}
	s.serve(s.listen.page, loopback.Guard(s.pageOrigin("http")))
	plain := s.oauth(origin(s.listen.page))
	s.mu.Lock()
	s.config.OAuth = &plain
	if s.plan.Page.ChangesAddresses {
		s.config.ChangeAddressURL = origin(s.listen.page) + settings.ChangeAddressPaths()[0]
	}
	s.mu.Unlock()
	if s.listen.tls == nil {
		return nil
	}
	certificate, file, err := s.certificate()
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	secure := tls.NewListener(s.listen.tls, &tls.Config{Certificates: []tls.Certificate{certificate},
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	s.serve(secure, loopback.Guard(s.pageOrigin("https")))
	_, port, _ := net.SplitHostPort(s.listen.tls.Addr().String())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.TLS = &TLS{OAuth: s.oauth("https://localhost:" + port), CertificateFile: file}
	return nil
}

// oauth returns the endpoints at an origin.
func (s *Sandbox) oauth(at string) OAuth {
	o := OAuth{AuthorizeURL: at + "/oauth2/authorize", TokenURL: at + "/oauth2/token",
		UserInfoURL: at + "/oauth2/userInfo", RevokeURL: at + "/oauth2/revoke", LogoutURL: at + "/logout",
		DiscoveryURL: at + "/.well-known/openid-configuration", Clients: []OAuthClient{}}
	for _, c := range s.plan.Page.Clients {
		client := OAuthClient{ClientID: c.ID, CallbackURLs: c.CallbackURLs, LogoutURLs: c.LogoutURLs, Public: c.IsPublic()}
		if i := slices.IndexFunc(s.plan.Secrets, func(x assembly.Secret) bool { return x.ARN == c.Secret }); i >= 0 {
			client.ClientSecret = s.plan.Secrets[i].Text
		}
		o.Clients = append(o.Clients, client)
	}
	return o
}

// pageOrigin serves the page's origin: requests with a route go to its function, all others to the
// page's files.
func (s *Sandbox) pageOrigin(scheme string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, route := range s.plan.Page.Routes {
			if route.Matches(r.Method, r.URL.Path) {
				s.throughAPI(w, r, route, scheme)
				return
			}
		}
		if page := s.page.Load(); page != nil {
			(*page).ServeHTTP(w, r)
			return
		}
		http.Error(w, "this sandbox serves no sign-in page, only the endpoints behind it", http.StatusNotFound)
	})
}

// throughAPI passes a request to a function as CloudFront and an HTTP API do.
func (s *Sandbox) throughAPI(w http.ResponseWriter, r *http.Request, route assembly.Route, scheme string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		gatewayError(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	event, err := json.Marshal(s.eventOf(r, route, scheme, body))
	if err != nil {
		gatewayError(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	i := slices.IndexFunc(s.plan.Functions, func(f assembly.Function) bool { return f.Name == route.Function })
	out, err := s.call(r.Context(), Trigger(s.plan.Functions[i].Folder), event)
	var answer httpapi.Response
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil {
		s.logger.Error("a function behind the sign-in page failed", "function", route.Function, "error", err)
		gatewayError(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	text := []byte(answer.Body)
	if answer.IsBase64Encoded {
		text, _ = base64.StdEncoding.DecodeString(answer.Body)
	}
	w.WriteHeader(max(answer.StatusCode, http.StatusOK))
	_, _ = w.Write(text)
}

// eventOf makes the event of a request. CloudFront sets the two headers of httpapi in place of the
// caller's. An HTTP API passes on a body as base64 unless it is text, JSON, XML or a script.
func (s *Sandbox) eventOf(r *http.Request, route assembly.Route, scheme string, body []byte) httpapi.Event {
	e := httpapi.Event{Version: "2.0", RouteKey: route.Method + " " + route.Path, RawPath: r.URL.Path,
		RawQueryString: r.URL.RawQuery, Headers: map[string]string{}}
	for name, values := range r.Header {
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if cookies, ok := e.Headers["cookie"]; ok {
		e.Cookies = strings.Split(cookies, "; ")
		delete(e.Headers, "cookie")
	}
	e.Headers["host"] = "sandbox." + partition.Host("execute-api", s.plan.Region, false)
	e.Headers[strings.ToLower(httpapi.OriginHeader)] = scheme + "://" + r.Host
	e.Headers[strings.ToLower(httpapi.SecretHeader)] = s.plan.Page.OriginSecret
	e.RequestContext.RequestID = random.UUID()
	h := &e.RequestContext.HTTP
	h.Method, h.Path, h.Protocol, h.UserAgent = r.Method, r.URL.Path, r.Proto, r.UserAgent()
	h.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isText := strings.HasPrefix(kind, "text/") ||
		slices.Contains([]string{"application/json", "application/javascript", "application/xml"}, kind)
	if e.Body = string(body); !isText && len(body) > 0 {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

// gatewayError is an error that API Gateway answers itself.
func gatewayError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

// isBehindPage reports whether the function answers a route of the page and has the trigger's name.
func (s *Sandbox) isBehindPage(f assembly.Function, trigger Trigger) bool {
	return s.plan.Page != nil && f.Folder == string(trigger) &&
		slices.ContainsFunc(s.plan.Page.Routes, func(r assembly.Route) bool { return r.Function == f.Name })
}

// variables returns a function's environment. For the page's function it has the address of the
// keys, and the tokens' issuer where that is not AWS's.
func (s *Sandbox) variables(f assembly.Function) map[string]string {
	if f.Folder != string(settings.HandOver) && f.Folder != string(settings.ChangeAddress) {
		return f.Environment
	}
	pool := s.config.Endpoint + "/" + s.plan.Pool.ID
	all := maps.Clone(f.Environment)
	all[settings.KeysVariable] = pool + "/.well-known/jwks.json"
	if s.opts.LocalIssuer {
		all[settings.IssuerVariable] = pool
	}
	return all
}

// build compiles a function, or takes it from the cache where nothing changed.
func (s *Sandbox) build(ctx context.Context, dir, folder string, target build.Target, out string) error {
	temp, err := os.MkdirTemp(filepath.Dir(out), ".build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := (build.Cache{Dir: s.opts.CacheDir}).Functions(ctx, dir, target, temp, folder); err != nil {
		return err
	}
	return os.Rename(filepath.Join(temp, folder), out)
}

// certificateLife is longer than a sandbox runs.
const certificateLife = 30 * 24 * time.Hour

// certificate makes a certificate for localhost and writes it, without its key, to a file.
func (s *Sandbox) certificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "EmailOTP sandbox"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLife),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	file := s.opts.CertificateFile
	if file == "" {
		dir, err := os.MkdirTemp("", "emailotp-certificate-")
		if err != nil {
			return tls.Certificate{}, "", err
		}
		s.onClose(func() error { return os.RemoveAll(dir) })
		file = filepath.Join(dir, "certificate.pem")
	} else if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return tls.Certificate{}, "", err
	}
	if file, err = filepath.Abs(file); err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file, os.WriteFile(file, text, 0o644)
}
