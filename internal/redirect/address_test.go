package redirect_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// mover is a person who changes the address, with the token of a sign-in.
type mover struct {
	*testkit.Person
	token, refresh string
}

// movers returns a function that makes people with a fresh sign-in, on a sandbox of the stack by a
// clock that the test moves.
func movers(t *testing.T, stack string) (func() *mover, *sandbox.Sandbox, *inprocess.Clock) {
	t.Helper()
	clock := &inprocess.Clock{}
	sb := testkit.Start(t, clock.Options(sandbox.Options{Assembly: app.Assembly(t), Stack: stack}))
	return func() *mover { return newMover(t, sb) }, sb, clock
}

func newMover(t testing.TB, sb *sandbox.Sandbox) *mover {
	t.Helper()
	m := &mover{Person: testkit.NewUser(t, sb, "mover@example.com")}
	m.again()
	return m
}

// again signs in once more.
func (m *mover) again() {
	m.T.Helper()
	m.Seen = len(m.Mails()) // a change's own mails among them
	got := m.SignIn()
	m.token, m.refresh = *got.AccessToken, *got.RefreshToken
}

// remember signs in and has the device remembered, which the client offers from then on.
func (m *mover) remember() {
	m.T.Helper()
	m.Seen = len(m.Mails())
	r := m.Begin()
	device := sha256.Sum256([]byte("the device's secret, of 32 bytes"))
	done, err := m.Respond(r, map[string]string{"ANSWER": m.Code()}, map[string]string{"action": "remember",
		"device": base64.RawURLEncoding.EncodeToString(device[:])})
	if err != nil || done.Tokens == nil {
		m.T.Fatalf("no tokens: %v", err)
	}
	m.token, m.Metadata = *done.Tokens.AccessToken, map[string]string{"action": "device"}
	if r = m.Begin(); r.Params["challenge"] != "device" {
		m.T.Fatalf("the device is not remembered: %v", r.Params)
	}
}

// post sends one request to the function, through the page's origin.
func post(t testing.TB, sb *sandbox.Sandbox, path, token string, body any) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.TrimSuffix(sb.Config().OAuth.LogoutURL, "/logout") + path
	r, err := http.NewRequest(http.MethodPost, at, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, _ := io.ReadAll(response.Body)
	out := map[string]any{}
	if err := json.Unmarshal(all, &out); err != nil {
		t.Fatalf("%s answers %s: %q", path, response.Status, all)
	}
	if response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") == "" {
		t.Errorf("%s: 429 without Retry-After", path)
	}
	return response.StatusCode, out
}

// start asks for a change and wants an answer.
func (m *mover) start(address string, status int, id string) map[string]any {
	m.T.Helper()
	return m.want("/account/email", map[string]string{"email": address}, status, id)
}

func (m *mover) confirm(address, present, fresh string, status int, id string) map[string]any {
	m.T.Helper()
	return m.want("/account/email/confirm", map[string]string{"email": address, "present_code": present, "new_code": fresh},
		status, id)
}

func (m *mover) want(path string, body any, status int, id string) map[string]any {
	m.T.Helper()
	got, out := post(m.T, m.Sandbox, path, m.token, body)
	if got != status || id != "" && out["error"] != id {
		m.T.Errorf("%s answers %d %v, want %d %s", path, got, out, status, id)
	}
	return out
}

