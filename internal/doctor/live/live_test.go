package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

var update = flag.Bool("update", false, "write the records again")

func TestMain(m *testing.M) { testkit.Main(m, 2) }

const address = "check@example.com"

// reader reads the mailbox of the sandbox like a user.
type reader struct {
	*testing.T
	inbox string
	// stop is called before a code is entered.
	stop func()
	// told is called with each step before it begins.
	told func(step string)
	// mistakes are entered before the code.
	mistakes *[]string
}

func (r reader) Tell(step string) {
	if r.told != nil {
		r.told(step)
	}
}

func (r reader) Ask(context.Context, string) (bool, error) {
	all, err := testkit.Mails(r.Context(), r.inbox, address, time.Time{})
	return slices.ContainsFunc(all, func(m testkit.Mail) bool { return strings.Contains(m.From, "verificationemail") }),
		err
}

func (r reader) Code(ctx context.Context) (string, error) {
	if r.stop != nil {
		r.stop()
		return "", ctx.Err()
	}
	if m := r.mistakes; m != nil && len(*m) > 0 {
		mistake := (*m)[0]
		*m = (*m)[1:]
		return mistake, nil
	}
	all, err := testkit.Mails(r.Context(), r.inbox, address, time.Time{})
	if err != nil || len(all) == 0 {
		r.Fatal("no mail", err)
	}
	return testkit.Code(all[0].Text)
}

// options are a proof on a sandbox with switches, by a clock that the waits move.
func options(t *testing.T, o sandbox.Options) (live.Options, *sandbox.Sandbox) {
	t.Helper()
	clock := &inprocess.Clock{}
	sb := app.Own(t, clock.Options(o))
	c := sb.Config()
	api, err := awsapi.New(t.Context(), awsapi.Options{Region: c.Region, Sandbox: c.KMSEndpoint})
	if err != nil {
		t.Fatal(err)
	}
	e, err := deployed.Find(t.Context(), api, c.Stack, "")
	if err != nil {
		t.Fatal(err)
	}
	return live.Options{API: api, EmailOTP: e, Person: reader{T: t, inbox: c.InboxURL}, Address: address, Bounce: true,
		Now: clock.Now, Sleep: func(ctx context.Context, d time.Duration) error {
			clock.Advance(d)
			if d < 10*time.Second {
				_ = sb.WaitForMailEvents(ctx)
			}
			return ctx.Err()
		}}, sb
}

