package userpool

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/tokens"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// issue runs PreTokenGeneration and signs the tokens of a grant.
func (p *Pool) issue(c *call, client *Client, a *users.Account, g *tokens.Grant, source string,
	metadata map[string]string) (*tokens.Result, error) {
	override, err := p.triggers.PreTokenGeneration(c.ctx, source, client.ID, a, metadata)
	if err != nil {
		return nil, err
	}
	return p.tokens.Issue(g, client, a, override)
}

// refreshFlow answers InitiateAuth with a refresh token. The SECRET_HASH is over the internal
// username.
func (p *Pool) refreshFlow(c *call, client *Client, in *initiateAuthInput) (any, error) {
	token := in.AuthParameters["REFRESH_TOKEN"]
	if token == "" {
		return nil, refusal.MissingParameter("REFRESH_TOKEN")
	}
	g, err := p.tokens.Redeem(token, client, 0)
	if err != nil {
		return nil, err
	}
	if err := checkSecretHash(client, in.AuthParameters["SECRET_HASH"], g.Username); err != nil {
		return nil, err
	}
	result, err := p.renew(c, client, g, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	return &authOutput{ChallengeParameters: map[string]string{}, AuthenticationResult: result}, nil
}

// renew makes new ID and access tokens of a grant; auth_time and origin_jti stay.
func (p *Pool) renew(c *call, client *Client, g *tokens.Grant, metadata map[string]string) (*tokens.Result, error) {
	a, ok := p.users.Find(g.Username)
	if !ok {
		return nil, refusal.InvalidRefresh
	}
	c.sub = a.Sub
	if !a.Enabled {
		return nil, refusal.UserDisabled
	}
	return p.issue(c, client, a, g, "RefreshTokens", metadata)
}

type getTokensInput struct {
	RefreshToken   string `rule:"token,required"`
	ClientId       string `rule:"clientID,required"`
	ClientSecret   string
	ClientMetadata awsjson.Map `rule:"texts"`
}

// getTokensFromRefreshToken renews tokens, and replaces the refresh token where the client rotates
// them.
func (p *Pool) getTokensFromRefreshToken(c *call, in *getTokensInput) (any, error) {
	client, err := p.clientWithSecret(in.ClientId, in.ClientSecret)
	if err != nil {
		return nil, err
	}
	rotation, grace := client.RefreshTokenRotation, time.Duration(0)
	if rotation != nil {
		grace = rotation.RetryGracePeriod
	} else if !client.Allows("REFRESH_TOKEN_AUTH") {
		return nil, refusal.InvalidParameter("REFRESH_TOKEN_AUTH is not enabled for the client.")
	}
	g, err := p.tokens.Redeem(in.RefreshToken, client, grace)
	if err != nil {
		return nil, err
	}
	result, err := p.renew(c, client, g, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if rotation != nil {
		if result.RefreshToken, err = p.tokens.Rotate(in.RefreshToken, grace); err != nil {
			return nil, err
		}
	}
	return &authOutput{AuthenticationResult: result}, nil
}

type revokeInput struct {
	Token        string `rule:"token,required"`
	ClientId     string `rule:"clientID,required"`
	ClientSecret string
}

// revokeToken ends a refresh token and the access tokens of its grant. An unknown token is no
// error.
func (p *Pool) revokeToken(_ *call, in *revokeInput) (any, error) {
	client, err := p.clientWithSecret(in.ClientId, in.ClientSecret)
	if err != nil {
		return nil, err
	}
	if !client.EnableTokenRevocation {
		return nil, awsjson.Fail("UnsupportedOperationException", "Token revocation is disabled for this client.")
	}
	if p.tokens.IsAccessToken(in.Token) {
		return nil, awsjson.Fail("UnsupportedTokenTypeException", "Unsupported token type")
	}
	g, ok := p.tokens.Find(in.Token)
	if !ok {
		return nil, nil
	}
	if g.Client != client.ID {
		return nil, awsjson.Fail("UnauthorizedException", "Token was not issued to this client.")
	}
	p.tokens.Revoke(g)
	return nil, nil
}
