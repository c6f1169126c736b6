package accounts_test

import (
	"context"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/accounts"
	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestMain(m *testing.M) { testkit.Main(m, 2) }

// world is a sandbox by a clock that the test moves, as an operator sees it.
type world struct {
	*testing.T
	*sandbox.Sandbox
	clock *inprocess.Clock
	all   *accounts.Accounts
}

func start(t *testing.T, stack string) world {
	t.Helper()
	clock := &inprocess.Clock{}
	sb := app.Own(t, clock.Options(sandbox.Options{Stack: stack}))
	api, err := awsapi.New(t.Context(), awsapi.Options{Region: "eu-west-1", Sandbox: sb.Config().KMSEndpoint})
	if err != nil {
		t.Fatal(err)
	}
	e, err := deployed.Find(t.Context(), api, stack, "")
	if err != nil || len(e.Problems) > 0 {
		t.Fatal(err, e)
	}
	all, err := accounts.New(api, e)
	if err != nil {
		t.Fatal(err)
	}
	all.Now = clock.Now
	return world{t, sb, clock, all}
}

func (w world) find(name string) *accounts.Account {
	w.Helper()
	u, err := w.all.Find(w.Context(), name)
	if err != nil {
		w.Fatal(err)
	}
	return u
}

// wrong gives three wrong answers.
func (w world) wrong(p *testkit.Person) {
	w.Helper()
	r := p.Begin()
	code := p.Code()
	for range 2 {
		r = p.Again(r, testkit.Wrong(code))
	}
	if _, err := p.Answer(r, testkit.Wrong(code)); err == nil {
		w.Fatal("a third wrong answer was not the last one")
	}
}

func TestAnAccountIsShownAsTheFunctionsCountIt(t *testing.T) {
	w := start(t, app.Passwordless)
	p := testkit.NewUser(t, w.Sandbox, "shown@example.com")
	other := strings.ToUpper(p.Email[:1]) + p.Email[1:]
	fresh := w.all.State(w.find(other))
	if fresh.GuessesLeft != 10 || fresh.MailsLeft != 6 || !fresh.LastCode.IsZero() || fresh.Marked != "" {
		t.Errorf("a new account: %+v", fresh)
	}
	// Where names of another case are other names, they may be other persons.
	w.all.EmailOTP.Settings.CaseSensitiveNames = true
	if u, err := w.all.Find(t.Context(), other); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("another person: %+v, %v", u, err)
	}
	w.find(p.Email)
	w.all.EmailOTP.Settings.CaseSensitiveNames = false
	p.SignIn()
	w.clock.Advance(2 * time.Minute)
	w.wrong(p)
	state := w.all.State(w.find(p.Email))
	if state.GuessesLeft != 7 || state.WrongInARow != 3 || state.LastCode.IsZero() || state.LongCodes ||
		state.Address != "s***@e***.com" || state.NextGuess.IsZero() {
		t.Errorf("after three wrong codes: %+v", state)
	}
	if bySub := w.all.State(w.find(state.Sub)); bySub.GuessesLeft != 7 {
		t.Errorf("by its sub: %+v", bySub)
	}
	for range 2 {
		w.clock.Advance(11 * time.Minute)
		w.wrong(p)
	}
	if state = w.all.State(w.find(p.Email)); !state.LongCodes || state.GuessesLeft > 2 {
		t.Errorf("after nine wrong codes: %+v", state)
	}
	if err := w.all.Unlock(t.Context(), w.find(p.Email)); err != nil {
		t.Fatal(err)
	}
	if state = w.all.State(w.find(p.Email)); state.GuessesLeft != 10 || state.WrongInARow != 0 || state.LongCodes ||
		state.LastCode.IsZero() {
		t.Errorf("after unlocking: %+v", state)
	}
	w.clock.Advance(11 * time.Minute)
	if r := p.Begin(); r.Params["codeLength"] != "8" {
		t.Errorf("the next code has %s digits", r.Params["codeLength"])
	}
	for _, line := range state.Lines(w.clock.Now()) {
		if strings.Contains(line[1], p.Email) || line[1] == "" {
			t.Errorf("%s: %s", line[0], line[1])
		}
	}
}

func TestABouncedAddressIsMailedToAgain(t *testing.T) {
	w := start(t, app.Password)
	p := testkit.NewUser(t, w.Sandbox, "bounced@example.com")
	w.SuppressAddress(p.Email)
	p.Begin()
	if err := w.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state := w.all.State(w.find(p.Email)); state.Marked != "bounce" || state.MarkedUntil.IsZero() {
		t.Fatalf("after a bounce: %+v", state)
	}
	was, err := w.all.Unmark(t.Context(), w.find(p.Email))
	if !was || err != nil {
		t.Errorf("%t, %v", was, err)
	}
	if state := w.all.State(w.find(p.Email)); state.Marked != "" {
		t.Errorf("the mark stays: %+v", state)
	}
	w.clock.Advance(2 * time.Minute)
	p.SignIn()
}

func TestAnOperatorEndsSessionsAndResetsPasswords(t *testing.T) {
	w := start(t, app.Password)
	p := testkit.NewUser(t, w.Sandbox, "ends@example.com")
	p.SignIn()
	u := w.find(p.Email)
	password, err := w.all.Reset(t.Context(), u)
	if err != nil || len(password) < 20 {
		t.Fatalf("%d characters, %v", len(password), err)
	}
	if _, err := p.Start(); err == nil {
		w.wantNoSession(p)
	}
	if state := w.all.State(w.find(p.Email)); state.Status != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("after a reset: %+v", state)
	}
	if err := w.all.SignOut(t.Context(), u); err != nil {
		t.Error(err)
	}
	if err := w.all.Delete(t.Context(), u); err != nil {
		t.Error(err)
	}
	if _, err := w.all.Find(t.Context(), p.Email); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("after the deletion: %v", err)
	}
	nobody := testkit.NewUser(t, w.Sandbox, "never-signed-in@example.com")
	if err := w.all.Unlock(context.Background(), w.find(nobody.Email)); !errors.Is(err, accounts.ErrNoItem) {
		t.Errorf("without an item: %v", err)
	}
}

