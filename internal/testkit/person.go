package testkit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	srp "github.com/alexrudd/cognito-srp/v4"
	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// GoodPassword meets the construct's password policy.
const GoodPassword = "Correct-horse-7-battery"

// Person is a user's address, password, client and mailbox. Its methods fail the test.
type Person struct {
	T        testing.TB
	Sandbox  *sandbox.Sandbox
	Config   sandbox.Config
	API      *cognito.Client // without credentials
	Email    string
	Password string
	// Metadata goes with the proof of the password, as client metadata.
	Metadata map[string]string
	// Seen counts the mails that Code has read.
	Seen int
}

// addresses counts addresses, so that no two tests of a sandbox share one.
var addresses atomic.Int64

// Address makes an address that no other call returns: "user.001@example.com" of
// "user@example.com".
func Address(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	return fmt.Sprintf("%s.%03d@%s", local, addresses.Add(1), domain)
}

// NewPerson returns a person without an account, with an [Address] of email.
func NewPerson(t testing.TB, sb *sandbox.Sandbox, email string) *Person {
	t.Helper()
	c := sb.Config()
	return &Person{T: t, Sandbox: sb, Config: c, Email: Address(email), Password: GoodPassword,
		API: cognito.New(cognito.Options{Region: c.Region, BaseEndpoint: &c.Endpoint,
			Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{}})}
}

// NewUser returns a person with an account and a verified address.
func NewUser(t testing.TB, sb *sandbox.Sandbox, email string, change ...func(*sandbox.User)) *Person {
	t.Helper()
	p := NewPerson(t, sb, email)
	u := sandbox.User{Email: p.Email}
	if p.Config.Mode == "password" {
		u.Password = p.Password
	}
	for _, c := range change {
		c(&u)
	}
	if _, err := sb.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return p
}

// Administrator returns a client with credentials.
func (p *Person) Administrator() *cognito.Client {
	return cognito.New(cognito.Options{Region: p.Config.Region, BaseEndpoint: &p.Config.Endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "developer", SecretAccessKey: "developer"}, nil
		})})
}

// Round is the answer to one call of a sign-in.
type Round struct {
	Name    types.ChallengeNameType
	Params  map[string]string
	Session string
	Tokens  *types.AuthenticationResultType // nil before the end
}

// Initiate calls InitiateAuth for CUSTOM_AUTH.
func (p *Person) Initiate(params map[string]string) (*Round, error) {
	out, err := p.API.InitiateAuth(p.T.Context(), &cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeCustomAuth,
		ClientId: &p.Config.UserPoolClientID, AuthParameters: params})
	if err != nil {
		return nil, err
	}
	return &Round{out.ChallengeName, out.ChallengeParameters, aws.ToString(out.Session), out.AuthenticationResult}, nil
}

// Respond answers a round, under the user name of the challenge.
func (p *Person) Respond(r *Round, answers, metadata map[string]string) (*Round, error) {
	all := map[string]string{"USERNAME": r.Params["USERNAME"]}
	maps.Copy(all, answers)
	out, err := p.API.RespondToAuthChallenge(p.T.Context(), &cognito.RespondToAuthChallengeInput{ChallengeName: r.Name,
		ClientId: &p.Config.UserPoolClientID, Session: &r.Session, ChallengeResponses: all, ClientMetadata: metadata})
	if err != nil {
		return nil, err
	}
	next := &Round{out.ChallengeName, out.ChallengeParameters, aws.ToString(out.Session), out.AuthenticationResult}
	if next.Tokens == nil && next.Params["USERNAME"] == "" {
		next.Params = maps.Clone(next.Params)
		next.Params["USERNAME"] = r.Params["USERNAME"]
	}
	return next, nil
}

