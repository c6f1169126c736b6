package userpool

import (
	"errors"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
)

type respondInput struct {
	ChallengeName      string      `rule:"challenge,required"`
	ClientId           string      `rule:"clientID,required"`
	Session            string      `rule:"session"`
	ChallengeResponses awsjson.Map `rule:"texts"`
	ClientMetadata     awsjson.Map `rule:"texts"`
}

// respondToAuthChallenge answers RespondToAuthChallenge and its Admin form.
func (p *Pool) respondToAuthChallenge(c *call, in *respondInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	answers := in.ChallengeResponses
	name := answers["USERNAME"]
	if name == "" {
		return nil, refusal.MissingParameter("USERNAME")
	}
	if err := checkSecretHash(client, answers["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	// An error before the Session is spent leaves it usable.
	switch in.ChallengeName {
	case challengeCustom:
		return p.respondCustom(c, client, in)
	case challengePassword:
		return p.respondPassword(c, client, in)
	case challengeNewPassword:
		return p.respondNewPassword(c, client, in)
	}
	return nil, refusal.SessionInvalid
}

func (p *Pool) respondCustom(c *call, client *Client, in *respondInput) (any, error) {
	answer := in.ChallengeResponses["ANSWER"]
	if answer == "" {
		return nil, refusal.MissingParameter("ANSWER")
	}
	s, state, err := p.resume(c, client, in, challengeCustom)
	if err != nil {
		return nil, err
	}
	return p.spend(state, func() (any, error) {
		return p.answerCustom(c, s, state, answer, in.ClientMetadata)
	})
}

// resume reads the Session of an answer and finds its user.
func (p *Pool) resume(c *call, client *Client, in *respondInput, challenge string) (*subject, *session.State, error) {
	state, err := p.sessions.Open(client, in.Session)
	if err != nil {
		return nil, nil, err
	}
	if state.Challenge != challenge {
		return nil, nil, refusal.SessionInvalid
	}
	return p.resumeState(c, client, state, in.ChallengeResponses["USERNAME"])
}

// isSameUser reports whether the USERNAME of an answer names the user of the sign-in: by the
// internal name from ChallengeParameters, the name typed at the start, or another alias.
func (p *Pool) isSameUser(state *session.State, name string) bool {
	if name == state.Username || p.users.Fold(name) == p.users.Fold(state.Typed) {
		return true
	}
	a, ok := p.users.Find(name)
	return ok && state.Unknown == 0 && a.Username == state.Username
}

// spend spends the Session of state, then runs next. After a trigger's failure the Session is dead,
// for which Cognito has another error than for a used one.
func (p *Pool) spend(state *session.State, next func() (any, error)) (any, error) {
	id := state.ID
	if err := p.sessions.Spend(state); err != nil {
		return nil, err
	}
	out, err := next()
	var e *awsjson.Error
	if errors.As(err, &e) && refusal.IsTriggerError(e) {
		p.sessions.Kill(id)
	}
	return out, err
}
