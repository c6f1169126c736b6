package e2e_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// unavailable is the refusal when a service is down; a client gets no more.
const unavailable = "failed with error Sign-in codes are not available just now; please try again in a few minutes (emailotp:unavailable)."

func TestAServiceThatIsDownRefusesAndLeavesNothingHalfDone(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := app.Own(t, sandbox.Options{Stack: stack})
		for name, fault := range map[string]sandbox.Fault{
			"kms":      {Service: sandbox.KMS, Operation: "GenerateMac", Error: "KMSInternalException", Status: 500},
			"kms-slow": {Service: sandbox.KMS, Throttle: true},
			"ses":      {Service: sandbox.SES, Error: "SendingPausedException"},
			"ses-slow": {Service: sandbox.SES, Throttle: true},
			"dynamodb": {Service: sandbox.DynamoDB, Error: "InternalServerError", Status: 500},
		} {
			p := newUser(t, sb, name+"-create@example.com")
			repair := breakdown(t, sb, fault)
			_, err := p.Start()
			if name == "ses-slow" && stack == app.Passwordless {
				// Known and unknown names look alike: the client is shown a sign-in whose mail was
				// sent.
				if err != nil {
					t.Errorf("throttled: %v", err)
				}
				repair()
				p.WantMails(0)
				continue
			}
			wantRefusal(t, err, "UserLambdaValidationException", "CreateAuthChallenge "+unavailable)
			repair()
			// A mail that did not go spent no budget and started no cool-down.
			p.WantMails(0)
			p.WantTokens(p.SignIn())
			p.WantMails(1)
		}
	})
}

func TestAGuessThatCannotBeCountedOrComparedIsNoGuess(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb := app.Own(t, sandbox.Options{Stack: stack})
		for name, fault := range map[string]sandbox.Fault{
			"kms":      {Service: sandbox.KMS, Operation: "VerifyMac", Error: "KMSInternalException", Status: 500},
			"dynamodb": {Service: sandbox.DynamoDB, Operation: "UpdateItem", Error: "InternalServerError", Status: 500},
		} {
			p := newUser(t, sb, name+"-verify@example.com")
			r := p.Begin()
			code := p.Code()
			fault.Trigger = sandbox.VerifyAuthChallengeResponse
			repair := breakdown(t, sb, fault)
			_, err := p.Answer(r, code)
			wantRefusal(t, err, "UserLambdaValidationException", "VerifyAuthChallengeResponse "+unavailable)
			repair()
			// The code is not used up: another sign-in joins it.
			p.WantTokens(p.Finish(p.Begin(), code))
			p.WantMails(1)
		}
	})
}

// impatient starts a sandbox whose pool calls a trigger again after half of slow, as Cognito does
// after 5 s, but up to ten times: on a busy machine the second call may take longer than that, too.
// It returns when the functions are warm.
func impatient(t *testing.T, stack string) *sandbox.Sandbox {
	t.Helper()
	sb := app.Own(t, sandbox.Options{Stack: stack, TriggerTimeout: slow / 2, TriggerAttempts: 10})
	p := newUser(t, sb, "warm@example.com")
	if err := testkit.Within(testkit.Patience, func() error {
		r, err := p.Start()
		if err == nil {
			_, err = p.Answer(r, "0000 0000")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return sb
}

// slow is the latency of a slow service; the pool calls the trigger again after half of it.
const slow = 1800 * time.Millisecond

func TestATriggerThatIsCalledAgainMailsOnce(t *testing.T) {
	t.Parallel()
	for _, stack := range app.Stacks {
		for name, fault := range map[string]sandbox.Fault{
			"the mail service is slow":          {Service: sandbox.SES, Latency: slow, Calls: 1},
			"the mail service's answer is lost": {Service: sandbox.SES, LoseAnswer: true, Calls: 1},
			"the key is slow":                   {Service: sandbox.KMS, Latency: slow, Calls: 2},
			"the table's answer to a write is slow": {Service: sandbox.DynamoDB, Operation: "UpdateItem", Latency: slow,
				Calls: 1},
		} {
			t.Run(stack+", "+name, func(t *testing.T) {
				t.Parallel()
				sb := impatient(t, stack)
				p := newUser(t, sb, "retried@example.com")
				repair := breakdown(t, sb, fault)
				r := p.Begin()
				repair()
				// The second call may have joined a code that the first one has yet to mail.
				if err := testkit.Within(testkit.Patience, func() error {
					if len(p.Mails()) == 0 {
						return errors.New("no mail")
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(slow) // for a second mail, if there were one
				p.WantTokens(p.Finish(r, p.Code()))
			})
		}
	}
}

func TestARepeatedVerifyOfARightCodeStaysRight(t *testing.T) {
	t.Parallel()
	// The first write spends a guess, the second uses the code up.
	use := sandbox.Fault{Service: sandbox.DynamoDB, Operation: "UpdateItem",
		Trigger: sandbox.VerifyAuthChallengeResponse, After: 1, Calls: 1}
	lost, late := use, use
	lost.LoseAnswer = true
	late.Latency = slow
	for _, stack := range app.Stacks {
		for name, fault := range map[string]sandbox.Fault{"lost": lost, "late": late} {
			t.Run(stack+", the answer to its write is "+name, func(t *testing.T) {
				t.Parallel()
				sb := impatient(t, stack)
				p := newUser(t, sb, "retried@example.com")
				r := p.Begin()
				code := p.Code()
				breakdown(t, sb, fault)
				p.WantTokens(p.Finish(r, code))
				p.WantMails(1)
			})
		}
	}
}