// mails returns the mails to an address, the newest first.
func mails(t testing.TB, sb *sandbox.Sandbox, address string) []testkit.Mail {
	t.Helper()
	all, err := testkit.Mails(t.Context(), sb.Config().InboxURL, address, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// codeAt returns the code of the newest mail to an address.
func codeAt(t testing.TB, sb *sandbox.Sandbox, address string) string {
	t.Helper()
	all := mails(t, sb, address)
	if len(all) == 0 {
		t.Fatalf("no mail to %s", address)
	}
	code, err := testkit.Code(all[0].Text)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Digits(code)
}

// attributes returns what the pool has of the user whom a name finds; nil for nobody.
func (m *mover) attributes(name string) map[string]string {
	m.T.Helper()
	out, err := m.Administrator().AdminGetUser(m.T.Context(), &cognito.AdminGetUserInput{
		UserPoolId: &m.Config.UserPoolID, Username: &name})
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, a := range out.UserAttributes {
		all[*a.Name] = aws.ToString(a.Value)
	}
	return all
}

func eachStack(t *testing.T, f func(t *testing.T, stack string)) {
	for _, stack := range []string{app.Redirect, app.People} {
		t.Run(stack, func(t *testing.T) { t.Parallel(); f(t, stack) })
	}
}

// The function as it is deployed, with its role, behind the template's routes.
func TestAUserChangesTheAddress(t *testing.T) {
	t.Parallel()
	eachStack(t, func(t *testing.T, stack string) {
		sb := app.On(t, stack)
		m := newMover(t, sb)
		if stack == app.People {
			m.remember()
		}
		old, to := m.Email, testkit.Address("New.Home+tag@example.com")
		if out := m.start(to, 200, ""); out["digits"] != 8.0 || out["expires_in"] != 300.0 {
			t.Errorf("the start answers %v", out)
		}
		present, fresh := codeAt(t, sb, old), codeAt(t, sb, to)
		if present == fresh || mails(t, sb, old)[0].Subject != mails(t, sb, to)[0].Subject {
			t.Error("the two mails are not of one change with a code each")
		}
		if out := m.confirm(to, present[:4]+" "+present[4:], fresh, 200, ""); out["signed_out"] != true {
			t.Errorf("the change answers %v", out)
		}
		if got := m.attributes(to); got["email"] != to || got["email_verified"] != "true" {
			t.Errorf("the account has %v", got)
		}
		if got := m.attributes(old); got != nil {
			t.Error("the old address still opens the account")
		}
		if notice := mails(t, sb, old)[0]; !strings.Contains(notice.Subject, "was changed") ||
			strings.Contains(notice.Text, to) {
			t.Errorf("the notice is %q: %s", notice.Subject, notice.Text)
		}
		// Every sign-in has ended, the change is done, and the next sign-in goes to the new
		// address.
		m.confirm(to, present, fresh, 401, "invalid_token")
		m.start(old, 401, "invalid_token")
		m.Email = to
		m.again() // with a mail, although the client offers its device
		m.start(to, 400, "same_address")
	})
}

// These share a sandbox for each stack, whose clock they move.
func TestAChangeIsGuarded(t *testing.T) {
	t.Parallel()
	eachStack(t, func(t *testing.T, stack string) {
		person, sb, clock := movers(t, stack)
		needsAFreshSignInOfThePool(t, person, sb, clock)
		hasBudgets(t, person, sb, clock)
	})
}

func needsAFreshSignInOfThePool(t *testing.T, person func() *mover, sb *sandbox.Sandbox, clock *inprocess.Clock) {
	m, other := person(), person()
	to := testkit.Address("fresh@example.com")
	for _, bad := range []string{"", "a", "a@b@example.com", "x@example.com\r\nBcc: y@example.com",
		strings.Repeat("a", 3000)} {
		m.start(bad, 400, "invalid_address")
	}
	m.want("/account/email", []int{1}, 400, "invalid_request")
	m.want("/account/email", map[string]string{"email": strings.Repeat("a", 5000)}, 413, "invalid_request")
	forged := *m
	for _, token := range []string{"", "x", m.refresh, m.token[:len(m.token)-8] + "AAAAAAAA",
		other.token[:strings.LastIndex(other.token, ".")] + m.token[strings.LastIndex(m.token, "."):]} {
		forged.token = token
		forged.start(to, 401, "invalid_token")
	}
	if n := len(mails(t, sb, to)); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	m.start(to, 200, "")
	present, fresh := codeAt(t, sb, m.Email), codeAt(t, sb, to)
	// Another user's token can't confirm, nor another sign-in of the same user, nor for another
	// address.
	other.confirm(to, present, fresh, 400, "expired")
	other.start(testkit.Address("other@example.com"), 200, "")
	other.confirm(to, present, fresh, 400, "wrong_code")
	m.confirm(strings.ToUpper(to[:1])+to[1:], present, fresh, 400, "wrong_code")
	m.confirm(to, fresh, present, 400, "wrong_code")
	first := m.token
	clock.Advance(61 * time.Second)
	m.again()
	m.confirm(to, present, fresh, 400, "wrong_code") // the third and last answer
	m.token = first
	m.confirm(to, present, fresh, 400, "expired")
	if got := m.attributes(m.Email); got == nil || m.attributes(to) != nil {
		t.Errorf("the account has %v", got)
	}
	// The sign-in is old: neither its token nor one that a refresh gives may start.
	clock.Advance(5 * time.Minute)
	m.start(to, 401, "login_required")
	out, err := m.API.GetTokensFromRefreshToken(t.Context(), &cognito.GetTokensFromRefreshTokenInput{
		ClientId: &m.Config.UserPoolClientID, RefreshToken: &m.refresh})
	if err != nil {
		t.Fatal(err)
	}
	m.token = *out.AuthenticationResult.AccessToken
	m.start(to, 401, "login_required")
	// Of a sign-in that was ended, GetUser knows.
	m.again()
	if _, err := m.API.GlobalSignOut(t.Context(), &cognito.GlobalSignOutInput{AccessToken: &m.token}); err != nil {
		t.Fatal(err)
	}
	m.start(to, 401, "invalid_token")
}

func hasBudgets(t *testing.T, person func() *mover, sb *sandbox.Sandbox, clock *inprocess.Clock) {
	m := person()
	to := testkit.Address("budget@example.com")
	m.start(to, 200, "")
	m.start(to, 429, "too_many_requests")
	present, fresh := codeAt(t, sb, m.Email), codeAt(t, sb, to)
	m.confirm(to, "no digits", fresh, 400, "wrong_code") // not compared, so it costs nothing
	for range 3 {
		m.confirm(to, testkit.Wrong(present), fresh, 400, "wrong_code")
	}
	m.confirm(to, present, fresh, 400, "expired")
	// A second start makes the first one's codes worthless; its own expire.
	clock.Advance(time.Minute)
	m.start(to, 200, "")
	m.confirm(to, present, fresh, 400, "wrong_code")
	present, fresh = codeAt(t, sb, m.Email), codeAt(t, sb, to)
	clock.Advance(5 * time.Minute)
	m.confirm(to, present, fresh, 400, "expired")
	m.again()
	m.start(to, 200, "")
	clock.Advance(time.Minute)
	m.start(testkit.Address("budget@example.com"), 429, "too_many_requests") // the account's fourth
	other := person()
	other.start(to, 429, "too_many_requests") // the address's fourth
	// Parallel starts mail one code each way.
	third := person()
	home := testkit.Address("parallel@example.com")
	if n := together(6, func() bool {
		status, _ := post(t, sb, "/account/email", third.token, map[string]string{"email": home})
		return status == 200
	}); n != 1 || len(mails(t, sb, home)) != 1 {
		t.Errorf("%d of 6 parallel starts are granted, %d mails", n, len(mails(t, sb, home)))
	}
	present, fresh = codeAt(t, sb, third.Email), codeAt(t, sb, home)
	body := map[string]string{"email": home, "present_code": present, "new_code": fresh}
	if n := together(6, func() bool {
		status, _ := post(t, sb, "/account/email/confirm", third.token, body)
		return status == 200
	}); n != 1 {
		t.Errorf("%d of 6 parallel answers change the address", n)
	}
	if third.attributes(home)["email"] != home || len(mails(t, sb, third.Email)) > 3 {
		t.Error("the address was not changed once")
	}
}

// together runs f n times at once and returns how often it is true.
func together(n int, f func() bool) (count int) {
	var wait sync.WaitGroup
	results := make([]bool, n)
	for i := range n {
		wait.Go(func() { results[i] = f() })
	}
	wait.Wait()
	for _, ok := range results {
		if ok {
			count++
		}
	}
	return count
}

func TestATakenAddressIsToldByMailAlone(t *testing.T) {
	t.Parallel()
	eachStack(t, func(t *testing.T, stack string) {
		sb := app.On(t, stack)
		person := func() *mover { return newMover(t, sb) }
		m, owner := person(), person()
		free := m.start(testkit.Address("free@example.com"), 200, "")
		m = person()
		taken := m.start(strings.ToUpper(owner.Email[:1])+owner.Email[1:], 200, "")
		if fmt.Sprint(free) != fmt.Sprint(taken) {
			t.Errorf("a taken address answers %v, a free one %v", taken, free)
		}
		told := mails(t, sb, strings.ToUpper(owner.Email[:1])+owner.Email[1:])
		if len(told) == 0 || !strings.Contains(told[0].Subject, "You have an account already") {
			t.Fatalf("the owner is told %v", told)
		}
		if code, err := testkit.Code(told[0].Text); err == nil {
			t.Errorf("the owner's mail has the code %s", code)
		}
		// Two accounts want one free address, and both prove both mailboxes: one gets it, and the
		// other learns by mail why it does not.
		a, b, home := person(), person(), testkit.Address("wanted@example.com")
		type answer struct{ present, fresh string }
		var answers []answer
		for _, each := range []*mover{a, b} {
			each.start(home, 200, "")
			answers = append(answers, answer{codeAt(t, sb, each.Email), codeAt(t, sb, home)})
		}
		if n := together(2, sequence(func(i int) bool {
			each := []*mover{a, b}[i]
			status, out := post(t, sb, "/account/email/confirm", each.token, map[string]string{"email": home,
				"present_code": answers[i].present, "new_code": answers[i].fresh})
			if status != 200 && (status != 409 || out["error"] != "not_changed") {
				t.Errorf("answers %d %v", status, out)
			}
			return status == 200
		})); n != 1 {
			t.Errorf("%d accounts got the address", n)
		}
	})
}

// sequence numbers the calls of f.
func sequence(f func(i int) bool) func() bool {
	var mu sync.Mutex
	next := 0
	return func() bool {
		mu.Lock()
		i := next
		next++
		mu.Unlock()
		return f(i)
	}
}
