package userpool

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// authenticationResult is the tokens of a sign-in.
type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int64
	IdToken      string
	RefreshToken string `json:",omitempty"`
	TokenType    string
}

const (
	userScope    = "aws.cognito.signin.user.admin"
	useAccess    = "access"
	useID        = "id"
	refreshBytes = 64
)

// newGrant begins a family of tokens for a user who has just signed in.
func (p *Pool) newGrant(c *call, s *subject, source string, metadata map[string]string) (*authenticationResult, error) {
	now := p.now()
	g := &grant{
		username: s.account.username, client: s.client.ID, authTime: now,
		eventID: p.uuid(), originJTI: p.uuid(), refreshExpires: now.Add(s.client.RefreshTokenValidity),
	}
	result, err := p.mint(c, s.client, s.account, g, source, metadata)
	if err != nil {
		return nil, err
	}
	result.RefreshToken = p.refreshToken()
	p.grants.add(g, result.RefreshToken, now)
	return result, nil
}

// refreshToken is opaque and random. The service's own is a JWE that only the
// service can read.
func (p *Pool) refreshToken() string {
	return base64.RawURLEncoding.EncodeToString(p.bytes(refreshBytes))
}

// mint asks PreTokenGeneration and signs an ID and an access token of the grant.
func (p *Pool) mint(c *call, client *Client, a *account, g *grant, source string, metadata map[string]string) (*authenticationResult, error) {
	override, err := p.preTokenGeneration(c, source, client, a, metadata)
	if err != nil {
		return nil, err
	}
	now := p.now()
	p.grants.extend(g, now.Add(client.AccessTokenValidity))
	id := p.idClaims(client, a, g, now)
	access := p.accessClaims(client, a, g, now)
	override.apply(id, access)
	out := &authenticationResult{ExpiresIn: int64(client.AccessTokenValidity / time.Second), TokenType: "Bearer"}
	if out.IdToken, err = sign(p.signers.id, id); err != nil {
		return nil, err
	}
	out.AccessToken, err = sign(p.signers.access, access)
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
func (p *Pool) commonClaims(client *Client, a *account, g *grant, use string, now time.Time, validity time.Duration) map[string]any {
	m := map[string]any{
		"sub": a.sub, "iss": p.Issuer(), "token_use": use, "event_id": g.eventID,
		"auth_time": g.authTime.Unix(), "iat": now.Unix(), "exp": now.Add(validity).Unix(), "jti": p.uuid(),
	}
	if client.EnableTokenRevocation {
		m["origin_jti"] = g.originJTI
	}
	return m
}

func (p *Pool) idClaims(client *Client, a *account, g *grant, now time.Time) map[string]any {
	m := p.commonClaims(client, a, g, useID, now, client.IDTokenValidity)
	m["aud"], m["cognito:username"] = client.ID, a.username
	for name, value := range p.readable(client, a) {
		switch {
		case p.schema[name].standard && p.schema[name].kind == "Boolean":
			m[name] = value == "true"
		case name == "updated_at":
			n, _ := strconv.ParseInt(value, 10, 64)
			m[name] = n
		case name == "address":
			m[name] = map[string]string{"formatted": value}
		default:
			m[name] = value
		}
	}
	return m
}

func (p *Pool) accessClaims(client *Client, a *account, g *grant, now time.Time) map[string]any {
	m := p.commonClaims(client, a, g, useAccess, now, client.AccessTokenValidity)
	m["client_id"], m["username"], m["scope"] = client.ID, a.username, userScope
	return m
}

// fixedClaims are those that a trigger can neither change nor take away.
func fixedClaims() []string {
	return []string{
		"acr", "amr", "at_hash", "aud", "auth_time", "azp", "cognito:username", "event_id", "exp", "iat", "iss",
		"jti", "nbf", "nonce", "origin_jti", "sub", "token_use",
	}
}

// apply changes the claims as a V1 trigger may: claims of the ID token, groups
// of both. A nil override changes nothing.
func (o *claimsOverride) apply(id, access map[string]any) {
	if o == nil {
		return
	}
	fixed := fixedClaims()
	for name, value := range o.AddOrOverride {
		if !slices.Contains(fixed, name) {
			id[name] = value
		}
	}
	for _, name := range o.Suppress {
		if !slices.Contains(fixed, name) {
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
