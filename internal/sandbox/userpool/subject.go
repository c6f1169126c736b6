package userpool

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// subject is the user of a sign-in, who may not exist.
type subject struct {
	client *Client
	// account is nil for an unknown user.
	account *users.Account
	// username is the internal name or the dummy UUID.
	username string
	typed    string
}

// subjectOf finds the user of a typed name. Without PreventUserExistenceErrors an unknown name is
// an error, before any trigger runs.
func (p *Pool) subjectOf(client *Client, name string) (*subject, error) {
	a, ok := p.users.Find(name)
	if !ok {
		if !client.PreventUserExistenceErrors {
			return nil, refusal.UserNotFound
		}
		return &subject{client: client, username: p.dummyUsername(name), typed: name}, nil
	}
	return &subject{client: client, account: a, username: a.Username, typed: name}, nil
}

// begin finds the user of a sign-in that begins, who must be allowed to sign in.
func (p *Pool) begin(c *call, client *Client, name string) (*subject, error) {
	s, err := p.subjectOf(client, name)
	if err != nil || s.account == nil {
		return s, err
	}
	c.sub = s.account.Sub
	return s, s.account.CheckUsable()
}

// resumeState finds the user of an answer, whose USERNAME must name the user of the sign-in.
func (p *Pool) resumeState(c *call, client *Client, state *session.State, username string) (*subject, *session.State,
	error) {
	if !p.isSameUser(state, username) {
		return nil, nil, refusal.SessionInvalid
	}
	s, err := p.subjectOfState(client, state)
	if err != nil {
		return nil, nil, err
	}
	if s.account != nil {
		c.sub = s.account.Sub
	}
	return s, state, nil
}

// subjectOfState finds the user of a sign-in that has begun. A user who did not exist at the start
// stays unknown, even if another user has taken the name since.
func (p *Pool) subjectOfState(client *Client, state *session.State) (*subject, error) {
	s := &subject{client: client, username: state.Username, typed: state.Typed}
	if state.Unknown == 1 {
		return s, nil
	}
	a, ok := p.users.Find(state.Username)
	if !ok {
		if client.PreventUserExistenceErrors {
			return nil, refusal.WrongCredentials
		}
		return nil, refusal.UserNotFound
	}
	s.account = a
	return s, a.CheckUsable()
}

// person is the subject in events. An unknown user has no attributes.
func (p *Pool) person(s *subject) triggers.Person {
	who := triggers.Person{UserName: s.username, Attributes: map[string]string{}}
	if s.client.PreventUserExistenceErrors {
		notFound := s.account == nil
		who.NotFound = &notFound
	}
	switch {
	case s.account != nil:
		who.Attributes = p.triggers.Attributes(s.account)
	case !p.opts.UnknownUserNameIsDummy:
		who.UserName = s.typed
	}
	return who
}

// reload reads the account again: a trigger may have changed it, an administrator may have deleted
// it.
func (p *Pool) reload(s *subject) error {
	a, ok := p.users.Find(s.username)
	if s.account == nil || !ok {
		return refusal.WrongCredentials
	}
	s.account = a
	return a.CheckUsable()
}

// complete ends a sign-in with tokens. The source names the cause in PreTokenGeneration's event.
func (p *Pool) complete(c *call, s *subject, source string, metadata map[string]string) (any, error) {
	if err := p.reload(s); err != nil {
		return nil, err
	}
	if err := p.triggers.PostAuthentication(c.ctx, s.client.ID, s.account, metadata); err != nil {
		return nil, err
	}
	g := p.tokens.Begin(s.account.Username, s.client)
	result, err := p.issue(c, s.client, s.account, g, source, metadata)
	if err != nil {
		return nil, err
	}
	result.RefreshToken = p.tokens.Store(g)
	return &authOutput{ChallengeParameters: map[string]string{}, AuthenticationResult: result}, nil
}
