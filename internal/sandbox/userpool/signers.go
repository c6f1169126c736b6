package userpool

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

// signers sign tokens: ID and access tokens with a key each.
type signers struct {
	id, access jose.Signer
	idKey      jose.JSONWebKey
	accessKey  jose.JSONWebKey
}

// GenerateKeys makes the two keys of a pool. It takes from tenths of a second to
// seconds.
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

func newSigners(keys *SigningKeys) (*signers, error) {
	if keys == nil {
		var err error
		if keys, err = GenerateKeys(); err != nil {
			return nil, err
		}
	}
	s := &signers{idKey: publicKey(keys.ID), accessKey: publicKey(keys.Access)}
	var err error
	if s.id, err = newSigner(keys.ID, s.idKey.KeyID); err != nil {
		return nil, err
	}
	s.access, err = newSigner(keys.Access, s.accessKey.KeyID)
	return s, err
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
