package srp

import "math/big"

// Values of the protocol that only the tests look at.

// K returns the multiplier.
func K() *big.Int { return cognito().k }

// N returns the modulus.
func N() *big.Int { return cognito().n }

// X returns the private key of a password.
func X(salt []byte, pool, user, password string) *big.Int {
	return privateKey(salt, pool, user, password)
}

// Pad returns the bytes that get hashed for x.
func Pad(x *big.Int) []byte { return pad(x) }

// ExchangeWith begins an exchange with a given ephemeral value.
func ExchangeWith(b *big.Int, v Verifier, srpA string) (*Exchange, error) {
	return newExchange(b, v, srpA)
}

// Secret returns S, u and K of the exchange.
func (e *Exchange) Secret(v Verifier) (s, u *big.Int, key []byte) {
	s, u = e.secret(v)
	key, err := sessionKey(s, u)
	if err != nil {
		panic(err)
	}
	return s, u, key
}

// PublicB returns the server's public value.
func (e *Exchange) PublicB() *big.Int { return e.serverB }

// ClientWith begins a sign-in with a given ephemeral value.
func ClientWith(pool string, a *big.Int) (*Client, error) { return newClient(pool, a) }

// Secret returns S, u and K as the client computes them.
func (c *Client) Secret(params map[string]string, password string) (s, u *big.Int, key []byte, err error) {
	ch, err := readChallenge(params)
	if err != nil {
		return nil, nil, nil, err
	}
	if s, u, err = c.secret(ch, password); err != nil {
		return nil, nil, nil, err
	}
	key, err = sessionKey(s, u)
	return s, u, key, err
}
