package userpool

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// signIn is the state of a sign-in between two requests. It travels inside the
// Session string, encrypted; the pool itself only remembers which strings are
// spent. Names are short because the string may have 2,048 characters.
type signIn struct {
	// ID makes the string single-use.
	ID string `json:"i"`
	// Client is the client id that the string is bound to.
	Client string `json:"c"`
	// Flow is flowCustom, flowSRP or flowPassword.
	Flow string `json:"f"`
	// Challenge is the challenge that waits for its answer.
	Challenge string `json:"h"`
	// Username is the internal name, or the dummy UUID of an unknown user.
	Username string `json:"u"`
	// Typed is the name as InitiateAuth had it.
	Typed string `json:"t"`
	// Unknown is 1 for a user who doesn't exist, else 0: a number, so that
	// strings for known and unknown users have the same length.
	Unknown int `json:"n"`
	// Rows are the challenges answered so far.
	Rows []sessionRow `json:"r,omitempty"`
	// Private and Metadata are what CreateAuthChallenge attached to the challenge.
	Private  map[string]string `json:"p,omitempty"`
	Metadata *string           `json:"m,omitempty"`
	// Block is the id of the SRP secret block that belongs to the challenge.
	Block string `json:"b,omitempty"`
	// Expires is when the string stops working, in nanoseconds since 1970.
	Expires int64 `json:"e"`
}

// sessionRow is a row written as an array, which is shorter.
type sessionRow row

// MarshalJSON writes [name, result, metadata].
func (r sessionRow) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{r.Name, r.Result, r.Metadata})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *sessionRow) UnmarshalJSON(data []byte) error {
	parts := []any{&r.Name, &r.Result, &r.Metadata}
	return json.Unmarshal(data, &parts)
}

// rows returns the rows as events have them: never null.
func (s *signIn) rows() []row {
	out := make([]row, len(s.Rows))
	for i, r := range s.Rows {
		out[i] = row(r)
	}
	return out
}

func (s *signIn) unknown() bool { return s.Unknown == 1 }

// Purposes keep one kind of sealed string from passing for another.
const (
	purposeSession = "session"
	purposeBlock   = "secret block"
)

// issue gives the sign-in a new id and a new life, and returns its Session. A
// Session that would be longer than the API model allows is refused; which
// error the real service has for that is not known.
func (p *Pool) issue(client *Client, s *signIn) (string, error) {
	s.ID = base64.RawURLEncoding.EncodeToString(p.bytes(16))
	s.Expires = p.now().Add(client.AuthSessionValidity).UnixNano()
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encoding a session: %w", err)
	}
	padding := make([]byte, p.opts.SessionOverhead)
	session := base64.RawURLEncoding.EncodeToString(p.sealed(purposeSession, append(plain, padding...)))
	if len(session) > maxSession {
		p.log.Error("session is too long: shorten the challenge metadata and private parameters, or ask for fewer rounds",
			"length", len(session), "limit", maxSession, "rows", len(s.Rows))
		return "", fail("InvalidLambdaResponseException",
			"Invalid lambda function output : the session would have %d characters, more than %d", len(session), maxSession)
	}
	return session, nil
}

// open reads a Session that belongs to client. It doesn't spend it.
func (p *Pool) open(client *Client, session text) (*signIn, error) {
	if session.value == "" {
		return nil, errMissingParameter("Session")
	}
	raw, err := base64.RawURLEncoding.DecodeString(session.value)
	if err != nil {
		return nil, errSessionInvalid()
	}
	plain, ok := p.unsealed(purposeSession, raw)
	if !ok || len(plain) < p.opts.SessionOverhead {
		return nil, errSessionInvalid()
	}
	s := new(signIn)
	if err := json.Unmarshal(plain[:len(plain)-p.opts.SessionOverhead], s); err != nil {
		return nil, errSessionInvalid()
	}
	if s.Client != client.ID {
		return nil, errSessionInvalid()
	}
	if p.now().UnixNano() >= s.Expires {
		return nil, errSessionExpired()
	}
	return s, nil
}

// spend takes the Session out of use, for one caller of however many: the others
// get the error.
func (p *Pool) spend(id string, expires int64) error {
	switch p.sessions.spend(id, expires, p.now()) {
	case spentNever:
		return nil
	case spentDead:
		return errSessionInvalid()
	case spentExpired:
		return errSessionExpired()
	default:
		return errSessionUsed()
	}
}

// sealed encrypts and authenticates plain for a purpose.
func (p *Pool) sealed(purpose string, plain []byte) []byte {
	nonce := p.bytes(p.seal.NonceSize())
	return p.seal.Seal(nonce, nonce, plain, []byte(purpose))
}

// unsealed reverses sealed, and reports false for anything else.
func (p *Pool) unsealed(purpose string, sealed []byte) ([]byte, bool) {
	n := p.seal.NonceSize()
	if len(sealed) < n {
		return nil, false
	}
	plain, err := p.seal.Open(nil, sealed[:n], sealed[n:], []byte(purpose))
	return plain, err == nil
}

// spentState is what is known of a single-use id.
type spentState int

const (
	spentNever spentState = iota
	spentUsed
	// spentDead is a Session that ended with a trigger's failure.
	spentDead
	// spentExpired is an id that ran out between being read and being spent. It
	// may have been spent and forgotten already, so it must not pass.
	spentExpired
)

// spentSet remembers spent ids until they would have expired anyway.
type spentSet struct {
	mu   sync.Mutex
	ids  map[string]spentEntry
	next time.Time
}

type spentEntry struct {
	state   spentState
	expires int64
}

// sweepEvery is how often, in the pool's time, expired entries are dropped.
const sweepEvery = time.Minute

func newSpentSet() *spentSet { return &spentSet{ids: map[string]spentEntry{}} }

// spend marks the id as used and returns what it was before.
func (s *spentSet) spend(id string, expires int64, now time.Time) spentState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.ids[id]; ok {
		return e.state
	}
	if now.UnixNano() >= expires {
		return spentExpired
	}
	s.sweep(now)
	s.ids[id] = spentEntry{spentUsed, expires}
	return spentNever
}

// kill marks a spent id as dead.
func (s *spentSet) kill(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.ids[id]; ok {
		e.state = spentDead
		s.ids[id] = e
	}
}

// sweep drops expired ids. The caller holds the lock.
func (s *spentSet) sweep(now time.Time) {
	if now.Before(s.next) {
		return
	}
	s.next = now.Add(sweepEvery)
	for id, e := range s.ids {
		if e.expires <= now.UnixNano() {
			delete(s.ids, id)
		}
	}
}

func (s *spentSet) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}
