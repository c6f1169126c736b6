package userpool

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/srp"
)

// startSRP begins USER_SRP_AUTH.
func (p *Pool) startSRP(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	srpA := in.AuthParameters["SRP_A"]
	if err := checkSRPA(srpA); err != nil {
		return nil, err
	}
	s, err := p.subjectOf(client, name)
	if err != nil {
		return nil, err
	}
	if err := s.usable(); err != nil {
		return nil, err
	}
	c.sub = subOf(s)
	if err := p.preAuthentication(c, client, p.person(s), in.ClientMetadata); err != nil {
		return nil, err
	}
	return p.askPassword(s, &signIn{Flow: flowSRP}, srpA)
}

// checkSRPA refuses an SRP_A that is missing or can't be a public value.
func checkSRPA(srpA string) error {
	if srpA == "" {
		return errMissingParameter("SRP_A")
	}
	if err := srp.CheckPublic(srpA); err != nil {
		return invalidParameter("Invalid SRP_A: %s", err.Error())
	}
	return nil
}

// secretBlock is the content of SECRET_BLOCK: the server's side of the exchange.
// In USER_SRP_AUTH, where clients send no Session, it is the whole sign-in.
type secretBlock struct {
	State    signIn
	Exchange *srp.Exchange
}

// askPassword hands a PASSWORD_VERIFIER challenge to the client. Without SRP_A
// there is nothing to prove a password with; what a live pool answers then is
// not established.
func (p *Pool) askPassword(s *subject, state *signIn, srpA string) (any, error) {
	if srpA == "" {
		return nil, errWrongCredentials()
	}
	verifier := p.verifierOf(s)
	exchange, err := srp.NewExchange(p.rand, verifier, srpA)
	if err != nil {
		return nil, invalidParameter("Invalid SRP_A: %s", err.Error())
	}
	state.Challenge = challengePassword
	out, err := p.askWithBlock(s, state, exchange)
	if err != nil {
		return nil, err
	}
	out.ChallengeParameters["SALT"] = verifier.SaltHex()
	out.ChallengeParameters["SRP_B"] = exchange.SRPB()
	return out, nil
}

// askWithBlock seals the exchange into a secret block and, inside CUSTOM_AUTH,
// ties a Session to it.
func (p *Pool) askWithBlock(s *subject, state *signIn, exchange *srp.Exchange) (*authOutput, error) {
	out := &authOutput{ChallengeName: challengePassword, ChallengeParameters: map[string]string{
		"USERNAME": s.username, "USER_ID_FOR_SRP": s.username,
	}}
	state.Block = base64.RawURLEncoding.EncodeToString(p.bytes(16))
	asked, err := p.ask(s, state, out.ChallengeParameters)
	if err != nil {
		return nil, err
	}
	if state.Flow == flowCustom {
		out.Session = asked.(*authOutput).Session
	}
	plain, err := json.Marshal(secretBlock{State: *state, Exchange: exchange})
	if err != nil {
		return nil, fmt.Errorf("encoding a secret block: %w", err)
	}
	out.ChallengeParameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(p.sealed(purposeBlock, plain))
	return out, nil
}

