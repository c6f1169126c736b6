package lab

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth/memory"
)

// Issuer returns the iss of the pool's tokens.
func (l *Lab) Issuer() string {
	pool, err := l.userPool()
	l.Scope.Check(err)
	return pool.Issuer()
}

// Identity returns the pool as the sign-in page's function calls it, without HTTP between.
func (l *Lab) Identity() oauth.Cognito { return identity{l} }

type identity struct{ l *Lab }

func (i identity) call(ctx context.Context, operation string, in map[string]any) (PoolAnswer, error) {
	got, err := i.l.request(ctx, operation, in)
	var api *APIError
	if errors.As(err, &api) {
		return got, &oauth.APIError{Code: api.Kind}
	}
	return got, err
}

func (i identity) Refresh(ctx context.Context, client, token string) (oauth.Tokens, error) {
	got, err := i.call(ctx, "GetTokensFromRefreshToken", map[string]any{"ClientId": client, "RefreshToken": token})
	if err != nil {
		return oauth.Tokens{}, err
	}
	t := got.AuthenticationResult
	return oauth.Tokens{ID: t.IdToken, Access: t.AccessToken, Refresh: t.RefreshToken, ExpiresIn: 3600}, nil
}

func (i identity) Revoke(ctx context.Context, client, token string) error {
	_, err := i.call(ctx, "RevokeToken", map[string]any{"ClientId": client, "Token": token})
	return err
}

func (i identity) User(ctx context.Context, token string) (map[string]string, error) {
	got, err := i.call(ctx, "GetUser", map[string]any{"AccessToken": token})
	return got.attributes(), err
}

// attributes returns the user's attributes, with the user name among them.
func (a PoolAnswer) attributes() map[string]string {
	all := map[string]string{"username": a.Username}
	for _, each := range a.UserAttributes {
		all[each.Name] = each.Value
	}
	return all
}

func (i identity) Keys(context.Context) (keys jose.JSONWebKeySet, err error) {
	pool, err := i.l.userPool()
	if err != nil {
		return keys, err
	}
	w := httptest.NewRecorder()
	pool.ServeHTTP(w, httptest.NewRequest("GET", "/"+i.l.ID+"/.well-known/jwks.json", nil))
	return keys, json.Unmarshal(w.Body.Bytes(), &keys)
}

// Codes returns a store of authorization codes that fails while isDown returns true.
func (l *Lab) Codes(isDown func() bool) oauth.Store {
	var s oauth.Store = &memory.Store{}
	l.weaken(func(w Weakness) {
		if w.Codes != nil {
			s = w.Codes(s)
		}
	})
	return mortalCodes{s, isDown}
}

type mortalCodes struct {
	oauth.Store
	isDown func() bool
}

var errDown = errors.New("the table is gone")

func (s mortalCodes) Put(ctx context.Context, i oauth.Item) error {
	if s.isDown() {
		return errDown
	}
	return s.Store.Put(ctx, i)
}

func (s mortalCodes) Take(ctx context.Context, id string, now time.Time) (oauth.Item, bool, error) {
	if s.isDown() {
		return oauth.Item{}, false, errDown
	}
	return s.Store.Take(ctx, id, now)
}
