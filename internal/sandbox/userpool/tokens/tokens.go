// Package tokens issues, renews, revokes and checks the tokens of a user pool.
package tokens

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// Result is the AuthenticationResult of the API.
type Result struct {
	AccessToken  string
	ExpiresIn    int64
	IdToken      string
	RefreshToken string `json:",omitempty"`
	TokenType    string
}

const (
	userScope = "aws.cognito.signin.user.admin"
	useAccess = "access"
	useID     = "id"
)

// A Change is what a PreTokenGeneration trigger changes of the ID token's and the access token's
// claims: an [Override], or an [OverrideBoth].
type Change interface {
	apply(id, access map[string]any)
}

// Override is what a PreTokenGeneration trigger of version V1_0 may change.
type Override struct {
	AddOrOverride map[string]string `json:"claimsToAddOrOverride"`
	Suppress      []string          `json:"claimsToSuppress"`
	Groups        *Groups           `json:"groupOverrideDetails"`
}

// Groups are the groups and roles in tokens.
type Groups struct {
	GroupsToOverride   []string `json:"groupsToOverride"`
	IAMRolesToOverride []string `json:"iamRolesToOverride"`
	PreferredRole      *string  `json:"preferredRole"`
}

// Issuer issues the tokens of one pool. Its methods may be called from several goroutines at once.
type Issuer struct {
	url    string
	poolID string
	now    func() time.Time
	users  *users.Directory

	id, access       jose.Signer
	idKey, accessKey jose.JSONWebKey
	grants           grantStore
}

// New makes the issuer of a pool. The url is the claim iss; nil keys are made.
func New(poolID, url string, keys *SigningKeys, now func() time.Time, directory *users.Directory) (*Issuer, error) {
	i := &Issuer{url: url, poolID: poolID, now: now, users: directory, grants: newGrantStore()}
	return i, i.setKeys(keys)
}

// URL returns the issuer's URL.
func (i *Issuer) URL() string { return i.url }

// Issue signs an ID and an access token of the grant, with the claims that a trigger changes; nil
// changes none.
func (i *Issuer) Issue(g *Grant, client *config.Client, a *users.Account, change Change) (*Result, error) {
	now := i.now()
	i.grants.extend(g, now.Add(client.AccessTokenValidity))
	id := i.commonClaims(client, a, g, useID, now, client.IDTokenValidity)
	id["aud"], id["cognito:username"] = client.ID, a.Username
	for name, value := range i.users.Readable(client, a) {
		id[name] = i.users.Claim(name, value)
	}
	access := i.commonClaims(client, a, g, useAccess, now, client.AccessTokenValidity)
	access["client_id"], access["username"], access["scope"] = client.ID, a.Username, userScope
	if change != nil {
		change.apply(id, access)
	}
	out := &Result{ExpiresIn: int64(client.AccessTokenValidity / time.Second), TokenType: "Bearer"}
	var err error
	if out.IdToken, err = sign(i.id, id); err != nil {
		return nil, err
	}
	out.AccessToken, err = sign(i.access, access)
	return out, err
}

func sign(signer jose.Signer, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding claims: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return jws.CompactSerialize()
}

// commonClaims are those of both tokens.
func (i *Issuer) commonClaims(client *config.Client, a *users.Account, g *Grant, use string, now time.Time,
	validity time.Duration) map[string]any {
	m := map[string]any{
		"sub": a.Sub, "iss": i.url, "token_use": use, "event_id": g.eventID,
		"auth_time": g.authTime.Unix(), "iat": now.Unix(), "exp": now.Add(validity).Unix(), "jti": random.UUID(),
	}
	if client.EnableTokenRevocation {
		m["origin_jti"] = g.originJTI
	}
	return m
}

// isFixed reports whether no trigger can change or remove a claim.
func isFixed(claim string) bool {
	return strings.HasPrefix(claim, "cognito:") || slices.Contains([]string{
		"acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "device_key", "event_id", "exp", "iat",
		"identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username", "version",
	}, claim)
}

// apply changes the claims of the ID token, and the groups of both tokens.
func (o *Override) apply(id, access map[string]any) {
	if o == nil {
		return
	}
	changeClaims(id, o.AddOrOverride, o.Suppress)
	o.Groups.apply(id, access)
}

// changeClaims adds and removes the claims that a trigger may.
func changeClaims[T any](claims map[string]any, add map[string]T, suppress []string) {
	for name, value := range add {
		if !isFixed(name) && !strings.HasPrefix(name, "dev:") {
			claims[name] = value
		}
	}
	for _, name := range suppress {
		if !isFixed(name) {
			delete(claims, name)
		}
	}
}

func (o *Groups) apply(id, access map[string]any) {
	if o == nil {
		return
	}
	if len(o.GroupsToOverride) > 0 {
		id["cognito:groups"], access["cognito:groups"] = o.GroupsToOverride, o.GroupsToOverride
	}
	if len(o.IAMRolesToOverride) > 0 {
		id["cognito:roles"] = o.IAMRolesToOverride
	}
	if o.PreferredRole != nil {
		id["cognito:preferred_role"] = *o.PreferredRole
	}
}

// OverrideBoth is what a PreTokenGeneration trigger of version V2_0 or V3_0 may change.
type OverrideBoth struct {
	ID     Generation       `json:"idTokenGeneration"`
	Access AccessGeneration `json:"accessTokenGeneration"`
	Groups *Groups          `json:"groupOverrideDetails"`
}

// Generation changes one token. Values may be any JSON.
type Generation struct {
	AddOrOverride map[string]any `json:"claimsToAddOrOverride"`
	Suppress      []string       `json:"claimsToSuppress"`
}

// AccessGeneration changes the access token and its scopes.
type AccessGeneration struct {
	Generation
	AddScopes      []string `json:"scopesToAdd"`
	SuppressScopes []string `json:"scopesToSuppress"`
}

func (o *OverrideBoth) apply(id, access map[string]any) {
	if o == nil {
		return
	}
	changeClaims(id, o.ID.AddOrOverride, o.ID.Suppress)
	changeClaims(access, o.Access.AddOrOverride, o.Access.Suppress)
	// An access token has no audience; a trigger may give it one, the client.
	if aud, ok := o.Access.AddOrOverride["aud"]; ok && aud == access["client_id"] {
		access["aud"] = aud
	}
	scopes := slices.DeleteFunc(append([]string{userScope}, o.Access.AddScopes...), func(s string) bool {
		return slices.Contains(o.Access.SuppressScopes, s)
	})
	access["scope"] = strings.Join(scopes, " ")
	o.Groups.apply(id, access)
}

// Scopes are those of an access token before a trigger changes them.
func Scopes() []string { return []string{userScope} }