// Start begins a sign-in. In password mode it proves the password, by an SRP client from outside
// this repository.
func (p *Person) Start() (*Round, error) {
	if p.Config.Mode != "password" {
		return p.Initiate(map[string]string{"USERNAME": p.Email})
	}
	client, err := srp.NewCognitoSRP(p.Email, p.Password, p.Config.UserPoolID, p.Config.UserPoolClientID, nil)
	if err != nil {
		return nil, err
	}
	params := client.GetAuthParams()
	params["CHALLENGE_NAME"] = "SRP_A"
	r, err := p.Initiate(params)
	if err != nil {
		return nil, err
	}
	if r.Name != types.ChallengeNameTypePasswordVerifier {
		return nil, fmt.Errorf("the pool requests %s", r.Name)
	}
	answers, err := client.PasswordVerifierChallenge(r.Params, time.Now())
	if err != nil {
		return nil, err
	}
	return p.Respond(r, answers, p.Metadata)
}

// Begin starts a sign-in that must lead to the question for the code.
func (p *Person) Begin() *Round {
	p.T.Helper()
	r, err := p.Start()
	if err != nil {
		p.T.Fatal(err)
	}
	return p.Asked(r)
}

// Answer answers the question for the code.
func (p *Person) Answer(r *Round, code string) (*Round, error) {
	return p.Respond(r, map[string]string{"ANSWER": code}, nil)
}

// Resend requests the mail again.
func (p *Person) Resend(r *Round) *Round {
	p.T.Helper()
	next, err := p.Respond(r, map[string]string{"ANSWER": "resend"}, map[string]string{"action": "resend"})
	if err != nil {
		p.T.Fatal(err)
	}
	return p.Asked(next)
}

// SignIn is a whole sign-in.
func (p *Person) SignIn() *types.AuthenticationResultType {
	p.T.Helper()
	r := p.Begin()
	return p.Finish(r, p.Code())
}

// Finish answers with a code that must be right.
func (p *Person) Finish(r *Round, code string) *types.AuthenticationResultType {
	p.T.Helper()
	done, err := p.Answer(r, code)
	if err != nil {
		p.T.Fatal(err)
	}
	if done.Tokens == nil {
		p.T.Fatalf("no tokens for the right code, but %s with %v", done.Name, done.Params)
	}
	return done.Tokens
}

// Again answers with a code that must not be right and returns the next round.
func (p *Person) Again(r *Round, code string) *Round {
	p.T.Helper()
	next, err := p.Answer(r, code)
	if err != nil {
		p.T.Fatal(err)
	}
	return p.Asked(next)
}

// Asked checks that a round requests the code, and returns it.
func (p *Person) Asked(r *Round) *Round {
	p.T.Helper()
	if r.Tokens != nil || r.Name != types.ChallengeNameTypeCustomChallenge {
		p.T.Fatalf("the pool requests %q (tokens: %t), want CUSTOM_CHALLENGE", r.Name, r.Tokens != nil)
	}
	return r
}

// Mails returns the mails to the person, newest first, by the inbox's API.
func (p *Person) Mails() []Mail {
	p.T.Helper()
	all, err := Mails(context.WithoutCancel(p.T.Context()), p.Config.InboxURL, p.Email, time.Time{})
	if err != nil {
		p.T.Fatal(err)
	}
	return all
}

// Code returns the code in the newest mail as the mail shows it. There must be one more mail than
// before; it is there when the pool has answered.
func (p *Person) Code() string {
	p.T.Helper()
	all := p.Mails()
	if len(all) != p.Seen+1 {
		p.T.Fatalf("%d mails for %s, want %d", len(all), p.Email, p.Seen+1)
	}
	p.Seen++
	code, err := Code(all[0].Text)
	if err != nil {
		p.T.Fatal(err)
	}
	return code
}

// WantMails checks how many mails the person got in all.
func (p *Person) WantMails(n int) {
	p.T.Helper()
	if got := len(p.Mails()); got != n {
		p.T.Errorf("%d mails for %s, want %d", got, p.Email, n)
	}
}

// WantRefusal checks that an error is an API's with this code and that its message contains words.
func WantRefusal(t testing.TB, err error, code, words string) {
	t.Helper()
	var api interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	if !errors.As(err, &api) {
		t.Fatalf("error %v, want %s: %s", err, code, words)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("%s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, words)
	}
}
