package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
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

// goodPassword meets the construct's password policy.
const goodPassword = "Correct-horse-7-battery"

// person is somebody with a client and a mailbox.
type person struct {
	t        testing.TB
	sandbox  *sandbox.Sandbox
	config   sandbox.Config
	api      *cognito.Client
	email    string
	password string
	// seen counts the mails that were read.
	seen int
}

// people counts them, so that a test that runs again has others.
var people atomic.Int64

// newPerson is a person without an account. Every test has people of its own:
// "user@example.com" becomes "person.001@example.com".
func newPerson(t testing.TB, sb *sandbox.Sandbox, email string) *person {
	t.Helper()
	c := sb.Config()
	local, domain, _ := strings.Cut(email, "@")
	email = fmt.Sprintf("%s.%03d@%s", local, people.Add(1), domain)
	return &person{t: t, sandbox: sb, config: c, email: email, password: goodPassword,
		api: cognito.New(cognito.Options{Region: c.Region, BaseEndpoint: &c.Endpoint, Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{}})}
}

// newUser is a person with an account and a verified address.
func newUser(t testing.TB, sb *sandbox.Sandbox, email string, change ...func(*sandbox.User)) *person {
	t.Helper()
	p := newPerson(t, sb, email)
	u := sandbox.User{Email: p.email}
	if p.config.Mode == "password" {
		u.Password = p.password
	}
	for _, c := range change {
		c(&u)
	}
	if _, err := sb.CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return p
}

// round is what a call of the sign-in gave.
type round struct {
	name    types.ChallengeNameType
	params  map[string]string
	session string
	tokens  *types.AuthenticationResultType
}

func (p *person) initiate(params map[string]string) (*round, error) {
	out, err := p.api.InitiateAuth(p.t.Context(), &cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &p.config.UserPoolClientID, AuthParameters: params})
	if err != nil {
		return nil, err
	}
	return &round{out.ChallengeName, out.ChallengeParameters, aws.ToString(out.Session), out.AuthenticationResult}, nil
}

// respond answers a round; the user is named as the challenge does.
func (p *person) respond(r *round, answers, metadata map[string]string) (*round, error) {
	all := map[string]string{"USERNAME": r.params["USERNAME"]}
	maps.Copy(all, answers)
	out, err := p.api.RespondToAuthChallenge(p.t.Context(), &cognito.RespondToAuthChallengeInput{
		ChallengeName: r.name, ClientId: &p.config.UserPoolClientID, Session: &r.session, ChallengeResponses: all, ClientMetadata: metadata})
	if err != nil {
		return nil, err
	}
	next := &round{out.ChallengeName, out.ChallengeParameters, aws.ToString(out.Session), out.AuthenticationResult}
	if next.tokens == nil && next.params["USERNAME"] == "" {
		next.params = maps.Clone(next.params)
		next.params["USERNAME"] = r.params["USERNAME"]
	}
	return next, nil
}

// start begins a sign-in and, in password mode, proves the password, by an SRP
// client that is not the sandbox's own.
func (p *person) start() (*round, error) {
	if p.config.Mode != "password" {
		return p.initiate(map[string]string{"USERNAME": p.email})
	}
	client, err := srp.NewCognitoSRP(p.email, p.password, p.config.UserPoolID, p.config.UserPoolClientID, nil)
	if err != nil {
		return nil, err
	}
	params := client.GetAuthParams()
	params["CHALLENGE_NAME"] = "SRP_A"
	r, err := p.initiate(params)
	if err != nil {
		return nil, err
	}
	if r.name != types.ChallengeNameTypePasswordVerifier {
		return nil, fmt.Errorf("asked for %s", r.name)
	}
	answers, err := client.PasswordVerifierChallenge(r.params, time.Now())
	if err != nil {
		return nil, err
	}
	return p.respond(r, answers, nil)
}