func (w world) wantNoSession(p *testkit.Person) {
	w.Helper()
	w.Errorf("the former password of %s still starts a sign-in", p.Email)
}

func TestNamesThatAreNoUsers(t *testing.T) {
	for _, name := range []string{"", "a", `a" or "b`, "22959FE9-95fa-49bd-bf8a-70394a29ac6d", "a@b",
		strings.Repeat("a", 10_000)} {
		if err := accounts.CheckName(name); err == nil || strings.Contains(err.Error(), "or \"b") {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, name := range []string{"user@example.com", "22959fe9-95fa-49bd-bf8a-70394a29ac6d"} {
		if err := accounts.CheckName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// With InvitationByMail Cognito draws the password, which is in EmailOTP's mail alone.
func TestAnInvitationIsMailedWhereTheAdopterChoseThat(t *testing.T) {
	w := start(t, app.People)
	w.all.EmailOTP.Settings.InvitationByMail = true
	if c := w.Config(); c.RememberDevices != 30 || c.Recovery != "email" {
		t.Errorf("the ready file has %d days and the recovery %q", c.RememberDevices, c.Recovery)
	}
	p := testkit.NewPerson(t, w.Sandbox, "mailed@example.com")
	password := regexp.MustCompile(`<bdi dir="ltr">([^<]+)</bdi>`)
	var passwords []string
	for i, act := range []func() error{
		func() error {
			printed, err := w.all.Invite(t.Context(), p.Email)
			if printed != "" {
				t.Error("the password was returned, too")
			}
			return err
		},
		func() error { return w.all.Reinvite(t.Context(), p.Email) },
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
		mails := w.Messages(sandbox.MessageFilter{To: p.Email})
		if len(mails) != i+1 || !strings.HasPrefix(mails[0].Subject, "Your new account") {
			t.Fatalf("%d mails: %+v", len(mails), mails)
		}
		passwords = append(passwords, html.UnescapeString(password.FindStringSubmatch(mails[0].HTML)[1]))
	}
	if u := w.all.State(w.find(p.Email)); passwords[0] == passwords[1] || u.Status != "FORCE_CHANGE_PASSWORD" ||
		!u.Verified {
		t.Errorf("passwords %q, the user %+v", passwords, u)
	}
	if _, err := w.all.Invite(t.Context(), p.Email); err == nil || !strings.Contains(err.Error(), "--resend") {
		t.Errorf("invited again: %v", err)
	}
	known := testkit.NewUser(t, w.Sandbox, "known@example.com")
	if err := w.all.Reinvite(t.Context(), known.Email); err == nil || !strings.Contains(err.Error(), "chosen a password") {
		t.Errorf("a user with a password of their own: %v", err)
	}
}

func TestAnInvitedUserHasDevicesThatAnOperatorForgets(t *testing.T) {
	w := start(t, app.People)
	address := "invited@example.com"
	password, err := w.all.Invite(t.Context(), address)
	if err != nil || len(password) < 20 {
		t.Fatalf("%d characters, %v", len(password), err)
	}
	if _, err := w.all.Invite(t.Context(), address); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("invited again: %v", err)
	}
	if err := w.all.Reinvite(t.Context(), address); err == nil || !strings.Contains(err.Error(), "mails no invitations") {
		t.Errorf("mailed without the option: %v", err)
	}
	if n := len(w.Messages(sandbox.MessageFilter{To: address})); n != 0 {
		t.Errorf("%d mails of an invitation without the option", n)
	}
	u := w.find(address)
	if state := w.all.State(u); state.Status != "FORCE_CHANGE_PASSWORD" || !state.Verified || state.Devices != 0 {
		t.Errorf("after the invitation: %+v", state)
	}
	p := testkit.NewUser(t, w.Sandbox, "devices@example.com")
	p.SignIn()
	store, err := table.New(w.all.EmailOTP.Settings.TableName, func(name string) (string, bool) {
		variables, _ := w.Environment(sandbox.VerifyAuthChallengeResponse)
		v, ok := variables[name]
		return v, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	now := w.clock.Now()
	if _, err := store.RememberDevice(t.Context(), w.find(p.Email).Key, guard.Device{1}, now.Add(time.Hour),
		now); err != nil {
		t.Fatal(err)
	}
	if state := w.all.State(w.find(p.Email)); state.Devices != 1 {
		t.Errorf("with a device: %+v", state)
	}
	if err := w.all.ForgetDevices(t.Context(), w.find(p.Email)); err != nil {
		t.Error(err)
	}
	if state := w.all.State(w.find(p.Email)); state.Devices != 0 || state.LastCode.IsZero() {
		t.Errorf("after forgetting: %+v", state)
	}
	if _, err := store.RememberDevice(t.Context(), w.find(p.Email).Key, guard.Device{2}, now.Add(time.Hour),
		now); err != nil {
		t.Fatal(err)
	}
	if _, err := w.all.Reset(t.Context(), w.find(p.Email)); err != nil {
		t.Error(err)
	}
	if state := w.all.State(w.find(p.Email)); state.Devices != 0 {
		t.Errorf("after a reset: %+v", state)
	}
}
