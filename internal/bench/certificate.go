package bench

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificate is what the stand-ins of the services prove themselves with. It is made for one run.
type certificate struct {
	config *tls.Config
	pem    []byte
	// own is a file with the certificate alone, all one with the system's authorities behind it.
	own, all string
	// dir is where both lie, none a directory without certificates.
	dir, none string
}

// environment makes programs trust the certificate beside the system's, which are in one file and so are
// read once. Go reads a directory of certificates too, in which many systems have the same ones again.
func (c *certificate) environment() map[string]string {
	return map[string]string{"SSL_CERT_FILE": c.all, "SSL_CERT_DIR": c.none, "NODE_EXTRA_CA_CERTS": c.own}
}

// systemRoots are where systems keep their authorities.
var systemRoots = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

func makeCertificate(dir string) (*certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "EmailOTP benchmark"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	c := &certificate{
		config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"http/1.1"}},
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		own:    filepath.Join(dir, "own.pem"), all: filepath.Join(dir, "all.pem"), dir: dir, none: filepath.Join(dir, "none"),
	}
	if err := os.Mkdir(c.none, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	all := append([]byte{}, c.pem...)
	for _, path := range systemRoots {
		if b, err := os.ReadFile(path); err == nil {
			all = append(all, b...)
			break
		}
	}
	for path, content := range map[string][]byte{c.own: c.pem, c.all: all} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
	}
	return c, nil
}

// rootsFile is where the functions have the authorities that they trust first.
const rootsFile = "internal/cloud/roots/amazon.pem"

// overlay returns flags with which the functions trust the certificate as they do Amazon's own: the
// stand-ins can't have one of Amazon's. All else is what would be deployed.
func (c *certificate) overlay(app string) ([]string, error) {
	file := filepath.Join(app, filepath.FromSlash(rootsFile))
	roots, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // they trust the system's, among which the certificate is
	}
	if err != nil {
		return nil, fmt.Errorf("read the functions' authorities: %w", err)
	}
	with := filepath.Join(c.dir, "roots.pem")
	if err := os.WriteFile(with, append(roots, c.pem...), 0o600); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: with}})
	if err != nil {
		return nil, err
	}
	path := filepath.Join(c.dir, "overlay.json")
	return []string{"-overlay", path}, os.WriteFile(path, overlay, 0o600)
}
