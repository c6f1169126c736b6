// Package random makes random bytes, texts and UUIDs.
package random

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
)

// Bytes returns n random bytes. The system's source never fails: crypto/rand ends the process
// instead.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Text returns n random upper-case letters and digits.
func Text(n int) string { return base32.StdEncoding.EncodeToString(Bytes(n))[:n] }

// UUID returns a random UUID of version 4.
func UUID() string { return FormatUUID(Bytes(16)) }

// FormatUUID writes 16 bytes as a UUID of version 4, with the version's bits set.
func FormatUUID(bytes []byte) string {
	b := [16]byte(bytes)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
