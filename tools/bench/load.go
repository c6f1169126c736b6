package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// maxSignIns is how often one user signs in at the most: each mail counts in a budget of 48 at
// once.
const maxSignIns = 40

// manyUsers suffice for 20,000 sign-ins.
const manyUsers = 640

// startSandbox starts a sandbox with a number of users, with handlers in place of the functions if
// there are any.
func (r *run) startSandbox(m settings.Mode, count int, invoker sandbox.Invoker) (*sandbox.Sandbox, error) {
	dir, err := r.assembly(m)
	if err != nil {
		return nil, err
	}
	users := make([]sandbox.User, count)
	for i := range users {
		users[i].Email = address(i)
		if m == settings.Password {
			users[i].Password = password
		}
	}
	return sandbox.Start(r.ctx, sandbox.Options{Assembly: dir, Mode: m, Users: users, Invoker: invoker,
		Source: r.app, CacheDir: r.cache})
}

func address(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// nothing are handlers in process that accept "1" for the code and call no service: what is left of
// a sign-in is the work of the pool and its protocol.
func nothing() sandbox.Handlers {
	handler := func(respond func(request object) object) sandbox.HandlerFunc {
		return func(_ context.Context, event []byte) ([]byte, error) {
			var e object
			if err := json.Unmarshal(event, &e); err != nil {
				return nil, err
			}
			request, _ := e["request"].(object)
			e["response"] = respond(request)
			return json.Marshal(e)
		}
	}
	same := handler(func(object) object { return object{} })
	return sandbox.Handlers{
		sandbox.PreSignUp: same, sandbox.PreTokenGeneration: same,
		sandbox.DefineAuthChallenge: handler(func(request object) object {
			last := object{}
			if rows, _ := request["session"].([]any); len(rows) > 0 {
				last, _ = rows[len(rows)-1].(object)
			}
			switch last["challengeName"] {
			case "SRP_A":
				return object{"challengeName": "PASSWORD_VERIFIER", "issueTokens": false, "failAuthentication": false}
			case "CUSTOM_CHALLENGE":
				return object{"issueTokens": last["challengeResult"] == true, "failAuthentication": last["challengeResult"] != true}
			}
			return object{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}
		}),
		sandbox.CreateAuthChallenge: handler(func(object) object {
			return object{"publicChallengeParameters": object{contract.ParamCodeLength: "1"},
				"privateChallengeParameters": object{"code": "1"}, "challengeMetadata": "1"}
		}),
		sandbox.VerifyAuthChallengeResponse: handler(func(request object) object {
			return object{"answerCorrect": request["challengeAnswer"] == "1"}
		}),
	}
}

// person answers with the known password, and with the code that the mailbox received.
type person struct {
	sandbox *sandbox.Sandbox
	address string
	began   time.Time
	// fixed is the code where no mail goes out.
	fixed string
}

const password = "Correct-horse-battery-7"

var errUnexpected = errors.New("the pool requested something that no sign-in of the benchmark needs")

func (p person) Password(context.Context) (string, error)            { return password, nil }
func (p person) NewPassword(context.Context, string) (string, error) { return "", errUnexpected }
func (p person) Attribute(context.Context, string) (string, error)   { return "", errUnexpected }
func (p person) Tell(string)                                         {}

func (p person) Code(ctx context.Context, c signin.Challenge) (string, error) {
	if c.Reason != "" && c.Reason != contract.ReasonSent {
		return "", fmt.Errorf("the code was not accepted (%s)", c.Reason)
	}
	if p.fixed != "" {
		return p.fixed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := p.sandbox.WaitForMessage(ctx, p.address, p.began)
	if err != nil {
		return "", fmt.Errorf("no mail came: %w", err)
	}
	return strings.ReplaceAll(mailbox.FindCode(m.Text), " ", ""), nil
}

// load is what a number of clients did to a sandbox.
type load struct {
	signIns   int
	perSecond []float64 // in ten slices of the time
	cpu       []float64 // seconds a sign-in, of the sandbox, its processes and the clients; empty if unknown
}

// drive has clients sign in, with one user after the other, until total sign-ins are done or the
// time is up; total 0 means that the time alone decides.
func drive(ctx context.Context, s *sandbox.Sandbox, clients, total int, limit time.Duration, fixed string) (load,
	error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	cfg := s.Config()
	client := cognito.New(cognito.Options{Region: region, BaseEndpoint: &cfg.Endpoint,
		Credentials: aws.AnonymousCredentials{},
		HTTPClient:  &http.Client{Transport: transport}, RetryMaxAttempts: 1})
	var mu sync.Mutex
	var ends []time.Duration
	var started atomic.Int64
	users := len(s.Users())
	if total > maxSignIns*users {
		return load{}, fmt.Errorf("%d users can't sign in %d times", users, total)
	}
	var wait sync.WaitGroup
	before, known := measureUsage()
	began := time.Now()
	for range clients {
		wait.Go(func() {
			for ctx.Err() == nil && time.Since(began) < limit {
				n := int(started.Add(1))
				if total > 0 && n > total {
					return
				}
				p := person{sandbox: s, address: address(n % users), began: time.Now(), fixed: fixed}
				in := signin.SignIn{API: client, Person: p, PoolID: cfg.UserPoolID, ClientID: cfg.UserPoolClientID,
					Username: p.address, Mode: string(cfg.Mode)}
				if _, err := in.Run(ctx); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				ends = append(ends, time.Since(began))
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	elapsed := time.Since(began)
	if err := context.Cause(ctx); err != nil {
		return load{}, fmt.Errorf("signing in by %d clients: %w", clients, err)
	}
	if len(ends) < 10 {
		return load{}, errors.New("fewer than ten sign-ins in the time given")
	}
	l := load{signIns: len(ends), perSecond: make([]float64, 10)}
	for _, e := range ends {
		l.perSecond[min(9, int(10*e/elapsed))] += 10 / elapsed.Seconds()
	}
	if after, ok := measureUsage(); ok && known {
		l.cpu = []float64{(after.cpu - before.cpu).Seconds() / float64(l.signIns)}
	}
	return l, nil
}
