package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// person is a user as Cognito's events describe one.
type person struct {
	name       string
	attributes map[string]string
	unknown    bool
}

func (p person) email() string { return p.attributes["email"] }

// owner returns a user with a proven address.
func owner(n int) person {
	sub := fmt.Sprintf("1d2c3b4a-0000-4000-8000-%012d", n)
	return person{name: sub, attributes: map[string]string{"sub": sub, "email": fmt.Sprintf("user%05d@example.com", n),
		"email_verified": "true", "cognito:user_status": "CONFIRMED"}}
}

// newcomer returns a user whose address was never proven.
func newcomer(n int) person { return owner(n).with("email_verified", "false") }

// invented returns a name without a user, as long as an owner's address.
func invented(n int) person {
	return person{name: fmt.Sprintf("none%05d@example.com", n), attributes: map[string]string{}, unknown: true}
}

// with returns the person with another value of an attribute.
func (p person) with(attribute, value string) person {
	p.attributes = maps.Clone(p.attributes)
	p.attributes[attribute] = value
	return p
}

// row is a row of a session in an event.
type row struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// provenPassword are the rows of a session whose password Cognito has checked.
var provenPassword = []row{{"SRP_A", true, nil}, {"PASSWORD_VERIFIER", true, nil}}

// Ends of a sign-in.
const (
	open    = ""
	signed  = "tokens"
	failed  = "failed"
	refused = "refused"
)

// signIn is one sign-in without Cognito: the harness sends the events of the triggers itself, as
// Cognito does. In password mode the password counts as proven.
type signIn struct {
	lab             *lab
	who             person
	client          string
	rows            []row
	public, private map[string]string
	metadata        string
	end             string
	err             error
	// tally, if set, counts the comparisons of this sign-in's answers.
	tally *tally
}

// start begins a sign-in.
func (l *lab) start(who person) *signIn {
	s := &signIn{lab: l, who: who, client: l.client, rows: []row{}}
	if l.plan.mode == withPassword {
		s.rows = slices.Clone(provenPassword)
	}
	s.next(nil)
	return s
}

// trigger sends an event with the given request to a trigger and reads its response.
func (s *signIn) trigger(f settings.Function, request map[string]any, response any) error {
	s.lab.run.alive()
	request["userAttributes"], request["userNotFound"] = s.who.attributes, s.who.unknown
	payload, err := json.Marshal(map[string]any{"version": "1", "triggerSource": sources[f], "region": region,
		"userPoolId": s.lab.id, "userName": s.who.name, "request": request, "response": map[string]any{},
		"callerContext": map[string]string{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": s.client}})
	s.lab.run.check(err)
	ctx := s.lab.run.ctx
	if s.tally != nil {
		ctx = context.WithValue(ctx, tallyKey{}, s.tally)
	}
	out, err := s.lab.functions[f].Invoke(ctx, payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, &struct{ Response any }{response})
}

var sources = map[settings.Function]string{
	settings.DefineAuthChallenge: "DefineAuthChallenge_Authentication",
	settings.CreateAuthChallenge: "CreateAuthChallenge_Authentication",
	settings.VerifyAuthChallenge: "VerifyAuthChallengeResponse_Authentication",
	settings.PreSignUp:           "PreSignUp_SignUp",
	settings.PreTokenGeneration:  "TokenGeneration_Authentication",
}

// next requests the next step from define and, where that is a code, the challenge from create.
func (s *signIn) next(metadata map[string]string) {
	var d struct {
		ChallengeName                   string
		IssueTokens, FailAuthentication bool
	}
	err := s.trigger(settings.DefineAuthChallenge, map[string]any{"session": s.rows, "clientMetadata": metadata}, &d)
	switch {
	case err != nil:
		s.stop(err)
	case d.IssueTokens:
		s.end = signed
	case d.FailAuthentication:
		s.end = failed
	case d.ChallengeName == "CUSTOM_CHALLENGE":
		s.create()
	default:
		s.stop(fmt.Errorf("define requested %q", d.ChallengeName))
	}
}

func (s *signIn) create() {
	var c struct {
		PublicChallengeParameters, PrivateChallengeParameters map[string]string
		ChallengeMetadata                                     string
	}
	request := map[string]any{"session": s.rows, "challengeName": "CUSTOM_CHALLENGE"}
	if err := s.trigger(settings.CreateAuthChallenge, request, &c); err != nil {
		s.stop(err)
		return
	}
	s.public, s.private, s.metadata = c.PublicChallengeParameters, c.PrivateChallengeParameters, c.ChallengeMetadata
}

func (s *signIn) stop(err error) { s.end, s.err = refused, err }

// verify sends an answer to verify alone.
func (s *signIn) verify(answer any, metadata map[string]string) (right bool, err error) {
	var v struct{ AnswerCorrect bool }
	err = s.trigger(settings.VerifyAuthChallenge, map[string]any{"privateChallengeParameters": s.private,
		"challengeAnswer": answer, "clientMetadata": metadata}, &v)
	return v.AnswerCorrect, err
}

// answer gives an answer and goes on to the next round.
func (s *signIn) answer(answer any) *signIn { return s.respond(answer, nil) }

// resend requests the mail again.
func (s *signIn) resend() *signIn {
	return s.respond(contract.ActionResend, map[string]string{contract.ClientMetadataAction: contract.ActionResend})
}

func (s *signIn) respond(answer any, metadata map[string]string) *signIn {
	if s.end != open {
		return s
	}
	right, err := s.verify(answer, metadata)
	if err != nil {
		s.stop(err)
		return s
	}
	written := s.metadata
	s.rows = append(slices.Clone(s.rows), row{"CUSTOM_CHALLENGE", right, &written})
	s.next(metadata)
	return s
}

// digits returns the length of the code that the sign-in expects.
func (s *signIn) digits() int { n, _ := strconv.Atoi(s.public[contract.ParamCodeLength]); return n }

func (s *signIn) short() bool { return s.end == open && s.digits() > 0 && s.digits() < longDigits }

// time returns a time among the public parameters.
func (s *signIn) time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339, s.public[name])
	return t
}

// code returns the code of the newest mail to the sign-in's user.
func (s *signIn) code() string { return s.lab.inbox.code(s.who.email()) }

// unexpected returns err unless it is one of the fixed refusals, the only errors that a client may
// read.
func unexpected(err error) error {
	var r *trigger.Refusal
	if err == nil || errors.As(err, &r) && slices.Contains(trigger.Refusals(), r) {
		return nil
	}
	return err
}

// oddError describes the first error that no client may read.
func oddError(errs []error) string {
	for _, err := range errs {
		if err := unexpected(err); err != nil {
			return fmt.Sprintf("a client received %v", err)
		}
	}
	return ""
}

// wrongCode returns a code of the same length that differs from the given one.
func wrongCode(code string) string {
	if code == "" {
		return "00000000"
	}
	return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
}

// guess returns the n-th guess of an attacker who tries all codes of a length in order.
func guess(n, digits int) string { return fmt.Sprintf("%0*d", digits, n) }