// begin is start where it must work, up to the question for the code.
func (p *person) begin() *round {
	p.t.Helper()
	r, err := p.start()
	if err != nil {
		p.t.Fatal(err)
	}
	if r.name != types.ChallengeNameTypeCustomChallenge {
		p.t.Fatalf("asked for %q, want CUSTOM_CHALLENGE", r.name)
	}
	return r
}

// answer answers the question for the code.
func (p *person) answer(r *round, code string) (*round, error) {
	return p.respond(r, map[string]string{"ANSWER": code}, nil)
}

// resend asks for the mail again.
func (p *person) resend(r *round) (*round, error) {
	return p.respond(r, map[string]string{"ANSWER": "resend"}, map[string]string{"action": "resend"})
}

// signIn is a whole sign-in.
func (p *person) signIn() *types.AuthenticationResultType {
	p.t.Helper()
	r := p.begin()
	return p.finish(r, p.code())
}

// finish answers with a code that must be right.
func (p *person) finish(r *round, code string) *types.AuthenticationResultType {
	p.t.Helper()
	done, err := p.answer(r, code)
	if err != nil {
		p.t.Fatal(err)
	}
	if done.tokens == nil {
		p.t.Fatalf("no tokens for the right code, but %s with %v", done.name, done.params)
	}
	return done.tokens
}

// again answers with a code that must not be right and returns the next round.
func (p *person) again(r *round, code string) *round {
	p.t.Helper()
	next, err := p.answer(r, code)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.asked(next)
}

// asked sees that a round asks for the code.
func (p *person) asked(r *round) *round {
	p.t.Helper()
	if r.tokens != nil {
		p.t.Fatal("got tokens")
	}
	if r.name != types.ChallengeNameTypeCustomChallenge {
		p.t.Fatalf("asked for %q, want CUSTOM_CHALLENGE", r.name)
	}
	return r
}

// mail is a message of the inbox's API.
type mail struct {
	ID, To, From, Subject, Text, HTML string
	SentAt                            time.Time
}

// mails reads the inbox as a program of a user's does, newest first.
func (p *person) mails() []mail {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(p.t.Context()), http.MethodGet, p.config.InboxURL+"/api/messages?to="+url.QueryEscape(p.email), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("inbox: %s %v %s", resp.Status, err, body)
	}
	var all []mail
	if err := json.Unmarshal(body, &all); err != nil {
		p.t.Fatalf("inbox: %v in %s", err, body)
	}
	return all
}

// codeLine is the line of a mail that has the code alone, in groups.
var codeLine = regexp.MustCompile(`(?m)^[ \t]*(\d[\d ]{4,30}\d)[ \t]*$`)

// code reads the code from the newest mail, of which there must be one more than
// before. The mail is there when the pool has answered.
func (p *person) code() string {
	p.t.Helper()
	all := p.mails()
	if len(all) != p.seen+1 {
		p.t.Fatalf("%d mails for %s, want %d", len(all), p.email, p.seen+1)
	}
	p.seen++
	m := codeLine.FindStringSubmatch(all[0].Text)
	if m == nil {
		p.t.Fatalf("no code in the mail:\n%s", all[0].Text)
	}
	return m[1]
}

// wantMails sees that no further mail came.
func (p *person) wantMails(n int) {
	p.t.Helper()
	if got := len(p.mails()); got != n {
		p.t.Errorf("%d mails for %s, want %d", got, p.email, n)
	}
}

// wrong is a code of the same form that is not the right one.
func wrong(code string) string {
	last := len(code) - 1
	return code[:last] + string('0'+(code[last]-'0'+1)%10)
}

// wantRefusal sees that an error is of the service's type and says these words.
func wantRefusal(t testing.TB, err error, kind, words string) {
	t.Helper()
	var api interface {
		ErrorCode() string
		ErrorMessage() string
	}
	if !asAPI(err, &api) {
		t.Fatalf("error %v, want %s: %s", err, kind, words)
	}
	if api.ErrorCode() != kind || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("%s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), kind, words)
	}
}
