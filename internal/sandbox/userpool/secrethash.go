package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// SecretHash returns the SECRET_HASH of a username for a client with a secret.
func SecretHash(clientID, clientSecret, username string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkSecretHash judges a SECRET_HASH. It may be over the name as given, over
// the internal name or over sub, because clients differ in what they hash.
func (p *Pool) checkSecretHash(client *Client, given, name string) error {
	if client.Secret == "" {
		if given != "" {
			return notAuthorized("Client %s is not configured for secret but secret hash was received", client.ID)
		}
		return nil
	}
	if given == "" {
		return notAuthorized("Client %s is configured with secret but SECRET_HASH was not received", client.ID)
	}
	names := []string{name}
	if a, ok := p.users.find(name); ok {
		names = append(names, a.username, a.sub, a.attributes["email"])
	} else {
		names = append(names, p.dummyUsername(name))
	}
	for _, n := range names {
		if hmac.Equal([]byte(given), []byte(SecretHash(client.ID, client.Secret, n))) {
			return nil
		}
	}
	return notAuthorized("Unable to verify secret hash for client %s", client.ID)
}

// checkSecret judges a ClientSecret, which some operations take in place of the hash.
func checkSecret(client *Client, given text) error {
	switch {
	case client.Secret == "":
		return nil
	case given.value == "":
		return notAuthorized("Client %s is configured for secret but secret was not received", client.ID)
	case subtle.ConstantTimeCompare([]byte(given.value), []byte(client.Secret)) != 1:
		return notAuthorized("Unable to verify secret hash for client %s", client.ID)
	}
	return nil
}
