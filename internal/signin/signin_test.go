package signin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// pool is an API that answers from a list and records its calls.
type pool struct {
	t       *testing.T
	answers []answer
	asked   []string
}

// answer is the result of one call: an error, tokens, or the next challenge.
type answer struct {
	err       error
	tokens    bool
	challenge types.ChallengeNameType
	params    map[string]string
}

func (p *pool) next(call string) (answer, error) {
	p.asked = append(p.asked, call)
	if len(p.answers) == 0 {
		p.t.Fatalf("a call too many: %s", call)
	}
	a := p.answers[0]
	p.answers = p.answers[1:]
	return a, a.err
}

func (a answer) result() *types.AuthenticationResultType {
	if !a.tokens {
		return nil
	}
	return &types.AuthenticationResultType{IdToken: aws.String("id"), AccessToken: aws.String("access"), RefreshToken: aws.String("refresh"), ExpiresIn: 3600, TokenType: aws.String("Bearer")}
}

func (p *pool) InitiateAuth(_ context.Context, in *cognito.InitiateAuthInput, _ ...func(*cognito.Options)) (*cognito.InitiateAuthOutput, error) {
	a, err := p.next("start " + in.AuthParameters["USERNAME"] + " " + in.AuthParameters["CHALLENGE_NAME"])
	if err != nil {
		return nil, err
	}
	return &cognito.InitiateAuthOutput{ChallengeName: a.challenge, ChallengeParameters: a.params, Session: aws.String("s"), AuthenticationResult: a.result()}, nil
}

func (p *pool) RespondToAuthChallenge(_ context.Context, in *cognito.RespondToAuthChallengeInput, _ ...func(*cognito.Options)) (*cognito.RespondToAuthChallengeOutput, error) {
	said := in.ChallengeResponses["ANSWER"] + in.ChallengeResponses["NEW_PASSWORD"] + in.ClientMetadata["action"]
	if in.ChallengeResponses["userAttributes.name"] != "" {
		said += " named " + in.ChallengeResponses["userAttributes.name"]
	}
	a, err := p.next(string(in.ChallengeName) + " " + in.ChallengeResponses["USERNAME"] + " " + said)
	if err != nil {
		return nil, err
	}
	return &cognito.RespondToAuthChallengeOutput{ChallengeName: a.challenge, ChallengeParameters: a.params, Session: aws.String("s"), AuthenticationResult: a.result()}, nil
}

func (p *pool) SignUp(_ context.Context, in *cognito.SignUpInput, _ ...func(*cognito.Options)) (*cognito.SignUpOutput, error) {
	if len(in.UserAttributes) > 0 || len(aws.ToString(in.Password)) < 30 {
		p.t.Errorf("sign-up with attributes or a weak password: %v", in.UserAttributes)
	}
	a, err := p.next("sign-up " + *in.Username)
	return &cognito.SignUpOutput{UserConfirmed: a.tokens}, err
}

// person answers from lists.
type person struct {
	passwords, codes []string
	told             []string
	seen             []signin.Challenge
	refused          []string
}

var errDone = errors.New("the person went away")

func take(list *[]string) (string, error) {
	if len(*list) == 0 {
		return "", errDone
	}
	s := (*list)[0]
	*list = (*list)[1:]
	return s, nil
}

func (p *person) Password(context.Context) (string, error) { return take(&p.passwords) }
func (p *person) NewPassword(_ context.Context, refused string) (string, error) {
	p.refused = append(p.refused, refused)
	return take(&p.passwords)
}
func (p *person) Attribute(_ context.Context, name string) (string, error) { return "my " + name, nil }
func (p *person) Code(_ context.Context, c signin.Challenge) (string, error) {
	p.seen = append(p.seen, c)
	return take(&p.codes)
}
func (p *person) Tell(sentence string) { p.told = append(p.told, sentence) }

// Answers of a pool.
var (
	wrongCredentials = &types.NotAuthorizedException{Message: aws.String("Incorrect username or password.")}
	code             = answer{challenge: "CUSTOM_CHALLENGE", params: map[string]string{"USERNAME": "sub", "codeLength": "8"}}
	tokens           = answer{tokens: true}
	verifier         = answer{challenge: "PASSWORD_VERIFIER", params: map[string]string{"USERNAME": "sub", "USER_ID_FOR_SRP": "sub", "SALT": "0a", "SRP_B": "5", "SECRET_BLOCK": "AAEC"}}
	newPassword      = answer{challenge: "NEW_PASSWORD_REQUIRED", params: map[string]string{"USERNAME": "sub", "requiredAttributes": `["userAttributes.name"]`, "userAttributes": "{}"}}
	again            = answer{err: trigger("PreTokenGeneration failed with error The new password is set; please sign in with it (emailotp:sign-in-again).")}
)

