package userpool_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// failing returns a handler that fails with err.
func failing(err error) func(event) (any, error) {
	return func(event) (any, error) { return nil, err }
}

func TestTriggerFailuresAreWordedAndAreHTTP400(t *testing.T) {
	const exited = "RequestId: 7c9ad5b0-0000-4000-8000-000000000001 Error: Runtime exited with error: exit status 129"
	const late = "2026-11-21T06:30:00.000Z 7c9ad5b0-0000-4000-8000-000000000001 Task timed out after 3.00 seconds"
	for _, c := range []struct {
		name    string
		fail    error
		kind    string
		message string
	}{
		{"an error that the function returned",
			&lambda.Error{Failure: lambda.Handled, Type: "errorString", Message: "try again later"},
			"UserLambdaValidationException", " failed with error try again later."},
		{"a process that died", &lambda.Error{Failure: lambda.Exited, Type: "Runtime.ExitError", Message: exited},
			"UserLambdaValidationException", " failed with error " + exited + "."},
		{"a function that ran into its own limit",
			&lambda.Error{Failure: lambda.TimedOut, Type: "Sandbox.Timedout", Message: late},
			"UserLambdaValidationException", " failed with error " + late + "."},
		{"a call that failed", errors.New("no such function"), "UnexpectedLambdaException",
			" invocation failed due to error no such function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, trigger := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
				h := passwordless()
				w := worldOfAlice(t, h)
				out, err := w.start(t, clientID, alice)
				switch trigger {
				case "DefineAuthChallenge":
					h.define = failing(c.fail)
				case "CreateAuthChallenge":
					h.create = failing(c.fail)
				default:
					h.verify = failing(c.fail)
				}
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.answer(t, clientID, alice, *out.Session, "wrong")
				wantError(t, err, c.kind, trigger+c.message)
				// After a trigger's failure the Session is dead, not just used.
				_, err = w.answer(t, clientID, alice, *out.Session, rightCode)
				notAuthorized(t, err, "Invalid session for the user.")
			}
		})
	}
}

func TestAHandlerThatPanicsLooksLikeAProcessThatDied(t *testing.T) {
	h := passwordless()
	h.define = func(event) (any, error) { panic("in a test") }
	w := worldOfAlice(t, h)
	_, err := w.start(t, clientID, alice)
	if code(err) != "UserLambdaValidationException" || !strings.Contains(err.Error(), "Runtime exited with error") {
		t.Errorf("error = %v", err)
	}
}

// slow is an Invoker whose calls of one trigger wait until they are let go.
type slow struct {
	userpool.Invoker
	trigger userpool.Trigger
	waits   int32 // how many calls wait
	release chan struct{}
	calls   atomic.Int32
	done    atomic.Int32
}

func (s *slow) Invoke(ctx context.Context, t userpool.Trigger, e []byte) ([]byte, error) {
	if t != s.trigger {
		return s.Invoker.Invoke(ctx, t, e)
	}
	if s.calls.Add(1) <= s.waits {
		<-s.release
		defer s.done.Add(1)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Invoker.Invoke(ctx, t, e)
}

func TestASlowTrigger(t *testing.T) {
	patience := func(attempts int) setting {
		return func(_ *userpool.Config, o *userpool.Options) {
			o.TriggerTimeout, o.TriggerAttempts = 50*time.Millisecond, attempts
		}
	}
	t.Run("fails the request", func(t *testing.T) {
		s := &slow{Invoker: passwordless(), trigger: userpool.CreateAuthChallenge, waits: 9, release: make(chan struct{})}
		w := worldOfAlice(t, s, patience(1))
		_, err := w.start(t, clientID, alice)
		wantError(t, err, "UnexpectedLambdaException",
			"CreateAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function.")
		close(s.release)
		if n := s.calls.Load(); n != 1 {
			t.Errorf("%d calls, want one", n)
		}
	})
	t.Run("is called again, beside the first call", func(t *testing.T) {
		s := &slow{Invoker: passwordless(), trigger: userpool.CreateAuthChallenge, waits: 2, release: make(chan struct{})}
		w := worldOfAlice(t, s, patience(3))
		out := must2(w.start(t, clientID, alice))(t)
		if n, done := s.calls.Load(), s.done.Load(); n != 3 || done != 0 {
			t.Errorf("%d calls of which %d of the slow ones had ended, want three and none", n, done)
		}
		close(s.release)
		must2(w.answer(t, clientID, alice, *out.Session, rightCode))(t)
	})
	t.Run("is given up after the last attempt", func(t *testing.T) {
		s := &slow{Invoker: passwordless(), trigger: userpool.DefineAuthChallenge, waits: 9, release: make(chan struct{})}
		w := worldOfAlice(t, s, patience(3))
		_, err := w.start(t, clientID, alice)
		wantError(t, err, "UnexpectedLambdaException",
			"DefineAuthChallenge invocation failed due to error Socket timeout while invoking Lambda function.")
		if n := s.calls.Load(); n != 3 {
			t.Errorf("%d calls, want three", n)
		}
		close(s.release)
	})
	t.Run("an error is not repeated", func(t *testing.T) {
		h := passwordless()
		h.create = failing(&lambda.Error{Message: "no"})
		w := worldOfAlice(t, h, patience(3))
		w.start(t, clientID, alice)
		if n := len(h.of(userpool.CreateAuthChallenge)); n != 1 {
			t.Errorf("%d calls, want one", n)
		}
	})
	t.Run("runs on when the client goes away", func(t *testing.T) {
		s := &slow{Invoker: passwordless(), trigger: userpool.DefineAuthChallenge, waits: 1, release: make(chan struct{})}
		w := worldOfAlice(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			w.InitiateAuth(ctx, &cip.InitiateAuthInput{AuthFlow: "CUSTOM_AUTH", ClientId: ptr(clientID),
				AuthParameters: map[string]string{"USERNAME": alice}})
		}()
		for s.calls.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-gone
		close(s.release)
		for s.done.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
	})
	t.Run("holds nobody else up", func(t *testing.T) {
		s := &slow{Invoker: passwordless(), trigger: userpool.DefineAuthChallenge, waits: 1, release: make(chan struct{})}
		w := worldOfAlice(t, s)
		w.user(t, "bob@example.com")
		first := make(chan error, 1)
		go func() {
			_, err := w.start(t, clientID, alice)
			first <- err
		}()
		for s.calls.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		w.signIn(t, clientID, "bob@example.com")
		w.disable(t, "bob@example.com")
		w.seed(t, userpool.UserSpec{Email: "carol@example.com"})
		close(s.release)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}
