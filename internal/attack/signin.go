package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// person is a user as events show one.
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

// newcomer returns a user who signed up with an address and never proved it.
func newcomer(n int) person {
	p := owner(n)
	p.attributes["email_verified"] = "false"
	return p
}

// nobody returns a name that no user has, as long as an owner's address.
func nobody(n int) person {
	return person{name: fmt.Sprintf("none%05d@example.com", n), attributes: map[string]string{}, unknown: true}
}

// row is a row of a session as events show it.
type row struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// Ends of a sign-in.
const (
	open    = ""
	signed  = "tokens"
	failed  = "failed"
	refused = "refused"
)

// signIn is one sign-in, led the way Cognito leads it but without Cognito: event by event, straight
// at the triggers. In password mode the password counts as proven.
type signIn struct {
	lab      *lab
	who      person
	client   string
	rows     []row
	public   map[string]string
	private  map[string]string
	metadata string
	end      string
	err      error
}

// call runs a trigger with an event of the given request and reads its response.
func (l *lab) trigger(ctx context.Context, f settings.Function, client string, who person, request map[string]any, response any) error {
	request["userAttributes"], request["userNotFound"] = who.attributes, who.unknown
	payload, err := json.Marshal(map[string]any{"version": "1", "triggerSource": sources[f], "region": region, "userPoolId": l.id,
		"userName": who.name, "callerContext": map[string]string{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client},
		"request": request, "response": map[string]any{}})
	if err != nil {
		return err
	}
	out, err := l.functions[f].Invoke(ctx, payload)
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

// start begins a sign-in.
func (l *lab) start(ctx context.Context, who person) *signIn {
	s := &signIn{lab: l, who: who, client: l.client, rows: []row{}}
	if l.plan.mode == settings.Password {
		s.rows = append(s.rows, row{"SRP_A", true, nil}, row{"PASSWORD_VERIFIER", true, nil})
	}
	s.next(ctx, nil)
	return s
}

// next asks define what comes next, and create where that is a code.
func (s *signIn) next(ctx context.Context, metadata map[string]string) {
	var d struct {
		ChallengeName                   string
		IssueTokens, FailAuthentication bool
	}
	err := s.lab.trigger(ctx, settings.DefineAuthChallenge, s.client, s.who, map[string]any{"session": s.rows, "clientMetadata": metadata}, &d)
	switch {
	case err != nil:
		s.stop(err)
	case d.IssueTokens:
		s.end = signed
	case d.FailAuthentication:
		s.end = failed
	case d.ChallengeName == "CUSTOM_CHALLENGE":
		s.create(ctx)
	default:
		s.stop(fmt.Errorf("define asked for %q", d.ChallengeName))
	}
}

func (s *signIn) create(ctx context.Context) {
	var c struct {
		PublicChallengeParameters, PrivateChallengeParameters map[string]string
		ChallengeMetadata                                     string
	}
	err := s.lab.trigger(ctx, settings.CreateAuthChallenge, s.client, s.who,
		map[string]any{"session": s.rows, "challengeName": "CUSTOM_CHALLENGE"}, &c)
	if err != nil {
		s.stop(err)
		return
	}
	s.public, s.private, s.metadata = c.PublicChallengeParameters, c.PrivateChallengeParameters, c.ChallengeMetadata
}

func (s *signIn) stop(err error) { s.end, s.err = refused, err }

// verify asks verify alone.
func (s *signIn) verify(ctx context.Context, answer any, metadata map[string]string) (right bool, err error) {
	var v struct{ AnswerCorrect bool }
	err = s.lab.trigger(ctx, settings.VerifyAuthChallenge, s.client, s.who,
		map[string]any{"privateChallengeParameters": s.private, "challengeAnswer": answer, "clientMetadata": metadata}, &v)
	return v.AnswerCorrect, err
}

// answer gives an answer and takes what follows.
func (s *signIn) answer(ctx context.Context, answer any) *signIn { return s.respond(ctx, answer, nil) }

// resend asks for the mail again.
func (s *signIn) resend(ctx context.Context) *signIn {
	return s.respond(ctx, "resend", map[string]string{"action": "resend"})
}

func (s *signIn) respond(ctx context.Context, answer any, metadata map[string]string) *signIn {
	if s.end != open {
		return s
	}
	right, err := s.verify(ctx, answer, metadata)
	if err != nil {
		s.stop(err)
		return s
	}
	written := s.metadata
	s.rows = append(slices.Clone(s.rows), row{"CUSTOM_CHALLENGE", right, &written})
	s.next(ctx, metadata)
	return s
}

// digits returns the length of the code that the sign-in asks for.
func (s *signIn) digits() int { n, _ := strconv.Atoi(s.public["codeLength"]); return n }

func (s *signIn) short() bool { return s.end == open && s.digits() > 0 && s.digits() < 20 }

// told reads a time among the public parameters.
func (s *signIn) told(name string) time.Time {
	t, _ := time.Parse(time.RFC3339, s.public[name])
	return t
}

// unexpected returns the error of a sign-in that ended in one which no client may read: every refusal
// is one of the fixed sentences.
func unexpected(err error) error {
	if err == nil {
		return nil
	}
	var r *trigger.Refusal
	if errors.As(err, &r) && slices.Contains(trigger.Refusals(), r) {
		return nil
	}
	return err
}

// wrongCode returns a code of the right length that is not the given one.
func wrongCode(code string) string {
	if code == "" {
		return "00000000"
	}
	return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
}

// guess returns the n-th guess of somebody who walks through all codes of a length.
func guess(n int64, digits int) string { return fmt.Sprintf("%0*d", digits, n) }