func trigger(message string) error {
	return &types.UserLambdaValidationException{Message: &message}
}

func TestASignInGoesStepByStep(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		mode    string
		answers []answer
		person  person
		asked   []string
	}{
		{
			name: "passwordless", mode: signin.Passwordless, answers: []answer{code, tokens}, person: person{codes: []string{" 1234 5678 "}},
			asked: []string{"start user@example.com ", "CUSTOM_CHALLENGE sub 12345678"},
		}, {
			name: "password", mode: signin.Password, answers: []answer{verifier, code, tokens}, person: person{passwords: []string{"horse"}, codes: []string{"1"}},
			asked: []string{"start user@example.com SRP_A", "PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 1"},
		}, {
			name: "an unknown mode that is passwordless", answers: []answer{code, tokens}, person: person{codes: []string{"1"}},
			asked: []string{"start user@example.com ", "CUSTOM_CHALLENGE sub 1"},
		}, {
			name: "an unknown mode that is password", answers: []answer{{err: wrongCredentials}, verifier, code, tokens}, person: person{passwords: []string{"horse"}, codes: []string{"1"}},
			asked: []string{"start user@example.com ", "start user@example.com SRP_A", "PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 1"},
		}, {
			name: "a resend is no answer", mode: signin.Passwordless, answers: []answer{code, code, tokens}, person: person{codes: []string{signin.Resend, "1"}},
			asked: []string{"start user@example.com ", "CUSTOM_CHALLENGE sub resendresend", "CUSTOM_CHALLENGE sub 1"},
		}, {
			name: "a new password, refused once", mode: signin.Password,
			answers: []answer{verifier, newPassword, {err: &types.InvalidPasswordException{Message: aws.String("too short")}}, code, tokens},
			person:  person{passwords: []string{"old", "a", "new horse"}, codes: []string{"1"}},
			asked: []string{"start user@example.com SRP_A", "PASSWORD_VERIFIER sub ", "NEW_PASSWORD_REQUIRED sub a named my name",
				"NEW_PASSWORD_REQUIRED sub new horse named my name", "CUSTOM_CHALLENGE sub 1"},
		}, {
			name: "a new password after which the pool wants another sign-in", mode: signin.Password,
			answers: []answer{verifier, newPassword, again, verifier, code, tokens},
			person:  person{passwords: []string{"old", "new horse"}, codes: []string{"1"}},
			asked: []string{"start user@example.com SRP_A", "PASSWORD_VERIFIER sub ", "NEW_PASSWORD_REQUIRED sub new horse named my name",
				"start user@example.com SRP_A", "PASSWORD_VERIFIER sub ", "CUSTOM_CHALLENGE sub 1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &pool{t: t, answers: test.answers}
			s := signin.SignIn{API: p, Person: &test.person, PoolID: "eu-west-1_TestPool1", ClientID: "c", Username: "user@example.com", Mode: test.mode}
			got, err := s.Run(t.Context())
			if err != nil || got.ID != "id" || got.Access != "access" || got.Refresh != "refresh" || got.ExpiresIn != 3600 {
				t.Errorf("tokens %+v, error %v", got, err)
			}
			if !slices.Equal(p.asked, test.asked) {
				t.Errorf("asked\n%s\nwant\n%s", strings.Join(p.asked, "\n"), strings.Join(test.asked, "\n"))
			}
		})
	}
}