// respondPassword checks the proof of a password.
func (p *Pool) respondPassword(c *call, client *Client, in *respondInput) (any, error) {
	answers := in.ChallengeResponses
	for _, name := range []string{"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"} {
		if answers[name] == "" {
			return nil, errMissingParameter(name)
		}
	}
	timestamp, err := srp.NormalizeTimestamp(answers["TIMESTAMP"])
	if err != nil {
		return nil, invalidParameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	raw, block, err := p.openBlock(client, answers["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	s, state, err := p.resumePassword(c, client, in, block)
	if err != nil {
		return nil, err
	}
	return p.spending(state, func() (any, error) {
		if err := p.proveClaim(s, block.Exchange, raw, timestamp, answers["PASSWORD_CLAIM_SIGNATURE"]); err != nil {
			return nil, err
		}
		if state.Flow != flowCustom {
			return p.afterPassword(c, s, state.Flow, in.ClientMetadata)
		}
		state.Rows, state.Block = append(state.Rows, sessionRow{Name: challengePassword, Result: true}), ""
		if p.opts.NewPasswordIssuesTokens && s.account.status == statusForceChange {
			return p.askNewPassword(s, state)
		}
		return p.advance(c, s, state, "", in.ClientMetadata)
	})
}

// openBlock decodes and decrypts a SECRET_BLOCK.
func (p *Pool) openBlock(client *Client, given string) ([]byte, *secretBlock, error) {
	raw, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return nil, nil, errWrongCredentials()
	}
	plain, ok := p.unsealed(purposeBlock, raw)
	block := new(secretBlock)
	if !ok || json.Unmarshal(plain, block) != nil || block.Exchange == nil || block.State.Client != client.ID {
		return nil, nil, errWrongCredentials()
	}
	return raw, block, nil
}

// resumePassword finds the sign-in that a proof belongs to: the Session's, which
// must be the one that the block was made for, or outside of CUSTOM_AUTH the
// block's own.
func (p *Pool) resumePassword(c *call, client *Client, in *respondInput, block *secretBlock) (*subject, *signIn, error) {
	if block.State.Flow == flowCustom {
		s, state, err := p.resume(c, client, in, challengePassword)
		if err == nil && state.Block != block.State.Block {
			err = errSessionInvalid()
		}
		return s, state, err
	}
	state := &block.State
	if p.now().UnixNano() >= state.Expires {
		return nil, nil, errSessionExpired()
	}
	if !p.sameUser(state, in.ChallengeResponses["USERNAME"]) {
		return nil, nil, errSessionInvalid()
	}
	s, err := p.subjectOfState(client, state)
	if err != nil {
		return nil, nil, err
	}
	c.sub = subOf(s)
	return s, state, nil
}

// proveClaim checks a password claim and counts it against the lock-out. A wrong
// one ends the sign-in: whether a live pool tells Define of it is not
// established.
func (p *Pool) proveClaim(s *subject, e *srp.Exchange, block []byte, timestamp, signature string) error {
	if s.account == nil {
		// The same work as for somebody who exists, and never a success. Nobody is
		// locked out here; whether a live pool pretends to is not established.
		e.Check(p.verifierOf(s), p.srpName(), s.username, block, timestamp, signature)
		return errWrongCredentials()
	}
	return p.prove(s.account, func(v srp.Verifier) bool {
		err := e.Check(v, p.srpName(), s.username, block, timestamp, signature)
		if err != nil && !errors.Is(err, srp.ErrClaim) {
			p.log.Error("password claim could not be checked", "error", err.Error())
		}
		return err == nil
	})
}

// provePassword checks a password that was sent as such.
func (p *Pool) provePassword(a *account, password string) error {
	return p.prove(a, func(v srp.Verifier) bool { return v.Matches(p.srpName(), a.username, password) })
}

// prove counts an attempt, then checks it: parallel guesses can't all slip in
// before the first is counted.
func (p *Pool) prove(a *account, check func(srp.Verifier) bool) error {
	if !p.users.attempt(a.username, p.now()) {
		return errLockedOut()
	}
	if !check(a.password) {
		return errWrongCredentials()
	}
	p.users.proven(a.username)
	if a.status == statusForceChange && !a.passwordExpires.IsZero() && p.now().After(a.passwordExpires) {
		return errTemporaryExpired()
	}
	// Whether a live pool would rather go on to Define here is not established.
	if a.status == statusResetRequired {
		return errResetRequired()
	}
	return nil
}

// verifierOf is the subject's verifier, a simulated one for an unknown user.
func (p *Pool) verifierOf(s *subject) srp.Verifier {
	if s.account == nil {
		return p.fakeVerifier(s.typed)
	}
	return s.account.password
}

// fakeVerifier is the verifier of a user who doesn't exist. Its salt is the same
// each time that the name is asked for.
func (p *Pool) fakeVerifier(name string) srp.Verifier {
	const modulusSize = srp.MaxHexDigits / 2
	seed := p.fake("srp", name)
	out, err := hkdf.Expand(sha256.New, seed, "salt and verifier", srp.SaltSize+modulusSize)
	if err != nil {
		panic(fmt.Sprintf("deriving a simulated verifier: %v", err))
	}
	return srp.Verifier{Salt: out[:srp.SaltSize], V: out[srp.SaltSize:]}
}

// dummyUsername is the UUID that stands for a name nobody has, the same each time.
func (p *Pool) dummyUsername(name string) string { return formatUUID(p.fake("username", name)[:16]) }

func (p *Pool) fake(label, name string) []byte {
	mac := hmac.New(sha256.New, p.fakeKey)
	mac.Write([]byte(label + "\x00" + p.users.fold(name)))
	return mac.Sum(nil)
}
