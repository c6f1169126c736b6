package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
)

// program returns a program by name, for this machine: a function, a bare one ("bare/create") or a
// Node handler ("node/create"). It is built when it is first needed in a run.
func (r *run) program(name string) (program, error) {
	if p, ok := r.programs[name]; ok {
		return p, nil
	}
	if runtime.GOOS != "linux" {
		return program{}, fmt.Errorf("the functions are Linux programs, and this is %s; run it in a Linux container",
			runtime.GOOS)
	}
	c, err := r.certificate()
	if err != nil {
		return program{}, err
	}
	source, flags := "./lambdas/"+name, c.overlay
	switch kind, _, _ := strings.Cut(name, "/"); kind {
	case "node":
		if r.nodeErr == nil {
			r.nodeErr = r.bundleNode()
		}
		return r.programs[name], r.nodeErr
	case "bare":
		source, flags = "./tools/bench/"+name, nil
	}
	path := filepath.Join(r.dir, "programs", name, build.Bootstrap)
	if err := r.compile(source, build.Target{GOOS: "linux", GOARCH: runtime.GOARCH}, path, flags...); err != nil {
		return program{}, err
	}
	r.programs[name] = program{name: name, path: path}
	return r.programs[name], nil
}

// compile compiles a package of this module exactly as the functions are, but for further flags.
func (r *run) compile(pkg string, t build.Target, out string, flags ...string) error {
	args := build.Arguments(out, "")
	args = append(append(args[:len(args)-1], flags...), pkg)
	if _, err := r.command(build.Environment(t, r.app), "go", args...); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

//go:embed node/*.js node/package.json node/package-lock.json
var nodeFiles embed.FS

// bundleNode bundles the Node handlers as for Lambda: one minified file each, the SDK included.
func (r *run) bundleNode() error {
	node, err := exec.LookPath("node")
	if err != nil {
		return errNoNode
	}
	sources, err := fs.Sub(nodeFiles, "node")
	if err != nil {
		return err
	}
	packages := npm.Package{Name: "bench-node", What: "the benchmark's Node handlers", Files: sources}
	modules, err := packages.Install(r.ctx, r.cache, func(s string) { r.progress("         %s", s) })
	if err != nil {
		return err
	}
	dir := filepath.Join(r.dir, "node")
	if err := os.CopyFS(dir, sources); err != nil {
		return err
	}
	for _, name := range []string{"create", "verify", "update", "decide"} {
		out := filepath.Join(dir, "out", name+".cjs")
		result := api.Build(api.BuildOptions{
			AbsWorkingDir: dir, EntryPoints: []string{name + ".js"}, Outfile: out, Write: true, Bundle: true,
			Platform: api.PlatformNode, Format: api.FormatCommonJS, Target: api.ES2022, TreeShaking: api.TreeShakingTrue,
			MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
			// The choice for short cold starts: the packages' ES modules shake better.
			MainFields: []string{"module", "main"},
			NodePaths:  []string{filepath.Join(modules, "node_modules")}, LogLevel: api.LogLevelSilent,
		})
		if len(result.Errors) > 0 {
			return fmt.Errorf("bundle the Node handler %s: %s", name, result.Errors[0].Text)
		}
		r.programs["node/"+name] = program{name: "node/" + name, path: node, args: []string{out}}
	}
	return nil
}

// certificate is that of the services. It is made for one run.
type certificate struct {
	config *tls.Config
	// environment makes programs trust the certificate beside the system's authorities, which are
	// in one file and so are read once. Go reads a directory too, in which many systems have the
	// same ones again.
	environment map[string]string
	// overlay are flags of the go command by which the functions trust the certificate as they
	// trust Amazon's own. All else is what would be deployed.
	overlay []string
}

// rootsFile has the authorities that the functions trust first.
const rootsFile = "internal/cloud/roots/amazon.pem"

// certificate makes the certificate once in a run.
func (r *run) certificate() (*certificate, error) {
	if r.certificateMade != nil {
		return r.certificateMade, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	system := []byte{}
	for _, path := range []string{"/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/certs/ca-certificates.crt"} {
		if b, err := os.ReadFile(path); err == nil {
			system = b
		}
	}
	rootsPath := filepath.Join(r.app, filepath.FromSlash(rootsFile))
	roots, err := os.ReadFile(rootsPath)
	if err != nil {
		return nil, fmt.Errorf("read the functions' authorities: %w", err)
	}
	file := func(name string) string { return filepath.Join(r.dir, name) }
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {rootsPath: file("roots.pem")}})
	if err != nil {
		return nil, err
	}
	for name, content := range map[string][]byte{"own.pem": own, "all.pem": append(system, own...),
		"roots.pem": append(roots, own...), "overlay.json": overlay} {
		err = errors.Join(err, os.WriteFile(file(name), content, 0o600))
	}
	r.certificateMade = &certificate{
		config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
			NextProtos: []string{"http/1.1"}},
		environment: map[string]string{"SSL_CERT_FILE": file("all.pem"), "SSL_CERT_DIR": file("none"),
			"NODE_EXTRA_CA_CERTS": file("own.pem")},
		overlay: []string{"-overlay", file("overlay.json")},
	}
	return r.certificateMade, errors.Join(err, os.Mkdir(file("none"), 0o700))
}
