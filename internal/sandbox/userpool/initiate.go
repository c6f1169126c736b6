package userpool

import (
	"slices"
	"strings"
)

// Names of challenges.
const (
	challengeSRPA        = "SRP_A"
	challengePassword    = "PASSWORD_VERIFIER"
	challengeCustom      = "CUSTOM_CHALLENGE"
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
)

// Sign-in flows as they are kept in a signIn.
const (
	flowCustom   = "C"
	flowSRP      = "S"
	flowPassword = "P"
)

type initiateAuthInput struct {
	AuthFlow       text
	ClientId       text
	UserPoolId     text
	AuthParameters stringMap
	ClientMetadata stringMap
}

func (in *initiateAuthInput) check(c *constraints) {
	if !in.AuthFlow.set {
		c.add("authFlow", "not be null")
	}
	c.enum("authFlow", in.AuthFlow, "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "CUSTOM_AUTH",
		"ADMIN_NO_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_AUTH")
	c.clientID(in.ClientId)
	c.texts("authParameters", in.AuthParameters)
	c.texts("clientMetadata", in.ClientMetadata)
}

// authOutput answers InitiateAuth, RespondToAuthChallenge and their kin:
// either a challenge or tokens.
type authOutput struct {
	ChallengeName        string                `json:",omitempty"`
	ChallengeParameters  map[string]string     `json:",omitzero"`
	Session              string                `json:",omitempty"`
	AuthenticationResult *authenticationResult `json:",omitempty"`
}

// initiateAuth answers InitiateAuth and AdminInitiateAuth.
func (p *Pool) initiateAuth(c *call, in *initiateAuthInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	flow := in.AuthFlow.value
	if err := flowOpen(c, client, flow); err != nil {
		return nil, err
	}
	if flow == "REFRESH_TOKEN" || flow == "REFRESH_TOKEN_AUTH" {
		return p.refreshFlow(c, client, in)
	}
	params := in.AuthParameters
	name := params["USERNAME"]
	if name == "" {
		return nil, errMissingParameter("USERNAME")
	}
	var broken constraints
	broken.length("username", text{name, true}, 1, maxUsername)
	if err := broken.err(); err != nil {
		return nil, err
	}
	if err := p.checkSecretHash(client, params["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	switch flow {
	case "CUSTOM_AUTH":
		return p.startCustom(c, client, name, in)
	case "USER_SRP_AUTH":
		return p.startSRP(c, client, name, in)
	default:
		return p.passwordSignIn(c, client, name, in)
	}
}

// client finds an app client.
func (p *Pool) client(id text) (*Client, error) {
	client, ok := p.clients[id.value]
	if !ok {
		return nil, errNoClient(id.value)
	}
	return client, nil
}

// flowOpen refuses a flow that the operation or the client doesn't have. The
// service words these refusals in several ways; clients read the type.
func flowOpen(c *call, client *Client, flow string) error {
	adminOnly := strings.HasPrefix(flow, "ADMIN_")
	if adminOnly && !c.admin {
		return invalidParameter("Initiate Auth method not supported.")
	}
	if flow == "USER_PASSWORD_AUTH" && c.admin {
		return invalidParameter("Initiate Auth method not supported.")
	}
	if flow == "USER_AUTH" || !client.allows(flow) {
		if flow == "USER_PASSWORD_AUTH" {
			return invalidParameter("USER_PASSWORD_AUTH flow not enabled for this client")
		}
		return invalidParameter("%s is not enabled for the client.", flow)
	}
	return nil
}

// allows reports whether the client has a flow. Without any ALLOW_ value the
// client is of the older kind, or has none at all: SRP, custom and refresh are
// then on, unless CUSTOM_AUTH_FLOW_ONLY takes SRP away.
func (cl *Client) allows(flow string) bool {
	has := func(value string) bool { return slices.Contains(cl.ExplicitAuthFlows, value) }
	modern := slices.ContainsFunc(cl.ExplicitAuthFlows, func(v string) bool { return strings.HasPrefix(v, "ALLOW_") })
	switch flow {
	case "CUSTOM_AUTH":
		return !modern || has("ALLOW_CUSTOM_AUTH")
	case "USER_SRP_AUTH":
		return !modern && !has("CUSTOM_AUTH_FLOW_ONLY") || has("ALLOW_USER_SRP_AUTH")
	case "REFRESH_TOKEN", "REFRESH_TOKEN_AUTH":
		// With rotation only GetTokensFromRefreshToken renews tokens.
		return cl.RefreshTokenRotation == nil && (!modern || has("ALLOW_REFRESH_TOKEN_AUTH"))
	case "USER_PASSWORD_AUTH":
		return has("USER_PASSWORD_AUTH") || has("ALLOW_USER_PASSWORD_AUTH")
	case "ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH":
		return has("ADMIN_NO_SRP_AUTH") || has("ALLOW_ADMIN_USER_PASSWORD_AUTH")
	}
	return false
}

// passwordSignIn answers the flows that send the password itself.
func (p *Pool) passwordSignIn(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	password := in.AuthParameters["PASSWORD"]
	if password == "" {
		return nil, errMissingParameter("PASSWORD")
	}
	s, err := p.subjectOf(client, name)
	if err != nil {
		return nil, err
	}
	if s.account != nil && s.account.status == statusUnconfirmed {
		return nil, errUserNotConfirmed()
	}
	if err := p.preAuthentication(c, client, p.person(s), in.ClientMetadata); err != nil {
		return nil, err
	}
	if s.account == nil {
		p.fakeVerifier(name).Matches(p.srpName(), s.username, password)
		return nil, errWrongCredentials()
	}
	c.sub = s.account.sub
	if err := p.provePassword(s.account, password); err != nil {
		return nil, err
	}
	return p.afterPassword(c, s, flowPassword, in.ClientMetadata)
}

// afterPassword goes on, outside of CUSTOM_AUTH, once the password is proven.
func (p *Pool) afterPassword(c *call, s *subject, flow string, metadata map[string]string) (any, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if s.account.status == statusForceChange {
		return p.askNewPassword(s, &signIn{Flow: flow})
	}
	return p.complete(c, s, "Authentication", metadata)
}
