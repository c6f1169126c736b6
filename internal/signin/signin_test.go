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
	return &types.AuthenticationResultType{IdToken: aws.String("id"), AccessToken: aws.String("access"),
		RefreshToken: aws.String("refresh"), ExpiresIn: 3600, TokenType: aws.String("Bearer")}
}

type options = func(*cognito.Options)

func (p *pool) InitiateAuth(_ context.Context, in *cognito.InitiateAuthInput, _ ...options) (
	*cognito.InitiateAuthOutput, error) {
	a, err := p.next("start " + in.AuthParameters["USERNAME"] + " " + in.AuthParameters["CHALLENGE_NAME"])
	if err != nil {
		return nil, err
	}
	return &cognito.InitiateAuthOutput{ChallengeName: a.challenge, ChallengeParameters: a.params, Session: aws.String("s"),
		AuthenticationResult: a.result()}, nil
}

func (p *pool) RespondToAuthChallenge(_ context.Context, in *cognito.RespondToAuthChallengeInput, _ ...options) (
	*cognito.RespondToAuthChallengeOutput, error) {
	said := in.ChallengeResponses["ANSWER"] + in.ChallengeResponses["NEW_PASSWORD"] + in.ClientMetadata["action"] +
		in.ClientMetadata["device"]
	if in.ChallengeResponses["userAttributes.name"] != "" {
		said += " named " + in.ChallengeResponses["userAttributes.name"]
	}
	a, err := p.next(string(in.ChallengeName) + " " + in.ChallengeResponses["USERNAME"] + " " + said)
	if err != nil {
		return nil, err
	}
	return &cognito.RespondToAuthChallengeOutput{ChallengeName: a.challenge, ChallengeParameters: a.params,
		Session: aws.String("s"), AuthenticationResult: a.result()}, nil
}

func (p *pool) SignUp(_ context.Context, in *cognito.SignUpInput, _ ...options) (*cognito.SignUpOutput, error) {
	if len(in.UserAttributes) > 0 || len(aws.ToString(in.Password)) < 30 {
		p.t.Errorf("sign-up with attributes or a weak password: %v", in.UserAttributes)
	}
	a, err := p.next("sign-up " + *in.Username)
	return &cognito.SignUpOutput{UserConfirmed: a.tokens}, err
}

func (p *pool) ForgotPassword(_ context.Context, in *cognito.ForgotPasswordInput, _ ...options) (
	*cognito.ForgotPasswordOutput, error) {
	_, err := p.next("forgot " + *in.Username)
	return &cognito.ForgotPasswordOutput{}, err
}

func (p *pool) ConfirmForgotPassword(_ context.Context, in *cognito.ConfirmForgotPasswordInput, _ ...options) (
	*cognito.ConfirmForgotPasswordOutput, error) {
	_, err := p.next("reset " + *in.Username + " " + *in.ConfirmationCode + " " + *in.Password)
	return &cognito.ConfirmForgotPasswordOutput{}, err
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
	code             = answer{challenge: "CUSTOM_CHALLENGE",
		params: map[string]string{"USERNAME": "sub", "codeLength": "8"}}
	tokens   = answer{tokens: true}
	verifier = answer{challenge: "PASSWORD_VERIFIER", params: map[string]string{
		"USERNAME": "sub", "USER_ID_FOR_SRP": "sub", "SALT": "0a", "SRP_B": "5", "SECRET_BLOCK": "AAEC"}}
	newPassword = answer{challenge: "NEW_PASSWORD_REQUIRED", params: map[string]string{
		"USERNAME": "sub", "requiredAttributes": `["userAttributes.name"]`, "userAttributes": "{}"}}
	again = answer{err: trigger("PreTokenGeneration failed with error " +
		"The new password is set; please sign in with it (emailotp:sign-in-again).")}
)

// The calls of a sign-in, as a pool records them.
const (
	start    = "start user@example.com "
	startSRP = start + "SRP_A"
	proof    = "PASSWORD_VERIFIER sub "
	answered = "CUSTOM_CHALLENGE sub 12345678"
)