func prove(t *testing.T, o live.Options) *live.Proof {
	t.Helper()
	p, err := live.Prove(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each switch of the sandbox in both positions is what the walk settles, and no user is left.
func TestTheWalkSettlesEachPointAsTheSandboxIsSet(t *testing.T) {
	const yes, no, unseen = live.Yes, live.No, live.NotObservable
	for _, on := range []bool{false, true} {
		set := map[bool]string{false: no, true: yes}[on]
		for stack, want := range map[string]map[string]string{
			app.Password: {"NewPasswordIssuesTokens": set, "CustomChallengeEntryRow": set, "CustomAuthAloneAllowsSRP": yes,
				"SessionOverhead": yes, "UnknownUserNameIsDummy": set, "TriggerAttempts": unseen, "WrongPasswordIsAFalseRow": no,
				"ResetRequiredIsRefused": unseen, "UnconfirmedIsRefused": unseen, "BounceEventsArrive": yes,
				"SignUpMailsCognitosOwnCode": unseen, "Latency": yes, "CreateSeesNoClientMetadata": set},
			app.Passwordless: {"NewPasswordIssuesTokens": unseen, "CustomChallengeEntryRow": set, "CustomAuthAloneAllowsSRP": unseen,
				"SessionOverhead": yes, "UnknownUserNameIsDummy": set, "TriggerAttempts": unseen, "WrongPasswordIsAFalseRow": unseen,
				"ResetRequiredIsRefused": unseen, "UnconfirmedIsRefused": unseen, "BounceEventsArrive": yes,
				"SignUpMailsCognitosOwnCode": no, "Latency": yes, "CreateSeesNoClientMetadata": set},
		} {
			o, sb := options(t, sandbox.Options{Stack: stack, NewPasswordIssuesTokens: on, CustomChallengeEntryRow: on,
				UnknownUserNameIsDummy: on, CreateSeesNoClientMetadata: on})
			p := prove(t, o)
			if !p.OK() || p.Removed != 2 || len(sb.Users()) != 0 {
				t.Errorf("%s, %t: %+v; users left: %d", stack, on, p, len(sb.Users()))
			}
			for _, point := range p.Points {
				if point.ID != "Latency" && point.Answer != want[point.ID] || point.Reason == "" {
					t.Errorf("%s, %t: %s is %q (%s), want %q", stack, on, point.ID, point.Answer, point.Reason, want[point.ID])
				}
			}
			if len(p.Points) != len(want) {
				t.Errorf("%d points", len(p.Points))
			}
			if len(p.Triggers) != 4 || p.Triggers[0].Calls < 5 || p.Triggers[0].Slowest == 0 {
				t.Errorf("%s: the triggers' times are %+v", stack, p.Triggers)
			}
			wantRecord(t, p, on)
			wantAllowed(t, o, sb)
		}
	}
}

// A client with a secret, a pool that remembers devices, and users in the states before a sign-in.
func TestTheWalkTriesWhatThePoolHas(t *testing.T) {
	for stack, on := range map[string]bool{app.Password: true, app.Passwordless: false} {
		dir := like(t, stack, map[string]string{live.FactDevices: "true", live.FactSecret: "true", live.FactResets: "true",
			live.FactSignUps: "true"})
		o, sb := options(t, sandbox.Options{Assembly: dir, Stack: stack, AllowBypasses: true, CreateSeesNoClientMetadata: on})
		o.Bounce = false
		p := prove(t, o)
		if !p.OK() || len(sb.Users()) != 0 {
			t.Errorf("%s: %+v", stack, p)
		}
		got := map[string]string{}
		for _, point := range p.Points {
			got[point.ID] = point.Answer
		}
		steps := fmt.Sprint(p.Steps)
		if on && (got["ResetRequiredIsRefused"] != live.Yes || got["UnconfirmedIsRefused"] != live.Yes || p.Removed != 3 ||
			!strings.Contains(steps, "tokens without a code") || !strings.Contains(steps, "refused; the code is due")) {
			t.Errorf("%v, %s, removed: %d", got, steps, p.Removed)
		}
		if got["CreateSeesNoClientMetadata"] != map[bool]string{true: live.Yes, false: live.No}[on] {
			t.Errorf("%s: %v", stack, got)
		}
		wantAllowed(t, o, sb)
	}
}

// like returns an assembly whose pool has what the facts of a record say.
func like(t *testing.T, stack string, facts map[string]string) string {
	t.Helper()
	has := func(fact string) bool { return facts[fact] == "true" }
	return app.Changed(t, stack, func(resources map[string]any) {
		for _, r := range resources {
			p, _ := r.(map[string]any)["Properties"].(map[string]any)
			switch r.(map[string]any)["Type"] {
			case "AWS::Cognito::UserPoolClient":
				if has(live.FactSecret) {
					p["GenerateSecret"], p["EnableTokenRevocation"] = true, true
					p["RefreshTokenRotation"] = map[string]any{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
				}
			case "AWS::Cognito::UserPool":
				p["AdminCreateUserConfig"] = map[string]any{"AllowAdminCreateUserOnly": !has(live.FactSignUps)}
				if has(live.FactResets) {
					p["AccountRecoverySetting"] = map[string]any{"RecoveryMechanisms": []any{
						map[string]any{"Name": "verified_email", "Priority": 1}}}
				}
			case "AWS::Lambda::Function":
				environment, _ := p["Environment"].(map[string]any)
				v, _ := environment["Variables"].(map[string]any)
				if has(live.FactDevices) && (v["EMAILOTP_MAX_ATTEMPTS"] != nil || v["EMAILOTP_TABLE"] != nil) {
					v["EMAILOTP_REMEMBER_DEVICES"] = "30"
				}
			}
		}
	})
}

// A mistyped code is asked for again.
func TestAMistypedCodeIsAskedForAgain(t *testing.T) {
	o, _ := options(t, sandbox.Options{Stack: app.Passwordless})
	person := o.Person.(reader)
	person.mistakes = &[]string{"", "not a code"}
	o.Person, o.Bounce = person, false
	if p := prove(t, o); !p.OK() || len(*person.mistakes) != 0 {
		t.Errorf("%+v, mistakes left: %q", p, *person.mistakes)
	}
	person.mistakes = &[]string{"", "", ""}
	o.Person = person
	if p := prove(t, o); p.OK() || !strings.Contains(p.Failed, "newest mail") || p.Removed != 1 ||
		p.Points[9].Reason != "the walk ended before it was tried" {
		t.Errorf("%+v", p)
	}
}

// Of two doctors with the same address at once, the second touches nothing of the first one's.
func TestAUserThatAnotherMadeMeanwhileIsLeftAlone(t *testing.T) {
	for _, stack := range app.Stacks {
		o, sb := options(t, sandbox.Options{Stack: stack})
		person := o.Person.(reader)
		person.told = func(step string) {
			if strings.Contains(step, "user is made") {
				if _, err := sb.CreateUser(t.Context(), sandbox.User{Email: address}); err != nil {
					t.Error(err)
				}
			}
		}
		o.Person = person
		p := prove(t, o)
		if p.OK() || p.Removed != 0 || len(p.Left) != 0 || !strings.Contains(p.Failed, "a user has this address already") ||
			len(sb.Users()) != 1 {
			t.Errorf("%s: %+v; users: %d", stack, p, len(sb.Users()))
		}
	}
}

// wantAllowed checks that the policy of a proof allows every call that was made with credentials.
func wantAllowed(t *testing.T, o live.Options, sb *sandbox.Sandbox) {
	t.Helper()
	var allowed []string
	for _, s := range doctor.Policy(o.EmailOTP, true) {
		allowed = append(allowed, s.Action...)
	}
	functions := []string{"dynamodb:UpdateItem", "cognito-idp:AdminUpdateUserAttributes"}
	for call := range sb.Counts() {
		service, operation, _ := strings.Cut(call, ":")
		isOpen := service == "cognito-idp" && !strings.HasPrefix(operation, "Admin") &&
			!strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Describe")
		if operation == "" || isOpen || service == "kms" || service == "ses" || strings.Contains(operation, " ") ||
			service == "lambda" || slices.Contains(functions, call) {
			continue // the client's, a function's, or counted without its name
		}
		if !slices.Contains(allowed, call) {
			t.Errorf("%s is called, and the policy lacks it", call)
		}
	}
}

// A record has the switches and the forms of the answers, and nothing that is the user's.
func wantRecord(t *testing.T, p *live.Proof, on bool) {
	t.Helper()
	r := p.Record()
	for name, value := range r.Switches {
		if value != on {
			t.Errorf("the record has %s %t", name, value)
		}
	}
	text, err := json.Marshal(r)
	if err != nil || len(r.Switches) < 2 || len(r.Rounds) < 8 {
		t.Errorf("%s, %v", text, err)
	}
	for _, secret := range []string{address, "check", "example.com", "eu-west-1_", "eyJ"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the record has %q: %s", secret, text)
		}
	}
}

// A record of a pool is replayed: with its switches the sandbox must answer in the same forms. The
// records here are the sandbox's own until someone sends one of AWS's; that goes beside them, and
// its switches into sandbox/record.json.
func TestRecordsAreReplayed(t *testing.T) {
	for _, stack := range app.Stacks {
		file := filepath.Join("testdata", strings.TrimPrefix(stack, "EmailOtp-")+".json")
		if *update {
			o, _ := options(t, sandbox.Options{Stack: stack})
			text, err := json.MarshalIndent(prove(t, o).Record(), "", "  ")
			if err = errors.Join(err, os.WriteFile(file, append(text, '\n'), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		var want live.Record
		if err = errors.Join(err, json.Unmarshal(text, &want)); err != nil {
			t.Fatal(err)
		}
		on := want.Switches
		o, _ := options(t, sandbox.Options{Stack: "EmailOtp-" + want.Mode,
			NewPasswordIssuesTokens: on["NewPasswordIssuesTokens"],
			CustomChallengeEntryRow: on["CustomChallengeEntryRow"], UnknownUserNameIsDummy: on["UnknownUserNameIsDummy"],
			CreateSeesNoClientMetadata: on["CreateSeesNoClientMetadata"]})
		got := prove(t, o).Record()
		if !slices.Equal(got.Forms(), want.Forms()) {
			t.Errorf("%s: the sandbox answers\n%s\nand the record has\n%s", file, strings.Join(got.Forms(), "\n"),
				strings.Join(want.Forms(), "\n"))
		}
		for point, answer := range want.Points {
			if point != "Latency" && got.Points[point] != answer {
				t.Errorf("%s: the sandbox answers %s by %q, and the record has %q", file, point, got.Points[point], answer)
			}
		}
	}
}

// Ctrl-C in the middle leaves no user behind, and a user who exists already is not touched.
func TestNothingIsLeftBehind(t *testing.T) {
	o, sb := options(t, sandbox.Options{Stack: app.Password})
	ctx, stop := context.WithCancel(t.Context())
	person := o.Person.(reader)
	person.stop = stop
	o.Person = person
	p, err := live.Prove(ctx, o)
	if err != nil || p.Removed != 1 || len(sb.Users()) != 0 || !strings.Contains(p.Failed, "canceled") {
		t.Errorf("%+v, %v; users left: %d", p, err, len(sb.Users()))
	}
	// A user whom the pool does not have any longer is not reported as removed.
	ctx, stop = context.WithCancel(t.Context())
	person.stop = func() {
		err := o.API.JSON(t.Context(), awsapi.Cognito, "AdminDeleteUser", map[string]any{"UserPoolId": o.EmailOTP.PoolID,
			"Username": address}, nil)
		if err != nil {
			t.Error(err)
		}
		stop()
	}
	o.Person = person
	if p, err = live.Prove(ctx, o); err != nil || p.Removed != 0 || len(p.Left) != 1 || p.OK() {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := sb.CreateUser(t.Context(), sandbox.User{Email: address}); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Prove(t.Context(), o); !errors.Is(err, live.ErrExists) || len(sb.Users()) != 1 {
		t.Errorf("%v; users: %d", err, len(sb.Users()))
	}
}

// A user whose creation got no answer is looked up and removed, or named by the address.
func TestAUserWhoseCreationGotNoAnswerIsRemoved(t *testing.T) {
	lose := func(sb *sandbox.Sandbox, operation string) {
		_, err := sb.Inject(sandbox.Fault{Service: sandbox.Cognito, Operation: operation, LoseAnswer: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	for stack, operation := range map[string]string{app.Password: "AdminCreateUser", app.Passwordless: "SignUp"} {
		o, sb := options(t, sandbox.Options{Stack: stack})
		lose(sb, operation)
		if p := prove(t, o); p.Removed != 1 || len(p.Left) != 0 || p.Failed == "" || len(sb.Users()) != 0 {
			t.Errorf("%s: %+v; users left: %d", stack, p, len(sb.Users()))
		}
		if stack == app.Passwordless {
			continue
		}
		_, err := sb.Inject(sandbox.Fault{Service: sandbox.Cognito, Operation: "ListUsers", After: 1,
			Error: "InternalErrorException"})
		if err != nil {
			t.Fatal(err)
		}
		if p := prove(t, o); p.Removed != 0 || !slices.Equal(p.Left, []string{address}) || len(sb.Users()) != 1 {
			t.Errorf("%s, without a look-up: %+v; users left: %d", stack, p, len(sb.Users()))
		}
	}
}

// A user who was there before the call that failed, or whom no administrator created, is another's.
func TestAUserOfSomeoneElseIsLeftWhereTheCreationGotNoAnswer(t *testing.T) {
	for stack, operation := range map[string]string{app.Password: "AdminCreateUser", app.Passwordless: "SignUp"} {
		o, sb := options(t, sandbox.Options{Stack: stack})
		person := o.Person.(reader)
		person.told = func(step string) {
			if !strings.Contains(step, "user is made") {
				return
			}
			_, errs := sb.CreateUser(t.Context(), sandbox.User{Email: address})
			_, err := sb.Inject(sandbox.Fault{Service: sandbox.Cognito, Operation: operation, Error: "InternalErrorException"})
			if err := errors.Join(errs, err); err != nil {
				t.Error(err)
			}
			if stack == app.Passwordless { // whose users have one status
				_ = o.Sleep(t.Context(), time.Minute)
			}
		}
		o.Person = person
		if p := prove(t, o); p.Removed != 0 || !slices.Equal(p.Left, []string{address}) || len(sb.Users()) != 1 {
			t.Errorf("%s: %+v; users left: %d", stack, p, len(sb.Users()))
		}
	}
}
