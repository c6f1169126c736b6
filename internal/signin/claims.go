package signin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// Claims are the claims of a token, unchecked: it came straight from the pool.
type Claims struct {
	Sub           string `json:"sub"`
	Username      string `json:"cognito:username"`
	Email         string `json:"email"`
	EmailVerified truth  `json:"email_verified"`
	Issuer        string `json:"iss"`
	Audience      string `json:"aud"`
	TokenUse      string `json:"token_use"`
	Scope         string `json:"scope"`
	IssuedAt      int64  `json:"iat"`
	ExpiresAt     int64  `json:"exp"`
}

// truth is a boolean claim. A trigger of the pool may have replaced it by the text "true" or
// "false".
type truth bool

// UnmarshalJSON reads a boolean, or a text that is one.
func (t *truth) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `true`, `"true"`:
		*t = true
	case `false`, `"false"`, `null`:
		*t = false
	default:
		return fmt.Errorf("email_verified must be true or false (received: %s)", data)
	}
	return nil
}

// Decode reads the claims of a token without checking its signature.
func Decode(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, fmt.Errorf("a token has three parts (received: %d)", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, fmt.Errorf("token: %w", err)
	}
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, fmt.Errorf("token: %w", err)
	}
	return c, nil
}
