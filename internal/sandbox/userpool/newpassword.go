package userpool

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const newAttributePrefix = "userAttributes."

// askNewPassword asks a user with a temporary password for one of their own. The
// two JSON texts must be there even when empty: clients parse both.
func (p *Pool) askNewPassword(s *subject, state *signIn) (any, error) {
	if s.account == nil {
		return nil, errWrongCredentials()
	}
	if s.account.status != statusForceChange && s.account.status != statusResetRequired {
		return nil, errUnrecognizable()
	}
	readable := p.readable(s.client, s.account)
	delete(readable, "sub")
	current, err := json.Marshal(readable)
	if err != nil {
		return nil, fmt.Errorf("encoding attributes: %w", err)
	}
	missing := []string{}
	for _, name := range p.missingRequired(s.account.attributes) {
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

// respondNewPassword takes the new password. A password that breaks the policy
// leaves the Session usable, so that the person can try another.
func (p *Pool) respondNewPassword(c *call, client *Client, in *respondInput) (any, error) {
	password := in.ChallengeResponses["NEW_PASSWORD"]
	if password == "" {
		return nil, errMissingParameter("NEW_PASSWORD")
	}
	s, state, err := p.resume(c, client, in, challengeNewPassword)
	if err != nil {
		return nil, err
	}
	if err := p.cfg.PasswordPolicy.check(password); err != nil {
		return nil, err
	}
	changes, err := p.newAttributes(s, in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	return p.spending(state, func() (any, error) {
		if err := p.changePassword(s, password, changes); err != nil {
			return nil, err
		}
		state.Rows = append(state.Rows, sessionRow{Name: challengeNewPassword, Result: true})
		if state.Flow != flowCustom || p.opts.NewPasswordIssuesTokens {
			return p.complete(c, s, "NewPasswordChallenge", in.ClientMetadata)
		}
		return p.advance(c, s, state, "", in.ClientMetadata)
	})
}

// newAttributes reads the userAttributes.<name> answers, as the client may write them.
func (p *Pool) newAttributes(s *subject, answers map[string]string) (map[string]string, error) {
	var list []attribute
	merged := s.account.allAttributes()
	for key, value := range answers {
		if name, ok := strings.CutPrefix(key, newAttributePrefix); ok {
			list = append(list, attribute{name, value})
			merged[name] = value
		}
	}
	slices.SortFunc(list, func(a, b attribute) int { return strings.Compare(a.Name, b.Name) })
	if err := p.writable(s.client, list); err != nil {
		return nil, err
	}
	if missing := p.missingRequired(merged); len(missing) > 0 {
		return nil, invalidParameter("Attributes did not conform to the schema: %s", missingText(missing))
	}
	return p.judged(list, s.account)
}

// changePassword stores the new password, which confirms the user.
func (p *Pool) changePassword(s *subject, password string, attributes map[string]string) error {
	verifier := p.verifier(s.username, password)
	a, err := p.users.update(s.username, func(a *account) error {
		// Somebody may have answered the challenge of another sign-in first.
		if a.status != statusForceChange && a.status != statusResetRequired {
			return errSessionInvalid()
		}
		p.putAttributes(a, attributes)
		a.usePassword(verifier, p.now())
		return nil
	})
	if err != nil {
		return err
	}
	s.account = a
	return nil
}
