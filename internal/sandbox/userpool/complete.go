package userpool

// complete ends a sign-in with tokens. The source names what PreTokenGeneration
// is called for.
func (p *Pool) complete(c *call, s *subject, source string, metadata map[string]string) (any, error) {
	if err := p.reload(s); err != nil {
		return nil, err
	}
	if err := p.postAuthentication(c, s.client, s.account, metadata); err != nil {
		return nil, err
	}
	result, err := p.newGrant(c, s, source, metadata)
	if err != nil {
		return nil, err
	}
	return &authOutput{ChallengeParameters: map[string]string{}, AuthenticationResult: result}, nil
}

// reload reads the account again: a trigger may have changed it, an
// administrator may have taken it away.
func (p *Pool) reload(s *subject) error {
	if s.account == nil {
		return errWrongCredentials()
	}
	a, ok := p.users.find(s.username)
	if !ok {
		return errWrongCredentials()
	}
	s.account = a
	return s.usable()
}
