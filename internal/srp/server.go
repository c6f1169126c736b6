package srp

import (
	"crypto/hmac"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
)

// SaltSize is the length in bytes of a salt.
const SaltSize = 16

// ephemeralSize is the length in bytes of the server's private value.
const ephemeralSize = 32

// Verifier is what a pool keeps of a password: a salt and g^x mod N. The password can't be read
// from it, only tested.
type Verifier struct {
	// Salt is SaltSize bytes.
	Salt []byte
	// V is the verifier proper, big-endian.
	V []byte
}

// NewVerifier returns the verifier of a password, with a fresh salt from rand. The pool is the part
// of the pool's id behind the "_", the user is the USER_ID_FOR_SRP.
func NewVerifier(rand io.Reader, pool, user, password string) (Verifier, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return Verifier{}, fmt.Errorf("making a salt: %w", err)
	}
	return DeriveVerifier(salt, pool, user, password), nil
}

// DeriveVerifier returns the verifier of a password under a given salt.
func DeriveVerifier(salt []byte, pool, user, password string) Verifier {
	c := cognito()
	v := new(big.Int).Exp(c.g, privateKey(salt, pool, user, password), c.n)
	return Verifier{Salt: salt, V: v.Bytes()}
}

// Matches reports, in constant time, whether the verifier is that of password.
func (v Verifier) Matches(pool, user, password string) bool {
	other := DeriveVerifier(v.Salt, pool, user, password)
	return subtle.ConstantTimeCompare(v.V, other.V) == 1
}

// SaltHex returns the salt as the challenge parameter SALT.
func (v Verifier) SaltHex() string { return hex.EncodeToString(v.Salt) }

// Exchange is the server's side of one sign-in, between its challenge and the client's proof.
type Exchange struct{ clientA, b, serverB *big.Int }

// NewExchange begins an exchange with the client's SRP_A. The error is one of
// ErrNotHex, ErrTooLong, ErrZero and errScramble, or comes from rand.
func NewExchange(rand io.Reader, v Verifier, srpA string) (*Exchange, error) {
	secret := make([]byte, ephemeralSize)
	if _, err := io.ReadFull(rand, secret); err != nil {
		return nil, fmt.Errorf("making an ephemeral value: %w", err)
	}
	return newExchange(new(big.Int).SetBytes(secret), v, srpA)
}

func newExchange(b *big.Int, v Verifier, srpA string) (*Exchange, error) {
	a, err := parsePublic(srpA)
	if err != nil {
		return nil, err
	}
	c := cognito()
	serverB := new(big.Int).Mul(c.k, new(big.Int).SetBytes(v.V))
	serverB.Add(serverB, new(big.Int).Exp(c.g, b, c.n)).Mod(serverB, c.n)
	e := &Exchange{clientA: a, b: b, serverB: serverB}
	if serverB.Sign() == 0 {
		return nil, ErrZero
	}
	if e.scramble().Sign() == 0 {
		return nil, errScramble
	}
	return e, nil
}

// SRPB returns the challenge parameter SRP_B.
func (e *Exchange) SRPB() string { return e.serverB.Text(16) }

// Check returns nil if signature, in base64, is a PASSWORD_CLAIM_SIGNATURE made with v's password.
// The comparison takes constant time. The timestamp is from [NormalizeTimestamp]; the secret block
// is decoded.
func (e *Exchange) Check(v Verifier, pool, user string, secretBlock []byte, timestamp, signature string) error {
	key, err := e.key(v)
	if err != nil {
		return err
	}
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, claim(key, pool, user, secretBlock, timestamp)) {
		return ErrClaim
	}
	return nil
}

func (e *Exchange) scramble() *big.Int { return hashInt(pad(e.clientA), pad(e.serverB)) }

func (e *Exchange) key(v Verifier) ([]byte, error) {
	s, u := e.secret(v)
	return sessionKey(s, u)
}

// secret returns S = (A * v^u)^b mod N, and u.
func (e *Exchange) secret(v Verifier) (s, u *big.Int) {
	n := cognito().n
	u = e.scramble()
	s = new(big.Int).Exp(new(big.Int).SetBytes(v.V), u, n)
	s.Mul(s, e.clientA)
	return s.Exp(s, e.b, n), u
}

// exchangeState is an Exchange as it travels inside an encrypted secret block.
type exchangeState struct{ A, Secret, B []byte }

// MarshalJSON writes the exchange with its private value: encrypt the result.
func (e *Exchange) MarshalJSON() ([]byte, error) {
	return json.Marshal(exchangeState{A: e.clientA.Bytes(), Secret: e.b.Bytes(), B: e.serverB.Bytes()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Exchange) UnmarshalJSON(data []byte) error {
	var st exchangeState
	if err := json.Unmarshal(data, &st); err != nil {
		return fmt.Errorf("reading an SRP exchange: %w", err)
	}
	*e = Exchange{
		clientA: new(big.Int).SetBytes(st.A),
		b:       new(big.Int).SetBytes(st.Secret),
		serverB: new(big.Int).SetBytes(st.B),
	}
	return nil
}

// CheckPublic reports why s can't be an SRP_A: one of ErrNotHex, ErrTooLong and
// ErrZero, or nil.
func CheckPublic(s string) error {
	_, err := parsePublic(s)
	return err
}
