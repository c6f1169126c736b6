package userpool

import "time"

// refreshFlow answers InitiateAuth with a refresh token. The SECRET_HASH is over
// whatever name the client knows; without one, only its presence is judged.
func (p *Pool) refreshFlow(c *call, client *Client, in *initiateAuthInput) (any, error) {
	params := in.AuthParameters
	token := params["REFRESH_TOKEN"]
	if token == "" {
		return nil, errMissingParameter("REFRESH_TOKEN")
	}
	g, err := p.grants.redeem(token, client.ID, 0, p.now())
	if err != nil {
		return nil, err
	}
	name := params["USERNAME"]
	if name == "" {
		name = g.username
	}
	if err := p.checkSecretHash(client, params["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	result, err := p.renew(c, client, g, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	return &authOutput{ChallengeParameters: map[string]string{}, AuthenticationResult: result}, nil
}

// renew makes new ID and access tokens of a grant; auth_time and origin_jti stay.
func (p *Pool) renew(c *call, client *Client, g *grant, metadata map[string]string) (*authenticationResult, error) {
	a, ok := p.users.find(g.username)
	if !ok {
		return nil, errInvalidRefresh()
	}
	c.sub = a.sub
	if !a.enabled {
		return nil, errUserDisabled()
	}
	return p.mint(c, client, a, g, "RefreshTokens", metadata)
}

type getTokensInput struct {
	RefreshToken   text
	ClientId       text
	ClientSecret   text
	ClientMetadata stringMap
}

func (in *getTokensInput) check(c *constraints) {
	if !in.RefreshToken.set {
		c.add("refreshToken", "not be null")
	}
	c.pattern("refreshToken", in.RefreshToken, tokenPattern, `[A-Za-z0-9-_=.]+`)
	c.clientID(in.ClientId)
	c.texts("clientMetadata", in.ClientMetadata)
}

// getTokensFromRefreshToken renews tokens, and replaces the refresh token where
// the client rotates them.
func (p *Pool) getTokensFromRefreshToken(c *call, in *getTokensInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := checkSecret(client, in.ClientSecret); err != nil {
		return nil, err
	}
	rotation := client.RefreshTokenRotation
	if rotation == nil && !client.allows("REFRESH_TOKEN_AUTH") {
		return nil, invalidParameter("REFRESH_TOKEN_AUTH is not enabled for the client.")
	}
	grace := rotation.grace()
	g, err := p.grants.redeem(in.RefreshToken.value, client.ID, grace, p.now())
	if err != nil {
		return nil, err
	}
	result, err := p.renew(c, client, g, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if rotation != nil {
		result.RefreshToken = p.refreshToken()
		if err := p.grants.rotate(in.RefreshToken.value, result.RefreshToken, grace, p.now()); err != nil {
			return nil, err
		}
	}
	return &authOutput{AuthenticationResult: result}, nil
}

type revokeInput struct {
	Token        text
	ClientId     text
	ClientSecret text
}

func (in *revokeInput) check(c *constraints) {
	if !in.Token.set {
		c.add("token", "not be null")
	}
	c.pattern("token", in.Token, tokenPattern, `[A-Za-z0-9-_=.]+`)
	c.clientID(in.ClientId)
}

// revokeToken ends a refresh token and the access tokens of its grant. A token
// that nobody knows is none to revoke, and no error.
func (p *Pool) revokeToken(c *call, in *revokeInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := checkSecret(client, in.ClientSecret); err != nil {
		return nil, err
	}
	if !client.EnableTokenRevocation {
		return nil, fail("UnsupportedOperationException", "Token revocation is disabled for this client.")
	}
	if _, err := p.accessTokenClaims(in.Token.value); err == nil {
		return nil, fail("UnsupportedTokenTypeException", "Unsupported token type")
	}
	g, ok := p.grants.find(in.Token.value)
	if !ok {
		return nil, nil
	}
	if g.client != client.ID {
		return nil, fail("UnauthorizedException", "Token was not issued to this client.")
	}
	p.grants.revoke(g)
	return nil, nil
}

// grace is how long a replaced token still works.
func (r *RefreshTokenRotation) grace() time.Duration {
	if r == nil {
		return 0
	}
	return r.RetryGracePeriod
}
