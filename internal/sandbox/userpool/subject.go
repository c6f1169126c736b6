package userpool

// subject is whom a sign-in is for: an account, or a name that nobody has.
type subject struct {
	client *Client
	// account is nil for an unknown user.
	account *account
	// username is the internal name or the dummy UUID.
	username string
	typed    string
}

// subjectOf finds whom a typed name stands for. A client that doesn't hide who
// exists gets an error for an unknown name, before any trigger has run.
func (p *Pool) subjectOf(client *Client, name string) (*subject, error) {
	a, ok := p.users.find(name)
	if !ok {
		if !client.PreventUserExistenceErrors {
			return nil, errUserNotFound()
		}
		return &subject{client: client, username: p.dummyUsername(name), typed: name}, nil
	}
	return &subject{client: client, account: a, username: a.username, typed: name}, nil
}

// usable refuses an account that may not sign in.
func (s *subject) usable() error {
	switch {
	case s.account == nil:
		return nil
	case !s.account.enabled:
		return errUserDisabled()
	case s.account.status == statusUnconfirmed:
		return errUserNotConfirmed()
	}
	return nil
}

// person is the subject as events show it. An unknown user has no attributes.
func (p *Pool) person(s *subject) person {
	who := person{userName: s.username, attributes: map[string]string{}}
	if s.client.PreventUserExistenceErrors {
		notFound := s.account == nil
		who.notFound = &notFound
	}
	switch {
	case s.account != nil:
		who.attributes = p.eventAttributes(s.account)
	case !p.opts.UnknownUserNameIsDummy:
		who.userName = s.typed
	}
	return who
}

// subOf is the sub for the log, "" for an unknown user.
func subOf(s *subject) string {
	if s.account == nil {
		return ""
	}
	return s.account.sub
}
