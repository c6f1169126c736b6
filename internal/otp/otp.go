// Package otp derives one-time codes, binds them to a sign-in and checks answers.
//
// A code is not drawn and kept: it is computed from a [Nonce] by a MAC whose key never leaves its
// key service. A function that has the nonce and may make MACs gets the same code again, so a
// repeated call or a resend mails the same digits, and no store holds them. A second MAC, the
// binding, ties the code to one user, address, app client and expiry; it is what is kept until the
// answer comes, and [Check] can only test an answer against it:
//
//	code, err := otp.Derive(ctx, key, subject, nonce, 8)
//	binding, err := otp.Bind(ctx, key, subject, challenge, code)
//	// mail code.Reveal(), keep challenge and binding; later, in another process:
//	right, err := otp.Check(ctx, key, subject, challenge, binding, answer)
//
// The package is pure: no clock, no I/O but the two interfaces [Generator] and [Verifier].
package otp

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"time"
)

// Lengths in digits.
const (
	// MinDigits is the shortest code that [Derive] makes (NIST SP 800-63B-4, 3.1.3.2).
	MinDigits = 6
	// LongDigits is the length of a long code: 66 bits, above the 64 bits from which NIST
	// SP 800-63B-4 asks for no rate limit.
	LongDigits = 20
)

// Generator makes MACs of at least 256 bits. A KMS HMAC_256 key is one.
type Generator interface {
	GenerateMAC(ctx context.Context, message []byte) ([]byte, error)
}

// Verifier checks MACs. It returns false, without an error, only where the key service reports that
// the MAC is not the message's; anything else is an error.
type Verifier interface {
	VerifyMAC(ctx context.Context, message, mac []byte) (bool, error)
}

// Subject is whose code it is.
type Subject struct {
	// Pool is the user pool's id.
	Pool string
	// User names the user, or stands for an unknown name.
	User string
	// Address is the hash of the address that is mailed to: a code dies with a change of address.
	Address [sha256.Size]byte
}

// HashAddress returns the hash of an e-mail address as [Subject] holds it, without regard to case
// and surrounding spaces.
func HashAddress(address string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
}

// Challenge is one round of a sign-in. A code is bound to it.
type Challenge struct {
	// ID is unique to this round.
	ID string
	// Client is the app client's id.
	Client string
	// Nonce is what the code is derived from.
	Nonce Nonce
	// Digits is the code's length.
	Digits int
	// Expires is when answers stop being right; whole seconds count.
	Expires time.Time
}

// Code is a one-time code. It prints as a placeholder everywhere but from [Code.Reveal], so that
// no log and no error can carry it.
type Code struct{ digits string }

// Reveal returns the digits, for the mail.
func (c Code) Reveal() string { return c.digits }

// String returns a placeholder.
func (Code) String() string { return "[code]" }

// GoString returns a placeholder.
func (Code) GoString() string { return "[code]" }

// LogValue returns a placeholder.
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }

// MarshalText refuses: a code belongs into no encoding.
func (Code) MarshalText() ([]byte, error) {
	return nil, errors.New("otp: a code is not to be marshalled")
}

// Derive returns the code of a nonce, uniformly spread over all numbers of the given length:
// digits is 6 to 10, or [LongDigits]. The bias of the last reduction is below 2^-61.
func Derive(ctx context.Context, key Generator, s Subject, n Nonce, digits int) (Code, error) {
	code, _, err := DeriveBoth(ctx, key, s, n, digits)
	return code, err
}

// DeriveBoth returns the code of [Derive] and the nonce's long code. It makes one MAC: the long
// code is derived from the first half and codes of every other length from the second, so that
// neither code reveals anything of the other.
func DeriveBoth(ctx context.Context, key Generator, s Subject, n Nonce, digits int) (code, long Code, err error) {
	if digits < MinDigits || digits > LongDigits {
		return code, long, fmt.Errorf("otp: digits must be %d to %d (received: %d)", MinDigits, LongDigits, digits)
	}
	mac, err := key.GenerateMAC(ctx, codeMessage(s, n))
	if err != nil {
		return code, long, fmt.Errorf("otp: derive: %w", err)
	}
	if len(mac) < sha256.Size {
		return code, long, fmt.Errorf("otp: derive: the key made a MAC of %d bytes, need %d", len(mac), sha256.Size)
	}
	long = codeOf(mac[:sha256.Size/2], LongDigits)
	if digits == LongDigits {
		return long, long, nil
	}
	return codeOf(mac[sha256.Size/2:sha256.Size], digits), long, nil
}

// codeOf returns the number that random is, reduced to so many digits.
func codeOf(random []byte, digits int) Code {
	modulus := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	number := new(big.Int).SetBytes(random)
	return Code{fmt.Sprintf("%0*s", digits, number.Mod(number, modulus).String())}
}

// Bind returns the MAC that ties a code to its challenge and subject.
func Bind(ctx context.Context, key Generator, s Subject, c Challenge, code Code) ([]byte, error) {
	mac, err := key.GenerateMAC(ctx, bindMessage(s, c, code.digits))
	if err != nil {
		return nil, fmt.Errorf("otp: bind: %w", err)
	}
	return mac, nil
}

// Check reports whether answer, as [Normalize] returned it, is the code of the challenge. It does
// not look at the clock: call [Challenge.Expired] first.
func Check(ctx context.Context, key Verifier, s Subject, c Challenge, binding []byte, answer string) (bool, error) {
	right, err := key.VerifyMAC(ctx, bindMessage(s, c, answer), binding)
	if err != nil {
		return false, fmt.Errorf("otp: check: %w", err)
	}
	return right, nil
}

// Expired reports whether the challenge accepts no more answers at the given time.
func (c Challenge) Expired(now time.Time) bool { return !now.Before(c.Expires) }

func codeMessage(s Subject, n Nonce) []byte {
	return message([]byte("code"), []byte(s.Pool), []byte(s.User), s.Address[:], n[:])
}

func bindMessage(s Subject, c Challenge, digits string) []byte {
	return message([]byte("bind"), []byte(s.Pool), []byte(s.User), s.Address[:], c.Nonce[:], number(int64(c.Digits)),
		[]byte(c.Client), []byte(c.ID), number(c.Expires.Unix()), []byte(digits))
}

// message joins fields so that no two different lists give the same bytes: each has its length in
// front.
func message(fields ...[]byte) []byte {
	m := []byte("EmailOTP/1")
	for _, f := range fields {
		m = binary.BigEndian.AppendUint32(m, uint32(len(f)))
		m = append(m, f...)
	}
	return m
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
