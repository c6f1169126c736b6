package userpool

import "errors"

type respondInput struct {
	ChallengeName      text
	ClientId           text
	UserPoolId         text
	ChallengeResponses stringMap
	Session            text
	ClientMetadata     stringMap
}

func (in *respondInput) check(c *constraints) {
	if !in.ChallengeName.set {
		c.add("challengeName", "not be null")
	}
	c.enum("challengeName", in.ChallengeName, "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "SELECT_MFA_TYPE", "MFA_SETUP",
		"PASSWORD_VERIFIER", "CUSTOM_CHALLENGE", "SELECT_CHALLENGE", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER",
		"ADMIN_NO_SRP_AUTH", "NEW_PASSWORD_REQUIRED", "SMS_OTP", "PASSWORD", "WEB_AUTHN", "PASSWORD_SRP")
	c.clientID(in.ClientId)
	c.session(in.Session)
	c.texts("challengeResponses", in.ChallengeResponses)
	c.texts("clientMetadata", in.ClientMetadata)
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
		return nil, errMissingParameter("USERNAME")
	}
	if err := p.checkSecretHash(client, answers["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	// Everything that is judged before the Session is spent leaves it usable.
	switch in.ChallengeName.value {
	case challengeCustom:
		return p.respondCustom(c, client, in)
	case challengePassword:
		return p.respondPassword(c, client, in)
	case challengeNewPassword:
		return p.respondNewPassword(c, client, in)
	}
	return nil, errSessionInvalid()
}

func (p *Pool) respondCustom(c *call, client *Client, in *respondInput) (any, error) {
	answer := in.ChallengeResponses["ANSWER"]
	if answer == "" {
		return nil, errMissingParameter("ANSWER")
	}
	s, state, err := p.resume(c, client, in, challengeCustom)
	if err != nil {
		return nil, err
	}
	return p.spending(state, func() (any, error) {
		return p.answerCustom(c, s, state, answer, in.ClientMetadata)
	})
}

// resume reads the Session of an answer and finds whom it is for.
func (p *Pool) resume(c *call, client *Client, in *respondInput, challenge string) (*subject, *signIn, error) {
	state, err := p.open(client, in.Session)
	if err != nil {
		return nil, nil, err
	}
	if state.Challenge != challenge || !p.sameUser(state, in.ChallengeResponses["USERNAME"]) {
		return nil, nil, errSessionInvalid()
	}
	s, err := p.subjectOfState(client, state)
	if err != nil {
		return nil, nil, err
	}
	c.sub = subOf(s)
	return s, state, nil
}

// sameUser reports whether the USERNAME of an answer is the one that the sign-in
// is for: the internal name from ChallengeParameters, the name as first typed,
// or any other alias of the same user.
func (p *Pool) sameUser(state *signIn, name string) bool {
	if name == state.Username || p.users.fold(name) == p.users.fold(state.Typed) {
		return true
	}
	a, ok := p.users.find(name)
	return ok && !state.unknown() && a.username == state.Username
}

// subjectOfState finds the subject of a sign-in that has begun. Who was unknown
// then stays unknown, even if somebody has taken the name since.
func (p *Pool) subjectOfState(client *Client, state *signIn) (*subject, error) {
	s := &subject{client: client, username: state.Username, typed: state.Typed}
	if state.unknown() {
		return s, nil
	}
	a, ok := p.users.find(state.Username)
	if !ok {
		if client.PreventUserExistenceErrors {
			return nil, errWrongCredentials()
		}
		return nil, errUserNotFound()
	}
	s.account = a
	return s, s.usable()
}

// spending spends the state's id and goes on. A trigger's failure leaves the
// Session dead, which the client is told in other words than used.
func (p *Pool) spending(state *signIn, then func() (any, error)) (any, error) {
	id := state.ID
	if err := p.spend(id, state.Expires); err != nil {
		return nil, err
	}
	out, err := then()
	if isTriggerError(err) {
		p.sessions.kill(id)
	}
	return out, err
}

func isTriggerError(err error) bool {
	var e *apiError
	if !errors.As(err, &e) {
		return false
	}
	switch e.kind {
	case "UserLambdaValidationException", "UnexpectedLambdaException", "InvalidLambdaResponseException":
		return true
	}
	return false
}
