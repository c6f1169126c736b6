package otp

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Nonce is what a code is derived from: the time of its issue in Unix milliseconds and 64 random
// bits, both big-endian. It is no secret: without the key it yields nothing.
type Nonce [16]byte

// NewNonce returns a nonce issued now; random is usually crypto/rand.Reader.
func NewNonce(now time.Time, random io.Reader) (Nonce, error) {
	var n Nonce
	binary.BigEndian.PutUint64(n[:8], uint64(now.UnixMilli()))
	if _, err := io.ReadFull(random, n[8:]); err != nil {
		return Nonce{}, fmt.Errorf("otp: nonce: %w", err)
	}
	return n, nil
}

// Issued returns when the nonce was made, to the millisecond.
func (n Nonce) Issued() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(n[:8]))).UTC()
}

// String returns the nonce in 22 characters of unpadded base64url.
func (n Nonce) String() string { return base64.RawURLEncoding.EncodeToString(n[:]) }

// ParseNonce reads what [Nonce.String] wrote, and nothing else.
func ParseNonce(s string) (Nonce, error) {
	var n Nonce
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(n) {
		return Nonce{}, fmt.Errorf("otp: nonce of %d characters can't be read, need 22 of base64url", len(s))
	}
	copy(n[:], b)
	return n, nil
}
