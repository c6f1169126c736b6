package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/changeaddress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Changer is the function that changes addresses, in front of a lab's user pool.
type Changer struct {
	Lab    *Lab
	Server *changeaddress.Server
	// Log has the function's log lines.
	Log *syncbuf.Buffer
	// Ageless gives attackers a sign-in that never grows old, and whose token lasts: the worst case
	// of one who can sign in whenever it helps.
	Ageless bool

	seen map[string]oauth.Access
}

// Changer puts the function in front of the lab's pool.
func (l *Lab) Changer() *Changer {
	c := &Changer{Lab: l, Log: &syncbuf.Buffer{}, seen: map[string]oauth.Access{}}
	renderer, err := mail.New(trigger.MailConfig(l.settings))
	l.Scope.Check(err)
	s := l.settings
	s.UserPoolID, s.ClientIDs = l.ID, []string{l.Client}
	c.Server = &changeaddress.Server{Settings: s, Tokens: c, Self: c, Directory: poolUsers{l}, Store: l.Store, Keys: l.Key,
		Renderer: renderer, Sender: l.sender, Now: l.Clock.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(c.Log, nil))}
	return c
}

// Access implements [changeaddress.Tokens] by the function's own check.
func (c *Changer) Access(ctx context.Context, token string) (oauth.Access, error) {
	a, ok := c.seen[token]
	if !ok {
		var err error
		own := &oauth.Server{Issuer: c.Lab.Issuer(), Cognito: c.Lab.Identity(), Now: c.Lab.Clock.Now}
		if a, err = own.Access(ctx, token); err != nil || !c.Ageless {
			return a, err
		}
		c.seen[token] = a
	}
	a.AuthTime = c.Lab.Clock.Now()
	return a, nil
}

// User implements [changeaddress.Self] by GetUser.
func (c *Changer) User(ctx context.Context, token string) (map[string]string, error) {
	if a, ok := c.seen[token]; ok {
		return poolUsers{c.Lab}.Find(ctx, a.Subject)
	}
	return identity{c.Lab}.User(ctx, token)
}

// SignIn signs a user in by everything that the pool requires, and returns the access token.
func (c *Changer) SignIn(email string) string {
	c.Lab.Clock.Advance(2 * time.Minute) // after the cool-down of mails
	a, err := c.Lab.Enter(email, KnownPassword)
	c.Lab.Scope.Check(err)
	a, err = c.Lab.AnswerCode(a, email, c.Lab.Inbox.Code(email))
	c.Lab.Scope.Check(err)
	c.Lab.Need(a.SignedIn(), email+" could not sign in")
	return a.AuthenticationResult.AccessToken
}

// Start requests a change, and returns the whole answer with its status.
func (c *Changer) Start(token, address string) (int, string) {
	return c.post(changeaddress.PathStart, token, map[string]string{"email": address})
}

// Confirm answers with both codes.
func (c *Changer) Confirm(token, address, present, fresh string) (int, string) {
	return c.post(changeaddress.PathConfirm, token, map[string]string{"email": address, "present_code": present,
		"new_code": fresh})
}

func (c *Changer) post(path, token string, body map[string]string) (int, string) {
	text, err := json.Marshal(body)
	c.Lab.Scope.Check(err)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	c.Server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// Owner returns the sub of the user who has an address; empty for no user.
func (c *Changer) Owner(address string) string {
	user, err := poolUsers{c.Lab}.Find(c.Lab.Scope.Ctx, address)
	c.Lab.Scope.Check(err)
	return user["sub"]
}

// poolUsers is the pool as an administrator calls it, without HTTP between.
type poolUsers struct{ l *Lab }

func (p poolUsers) call(ctx context.Context, operation, name string, more map[string]any) (PoolAnswer, error) {
	in := map[string]any{"UserPoolId": p.l.ID, "Username": name}
	for key, value := range more {
		in[key] = value
	}
	return identity(p).call(ctx, operation, in)
}

func (p poolUsers) Find(ctx context.Context, name string) (map[string]string, error) {
	got, err := p.call(ctx, "AdminGetUser", name, nil)
	if api := (*oauth.APIError)(nil); errors.As(err, &api) && api.Code == "UserNotFoundException" {
		return nil, nil
	}
	return got.attributes(), err
}

func (p poolUsers) SetEmail(ctx context.Context, name, address string) error {
	_, err := p.call(ctx, "AdminUpdateUserAttributes", name, map[string]any{"UserAttributes": []any{
		map[string]any{"Name": "email", "Value": address}, map[string]any{"Name": "email_verified", "Value": "true"}}})
	return err
}

func (p poolUsers) SignOut(ctx context.Context, name string) error {
	_, err := p.call(ctx, "AdminUserGlobalSignOut", name, nil)
	return err
}
