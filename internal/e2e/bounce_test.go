package e2e_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// undeliverable is what somebody with the right password reads when mail to the account came back.
const undeliverable = "CreateAuthChallenge failed with error Mail to the e-mail address of this account can't be delivered, so no code can be sent to it; please ask for help (emailotp:undeliverable-address)."

// settled waits until all was handled that SES said of mails.
func settled(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	if err := sb.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantMarks sees how often the function of SES's events ran, and that it did nothing but mark.
func wantMarks(t *testing.T, sb *sandbox.Sandbox, n int) {
	t.Helper()
	settled(t, sb)
	calls, err := sb.CountsOf(sandbox.MailEvents)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"dynamodb:UpdateItem": n}
	if n == 0 {
		want = map[string]int{}
	}
	if got := sb.Counts()["lambda:MailEvents"]; got != n || !maps.Equal(calls, want) {
		t.Errorf("%d invocations with calls %v, want %d", got, calls, n)
	}
}

// move gives the person another address, as an administrator does.
func (p *person) move(email string) {
	p.t.Helper()
	_, err := administrator(p).AdminUpdateUserAttributes(p.t.Context(), &cognito.AdminUpdateUserAttributesInput{UserPoolId: &p.config.UserPoolID, Username: &p.email,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: &email}, {Name: aws.String("email_verified"), Value: aws.String("true")}}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.email = email
}

func TestMailThatComesBackStopsMailToThatAddress(t *testing.T) {
	t.Parallel()
	sb := own(t, sandbox.Options{Stack: password})
	for i, address := range []string{"bounce+a@simulator.amazonses.com", "complaint+a@simulator.amazonses.com", "suppressionlist+a@simulator.amazonses.com", "listed@example.com"} {
		p := newUser(t, sb, address)
		if address == "listed@example.com" {
			sb.SuppressAddress(p.email)
		}
		p.begin()
		wantMarks(t, sb, i+1)
		for range 2 {
			_, err := p.start()
			wantRefusal(t, err, "UserLambdaValidationException", undeliverable)
		}
	}
	if got := sb.SimulatedMessages(); got["bounce"] != 1 || got["complaint"] != 1 || got["suppressionlist"] != 1 || got["success"] != 0 {
		t.Errorf("mails to the simulator: %v", got)
	}
	// Others are not meant.
	p := newUser(t, sb, "arrives@example.com")
	p.wantTokens(p.signIn())
	wantMarks(t, sb, 4)
}

func TestAStrangerDoesNotSeeThatMailComesBack(t *testing.T) {
	t.Parallel()
	sb := own(t, sandbox.Options{Stack: passwordless})
	marked, usual, nobody := newUser(t, sb, "bounce+b@simulator.amazonses.com"), newUser(t, sb, "usual@example.com"), newPerson(t, sb, "nobody@example.com")
	first := marked.begin()
	usual.begin()
	nobody.begin()
	wantMarks(t, sb, 1)

	until(t, first, "resendAvailableAt")
	want := usual.begin()
	for name, p := range map[string]*person{"a marked user": marked, "a name that nobody has": nobody} {
		r := p.begin()
		if got, want := slices.Sorted(maps.Keys(r.params)), slices.Sorted(maps.Keys(want.params)); !slices.Equal(got, want) {
			t.Errorf("%s is told %v, usually %v", name, got, want)
		}
		for _, key := range []string{"reason", "codeLength", "attemptsLeft", "resendsLeft"} {
			if r.params[key] != want.params[key] {
				t.Errorf("%s: %s is %s, usually %s", name, key, r.params[key], want.params[key])
			}
		}
		if p == marked {
			first = r
		}
	}
	// One mail bounced; a decoy took the place of the second, and of both to nobody.
	if got := sb.SimulatedMessages(); got["bounce"] != 1 || got["success"] != 3 {
		t.Errorf("mails to the simulator: %v", got)
	}
	wantMarks(t, sb, 1)

	// With another address the mark no longer fits.
	marked.move("moved@example.com")
	until(t, first, "resendAvailableAt")
	marked.wantTokens(marked.signIn())
}

func TestAMarkIsTriedAgainWhereTheTableIsDown(t *testing.T) {
	t.Parallel()
	sb := own(t, sandbox.Options{Stack: password})
	p := newUser(t, sb, "bounce+c@simulator.amazonses.com")
	repair := breakdown(t, sb, sandbox.Fault{Service: sandbox.DynamoDB, Trigger: sandbox.MailEvents, Calls: 2, Error: "InternalServerError", Status: 500}) // both attempts of one invocation
	p.begin()
	settled(t, sb)
	repair()
	if n := sb.Counts()["lambda:MailEvents"]; n != 2 {
		t.Errorf("%d invocations, want 2", n)
	}
	_, err := p.start()
	wantRefusal(t, err, "UserLambdaValidationException", undeliverable)
}
