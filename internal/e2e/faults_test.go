package e2e_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// unavailable is all that a client may read of a service that is down.
const unavailable = "failed with error Sign-in codes are not available just now; please try again in a few minutes (emailotp:unavailable)."

// breakdown switches a fault on and returns what switches it off.
func breakdown(t *testing.T, sb *sandbox.Sandbox, f sandbox.Fault) (repair func()) {
	t.Helper()
	repair, err := sb.Inject(f)
	if err != nil {
		t.Fatal(err)
	}
	return repair
}

func TestAServiceThatIsDownRefusesAndLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			sb := own(t, sandbox.Options{Stack: stack})
			for name, fault := range map[string]sandbox.Fault{
				"kms":      {Service: sandbox.KMS, Operation: "GenerateMac", Error: "KMSInternalException", Status: 500},
				"kms-slow": {Service: sandbox.KMS, Throttle: true},
				"ses":      {Service: sandbox.SES, Error: "SendingPausedException"},
				"ses-slow": {Service: sandbox.SES, Throttle: true},
				"dynamodb": {Service: sandbox.DynamoDB, Error: "InternalServerError", Status: 500},
			} {
				p := newUser(t, sb, name+"-create@example.com")
				repair := breakdown(t, sb, fault)
				_, err := p.start()
				wantRefusal(t, err, "UserLambdaValidationException", "CreateAuthChallenge "+unavailable)
				repair()
				// A mail that did not go spent no budget and started no cool-down.
				p.wantMails(0)
				p.wantTokens(p.signIn())
				p.wantMails(1)
			}
		})
	}
}

func TestAGuessThatCannotBeCountedOrComparedIsNoGuess(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			sb := own(t, sandbox.Options{Stack: stack})
			for name, fault := range map[string]sandbox.Fault{
				"kms":      {Service: sandbox.KMS, Operation: "VerifyMac", Error: "KMSInternalException", Status: 500},
				"dynamodb": {Service: sandbox.DynamoDB, Operation: "UpdateItem", Error: "InternalServerError", Status: 500},
			} {
				p := newUser(t, sb, name+"-verify@example.com")
				r := p.begin()
				code := p.code()
				fault.Trigger = sandbox.VerifyAuthChallengeResponse
				repair := breakdown(t, sb, fault)
				_, err := p.answer(r, code)
				wantRefusal(t, err, "UserLambdaValidationException", "VerifyAuthChallengeResponse "+unavailable)
				repair()
				// The code is not used up: another sign-in joins it.
				p.wantTokens(p.finish(p.begin(), code))
				p.wantMails(1)
			}
		})
	}
}

// slow is what a service takes when it is slow; the pool calls the trigger again after half of it.
const slow = 1800 * time.Millisecond

func TestATriggerThatIsCalledAgainMailsOnce(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		for name, fault := range map[string]sandbox.Fault{
			"the mail service is slow":              {Service: sandbox.SES, Latency: slow, Calls: 1},
			"the mail service's answer is lost":     {Service: sandbox.SES, LoseAnswer: true, Calls: 1},
			"the key is slow":                       {Service: sandbox.KMS, Latency: slow, Calls: 2},
			"the table's answer to a write is slow": {Service: sandbox.DynamoDB, Operation: "UpdateItem", Latency: slow, Calls: 1},
		} {
			t.Run(stack+", "+name, func(t *testing.T) {
				t.Parallel()
				// As after Cognito's 5 s, the second call comes while the first still runs.
				sb := own(t, sandbox.Options{Stack: stack, TriggerTimeout: slow / 2, TriggerAttempts: 3})
				p := newUser(t, sb, "retried@example.com")
				repair := breakdown(t, sb, fault)
				r := p.begin()
				repair()
				// The second call may have joined what the first one has yet to mail.
				if err := within(5*time.Second, func() error {
					if len(p.mails()) == 0 {
						return errors.New("no mail")
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(slow) // for a second mail, if there were one
				p.wantTokens(p.finish(r, p.code()))
			})
		}
	}
}

func TestARepeatedVerifyOfARightCodeStaysRight(t *testing.T) {
	t.Parallel()
	// The first write spends a guess, the second uses the code up.
	use := sandbox.Fault{Service: sandbox.DynamoDB, Operation: "UpdateItem", Trigger: sandbox.VerifyAuthChallengeResponse, After: 1, Calls: 1}
	lost, late := use, use
	lost.LoseAnswer = true
	late.Latency = slow
	for _, stack := range []string{passwordless, password} {
		for name, fault := range map[string]sandbox.Fault{"lost": lost, "late": late} {
			t.Run(stack+", the answer to its write is "+name, func(t *testing.T) {
				t.Parallel()
				sb := own(t, sandbox.Options{Stack: stack, TriggerTimeout: slow / 2, TriggerAttempts: 3})
				p := newUser(t, sb, "retried@example.com")
				r := p.begin()
				code := p.code()
				breakdown(t, sb, fault)
				p.wantTokens(p.finish(r, code))
				p.wantMails(1)
			})
		}
	}
}
