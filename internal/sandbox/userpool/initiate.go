package userpool

import (
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/tokens"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// Names of challenges.
const (
	challengeSRPA        = "SRP_A"
	challengePassword    = "PASSWORD_VERIFIER"
	challengeCustom      = "CUSTOM_CHALLENGE"
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
)

// Sign-in flows in a Session.
const (
	flowCustom   = "C"
	flowSRP      = "S"
	flowPassword = "P"
)

type initiateAuthInput struct {
	AuthFlow       string      `rule:"flow,required"`
	ClientId       string      `rule:"clientID,required"`
	AuthParameters awsjson.Map `rule:"texts"`
	ClientMetadata awsjson.Map `rule:"texts"`
}

// authOutput is the output of InitiateAuth and RespondToAuthChallenge: a challenge or tokens.
type authOutput struct {
	ChallengeName        string            `json:",omitempty"`
	ChallengeParameters  map[string]string `json:",omitzero"`
	Session              string            `json:",omitempty"`
	AuthenticationResult *tokens.Result    `json:",omitempty"`
}

// initiateAuth answers InitiateAuth and AdminInitiateAuth.
func (p *Pool) initiateAuth(c *call, in *initiateAuthInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	flow := in.AuthFlow
	if err := checkFlow(c, client, flow); err != nil {
		return nil, err
	}
	if flow == "REFRESH_TOKEN" || flow == "REFRESH_TOKEN_AUTH" {
		return p.refreshFlow(c, client, in)
	}
	params := in.AuthParameters
	name := params["USERNAME"]
	if name == "" {
		return nil, refusal.MissingParameter("USERNAME")
	}
	if err := (awsjson.Rule{Max: model.Rules["username"].Max}).Check(model.Exception, "username", name); err != nil {
		return nil, err
	}
	if err := checkSecretHash(client, params["SECRET_HASH"], p.signInNames(name)...); err != nil {
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

// checkFlow refuses a flow that the operation or the client does not have. Cognito words the
// refusal in several ways; clients read the type.
func checkFlow(c *call, client *Client, flow string) error {
	adminOnly := strings.HasPrefix(flow, "ADMIN_")
	if adminOnly && !c.isAdmin {
		return refusal.InvalidParameter("Initiate Auth method not supported.")
	}
	if flow == "USER_PASSWORD_AUTH" && c.isAdmin {
		return refusal.InvalidParameter("Initiate Auth method not supported.")
	}
	if flow == "USER_AUTH" || !client.Allows(flow) {
		if flow == "USER_PASSWORD_AUTH" {
			return refusal.InvalidParameter("USER_PASSWORD_AUTH flow not enabled for this client")
		}
		return refusal.InvalidParameter("%s is not enabled for the client.", flow)
	}
	return nil
}

// passwordSignIn answers the flows that send the password itself.
func (p *Pool) passwordSignIn(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	password := in.AuthParameters["PASSWORD"]
	if password == "" {
		return nil, refusal.MissingParameter("PASSWORD")
	}
	s, err := p.subjectOf(client, name)
	if err != nil {
		return nil, err
	}
	if s.account != nil && s.account.Status == users.Unconfirmed {
		return nil, refusal.UserNotConfirmed
	}
	if err := p.triggers.PreAuthentication(c.ctx, client.ID, p.person(s), in.ClientMetadata); err != nil {
		return nil, err
	}
	if s.account == nil {
		p.fakeVerifier(name).Matches(p.users.SRPName(), s.username, password) // the same work
		return nil, refusal.WrongCredentials
	}
	c.sub = s.account.Sub
	if err := p.checkPassword(s.account, password); err != nil {
		return nil, err
	}
	return p.afterPassword(c, s, flowPassword, in.ClientMetadata)
}

// afterPassword goes on, outside of CUSTOM_AUTH, once the password is proven.
func (p *Pool) afterPassword(c *call, s *subject, flow string, metadata map[string]string) (any, error) {
	if err := s.account.CheckUsable(); err != nil {
		return nil, err
	}
	if s.account.Status == users.ForceChange {
		return p.askNewPassword(s, &session.State{Flow: flow})
	}
	return p.complete(c, s, "Authentication", metadata)
}
