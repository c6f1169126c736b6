package e2e_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// undeliverable is the refusal after a proven password when mail to the account came back.
const undeliverable = "CreateAuthChallenge failed with error Mail to the e-mail address of this account can't be delivered, so no code can be sent to it; please ask for help (emailotp:undeliverable-address)."

// wantMarks waits for SES's events and checks how often their function ran, and that all it did was
// to mark items.
func wantMarks(t *testing.T, sb *sandbox.Sandbox, n, bounces int) {
	t.Helper()
	if err := sb.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls, err := sb.CountsOf(sandbox.MailEvents)
	if err != nil {
		t.Fatal(err)
	}
	// Each mark is one call, and the count of each bounce one more.
	want := map[string]int{"dynamodb:UpdateItem": n + bounces}
	if n == 0 {
		want = map[string]int{}
	}
	if got := sb.Counts()["lambda:MailEvents"]; got != n || !maps.Equal(calls, want) {
		t.Errorf("%d invocations with calls %v, want %d", got, calls, n)
	}
}

// move gives the person another address, as an administrator does.
func move(p *person, email string) {
	p.T.Helper()
	_, err := p.Administrator().AdminUpdateUserAttributes(p.T.Context(), &cognito.AdminUpdateUserAttributesInput{
		UserPoolId: &p.Config.UserPoolID, Username: &p.Email, UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: &email}, {Name: aws.String("email_verified"), Value: aws.String("true")}}})
	if err != nil {
		p.T.Fatal(err)
	}
	p.Email = email
}

func TestMailThatComesBackStopsMailToThatAddress(t *testing.T) {
	t.Parallel()
	// Its role for mail-events names the attributes that it may write.
	sb := app.Own(t, sandbox.Options{Stack: app.People})
	for i, address := range []string{"bounce+a@simulator.amazonses.com", "complaint+a@simulator.amazonses.com",
		"suppressionlist+a@simulator.amazonses.com", "listed@example.com"} {
		p := newUser(t, sb, address)
		if address == "listed@example.com" {
			sb.SuppressAddress(p.Email)
		}
		p.Begin()
		wantMarks(t, sb, i+1, []int{1, 1, 2, 3}[i])
		for range 2 {
			_, err := p.Start()
			wantRefusal(t, err, "UserLambdaValidationException", undeliverable)
		}
	}
	if got := sb.SimulatedMessages(); got["bounce"] != 1 || got["complaint"] != 1 || got["suppressionlist"] != 1 ||
		got["success"] != 0 {
		t.Errorf("mails to the simulator: %v", got)
	}
	// Other users are not affected.
	p := newUser(t, sb, "arrives@example.com")
	p.WantTokens(p.SignIn())
	wantMarks(t, sb, 4, 3)
}

func TestAStrangerDoesNotSeeThatMailComesBack(t *testing.T) {
	t.Parallel()
	sb, clock := clocked(t, app.Passwordless)
	marked, usual, nobody := newUser(t, sb, "bounce+b@simulator.amazonses.com"), newUser(t, sb, "usual@example.com"),
		newPerson(t, sb, "nobody@example.com")
	first := marked.Begin()
	usual.Begin()
	nobody.Begin()
	wantMarks(t, sb, 1, 1)

	until(t, clock, first, "resendAvailableAt")
	want := usual.Begin()
	for name, p := range map[string]*person{"a marked user": marked, "an unknown name": nobody} {
		r := p.Begin()
		if got, want := slices.Sorted(maps.Keys(r.Params)), slices.Sorted(maps.Keys(want.Params)); !slices.Equal(got, want) {
			t.Errorf("%s gets %v, usually %v", name, got, want)
		}
		for _, key := range []string{"reason", "codeLength", "attemptsLeft", "resendsLeft"} {
			if r.Params[key] != want.Params[key] {
				t.Errorf("%s: %s is %s, usually %s", name, key, r.Params[key], want.Params[key])
			}
		}
		if p == marked {
			first = r
		}
	}
	// One mail bounced; decoys replace the second one and both to the unknown name.
	if got := sb.SimulatedMessages(); got["bounce"] != 1 || got["success"] != 3 {
		t.Errorf("mails to the simulator: %v", got)
	}
	wantMarks(t, sb, 1, 1)

	// With another address the mark no longer fits.
	move(marked, "moved@example.com")
	until(t, clock, first, "resendAvailableAt")
	marked.WantTokens(marked.SignIn())
}

func TestAMarkIsRetriedWhenTheTableIsDown(t *testing.T) {
	t.Parallel()
	sb := app.Own(t, sandbox.Options{Stack: app.Password})
	p := newUser(t, sb, "bounce+c@simulator.amazonses.com")
	repair := breakdown(t, sb, sandbox.Fault{Service: sandbox.DynamoDB, Trigger: sandbox.MailEvents, Calls: 2,
		Error: "InternalServerError", Status: 500}) // both attempts of one invocation
	p.Begin()
	if err := sb.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	repair()
	if n := sb.Counts()["lambda:MailEvents"]; n != 2 {
		t.Errorf("%d invocations, want 2", n)
	}
	_, err := p.Start()
	wantRefusal(t, err, "UserLambdaValidationException", undeliverable)
}