func TestAChallengeIsReadByThePoolsClock(t *testing.T) {
	t.Parallel()
	p := &pool{t: t, answers: []answer{{challenge: "CUSTOM_CHALLENGE", params: map[string]string{
		"USERNAME": "sub", "codeLength": "20", "attemptsLeft": "2", "resendsLeft": "0", "reason": "wrong-code", "codeDeliveryDestination": "a***@e***.com", "newer": "x",
		"now": "2026-11-21T06:30:00Z", "expiresAt": "2026-11-21T06:34:00Z", "resendAvailableAt": "2026-11-21T06:30:20Z",
	}}, {challenge: "CUSTOM_CHALLENGE", params: map[string]string{"codeLength": "-1", "attemptsLeft": "many", "now": "soon"}}}}
	who := &person{codes: []string{"1"}}
	wrongClock := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	s := signin.SignIn{API: p, Person: who, PoolID: "eu-west-1_TestPool1", ClientID: "c", Username: "user@example.com", Mode: signin.Passwordless, Now: func() time.Time { return wrongClock }}
	if _, err := s.Run(t.Context()); !errors.Is(err, errDone) {
		t.Fatal(err)
	}
	want := []signin.Challenge{
		{CodeLength: 20, AttemptsLeft: 2, ResendsLeft: 0, Reason: "wrong-code", Destination: "a***@e***.com",
			Expires: wrongClock.Add(4 * time.Minute), ResendAt: wrongClock.Add(20 * time.Second)},
		{AttemptsLeft: -1, ResendsLeft: -1},
	}
	if !slices.Equal(who.seen, want) {
		t.Errorf("challenges %+v\nwant %+v", who.seen, want)
	}
}

func TestFailuresAreSortedByWhatCanBeDoneAboutThem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, sentence, id string
		err                error
		refused, gone      bool
	}{
		{name: "a user whom the pool refuses", err: wrongCredentials, refused: true,
			sentence: "the user pool refuses a sign-in with this address"},
		{name: "a disabled user", err: &types.NotAuthorizedException{Message: aws.String("User is disabled.")}, refused: true,
			sentence: "User is disabled"},
		{name: "a refusal by a trigger", err: trigger("CreateAuthChallenge failed with error This account has no e-mail address (emailotp:no-address)."),
			refused: true, sentence: "This account has no e-mail address", id: "no-address"},
		{name: "a service behind the triggers", err: trigger("CreateAuthChallenge failed with error Not available just now (emailotp:unavailable)."),
			gone: true, sentence: "Not available just now"},
		{name: "a trigger of the app", err: trigger("PreAuthentication failed with error boom."), gone: true, sentence: "a trigger of the user pool failed: PreAuthentication failed with error boom"},
		{name: "a trigger that timed out", err: &types.UnexpectedLambdaException{Message: aws.String("Socket timeout")}, gone: true, sentence: "a trigger of the user pool failed: Socket timeout"},
		{name: "too many requests", err: &types.TooManyRequestsException{Message: aws.String("Rate exceeded")}, gone: true, sentence: "the user pool can't answer just now: Rate exceeded"},
		{name: "a fault of the service", err: &smithy.GenericAPIError{Code: "Odd", Message: "odd", Fault: smithy.FaultServer}, gone: true, sentence: "the user pool can't answer just now: odd"},
		{name: "no connection", err: &smithy.OperationError{ServiceID: "x", OperationName: "y", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}},
			gone: true, sentence: "the user pool does not answer: dial: connection refused"},
		{name: "an unknown client", err: &types.ResourceNotFoundException{Message: aws.String("User pool client c does not exist.")}, sentence: "ResourceNotFoundException: User pool client c does not exist"},
		{name: "an unknown challenge", sentence: "the pool asks for SMS_MFA, which no EmailOTP does; is it the right pool?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &pool{t: t, answers: []answer{{err: test.err, challenge: "SMS_MFA"}}}
			s := signin.SignIn{API: p, Person: &person{}, PoolID: "eu-west-1_TestPool1", ClientID: "c", Username: "user@example.com", Mode: signin.Passwordless}
			_, err := s.Run(t.Context())
			var refused *signin.Refused
			var gone *signin.Unavailable
			if errors.As(err, &refused) != test.refused || errors.As(err, &gone) != test.gone || err == nil || err.Error() != test.sentence {
				t.Fatalf("error %T %v, want %q", err, err, test.sentence)
			}
			if test.refused && refused.ID != test.id {
				t.Errorf("id %q, want %q", refused.ID, test.id)
			}
			if test.err != nil && !errors.Is(err, test.err) {
				t.Error("the SDK's error is lost")
			}
		})
	}
}

