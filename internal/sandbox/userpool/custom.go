package userpool

// startCustom begins CUSTOM_AUTH. The client chooses how: CHALLENGE_NAME=SRP_A
// hands DefineAuthChallenge one true SRP_A row, though nobody has proven
// anything by it; without a CHALLENGE_NAME the session is empty.
func (p *Pool) startCustom(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	if !p.has(DefineAuthChallenge) || !p.has(CreateAuthChallenge) || !p.has(VerifyAuthChallengeResponse) {
		return nil, invalidParameter("Custom auth lambda trigger is not configured for the user pool.")
	}
	state := &signIn{Client: client.ID, Flow: flowCustom}
	params := in.AuthParameters
	srpA := ""
	switch params["CHALLENGE_NAME"] {
	case "":
	case challengeSRPA:
		srpA = params["SRP_A"]
		if err := checkSRPA(srpA); err != nil {
			return nil, err
		}
		state.Rows = append(state.Rows, sessionRow{Name: challengeSRPA, Result: true})
	case challengeCustom:
		if p.opts.CustomChallengeEntryRow {
			state.Rows = append(state.Rows, sessionRow{Name: challengeCustom, Result: true})
		}
	default:
		return nil, invalidParameter("Invalid CHALLENGE_NAME: the entry must be %s.", challengeSRPA)
	}
	s, err := p.subjectOf(client, name)
	if err != nil {
		return nil, err
	}
	if err := s.usable(); err != nil {
		return nil, err
	}
	c.sub = subOf(s)
	// A sign-in without a password is reported not to reach PreAuthentication.
	if srpA != "" {
		if err := p.preAuthentication(c, client, p.person(s), in.ClientMetadata); err != nil {
			return nil, err
		}
	}
	// InitiateAuth's ClientMetadata reaches neither Define nor Create.
	return p.advance(c, s, state, srpA, nil)
}

// advance asks DefineAuthChallenge what comes after the rows of state, and does
// it. The srpA is empty except in the request that began the sign-in.
func (p *Pool) advance(c *call, s *subject, state *signIn, srpA string, metadata map[string]string) (any, error) {
	next, err := p.define(c, s.client, p.person(s), state.rows(), metadata)
	if err != nil {
		return nil, err
	}
	if isTrue(next.FailAuthentication) {
		return nil, errWrongCredentials()
	}
	if isTrue(next.IssueTokens) {
		if s.account == nil {
			p.log.Error("DefineAuthChallenge asked for tokens for a user who does not exist; refused", "requestId", c.id)
			return nil, errWrongCredentials()
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
	return nil, errUnrecognizable()
}

// tokenSource is what PreTokenGeneration is told when Define issues tokens: a
// new password when that was the last challenge. What a live pool says after a
// custom challenge that followed a new password is not established.
func tokenSource(state *signIn) string {
	if n := len(state.Rows); n > 0 && state.Rows[n-1].Name == challengeNewPassword {
		return "NewPasswordChallenge"
	}
	return "Authentication"
}

// askCustom asks CreateAuthChallenge for a challenge and hands it to the client.
func (p *Pool) askCustom(c *call, s *subject, state *signIn, metadata map[string]string) (any, error) {
	made, err := p.create(c, s.client, p.person(s), state.rows(), metadata)
	if err != nil {
		return nil, err
	}
	public, ok := plainMap(made.Public)
	private, ok2 := plainMap(made.Private)
	if !ok || !ok2 {
		return nil, errUnrecognizable()
	}
	// Without private parameters a live pool is reported to answer as for a wrong password.
	if len(private) == 0 {
		return nil, errWrongCredentials()
	}
	state.Challenge, state.Private, state.Metadata = challengeCustom, private, made.Metadata
	public["USERNAME"] = s.username
	return p.ask(s, state, public)
}

// ask hands a challenge to the client, with a fresh Session.
func (p *Pool) ask(s *subject, state *signIn, params map[string]string) (any, error) {
	state.Client, state.Username, state.Typed, state.Unknown = s.client.ID, s.username, s.typed, 0
	if s.account == nil {
		state.Unknown = 1
	}
	session, err := p.issue(s.client, state)
	if err != nil {
		return nil, err
	}
	return &authOutput{ChallengeName: state.Challenge, ChallengeParameters: params, Session: session}, nil
}

// answerCustom takes the answer to a custom challenge through Verify and Define.
func (p *Pool) answerCustom(c *call, s *subject, state *signIn, answer string, metadata map[string]string) (any, error) {
	right, err := p.verify(c, s.client, p.person(s), state.Private, answer, metadata)
	if err != nil {
		return nil, err
	}
	state.Rows = append(state.Rows, sessionRow{Name: challengeCustom, Result: right, Metadata: state.Metadata})
	state.Private, state.Metadata = nil, nil
	// The trigger may have changed the user, as by verifying the address.
	if s.account != nil {
		if err := p.reload(s); err != nil {
			return nil, err
		}
	}
	return p.advance(c, s, state, "", metadata)
}

// plainMap returns the map without pointers, and false if a value was null. A
// null map is an empty one.
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
