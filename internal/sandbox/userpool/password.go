package userpool

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/session"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

// startSRP begins USER_SRP_AUTH.
func (p *Pool) startSRP(c *call, client *Client, name string, in *initiateAuthInput) (any, error) {
	srpA := in.AuthParameters["SRP_A"]
	if err := checkSRPA(srpA); err != nil {
		return nil, err
	}
	s, err := p.begin(c, client, name)
	if err != nil {
		return nil, err
	}
	if err := p.triggers.PreAuthentication(c.ctx, client.ID, p.person(s), in.ClientMetadata); err != nil {
		return nil, err
	}
	return p.askPassword(s, &session.State{Flow: flowSRP}, srpA)
}

// checkSRPA refuses an SRP_A that is missing or no public value.
func checkSRPA(srpA string) error {
	if srpA == "" {
		return refusal.MissingParameter("SRP_A")
	}
	if err := srp.CheckPublic(srpA); err != nil {
		return refusal.InvalidParameter("Invalid SRP_A: %s", err.Error())
	}
	return nil
}

// secretBlock is the content of SECRET_BLOCK: the server's side of the exchange. In USER_SRP_AUTH,
// where clients send no Session, it holds the whole sign-in.
type secretBlock struct {
	State    session.State
	Exchange *srp.Exchange
}

// askPassword sends the client a PASSWORD_VERIFIER challenge. Cognito's answer to
// DefineAuthChallenge asking for it without SRP_A is not established.
func (p *Pool) askPassword(s *subject, state *session.State, srpA string) (any, error) {
	if srpA == "" {
		return nil, refusal.WrongCredentials
	}
	verifier := p.verifierOf(s)
	exchange, err := srp.NewExchange(rand.Reader, verifier, srpA)
	if err != nil {
		return nil, refusal.InvalidParameter("Invalid SRP_A: %s", err.Error())
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

// askWithBlock seals the exchange into a secret block and, in CUSTOM_AUTH, ties a Session to it.
func (p *Pool) askWithBlock(s *subject, state *session.State, exchange *srp.Exchange) (*authOutput, error) {
	out := &authOutput{ChallengeName: challengePassword, ChallengeParameters: map[string]string{
		"USERNAME": s.username, "USER_ID_FOR_SRP": s.username,
	}}
	state.Block = base64.RawURLEncoding.EncodeToString(random.Bytes(16))
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
	sealed := p.sessions.Seal(session.SecretBlock, plain)
	out.ChallengeParameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(sealed)
	return out, nil
}

// respondPassword checks the proof of a password.
func (p *Pool) respondPassword(c *call, client *Client, in *respondInput) (any, error) {
	answers := in.ChallengeResponses
	for _, name := range []string{"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"} {
		if answers[name] == "" {
			return nil, refusal.MissingParameter(name)
		}
	}
	timestamp, err := srp.NormalizeTimestamp(answers["TIMESTAMP"])
	if err != nil {
		return nil, refusal.InvalidParameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	raw, block, err := p.openBlock(client, answers["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	s, state, err := p.resumePassword(c, client, in, block)
	if err != nil {
		return nil, err
	}
	return p.spend(state, func() (any, error) {
		if err := p.checkClaim(s, block.Exchange, raw, timestamp, answers["PASSWORD_CLAIM_SIGNATURE"]); err != nil {
			return nil, err
		}
		if state.Flow != flowCustom {
			return p.afterPassword(c, s, state.Flow, in.ClientMetadata)
		}
		state.Block = ""
		state.Append(challengePassword, true)
		if p.opts.NewPasswordIssuesTokens && s.account.Status == users.ForceChange {
			return p.askNewPassword(s, state)
		}
		return p.advance(c, s, state, "", in.ClientMetadata)
	})
}

// openBlock decodes and decrypts a SECRET_BLOCK.
func (p *Pool) openBlock(client *Client, given string) ([]byte, *secretBlock, error) {
	raw, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return nil, nil, refusal.WrongCredentials
	}
	plain, ok := p.sessions.Unseal(session.SecretBlock, raw)
	block := new(secretBlock)
	if !ok || json.Unmarshal(plain, block) != nil || block.Exchange == nil || block.State.Client != client.ID {
		return nil, nil, refusal.WrongCredentials
	}
	return raw, block, nil
}

// resumePassword finds the sign-in of a proof: in CUSTOM_AUTH the Session's, for which the block
// must have been made, otherwise the block's own.
func (p *Pool) resumePassword(c *call, client *Client, in *respondInput, block *secretBlock) (*subject, *session.State,
	error) {
	if block.State.Flow == flowCustom {
		s, state, err := p.resume(c, client, in, challengePassword)
		if err == nil && state.Block != block.State.Block {
			err = refusal.SessionInvalid
		}
		return s, state, err
	}
	state := &block.State
	if err := p.sessions.CheckExpiry(state); err != nil {
		return nil, nil, err
	}
	return p.resumeState(c, client, state, in.ChallengeResponses["USERNAME"])
}

// checkClaim checks a password claim and counts it for the lock-out. A wrong one ends the sign-in;
// whether a live pool calls DefineAuthChallenge then is not established.
func (p *Pool) checkClaim(s *subject, e *srp.Exchange, block []byte, timestamp, signature string) error {
	if s.account == nil {
		// The same work as for a known user, never a success and never a lock-out.
		e.Check(p.verifierOf(s), p.users.SRPName(), s.username, block, timestamp, signature)
		return refusal.WrongCredentials
	}
	return p.users.CheckPasswordOf(s.account, func(v srp.Verifier) bool {
		err := e.Check(v, p.users.SRPName(), s.username, block, timestamp, signature)
		if err != nil && !errors.Is(err, srp.ErrClaim) {
			p.log.Error("password claim could not be checked", "error", err.Error())
		}
		return err == nil
	})
}

// checkPassword checks a password that was sent in clear.
func (p *Pool) checkPassword(a *users.Account, password string) error {
	return p.users.CheckPasswordOf(a, func(v srp.Verifier) bool {
		return v.Matches(p.users.SRPName(), a.Username, password)
	})
}

// verifierOf is the subject's verifier, a simulated one for an unknown user.
func (p *Pool) verifierOf(s *subject) srp.Verifier {
	if s.account == nil {
		return p.fakeVerifier(s.typed)
	}
	return s.account.Password
}

// fakeVerifier is the verifier of a user who does not exist. A name always has the same salt.
func (p *Pool) fakeVerifier(name string) srp.Verifier {
	const modulusSize = srp.MaxHexDigits / 2
	seed := p.fake("srp", name)
	out, err := hkdf.Expand(sha256.New, seed, "salt and verifier", srp.SaltSize+modulusSize)
	if err != nil {
		panic(fmt.Sprintf("deriving a simulated verifier: %v", err))
	}
	return srp.Verifier{Salt: out[:srp.SaltSize], V: out[srp.SaltSize:]}
}

// dummyUsername is the UUID of an unknown name, always the same.
func (p *Pool) dummyUsername(name string) string {
	return random.FormatUUID(p.fake("username", name)[:16])
}

func (p *Pool) fake(label, name string) []byte {
	mac := hmac.New(sha256.New, p.fakeKey)
	mac.Write([]byte(label + "\x00" + p.users.Fold(name)))
	return mac.Sum(nil)
}
