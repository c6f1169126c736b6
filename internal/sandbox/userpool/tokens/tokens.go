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

// Issue signs an ID and an access token of the grant, with the claims that a trigger changes; a nil
// override changes none.
func (i *Issuer) Issue(g *Grant, client *config.Client, a *users.Account, override *Override) (*Result, error) {
	now := i.now()
	i.grants.extend(g, now.Add(client.AccessTokenValidity))
	id := i.commonClaims(client, a, g, useID, now, client.IDTokenValidity)
	id["aud"], id["cognito:username"] = client.ID, a.Username
	for name, value := range i.users.Readable(client, a) {
		id[name] = i.users.Claim(name, value)
	}
	access := i.commonClaims(client, a, g, useAccess, now, client.AccessTokenValidity)
	access["client_id"], access["username"], access["scope"] = client.ID, a.Username, userScope
	override.apply(id, access)
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
	for name, value := range o.AddOrOverride {
		if !isFixed(name) && !strings.HasPrefix(name, "dev:") {
			id[name] = value
		}
	}
	for _, name := range o.Suppress {
		if !isFixed(name) {
			delete(id, name)
		}
	}
	if o.Groups == nil {
		return
	}
	if len(o.Groups.GroupsToOverride) > 0 {
		id["cognito:groups"], access["cognito:groups"] = o.Groups.GroupsToOverride, o.Groups.GroupsToOverride
	}
	if len(o.Groups.IAMRolesToOverride) > 0 {
		id["cognito:roles"] = o.Groups.IAMRolesToOverride
	}
	if o.Groups.PreferredRole != nil {
		id["cognito:preferred_role"] = *o.Groups.PreferredRole
	}
}
