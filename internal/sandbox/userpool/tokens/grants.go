package tokens

import (
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// refreshBytes is the length of a refresh token before base64.
const refreshBytes = 64

// sweepEvery is the interval, in the pool's time, at which dead grants are dropped.
const sweepEvery = time.Minute

// Grant is the family of tokens of one sign-in, which share an origin_jti.
type Grant struct {
	// Username and Client are the user and the app client's id.
	Username  string
	Client    string
	authTime  time.Time
	eventID   string
	originJTI string
	// refreshExpires is when the refresh token, and each that replaces it, stops working.
	refreshExpires time.Time

	// The store's lock guards the rest.

	// accessExpires is when the last access token runs out.
	accessExpires time.Time
	revoked       bool
	// tokens are the hashes of the refresh tokens, the current one last.
	tokens [][sha256.Size]byte
}

type refreshEntry struct {
	grant *Grant
	// retired is when rotation replaced the token; zero for the current one.
	retired time.Time
}

// grantStore keeps a grant until none of its tokens can be used any more.
type grantStore struct {
	mu      sync.Mutex
	events  map[string]*Grant
	refresh map[[sha256.Size]byte]*refreshEntry
	users   map[string]map[*Grant]struct{}
	next    time.Time
}

// keptTokens is how many replaced refresh tokens of a grant are remembered, to report their reuse.
const keptTokens = 50

func newGrantStore() grantStore {
	return grantStore{
		events:  map[string]*Grant{},
		refresh: map[[sha256.Size]byte]*refreshEntry{},
		users:   map[string]map[*Grant]struct{}{},
	}
}

// Begin begins a grant for a user who has signed in, without storing it.
func (i *Issuer) Begin(username string, client *config.Client) *Grant {
	now := i.now()
	return &Grant{
		Username: username, Client: client.ID, authTime: now, refreshExpires: now.Add(client.RefreshTokenValidity),
		eventID: random.UUID(), originJTI: random.UUID(),
	}
}

// Store stores a grant and returns its first refresh token.
func (i *Issuer) Store(g *Grant) string {
	s := &i.grants
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(i.now())
	s.events[g.eventID] = g
	if s.users[g.Username] == nil {
		s.users[g.Username] = map[*Grant]struct{}{}
	}
	s.users[g.Username][g] = struct{}{}
	return s.addToken(g)
}

// addToken makes a refresh token: opaque and random, where Cognito's is a JWE that only Cognito can
// read.
func (s *grantStore) addToken(g *Grant) string {
	token := base64.RawURLEncoding.EncodeToString(random.Bytes(refreshBytes))
	hash := sha256.Sum256([]byte(token))
	s.refresh[hash] = &refreshEntry{grant: g}
	g.tokens = append(g.tokens, hash)
	if len(g.tokens) > keptTokens {
		delete(s.refresh, g.tokens[0])
		g.tokens = g.tokens[1:]
	}
	return token
}

// extend records how long the access tokens of a grant live.
func (s *grantStore) extend(g *Grant, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(g.accessExpires) {
		g.accessExpires = until
	}
}

// Redeem returns the grant of a refresh token that the client may use now. The grace is how long a
// replaced token still works.
func (i *Issuer) Redeem(token string, client *config.Client, grace time.Duration) (*Grant, error) {
	s, now := &i.grants, i.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.refresh[sha256.Sum256([]byte(token))]
	switch {
	case !ok || e.grant.Client != client.ID:
		return nil, refusal.InvalidRefresh
	case e.grant.revoked:
		return nil, refusal.RefreshRevoked
	case !now.Before(e.grant.refreshExpires):
		return nil, refusal.RefreshExpired
	case !e.retired.IsZero() && !now.Before(e.retired.Add(grace)):
		return nil, refusal.RefreshReused
	}
	return e.grant, nil
}

// Rotate replaces a refresh token by a new one, unless another call has replaced it and the grace
// is over.
func (i *Issuer) Rotate(token string, grace time.Duration) (string, error) {
	s, now := &i.grants, i.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.refresh[sha256.Sum256([]byte(token))]
	switch {
	case !ok:
		return "", refusal.InvalidRefresh
	case e.grant.revoked:
		return "", refusal.RefreshRevoked
	case e.retired.IsZero():
		e.retired = now
	case !now.Before(e.retired.Add(grace)):
		return "", refusal.RefreshReused
	}
	return s.addToken(e.grant), nil
}

// Find returns the grant of a refresh token, revoked or not.
func (i *Issuer) Find(token string) (*Grant, bool) {
	i.grants.mu.Lock()
	defer i.grants.mu.Unlock()
	e, ok := i.grants.refresh[sha256.Sum256([]byte(token))]
	if !ok {
		return nil, false
	}
	return e.grant, true
}

// Revoke ends a grant with all its tokens.
func (i *Issuer) Revoke(g *Grant) {
	i.grants.mu.Lock()
	defer i.grants.mu.Unlock()
	g.revoked = true
}

// RevokeUser ends all grants of a user.
func (i *Issuer) RevokeUser(username string) {
	i.grants.mu.Lock()
	defer i.grants.mu.Unlock()
	for g := range i.grants.users[username] {
		g.revoked = true
	}
}

// sweep drops grants whose tokens can't be used any more. The caller holds the lock.
func (s *grantStore) sweep(now time.Time) {
	if now.Before(s.next) {
		return
	}
	s.next = now.Add(sweepEvery)
	for id, g := range s.events {
		refreshable := !g.revoked && now.Before(g.refreshExpires)
		if refreshable || now.Before(g.accessExpires) {
			continue
		}
		delete(s.events, id)
		for _, hash := range g.tokens {
			delete(s.refresh, hash)
		}
		delete(s.users[g.Username], g)
		if len(s.users[g.Username]) == 0 {
			delete(s.users, g.Username)
		}
	}
}

// Size returns the number of stored grants.
func (i *Issuer) Size() int {
	i.grants.mu.Lock()
	defer i.grants.mu.Unlock()
	return len(i.grants.events)
}
