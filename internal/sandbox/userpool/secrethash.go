package userpool

import (
	"crypto/hmac"
	"crypto/subtle"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// SecretHash returns the SECRET_HASH of a username for a client with a secret.
func SecretHash(clientID, clientSecret, username string) string {
	return srp.SecretHash(clientID, clientSecret, username)
}

// checkSecretHash checks that a SECRET_HASH is over one of the names.
func checkSecretHash(client *Client, given string, names ...string) error {
	if client.Secret == "" {
		if given != "" {
			return refusal.NotAuthorized("Client %s is not configured for secret but secret hash was received", client.ID)
		}
		return nil
	}
	if given == "" {
		return refusal.NotAuthorized("Client %s is configured with secret but SECRET_HASH was not received", client.ID)
	}
	if slices.ContainsFunc(names, func(name string) bool {
		return hmac.Equal([]byte(given), []byte(SecretHash(client.ID, client.Secret, name)))
	}) {
		return nil
	}
	return refusal.NotAuthorized("Unable to verify secret hash for client %s", client.ID)
}

// signInNames returns the names for which InitiateAuth accepts a SECRET_HASH: the one in the
// request and the other sign-in attributes of the user.
func (p *Pool) signInNames(name string) []string {
	names := []string{name}
	if a, ok := p.users.Find(name); ok {
		names = append(names, a.Username, a.Sub)
		for _, attr := range slices.Concat(p.cfg.UsernameAttributes, p.cfg.AliasAttributes) {
			if v := a.Attributes[attr]; v != "" {
				names = append(names, v)
			}
		}
	}
	return names
}

// client finds an app client.
func (p *Pool) client(id string) (*Client, error) {
	if client := p.clients.Find(id); client != nil {
		return client, nil
	}
	return nil, refusal.NoClient(id)
}

// clientWithSecret finds an app client for an operation with ClientSecret in place of a hash.
func (p *Pool) clientWithSecret(id, secret string) (*Client, error) {
	client, err := p.client(id)
	switch {
	case err != nil || client.Secret == "":
		return client, err
	case secret == "":
		return nil, refusal.NotAuthorized("Client %s is configured for secret but secret was not received", client.ID)
	case subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1:
		return nil, refusal.NotAuthorized("Unable to verify secret hash for client %s", client.ID)
	}
	return client, nil
}
