package tokens

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// keyBits is the size of a signing key.
const keyBits = 2048

// SigningKeys are the RSA keys that sign the pool's tokens. Both are needed.
type SigningKeys struct{ ID, Access *rsa.PrivateKey }

// GenerateKeys makes the two keys of a pool, which takes from tenths of a second to seconds.
func GenerateKeys() (*SigningKeys, error) {
	id, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("making the ID token key: %w", err)
	}
	access, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("making the access token key: %w", err)
	}
	return &SigningKeys{ID: id, Access: access}, nil
}

func (i *Issuer) setKeys(keys *SigningKeys) (err error) {
	if keys == nil {
		if keys, err = GenerateKeys(); err != nil {
			return err
		}
	}
	i.idKey, i.accessKey = publicKey(keys.ID), publicKey(keys.Access)
	if i.id, err = newSigner(keys.ID, i.idKey.KeyID); err != nil {
		return err
	}
	i.access, err = newSigner(keys.Access, i.accessKey.KeyID)
	return err
}

func newSigner(key *rsa.PrivateKey, id string) (jose.Signer, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		return nil, fmt.Errorf("making a token signer: %w", err)
	}
	return signer, nil
}

// publicKey is the JWK of a key; its id is a hash of the modulus.
func publicKey(key *rsa.PrivateKey) jose.JSONWebKey {
	sum := sha256.Sum256(key.N.Bytes())
	return jose.JSONWebKey{
		Key: &key.PublicKey, KeyID: base64.StdEncoding.EncodeToString(sum[:]),
		Algorithm: string(jose.RS256), Use: "sig",
	}
}
