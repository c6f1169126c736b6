package userpool

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
)

// startCustom begins CUSTOM_AUTH. The client chooses the start: CHALLENGE_NAME=SRP_A makes the
// session of DefineAuthChallenge one true SRP_A row, which proves nothing; without CHALLENGE_NAME
// it is empty.
func (p *Pool) startCustom(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	if t := p.cfg.Triggers; !t[DefineAuthChallenge] || !t[CreateAuthChallenge] || !t[VerifyAuthChallengeResponse] {
		return nil, refusal.InvalidParameter("Custom auth lambda trigger is not configured for the user pool.")
	}
	state := &session.State{Client: client.ID, Flow: flowCustom}
	params := in.AuthParameters
	srpA := ""
	switch params["CHALLENGE_NAME"] {
	case "":
	case challengeSRPA:
		srpA = params["SRP_A"]
		if err := checkSRPA(srpA); err != nil {
			return nil, err
		}
		state.Append(challengeSRPA, true)
	case challengeCustom:
		if p.opts.CustomChallengeEntryRow {
			state.Append(challengeCustom, true)
		}
	default:
		return nil, refusal.InvalidParameter("Invalid CHALLENGE_NAME: the entry must be %s.", challengeSRPA)
	}
	s, err := p.begin(c, client, name)
	if err != nil {
		return nil, err
	}
	// A sign-in without a password is reported not to reach PreAuthentication.
	if srpA != "" {
		if err := p.triggers.PreAuthentication(c.ctx, client.ID, p.person(s), in.ClientMetadata); err != nil {
			return nil, err
		}
	}
	// InitiateAuth's ClientMetadata reaches neither Define nor Create.
	return p.advance(c, s, state, srpA, nil)
}

// advance calls DefineAuthChallenge for the next step and carries it out. The srpA is empty except
// in the request that began the sign-in.
func (p *Pool) advance(c *call, s *subject, state *session.State, srpA string, metadata map[string]string) (any,
	error) {
	next, err := p.triggers.Define(c.ctx, state, p.person(s), metadata)
	if err != nil {
		return nil, err
	}
	if triggers.IsTrue(next.FailAuthentication) {
		return nil, refusal.WrongCredentials
	}
	if triggers.IsTrue(next.IssueTokens) {
		if s.account == nil {
			p.log.Error("DefineAuthChallenge issued tokens for a user who does not exist; refused", "requestId", c.id)
			return nil, refusal.WrongCredentials
		}
		return p.complete(c, s, tokenSource(state), metadata)
	}
	challenge := ""
	if next.ChallengeName != nil {
		challenge = *next.ChallengeName
	}
	switch challenge {
	case challengeCustom:
		return p.askCustom(c, s, state, metadata)
	case challengePassword:
		return p.askPassword(s, state, srpA)
	case challengeNewPassword:
		return p.askNewPassword(s, state)
	}
	return nil, refusal.Unrecognizable
}

// tokenSource is the source in PreTokenGeneration's event: a new password if that was the last
// challenge. The source after a custom challenge that followed a new password is not established.
func tokenSource(state *session.State) string {
	if n := len(state.Rows); n > 0 && state.Rows[n-1].Name == challengeNewPassword {
		return "NewPasswordChallenge"
	}
	return "Authentication"
}

// askCustom sends the client a challenge of CreateAuthChallenge.
func (p *Pool) askCustom(c *call, s *subject, state *session.State, metadata map[string]string) (any, error) {
	if p.opts.CreateSeesNoClientMetadata {
		metadata = nil
	}
	made, err := p.triggers.Create(c.ctx, state, p.person(s), metadata)
	if err != nil {
		return nil, err
	}
	public, ok := plainMap(made.Public)
	private, ok2 := plainMap(made.Private)
	if !ok || !ok2 {
		return nil, refusal.Unrecognizable
	}
	// Without private parameters a live pool is reported to answer as for a wrong password.
	if len(private) == 0 {
		return nil, refusal.WrongCredentials
	}
	state.Challenge, state.Private, state.Metadata = challengeCustom, private, made.Metadata
	public["USERNAME"] = s.username
	return p.ask(s, state, public)
}

// ask sends the client a challenge with a new Session.
func (p *Pool) ask(s *subject, state *session.State, params map[string]string) (any, error) {
	state.Client, state.Username, state.Typed, state.Unknown = s.client.ID, s.username, s.typed, 0
	if s.account == nil {
		state.Unknown = 1
	}
	text, err := p.sessions.Issue(s.client, state)
	if err != nil {
		return nil, err
	}
	return &authOutput{ChallengeName: state.Challenge, ChallengeParameters: params, Session: text}, nil
}

// answerCustom has Verify check the answer to a custom challenge, then goes on.
func (p *Pool) answerCustom(c *call, s *subject, state *session.State, answer string, metadata map[string]string) (any,
	error) {
	right, err := p.triggers.Verify(c.ctx, state, p.person(s), answer, metadata)
	if err != nil {
		return nil, err
	}
	state.Rows = append(state.Rows, session.Row{Name: challengeCustom, Result: right, Metadata: state.Metadata})
	state.Private, state.Metadata = nil, nil
	// The trigger may have changed the user, as by verifying the address.
	if s.account != nil {
		if err := p.reload(s); err != nil {
			return nil, err
		}
	}
	return p.advance(c, s, state, "", metadata)
}

// plainMap returns the map without pointers, and false if a value is null. A null map is empty.
func plainMap(m map[string]*string) (map[string]string, bool) {
	out := make(map[string]string, len(m)+1)
	for k, v := range m {
		if v == nil {
			return nil, false
		}
		out[k] = *v
	}
	return out, true
}
