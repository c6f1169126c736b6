// Package changeaddress lets users change the e-mail address of their account, where clients may
// not write it. A [Server] answers two requests with an access token: the first mails a code to the
// present address and one to the new address, the second checks both codes.
//
// The package is pure: clock, randomness, store, keys, mails and Cognito are given. It has no
// secret of its own: codes are derived anew from the nonce of the last start, which the store
// keeps.
package changeaddress

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The paths.
const (
	// PathStart receives the new address.
	PathStart = "/account/email"
	// PathConfirm receives the new address again and both codes.
	PathConfirm = "/account/email/confirm"
)

const (
	// maxSignInAge is the greatest age of the sign-in that starts a change, by auth_time.
	maxSignInAge = 5 * time.Minute
	// lockTime is how long an address is locked for the account that is changing to it: longer than
	// the function may run.
	lockTime = time.Minute
	// maxBody bounds a request's body, in bytes: an address and two codes.
	maxBody = 4 << 10
)

// starts is an account's budget of starts, and mailsTo that of the mails to an address which
// accounts may change to.
var (
	starts  = guard.Bucket{Burst: 3, Refill: time.Hour}
	mailsTo = guard.Bucket{Burst: 3, Refill: time.Hour}
)

// Tokens checks access tokens: [oauth.Server] does.
type Tokens interface {
	Access(ctx context.Context, token string) (oauth.Access, error)
}

// Self calls GetUser, which fails for a sign-in that was ended.
type Self interface {
	User(ctx context.Context, accessToken string) (map[string]string, error)
}

// Directory reads and changes users of the pool. An error of Cognito's own is an [*oauth.APIError].
type Directory interface {
	// Find returns the attributes of a user by user name, sub or address; nil for no such user.
	Find(ctx context.Context, name string) (map[string]string, error)
	// SetEmail sets the address and that it is verified, in one call.
	SetEmail(ctx context.Context, username, address string) error
	// SignOut ends every sign-in of the user.
	SignOut(ctx context.Context, username string) error
}

// Renderer and Sender are those of the sign-in's mails.
type (
	// Renderer writes a mail.
	Renderer interface {
		Render(mail.Message) (mail.Mail, error)
	}
	// Sender sends a mail.
	Sender interface {
		Send(context.Context, mail.Mail) error
	}
)

// Server is the handler of both paths. Its methods may be called from several goroutines at once.
type Server struct {
	// Settings are the sign-in's, with UserPoolID and ClientIDs.
	Settings  settings.Settings
	Tokens    Tokens
	Self      Self
	Directory Directory
	Store     guard.Store
	Keys      otp.Generator
	Renderer  Renderer
	Sender    Sender
	Now       func() time.Time
	// Random is the source of nonces: crypto/rand.Reader.
	Random io.Reader
	// Log has a line for each request. It has no token, no code and no address.
	Log *slog.Logger
}

// ServeHTTP answers one request. Scripts of every origin may call it: what opens it is the token in
// a header, which no browser sends by itself.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	handle := map[string]func(context.Context, caller, request) (any, error){
		PathStart: s.start, PathConfirm: s.confirm}[r.URL.Path]
	switch {
	case handle == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "authorization, content-type")
		h.Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodPost:
		h.Set("Allow", "OPTIONS, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		s.answer(w, r, handle)
	}
}

// answer proves the caller, reads the request and answers it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request,
	handle func(context.Context, caller, request) (any, error)) {
	in, err := read(w, r)
	var who caller
	if err == nil {
		who, err = s.authenticate(r)
	}
	var out any
	if err == nil {
		out, err = handle(r.Context(), who, in)
	}
	if err != nil {
		s.refuse(w, r, who, err)
		return
	}
	done := map[string]settings.Metric{PathStart: settings.AddressChangesStarted, PathConfirm: settings.AddressesChanged}
	s.log(slog.LevelInfo, done[r.URL.Path], "done", slog.String("path", r.URL.Path), who.attr())
	reply(w, http.StatusOK, out)
}

// caller is the user of a valid access token. Nothing else names whose address is changed.
type caller struct {
	oauth.Access
	// username is the user's name at Cognito, by GetUser.
	username string
	// key is the key of the account's item.
	key string
}

// attr names the caller in a log line: by the sub, which is empty where no token was proven.
func (c caller) attr() slog.Attr { return slog.String("sub", c.Subject) }

// authenticate proves the token: ours by signature, issuer and client, and not ended, by GetUser.
func (s *Server) authenticate(r *http.Request) (caller, error) {
	token := oauth.Bearer(r)
	if token == "" {
		return caller{}, errInvalidToken
	}
	access, err := s.Tokens.Access(r.Context(), token)
	if err != nil {
		return caller{}, tokenError(err)
	}
	if !slices.Contains(s.Settings.ClientIDs, access.Client) {
		return caller{}, errInvalidToken
	}
	user, err := s.Self.User(r.Context(), token)
	if err != nil {
		return caller{}, tokenError(err)
	}
	if sub := user["sub"]; user["username"] == "" || sub != "" && sub != access.Subject {
		return caller{}, errInvalidToken
	}
	return caller{access, user["username"], guard.Key(s.Settings.UserPoolID, access.Subject)}, nil
}

// subject is what a code of the kind is bound to: the account, the very sign-in and its client, and
// both addresses, the new one as it is spelt. A code of one side, address or sign-in is wrong for
// every other.
func (s *Server) subject(kind mail.Kind, who caller, present, address string) otp.Subject {
	return otp.Subject{Pool: s.Settings.UserPoolID, Address: sha256.Sum256([]byte(address)), User: strings.Join(
		[]string{"change", string(kind), who.key, who.Client, who.OriginJTI, guard.HashOfAddress(present)}, " ")}
}

// codes derives the code for the present address and the one for the new address.
func (s *Server) codes(ctx context.Context, who caller, present, address string, n otp.Nonce, digits int) (
	old, fresh otp.Code, err error) {
	old, err = otp.Derive(ctx, s.Keys, s.subject(mail.ChangeFrom, who, present, address), n, digits)
	if err == nil {
		fresh, err = otp.Derive(ctx, s.Keys, s.subject(mail.ChangeTo, who, present, address), n, digits)
	}
	return old, fresh, err
}

// account returns the attributes of the caller's user as an administrator reads them: what a client
// may read of them is its own setting.
func (s *Server) account(ctx context.Context, who caller) (map[string]string, error) {
	user, err := s.Directory.Find(ctx, who.username)
	if err == nil && user["sub"] != who.Subject {
		err = errInvalidToken
	}
	return user, err
}

// newAddress returns what a request is about: the new address, and the account as [Server.account]
// reads it.
func (s *Server) newAddress(ctx context.Context, who caller, in request) (
	address string, user map[string]string, err error) {
	address = strings.TrimSpace(in.Email)
	if mail.ValidateAddress(address) != nil {
		return "", nil, errInvalidAddress
	}
	user, err = s.account(ctx, who)
	return address, user, err
}

// isTaken reports whether an address belongs to another user.
func (s *Server) isTaken(ctx context.Context, who caller, address string) (bool, error) {
	owner, err := s.Directory.Find(ctx, address)
	return owner != nil && owner["sub"] != who.Subject, err
}
