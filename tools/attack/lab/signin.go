package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Person is a user as Cognito's events describe one.
type Person struct {
	Name       string
	Attributes map[string]string
	Unknown    bool
}

// Email returns the address of an account, empty for an invented name.
func (p Person) Email() string { return p.Attributes["email"] }

// Owner returns a user with a proven address.
func Owner(n int) Person {
	sub := fmt.Sprintf("1d2c3b4a-0000-4000-8000-%012d", n)
	return Person{Name: sub, Attributes: map[string]string{"sub": sub, "email": fmt.Sprintf("user%05d@example.com", n),
		"email_verified": "true", "cognito:user_status": "CONFIRMED"}}
}

// Newcomer returns a user whose address was never proven.
func Newcomer(n int) Person { return Owner(n).With("email_verified", "false") }

// Invented returns a name without a user, as long as an owner's address.
func Invented(n int) Person {
	return Person{Name: fmt.Sprintf("none%05d@example.com", n), Attributes: map[string]string{}, Unknown: true}
}

// With returns the person with another value of an attribute.
func (p Person) With(attribute, value string) Person {
	p.Attributes = maps.Clone(p.Attributes)
	p.Attributes[attribute] = value
	return p
}

// Row is a row of a session in an event.
type Row struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// ProvenPassword are the rows of a session whose password Cognito has checked.
var ProvenPassword = []Row{{"SRP_A", true, nil}, {"PASSWORD_VERIFIER", true, nil}}

// Ends of a sign-in: none yet, and tokens.
const (
	Open    = ""
	Signed  = "tokens"
	failed  = "failed"
	refused = "refused"
)

// SignIn is one sign-in without Cognito: it sends the events of the triggers itself, as
// Cognito does. In password mode the password counts as proven.
type SignIn struct {
	Lab    *Lab
	Who    Person
	Client string
	// Public and Private are the challenge's parameters, Metadata its metadata.
	Public, Private map[string]string
	Metadata        string
	// End is how the sign-in ended: Open, Signed, or another word. Err is the refusal, if any.
	End string
	Err error

	rows []Row
	// Tally, if set, counts the comparisons of this sign-in's answers.
	Tally *Tally
}

// Start begins a sign-in.
func (l *Lab) Start(who Person) *SignIn { return l.StartWith(who, nil) }

// StartWith begins a sign-in with client metadata beside the proof of the password.
func (l *Lab) StartWith(who Person, metadata map[string]string) *SignIn {
	s := &SignIn{Lab: l, Who: who, Client: l.Client, rows: []Row{}}
	if l.Plan.Mode == settings.Password {
		s.rows = slices.Clone(ProvenPassword)
	}
	s.next(metadata)
	return s
}

// Enter shows define a session of the caller's own and goes on as it decides.
func (s *SignIn) Enter(rows []Row, metadata map[string]string) *SignIn {
	s.rows = rows
	s.next(metadata)
	return s
}

// Trigger sends an event with the given request to a trigger and reads its response.
func (s *SignIn) Trigger(f settings.Function, request map[string]any, response any) error {
	s.Lab.Scope.Alive()
	request["userAttributes"], request["userNotFound"] = s.Who.Attributes, s.Who.Unknown
	payload, err := json.Marshal(map[string]any{"version": "1", "triggerSource": Sources[f], "region": Region,
		"userPoolId": s.Lab.ID, "userName": s.Who.Name, "request": request, "response": map[string]any{},
		"callerContext": map[string]string{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": s.Client}})
	s.Lab.Scope.Check(err)
	ctx := s.Lab.Scope.Ctx
	if s.Tally != nil {
		ctx = context.WithValue(ctx, tallyKey{}, s.Tally)
	}
	out, err := s.Lab.Functions[f].Invoke(ctx, payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, &struct{ Response any }{response})
}

// Sources are the trigger sources of the events.
var Sources = map[settings.Function]string{
	settings.DefineAuthChallenge: "DefineAuthChallenge_Authentication",
	settings.CreateAuthChallenge: "CreateAuthChallenge_Authentication",
	settings.VerifyAuthChallenge: "VerifyAuthChallengeResponse_Authentication",
	settings.PreSignUp:           "PreSignUp_SignUp",
	settings.PreTokenGeneration:  "TokenGeneration_Authentication",
}

// next requests the next step from define and, where that is a code, the challenge from create.
func (s *SignIn) next(metadata map[string]string) {
	var d struct {
		ChallengeName                   string
		IssueTokens, FailAuthentication bool
	}
	err := s.Trigger(settings.DefineAuthChallenge, map[string]any{"session": s.rows, "clientMetadata": metadata}, &d)
	switch {
	case err != nil:
		s.stop(err)
	case d.IssueTokens:
		s.End = Signed
	case d.FailAuthentication:
		s.End = failed
	case d.ChallengeName == "CUSTOM_CHALLENGE":
		s.create(metadata)
	default:
		s.stop(fmt.Errorf("define requested %q", d.ChallengeName))
	}
}

func (s *SignIn) create(metadata map[string]string) {
	var c struct {
		PublicChallengeParameters, PrivateChallengeParameters map[string]string
		ChallengeMetadata                                     string
	}
	request := map[string]any{"session": s.rows, "challengeName": "CUSTOM_CHALLENGE"}
	if !s.Lab.Plan.Blind {
		request["clientMetadata"] = metadata
	}
	if err := s.Trigger(settings.CreateAuthChallenge, request, &c); err != nil {
		s.stop(err)
		return
	}
	s.Public, s.Private, s.Metadata = c.PublicChallengeParameters, c.PrivateChallengeParameters, c.ChallengeMetadata
}

func (s *SignIn) stop(err error) { s.End, s.Err = refused, err }

// Verify sends an answer to verify alone.
func (s *SignIn) Verify(answer any, metadata map[string]string) (right bool, err error) {
	var v struct{ AnswerCorrect bool }
	err = s.Trigger(settings.VerifyAuthChallenge, map[string]any{"privateChallengeParameters": s.Private,
		"challengeAnswer": answer, "clientMetadata": metadata}, &v)
	return v.AnswerCorrect, err
}

// Answer gives an answer and goes on to the next round.
func (s *SignIn) Answer(answer any) *SignIn { return s.AnswerWith(answer, nil) }

// SignsIn begins a sign-in, answers the newest mail's code, and reports whether it gave tokens.
func (l *Lab) SignsIn(who Person) bool {
	s := l.Start(who)
	return s.Answer(s.Code()).End == Signed
}

// Resend requests the mail again.
func (s *SignIn) Resend() *SignIn {
	return s.AnswerWith(contract.ActionResend, map[string]string{contract.ClientMetadataAction: contract.ActionResend})
}

// AnswerWith gives an answer with client metadata beside it.
func (s *SignIn) AnswerWith(answer any, metadata map[string]string) *SignIn {
	if s.End != Open {
		return s
	}
	right, err := s.Verify(answer, metadata)
	if err != nil {
		s.stop(err)
		return s
	}
	written := s.Metadata
	s.rows = append(slices.Clone(s.rows), Row{"CUSTOM_CHALLENGE", right, &written})
	s.next(metadata)
	return s
}

// Digits returns the length of the code that the sign-in expects.
func (s *SignIn) Digits() int { n, _ := strconv.Atoi(s.Public[contract.ParamCodeLength]); return n }

// Time returns a time among the public parameters.
func (s *SignIn) Time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339, s.Public[name])
	return t
}

// Code returns the code of the newest mail to the sign-in's user.
func (s *SignIn) Code() string { return s.Lab.Inbox.Code(s.Who.Email()) }
