// Package session keeps a sign-in between two requests, in the Session string.
package session

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// MinLength and MaxLength bound a Session string, in characters.
const MinLength, MaxLength = 20, 2048

// State is a sign-in between two requests. It travels encrypted in the Session string; the pool
// only remembers which strings are spent. JSON names are short because the string has a limit.
type State struct {
	// ID makes the string single-use.
	ID string `json:"i"`
	// Client is the client id that the string is bound to.
	Client string `json:"c"`
	// Flow is the sign-in flow.
	Flow string `json:"f"`
	// Challenge is the challenge that waits for its answer.
	Challenge string `json:"h"`
	// Username is the internal name, or the dummy UUID of an unknown user.
	Username string `json:"u"`
	// Typed is the name in InitiateAuth.
	Typed string `json:"t"`
	// Unknown is 1 for a user who does not exist, else 0: strings for known and unknown users have
	// the same length.
	Unknown int `json:"n"`
	// Rows are the challenges answered so far.
	Rows []Row `json:"r,omitempty"`
	// Private and Metadata are what CreateAuthChallenge attached to the challenge.
	Private  map[string]string `json:"p,omitempty"`
	Metadata *string           `json:"m,omitempty"`
	// Block is the id of the SRP secret block that belongs to the challenge.
	Block string `json:"b,omitempty"`
	// Expires is when the string stops working, in nanoseconds since 1970.
	Expires int64 `json:"e"`
}

// Row is a challenge that was answered. It is written as an array, which is shorter.
type Row struct {
	Name     string
	Result   bool
	Metadata *string
}

// MarshalJSON writes [name, result, metadata].
func (r Row) MarshalJSON() ([]byte, error) { return json.Marshal([]any{r.Name, r.Result, r.Metadata}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Row) UnmarshalJSON(data []byte) error {
	parts := []any{&r.Name, &r.Result, &r.Metadata}
	return json.Unmarshal(data, &parts)
}

// Append adds a row without metadata.
func (s *State) Append(name string, result bool) {
	s.Rows = append(s.Rows, Row{Name: name, Result: result})
}

// Purposes of sealed texts. A text that is sealed for one purpose does not open for another.
const (
	purposeSession = "session"
	// SecretBlock is the purpose of SECRET_BLOCK.
	SecretBlock = "secret block"
)

// Keeper makes and reads Session strings.
type Keeper struct {
	now      func() time.Time
	log      *slog.Logger
	overhead int
	seal     cipher.AEAD
	spent    spentSet
}

// New returns a keeper with a key of its own. The overhead is added to the length of each string,
// in bytes before base64.
func New(now func() time.Time, log *slog.Logger, overhead int) (*Keeper, error) {
	block, err := aes.NewCipher(random.Bytes(32))
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	return &Keeper{now: now, log: log, overhead: overhead, seal: seal, spent: spentSet{ids: map[string]spentEntry{}}}, err
}

// Issue sets a new id and a new expiry for the sign-in, and returns its Session. A Session beyond
// MaxLength is an error; which error Cognito has for it is not established.
func (k *Keeper) Issue(client *config.Client, s *State) (string, error) {
	s.ID = base64.RawURLEncoding.EncodeToString(random.Bytes(16))
	s.Expires = k.now().Add(client.AuthSessionValidity).UnixNano()
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encoding a session: %w", err)
	}
	sealed := k.Seal(purposeSession, append(plain, make([]byte, k.overhead)...))
	session := base64.RawURLEncoding.EncodeToString(sealed)
	if len(session) > MaxLength {
		k.log.Error("session is too long: shorten the challenge metadata and private parameters, or use fewer rounds",
			"length", len(session), "limit", MaxLength, "rows", len(s.Rows))
		return "", refusal.InvalidOutput("the session would have %d characters, more than %d", len(session), MaxLength)
	}
	return session, nil
}

// Open reads a Session of the client. It doesn't spend it.
func (k *Keeper) Open(client *config.Client, session string) (*State, error) {
	if session == "" {
		return nil, refusal.MissingParameter("Session")
	}
	raw, err := base64.RawURLEncoding.DecodeString(session)
	if err != nil {
		return nil, refusal.SessionInvalid
	}
	plain, ok := k.Unseal(purposeSession, raw)
	if !ok || len(plain) < k.overhead {
		return nil, refusal.SessionInvalid
	}
	s := new(State)
	if json.Unmarshal(plain[:len(plain)-k.overhead], s) != nil || s.Client != client.ID {
		return nil, refusal.SessionInvalid
	}
	return s, k.CheckExpiry(s)
}

// CheckExpiry returns an error if the sign-in has expired.
func (k *Keeper) CheckExpiry(s *State) error {
	if k.now().UnixNano() >= s.Expires {
		return refusal.SessionExpired
	}
	return nil
}

// Seal encrypts and authenticates plain for a purpose.
func (k *Keeper) Seal(purpose string, plain []byte) []byte {
	nonce := random.Bytes(k.seal.NonceSize())
	return k.seal.Seal(nonce, nonce, plain, []byte(purpose))
}

// Unseal reverses Seal. It returns false for a text that Seal did not make for the purpose.
func (k *Keeper) Unseal(purpose string, sealed []byte) ([]byte, bool) {
	n := k.seal.NonceSize()
	if len(sealed) < n {
		return nil, false
	}
	plain, err := k.seal.Open(nil, sealed[:n], sealed[n:], []byte(purpose))
	return plain, err == nil
}
