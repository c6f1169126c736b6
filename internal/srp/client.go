package srp

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

// clientSecretSize is the length in bytes of the client's private value.
const clientSecretSize = 128

// maxSaltDigits bounds the SALT that a client accepts from a server.
const maxSaltDigits = 256

// Client is the client's side of one sign-in. It holds a private value and serves one sign-in only.
type Client struct {
	pool      string
	a, public *big.Int
}

// NewClient begins a sign-in to the pool with the given id, "eu-west-1_TestPool1".
func NewClient(poolID string) (*Client, error) { return newClientFrom(rand.Reader, poolID) }

// newClientFrom is NewClient with a given source of randomness.
func newClientFrom(random io.Reader, poolID string) (*Client, error) {
	pool, err := poolName(poolID)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, clientSecretSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("making an ephemeral value: %w", err)
	}
	return newClient(pool, new(big.Int).SetBytes(secret))
}

func newClient(pool string, a *big.Int) (*Client, error) {
	c := cognito()
	public := new(big.Int).Exp(c.g, a, c.n)
	if public.Sign() == 0 {
		return nil, ErrZero
	}
	return &Client{pool: pool, a: a, public: public}, nil
}

// poolName returns the part of a pool's id behind its region, which is what the
// protocol hashes.
func poolName(poolID string) (string, error) {
	_, name, ok := strings.Cut(poolID, "_")
	if !ok || name == "" {
		return "", fmt.Errorf("user pool id %q has no \"_\" with a name behind it", poolID)
	}
	return name, nil
}

// SRPA returns the authentication parameter SRP_A.
func (c *Client) SRPA() string { return c.public.Text(16) }

// Answer returns the ChallengeResponses for a PASSWORD_VERIFIER challenge: the user's name, the
// secret block, the timestamp and the signature that proves the password. The parameters are the
// challenge's ChallengeParameters. SECRET_HASH, for a client with a secret, is the caller's to add.
func (c *Client) Answer(params map[string]string, password string, now time.Time) (map[string]string, error) {
	challenge, err := readChallenge(params)
	if err != nil {
		return nil, err
	}
	key, err := c.key(challenge, password)
	if err != nil {
		return nil, err
	}
	timestamp := FormatTimestamp(now)
	signature := claim(key, c.pool, challenge.user, challenge.secretBlock, timestamp)
	return map[string]string{
		"USERNAME":                    params["USERNAME"],
		"PASSWORD_CLAIM_SECRET_BLOCK": params["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
		"TIMESTAMP":                   timestamp,
	}, nil
}

// challenge is the server's PASSWORD_VERIFIER challenge.
type challenge struct {
	user        string
	salt, b     *big.Int
	secretBlock []byte
}

func readChallenge(params map[string]string) (challenge, error) {
	var errs []error
	for _, name := range []string{"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"} {
		if params[name] == "" {
			errs = append(errs, fmt.Errorf("challenge parameter %s is missing", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return challenge{}, err
	}
	b, err := parsePublic(params["SRP_B"])
	if err != nil {
		return challenge{}, fmt.Errorf("challenge parameter SRP_B: %w", err)
	}
	salt, ok := new(big.Int), len(params["SALT"]) <= maxSaltDigits
	if ok {
		_, ok = salt.SetString(params["SALT"], 16)
	}
	if !ok || salt.Sign() < 0 {
		return challenge{}, fmt.Errorf("challenge parameter SALT: %w", ErrNotHex)
	}
	block, err := base64.StdEncoding.DecodeString(params["SECRET_BLOCK"])
	if err != nil {
		return challenge{}, errors.New("challenge parameter SECRET_BLOCK is not base64")
	}
	return challenge{user: params["USER_ID_FOR_SRP"], salt: salt, b: b, secretBlock: block}, nil
}

// key returns K. S = (B - k*g^x)^(a + u*x) mod N.
func (c *Client) key(ch challenge, password string) ([]byte, error) {
	s, u, err := c.secret(ch, password)
	if err != nil {
		return nil, err
	}
	return sessionKey(s, u)
}

func (c *Client) secret(ch challenge, password string) (s, u *big.Int, err error) {
	grp := cognito()
	u = hashInt(pad(c.public), pad(ch.b))
	if u.Sign() == 0 {
		return nil, nil, errScramble
	}
	x := privateKey(ch.salt.Bytes(), c.pool, ch.user, password)
	base := new(big.Int).Exp(grp.g, x, grp.n)
	base.Mul(base, grp.k).Sub(ch.b, base).Mod(base, grp.n)
	exponent := new(big.Int).Mul(u, x)
	exponent.Add(exponent, c.a)
	return base.Exp(base, exponent, grp.n), u, nil
}
