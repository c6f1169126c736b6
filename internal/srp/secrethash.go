package srp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// SecretHash returns the SECRET_HASH of a user name for a client with a secret (Amazon Cognito
// Developer Guide, Computing secret hash values).
func SecretHash(clientID, clientSecret, username string) string {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
