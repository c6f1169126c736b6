package userpool

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

const newAttributePrefix = "userAttributes."

// askNewPassword sends NEW_PASSWORD_REQUIRED to a user with a temporary password. Clients parse the
// two JSON texts even when they are empty.
func (p *Pool) askNewPassword(s *subject, state *session.State) (any, error) {
	if s.account == nil {
		return nil, refusal.WrongCredentials
	}
	if !s.account.CanChoosePassword() {
		return nil, refusal.Unrecognizable
	}
	readable := p.users.Readable(s.client, s.account)
	delete(readable, "sub")
	current, err := json.Marshal(readable)
	if err != nil {
		return nil, fmt.Errorf("encoding attributes: %w", err)
	}
	missing := []string{}
	for _, name := range p.users.Missing(s.account.Attributes) {
		missing = append(missing, newAttributePrefix+name)
	}
	required, err := json.Marshal(missing)
	if err != nil {
		return nil, fmt.Errorf("encoding attribute names: %w", err)
	}
	state.Challenge = challengeNewPassword
	return p.ask(s, state, map[string]string{
		"USERNAME": s.username, "USER_ID_FOR_SRP": s.username,
		"userAttributes": string(current), "requiredAttributes": string(required),
	})
}

// respondNewPassword stores the new password. One that breaks the policy leaves the Session usable.
func (p *Pool) respondNewPassword(c *call, client *Client, in *respondInput) (any, error) {
	password := in.ChallengeResponses["NEW_PASSWORD"]
	if password == "" {
		return nil, refusal.MissingParameter("NEW_PASSWORD")
	}
	s, state, err := p.resume(c, client, in, challengeNewPassword)
	if err != nil {
		return nil, err
	}
	if err := p.users.CheckPassword(password); err != nil {
		return nil, err
	}
	changes, err := p.newAttributes(s, in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	return p.spend(state, func() (any, error) {
		if err := p.changePassword(s, password, changes); err != nil {
			return nil, err
		}
		state.Append(challengeNewPassword, true)
		if state.Flow != flowCustom || p.opts.NewPasswordIssuesTokens {
			return p.complete(c, s, "NewPasswordChallenge", in.ClientMetadata)
		}
		return p.advance(c, s, state, "", in.ClientMetadata)
	})
}

// newAttributes reads the userAttributes.<name> answers, as the client may write them.
func (p *Pool) newAttributes(s *subject, answers map[string]string) (map[string]string, error) {
	var list []users.Attribute
	merged := s.account.AllAttributes()
	for key, value := range answers {
		if name, ok := strings.CutPrefix(key, newAttributePrefix); ok {
			list = append(list, users.Attribute{Name: name, Value: value})
			merged[name] = value
		}
	}
	slices.SortFunc(list, func(a, b users.Attribute) int { return strings.Compare(a.Name, b.Name) })
	if err := p.users.CheckWritable(s.client, list); err != nil {
		return nil, err
	}
	if err := p.users.CheckComplete(merged); err != nil {
		return nil, err
	}
	return p.users.CheckAttributes(list, s.account)
}

// changePassword stores the new password, which confirms the user.
func (p *Pool) changePassword(s *subject, password string, attributes map[string]string) error {
	verifier := p.users.Verifier(s.username, password)
	a, err := p.users.Update(s.username, func(a *users.Account) error {
		// Another sign-in may have been first.
		if !a.CanChoosePassword() {
			return refusal.SessionInvalid
		}
		p.users.Put(a, attributes)
		a.UsePassword(verifier, p.now())
		return nil
	})
	if err != nil {
		return err
	}
	s.account = a
	return nil
}
