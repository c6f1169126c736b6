package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// ErrToken is the error for a token that is not the pool's, not of the client, not of the use, or
// too old.
var ErrToken = errors.New("the token is not valid here")

// claims are those of an ID or access token of Cognito's that are looked at.
type claims struct {
	Issuer    string           `json:"iss"`
	Use       string           `json:"token_use"`
	Audience  string           `json:"aud"`       // of an ID token
	Client    string           `json:"client_id"` // of an access token
	Subject   string           `json:"sub"`
	OriginJTI string           `json:"origin_jti"`
	AuthTime  int64            `json:"auth_time"`
	Expires   *jwt.NumericDate `json:"exp"`
}

// isOf reports whether both tokens come from one sign-in.
func (c claims) isOf(other claims) bool {
	return c.Subject != "" && c.Subject == other.Subject && c.OriginJTI != "" && c.OriginJTI == other.OriginJTI
}

// verify checks signature, issuer, use and expiry of a token, and returns its claims. The error is
// ErrToken, or that of the keys' service.
func (s *Server) verify(ctx context.Context, token, use string) (claims, error) {
	var c claims
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].KeyID == "" {
		return c, ErrToken
	}
	key, err := s.keys.find(ctx, s.Cognito, parsed.Headers[0].KeyID, s.Now())
	if err != nil {
		return c, err
	}
	if err := parsed.Claims(key, &c); err != nil || c.Issuer != s.Issuer || c.Use != use || c.Expires == nil ||
		!s.Now().Before(c.Expires.Time()) {
		return c, ErrToken
	}
	return c, nil
}

// Bearer returns the access token of a request (RFC 6750, 2.1); "" for none.
func Bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(strings.Join(r.Header.Values("Authorization"), ","), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// IsTokenRefused reports whether an access token was refused: by [ErrToken], or by Cognito's
// GetUser.
func IsTokenRefused(err error) bool {
	switch code(err) {
	case "NotAuthorizedException", "UserNotFoundException", "InvalidParameterException",
		"UserNotConfirmedException", "PasswordResetRequiredException":
		return true
	}
	return errors.Is(err, ErrToken)
}

// Access has the claims of a valid access token.
type Access struct {
	// Subject is the user's sub, Client the app client's id, OriginJTI the sign-in that it came
	// from.
	Subject, Client, OriginJTI string
	// AuthTime is when the user signed in. A refresh keeps it.
	AuthTime time.Time
}

// Access checks signature, issuer, use and expiry of an access token. The error is [ErrToken], or
// that of the keys' service. Whether the sign-in was ended since, Cognito alone can tell. Of the
// server, it needs Issuer, Cognito and Now.
func (s *Server) Access(ctx context.Context, token string) (Access, error) {
	c, err := s.verify(ctx, token, "access")
	if err == nil && (c.Subject == "" || c.Client == "" || c.OriginJTI == "") {
		err = ErrToken
	}
	return Access{c.Subject, c.Client, c.OriginJTI, time.Unix(c.AuthTime, 0)}, err
}

// keyCache keeps the pool's keys.
type keyCache struct {
	mu   sync.Mutex
	keys jose.JSONWebKeySet
	read time.Time
}

const (
	// keysLife is how long keys are kept. Cognito replaces them rarely.
	keysLife = 24 * time.Hour
	// keysPause is the least time between two reads for an unknown key id: a stranger must not make
	// the function call Cognito for each forged token.
	keysPause = 30 * time.Second
)

// find returns a key by its id. It reads the keys where none are known, and for an unknown id.
func (k *keyCache) find(ctx context.Context, cognito Cognito, id string, now time.Time) (any, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := now.Sub(k.read)
	if len(k.keys.Keys) == 0 || age > keysLife || len(k.keys.Key(id)) == 0 && age > keysPause {
		keys, err := cognito.Keys(ctx)
		if err != nil {
			return nil, err
		}
		k.keys, k.read = keys, now
	}
	found := k.keys.Key(id)
	if len(found) != 1 || !found[0].IsPublic() || !found[0].Valid() {
		return nil, ErrToken
	}
	return found[0].Key, nil
}
