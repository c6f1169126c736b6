package userpool

import (
	"crypto/sha256"
	"sync"
	"time"
)

// grant is one sign-in's family of tokens: what shares an origin_jti.
type grant struct {
	username  string
	client    string
	authTime  time.Time
	eventID   string
	originJTI string
	// refreshExpires is when the refresh token stops working; one that replaces
	// it inherits the time.
	refreshExpires time.Time

	// The store's lock guards the rest.

	// accessExpires is when the last access token runs out.
	accessExpires time.Time
	revoked       bool
	// tokens are the hashes of the refresh tokens, the current one last.
	tokens [][sha256.Size]byte
}

// refreshEntry is one refresh token.
type refreshEntry struct {
	grant *grant
	// retired is when rotation replaced the token; zero for the current one.
	retired time.Time
}

// grantStore is the pool's living grants. A grant is forgotten when neither its
// refresh token nor any access token could still be used.
type grantStore struct {
	mu      sync.Mutex
	events  map[string]*grant
	refresh map[[sha256.Size]byte]*refreshEntry
	users   map[string]map[*grant]struct{}
	next    time.Time
}

// keptTokens is how many replaced refresh tokens of a grant are remembered, to
// be able to say that they were used again.
const keptTokens = 50

func newGrantStore() *grantStore {
	return &grantStore{
		events:  map[string]*grant{},
		refresh: map[[sha256.Size]byte]*refreshEntry{},
		users:   map[string]map[*grant]struct{}{},
	}
}

// add stores a grant with its first refresh token.
func (s *grantStore) add(g *grant, token string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.events[g.eventID] = g
	if s.users[g.username] == nil {
		s.users[g.username] = map[*grant]struct{}{}
	}
	s.users[g.username][g] = struct{}{}
	s.addToken(g, token)
}

func (s *grantStore) addToken(g *grant, token string) {
	hash := sha256.Sum256([]byte(token))
	s.refresh[hash] = &refreshEntry{grant: g}
	g.tokens = append(g.tokens, hash)
	if len(g.tokens) > keptTokens {
		delete(s.refresh, g.tokens[0])
		g.tokens = g.tokens[1:]
	}
}

// extend notes how long the grant's access tokens live.
func (s *grantStore) extend(g *grant, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until.After(g.accessExpires) {
		g.accessExpires = until
	}
}

// byEvent finds the grant of an access token, and reports false for one that is
// revoked or gone.
func (s *grantStore) byEvent(id string) (*grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.events[id]
	return g, ok && !g.revoked
}

// redeem finds the grant of a refresh token that may be used now.
func (s *grantStore) redeem(token, client string, grace time.Duration, now time.Time) (*grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.refresh[sha256.Sum256([]byte(token))]
	switch {
	case !ok || e.grant.client != client:
		return nil, errInvalidRefresh()
	case e.grant.revoked:
		return nil, errRefreshRevoked()
	case !now.Before(e.grant.refreshExpires):
		return nil, errRefreshExpired()
	case !e.retired.IsZero() && !now.Before(e.retired.Add(grace)):
		return nil, errRefreshReused()
	}
	return e.grant, nil
}

// rotate replaces the refresh token old by new, unless somebody has replaced it
// in the meantime and the grace period is over.
func (s *grantStore) rotate(old, replacement string, grace time.Duration, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.refresh[sha256.Sum256([]byte(old))]
	switch {
	case !ok:
		return errInvalidRefresh()
	case e.grant.revoked:
		return errRefreshRevoked()
	case e.retired.IsZero():
		e.retired = now
	case !now.Before(e.retired.Add(grace)):
		return errRefreshReused()
	}
	s.addToken(e.grant, replacement)
	return nil
}

// find returns the grant of a refresh token, revoked or not.
func (s *grantStore) find(token string) (*grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.refresh[sha256.Sum256([]byte(token))]
	if !ok {
		return nil, false
	}
	return e.grant, true
}

// revoke ends a grant: its refresh tokens and its access tokens.
func (s *grantStore) revoke(g *grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g.revoked = true
}

// revokeUser ends all grants of a user.
func (s *grantStore) revokeUser(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := range s.users[username] {
		g.revoked = true
	}
}

// sweep forgets grants of which no token could be used any more. The caller
// holds the lock.
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
		delete(s.users[g.username], g)
		if len(s.users[g.username]) == 0 {
			delete(s.users, g.username)
		}
	}
}

func (s *grantStore) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}