// Cognito ends a sign-in after the last wrong code in the words of a wrong password.
func TestTheLastWrongCodeIsCalledThat(t *testing.T) {
	t.Parallel()
	for mode, answers := range map[string][]answer{
		signin.Passwordless: {code, {err: wrongCredentials}}, signin.Password: {verifier, code, {err: wrongCredentials}},
	} {
		who := &person{passwords: []string{"horse"}, codes: []string{"12345678"}}
		s := signin.SignIn{API: &pool{t: t, answers: answers}, Person: who, PoolID: "eu-west-1_TestPool1", ClientID: "c",
			Username: "user@example.com", Mode: mode}
		if _, err := s.Run(t.Context()); err == nil || err.Error() != "that code was wrong, and it was the last try of this sign-in" {
			t.Errorf("%s: error %v", mode, err)
		}
	}
	s := signin.SignIn{API: &pool{t: t, answers: []answer{{err: wrongCredentials}}}, Person: &person{passwords: []string{"horse"}},
		PoolID: "eu-west-1_TestPool1", ClientID: "c", Username: "user@example.com", Mode: signin.Password}
	if _, err := s.Run(t.Context()); err == nil || err.Error() != "Incorrect username or password" {
		t.Errorf("a wrong password: error %v", err)
	}
}

func TestAnAddressIsCleanedBeforeItIsChecked(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../mail/testdata/addresses.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Address, Normalized, Why string
		OK                       bool
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, err := signin.Address(c.Address)
		if got != c.Normalized || (err == nil) != c.OK {
			t.Errorf("%s: %q becomes %q, %v; want %q, %t", c.Why, c.Address, got, err, c.Normalized, c.OK)
		}
	}
}

func TestACodeHasItsDigits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		length       int
		answer, want string
		ok           bool
	}{
		{8, " 1234 5678 ", "12345678", true}, {8, "Your code: 1234-5678", "12345678", true}, {8, "1234567", "", false},
		{20, "12345678", "", false}, {0, " 1234 ", "1234", true}, {0, " ", "", false},
	} {
		got, ok := signin.Challenge{CodeLength: test.length}.Code(test.answer)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%q of %d digits: %q, %t", test.answer, test.length, got, ok)
		}
	}
}

func TestASecondRefusalToSignInAgainEnds(t *testing.T) {
	t.Parallel()
	p := &pool{t: t, answers: []answer{again, again}}
	s := signin.SignIn{API: p, Person: &person{}, PoolID: "eu-west-1_TestPool1", ClientID: "c", Username: "user@example.com", Mode: signin.Passwordless}
	if _, err := s.Run(t.Context()); err == nil || len(p.asked) != 2 {
		t.Errorf("error %v after %d calls, want one after 2", err, len(p.asked))
	}
}

func TestSigningUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer answer
		told   string
		err    string
	}{
		{name: "a new account", answer: tokens, told: "The account was created."},
		{name: "one that exists", answer: answer{err: &types.UsernameExistsException{}}, told: "There is an account with this address already. Signing in to it:"},
		{name: "a pool that confirms otherwise", answer: answer{}, err: "is it a passwordless pool?"},
		{name: "sign-up is closed", answer: answer{err: &types.NotAuthorizedException{Message: aws.String("SignUp is not permitted for this user pool")}}, err: "SignUp is not permitted for this user pool"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			who := &person{}
			s := signin.SignIn{API: &pool{t: t, answers: []answer{test.answer}}, Person: who, ClientID: "c", Username: "user@example.com"}
			err := s.SignUp(t.Context())
			if (err == nil) != (test.err == "") || err != nil && !strings.HasSuffix(err.Error(), test.err) || strings.Join(who.told, "\n") != test.told {
				t.Errorf("error %v, told %q; want %q and %q", err, who.told, test.err, test.told)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	c, err := signin.Decode("e30.eyJzdWIiOiIxZDJjIiwiZW1haWwiOiJ1c2VyQGV4YW1wbGUuY29tIiwiZW1haWxfdmVyaWZpZWQiOnRydWV9.c2ln")
	if err != nil || c.Sub != "1d2c" || c.Email != "user@example.com" || !c.EmailVerified {
		t.Errorf("%+v, %v", c, err)
	}
	// A trigger of the pool may write its own claims, as texts.
	for claim, want := range map[string]bool{`"true"`: true, `true`: true, `"false"`: false, `false`: false, `null`: false} {
		payload := base64.RawURLEncoding.EncodeToString([]byte(`{"email_verified":` + claim + `}`))
		if c, err := signin.Decode("e30." + payload + ".c2ln"); err != nil || bool(c.EmailVerified) != want {
			t.Errorf("email_verified %s is read as %t, %v", claim, c.EmailVerified, err)
		}
	}
	for _, bad := range []string{"", "a.b", "e30.?.x", "e30.bm8.x", "e30.eyJlbWFpbF92ZXJpZmllZCI6InllcyJ9.x"} {
		if _, err := signin.Decode(bad); err == nil {
			t.Errorf("%q was read as a token", bad)
		}
	}
}
