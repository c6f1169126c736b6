package cloud

import (
	"crypto/x509"
	_ "embed"
	"sync"
)

// amazonPEM are the authorities by which AWS's services prove themselves: Amazon Root CA 1 to 4 and
// Starfield Services Root Certificate Authority - G2 (amazontrust.com/repository).
//
//go:embed roots/amazon.pem
var amazonPEM []byte

// amazonRoots reads them at the first connection.
var amazonRoots = sync.OnceValue(func() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(amazonPEM) // TestAmazonRoots holds that it can be read
	return pool
})
