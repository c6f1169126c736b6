// Package srp is the Secure Remote Password protocol, SRP-6a, as Amazon Cognito speaks it: both the
// user pool's half ([Verifier], [Exchange]) and the client's ([Client]).
//
// Cognito differs from RFC 5054 in ways that a ready-made implementation gets wrong: the modulus is
// the 3072-bit one but the generator is 2; numbers are hashed in their shortest form with one zero
// byte in front when the top bit is set, not padded to the modulus; and the session key is 16 bytes
// of HKDF.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"sync"
)

// MaxHexDigits is the length of the modulus in hexadecimal digits, and so of the longest public
// value that is accepted. Without a limit a client could make the server reduce a number of any
// size.
const MaxHexDigits = 768

// hkdfInfo is the context string of the key derivation.
const hkdfInfo = "Caldera Derived Key"

// keySize is the length in bytes of the key that signs the password claim.
const keySize = 16

// Errors of values that the other side sent.
var (
	ErrNotHex   = errors.New("SRP value is not a hexadecimal number")
	ErrTooLong  = fmt.Errorf("SRP value has more than %d hexadecimal digits", MaxHexDigits)
	ErrZero     = errors.New("SRP value is a multiple of the modulus")
	errScramble = errors.New("SRP scrambling parameter u is zero")
	ErrClaim    = errors.New("password claim signature does not match")
)

// modulusHex is the prime of RFC 3526's group 15.
const modulusHex = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
	"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
	"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
	"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
	"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
	"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// group is the modulus n, the generator g and the multiplier k. Nothing changes them once they are
// made.
type group struct{ n, g, k *big.Int }

var cognito = sync.OnceValue(func() group {
	n, ok := new(big.Int).SetString(modulusHex, 16)
	if !ok {
		panic("srp: the modulus is no number")
	}
	g := big.NewInt(2)
	return group{n: n, g: g, k: hashInt(pad(n), pad(g))}
})

// pad returns x in its shortest big-endian form, with a zero byte in front when the top bit is set.
// Zero is one zero byte.
func pad(x *big.Int) []byte {
	b := x.Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

// hashInt returns SHA-256 of the parts in a row, as a number.
func hashInt(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// privateKey returns x, the number that a salt, a user and a password make.
func privateKey(salt []byte, pool, user, password string) *big.Int {
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	return hashInt(pad(new(big.Int).SetBytes(salt)), inner[:])
}

// sessionKey returns K from the shared secret and the scrambling parameter.
func sessionKey(s, u *big.Int) ([]byte, error) {
	return hkdf.Key(sha256.New, pad(s), pad(u), hkdfInfo, keySize)
}

// claim returns the signature that proves the knowledge of key.
func claim(key []byte, pool, user string, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(pool))
	mac.Write([]byte(user))
	mac.Write(secretBlock)
	mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}

// parsePublic reads a public value, SRP_A or SRP_B. It has any number of digits up to MaxHexDigits,
// an odd one too: clients drop leading zeros.
func parsePublic(s string) (*big.Int, error) {
	if len(s) > MaxHexDigits {
		return nil, ErrTooLong
	}
	if s == "" {
		return nil, ErrNotHex
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return nil, ErrNotHex
		}
	}
	x, ok := new(big.Int).SetString(s, 16)
	if !ok {
		return nil, ErrNotHex
	}
	if new(big.Int).Mod(x, cognito().n).Sign() == 0 {
		return nil, ErrZero
	}
	return x, nil
}