func trigger(message string) error {
	return &types.UserLambdaValidationException{Message: &message}
}

// newSignIn returns a sign-in of user@example.com at a pool with these answers.
func newSignIn(t *testing.T, who *person, mode string, answers ...answer) (*signin.SignIn, *pool) {
	p := &pool{t: t, answers: answers}
	return &signin.SignIn{API: p, Person: who, PoolID: "eu-west-1_TestPool1", ClientID: "c",
		Username: "user@example.com", Mode: mode}, p
}

func TestASignInGoesStepByStep(t *testing.T) {
	t.Parallel()
	const renamed = "NEW_PASSWORD_REQUIRED sub new horse named my name"
	for _, test := range []struct {
		name, mode string
		answers    []answer
		passwords  []string
		codes      []string
		asked      []string
	}{
		{"passwordless", signin.Passwordless, []answer{code, tokens}, nil, []string{" 1234 5678 "},
			[]string{start, answered}},
		{"password", signin.Password, []answer{verifier, code, tokens}, []string{"horse"}, nil,
			[]string{startSRP, proof, answered}},
		{"an unknown mode that is passwordless", "", []answer{code, tokens}, nil, nil, []string{start, answered}},
		{"an unknown mode that is password", "", []answer{{err: wrongCredentials}, verifier, code, tokens},
			[]string{"horse"}, nil,
			[]string{start, startSRP, proof, answered}},
		{"a resend is no answer", signin.Passwordless, []answer{code, code, tokens}, nil, []string{signin.Resend, "12345678"},
			[]string{start, "CUSTOM_CHALLENGE sub resendresend", answered}},
		{"a new password, refused once", signin.Password,
			[]answer{verifier, newPassword, {err: &types.InvalidPasswordException{Message: aws.String("too short")}}, code,
				tokens},
			[]string{"old", "a", "new horse"}, nil,
			[]string{startSRP, proof, "NEW_PASSWORD_REQUIRED sub a named my name", renamed, answered}},
		{"a new password after which the pool requires another sign-in", signin.Password,
			[]answer{verifier, newPassword, again, verifier, code, tokens}, []string{"old", "new horse"}, nil,
			[]string{startSRP, proof, renamed, startSRP, proof, answered}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.codes == nil {
				test.codes = []string{"12345678"}
			}
			s, p := newSignIn(t, &person{passwords: test.passwords, codes: test.codes}, test.mode, test.answers...)
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
	who := &person{codes: []string{"1"}}
	wrongClock := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	s, _ := newSignIn(t, who, signin.Passwordless, answer{challenge: "CUSTOM_CHALLENGE", params: map[string]string{
		"USERNAME": "sub", "codeLength": "20", "attemptsLeft": "2", "resendsLeft": "0", "reason": "wrong-code",
		"codeDeliveryDestination": "a***@e***.com", "newer": "x",
		"now": "2026-11-21T06:30:00Z", "expiresAt": "2026-11-21T06:34:00Z", "resendAvailableAt": "2026-11-21T06:30:20Z",
	}}, answer{challenge: "CUSTOM_CHALLENGE",
		params: map[string]string{"codeLength": "-1", "attemptsLeft": "many", "now": "soon"}})
	s.Now = func() time.Time { return wrongClock }
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
	const refused, gone = "refused", "gone"
	for _, test := range []struct {
		name           string
		err            error
		kind, sentence string
		id             string
	}{
		{"a user whom the pool refuses", wrongCredentials, refused, "the user pool refuses a sign-in with this address", ""},
		{"a disabled user", &types.NotAuthorizedException{Message: aws.String("User is disabled.")}, refused,
			"User is disabled", ""},
		{"a refusal by a trigger", trigger("CreateAuthChallenge failed with error This account has no e-mail address (emailotp:no-address)."),
			refused, "This account has no e-mail address", "no-address"},
		{"a service behind the triggers", trigger(
			"CreateAuthChallenge failed with error Not available just now (emailotp:unavailable)."),
			gone, "Not available just now", ""},
		{"a trigger of the app", trigger("PreAuthentication failed with error boom."), gone,
			"a trigger of the user pool failed: PreAuthentication failed with error boom", ""},
		{"a trigger that timed out", &types.UnexpectedLambdaException{Message: aws.String("Socket timeout")}, gone,
			"a trigger of the user pool failed: Socket timeout", ""},
		{"too many requests", &types.TooManyRequestsException{Message: aws.String("Rate exceeded")}, gone,
			"the user pool can't answer just now: Rate exceeded", ""},
		{"a fault of the service", &smithy.GenericAPIError{Code: "Odd", Message: "odd", Fault: smithy.FaultServer}, gone,
			"the user pool can't answer just now: odd", ""},
		{"no connection", &smithy.OperationError{ServiceID: "x", OperationName: "y", Err: &net.OpError{Op: "dial",
			Err: errors.New("connection refused")}}, gone, "the user pool does not answer: dial: connection refused", ""},
		{"an unknown client", &types.ResourceNotFoundException{Message: aws.String("User pool client c does not exist.")}, "",
			"ResourceNotFoundException: User pool client c does not exist", ""},
		{"an unknown challenge", nil, "", "the pool asks for SMS_MFA, which no EmailOTP does; is it the right pool?", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newSignIn(t, &person{}, signin.Passwordless, answer{err: test.err, challenge: "SMS_MFA"})
			_, err := s.Run(t.Context())
			var no *signin.Refused
			var silent *signin.Unavailable
			if errors.As(err, &no) != (test.kind == refused) || errors.As(err, &silent) != (test.kind == gone) || err == nil ||
				err.Error() != test.sentence {
				t.Fatalf("error %T %v, want %q", err, err, test.sentence)
			}
			if no != nil && no.ID != test.id {
				t.Errorf("id %q, want %q", no.ID, test.id)
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
	const lastCode = "that code was wrong, and it was the last try of this sign-in"
	wrong := answer{err: wrongCredentials}
	for _, test := range []struct {
		mode, want string
		answers    []answer
	}{
		{signin.Passwordless, lastCode, []answer{code, wrong}},
		{signin.Password, lastCode, []answer{verifier, code, wrong}},
		{signin.Password, "Incorrect username or password", []answer{verifier, wrong}},
	} {
		s, _ := newSignIn(t, &person{passwords: []string{"horse"}, codes: []string{"12345678"}}, test.mode, test.answers...)
		if _, err := s.Run(t.Context()); err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %s", test.mode, err, test.want)
		}
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
	s, p := newSignIn(t, &person{}, signin.Passwordless, again, again)
	if _, err := s.Run(t.Context()); err == nil || len(p.asked) != 2 {
		t.Errorf("error %v after %d calls, want one after 2", err, len(p.asked))
	}
}

func TestSigningUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		answer    answer
		told, err string
	}{
		{"a new account", tokens, "The account was created.", ""},
		{"one that exists", answer{err: &types.UsernameExistsException{}},
			"There is an account with this address already. Signing in to it:", ""},
		{"a pool that confirms otherwise", answer{}, "", "is it a passwordless pool?"},
		{"sign-up is closed", answer{err: &types.NotAuthorizedException{Message: aws.String(
			"SignUp is not permitted for this user pool")}},
			"", "SignUp is not permitted for this user pool"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			who := &person{}
			s, _ := newSignIn(t, who, "", test.answer)
			err := s.SignUp(t.Context())
			if (err == nil) != (test.err == "") || err != nil && !strings.HasSuffix(err.Error(), test.err) ||
				strings.Join(who.told, "\n") != test.told {
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
	for claim, want := range map[string]bool{`"true"`: true, `true`: true, `"false"`: false, `false`: false,
		`null`: false} {
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
