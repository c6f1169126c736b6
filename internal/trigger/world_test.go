package trigger_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

const (
	pool   = "eu-west-1_TestPool1"
	client = "1example23456789"
	sub    = "1d2c3b4a-0000-4000-8000-00000000002a"
	person = "user@example.com"
	keyARN = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000001"
)

// world is everything around the triggers, in memory, with its own clock and switchable faults.
type world struct {
	t        testing.TB
	settings settings.Settings
	clock    time.Time
	store    *store
	log      syncbuf.Buffer // of all functions, whose reporters share no lock

	mu      sync.Mutex
	calls   []string
	mails   []mail.Message
	chained trigger.Chained // behind create and verify; nil for none
	// cognitoErr makes writing a mail of Cognito's own fail.
	cognitoErr error
	sent       []mail.Mail // the same, with their tags
	sendErr    error
	sendHook   func()
	keyErr     error
	marked     []string
	markErr    error
	// createSees has Cognito show create the client's metadata.
	createSees bool
	// lastMAC is what the last MAC was made of. That of a binding ends with the code.
	lastMAC string
}

// underRace is true under the race detector.
var underRace bool

// simulates skips a test under the race detector: it simulates days in one goroutine, where there
// is nothing to find in ten times the time. Such tests run a second time without it.
func simulates(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("simulates days in one goroutine; runs without the race detector")
	}
}

func newWorld(t testing.TB, m settings.Mode) *world {
	s := settings.Defaults(m)
	s.KeyARN, s.TableName, s.From, s.ProductName = keyARN, "Guard", "no-reply@example.com", "Example"
	w := &world{t: t, settings: s, clock: time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)}
	w.store = &store{Store: memory.New(), w: w, fail: map[string]error{}}
	return w
}

func (w *world) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
}

func (w *world) now() time.Time { return w.clock }

func (w *world) reporter(f settings.Function) *trigger.Reporter {
	return trigger.NewReporter(&w.log, f, w.now)
}

func (w *world) GenerateMAC(_ context.Context, m []byte) ([]byte, error) {
	w.note("GenerateMac")
	w.mu.Lock()
	w.lastMAC = string(m)
	w.mu.Unlock()
	if w.keyErr != nil {
		return nil, w.keyErr
	}
	h := hmac.New(sha256.New, []byte("a key for tests"))
	h.Write(m)
	return h.Sum(nil), nil
}

func (w *world) VerifyMAC(_ context.Context, m, mac []byte) (bool, error) {
	w.note("VerifyMac")
	if w.keyErr != nil {
		return false, w.keyErr
	}
	h := hmac.New(sha256.New, []byte("a key for tests"))
	h.Write(m)
	return hmac.Equal(mac, h.Sum(nil)), nil
}

// sharedTags are the tags of every mail of a renderer, with room behind them that no caller may
// fill.
var sharedTags = []mail.Tag{{Name: "ses:feedback-id-a", Value: "sign-in"}, {Name: "room"}}

// Render keeps the message where a test can read the code, as a mailbox does.
func (w *world) Render(m mail.Message) (mail.Mail, error) {
	return mail.Mail{To: m.To, Text: m.Code, HTML: m.Fallback, Language: m.Locale, Tags: sharedTags[:1]}, nil
}

func (w *world) Send(_ context.Context, m mail.Mail) error {
	w.note("SendEmail")
	if w.sendHook != nil {
		w.sendHook()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sendErr != nil {
		return w.sendErr
	}
	w.mails = append(w.mails, mail.Message{To: m.To, Code: m.Text, Fallback: m.HTML})
	w.sent = append(w.sent, m)
	return nil
}

func (w *world) MarkVerified(_ context.Context, p, username string) error {
	w.note("AdminUpdateUserAttributes")
	w.marked = append(w.marked, p+"/"+username)
	return w.markErr
}

// mailbox returns the codes mailed to an address, oldest first.
func (w *world) mailbox(address string) (codes []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.mails {
		if m.To == address {
			codes = append(codes, m.Code)
		}
	}
	return codes
}

// latest returns the last code mailed to the person.
func (w *world) latest() string {
	w.t.Helper()
	codes := w.mailbox(person)
	if len(codes) == 0 {
		w.t.Fatal("no mail came")
	}
	return codes[len(codes)-1]
}

// longer returns the longer code beside the one of the last mail, empty for none.
func (w *world) longer() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mails[len(w.mails)-1].Fallback
}

// Cognito writes a mail of Cognito's own by the real renderer.
func (w *world) Cognito(kind mail.CognitoKind, locale string) (mail.CognitoMail, error) {
	r, err := mail.New(trigger.MailConfig(w.settings))
	if err = cmp.Or(err, w.cognitoErr); err != nil {
		return mail.CognitoMail{}, err
	}
	return r.Cognito(kind, locale)
}

func (w *world) handler(f settings.Function) trigger.Handler {
	switch f {
	case settings.DefineAuthChallenge:
		return trigger.Define{Settings: w.settings, Reporter: w.reporter(f)}.Handler()
	case settings.CreateAuthChallenge:
		return trigger.Create{Settings: w.settings, Reporter: w.reporter(f), Keys: w, Store: w.store,
			Renderer: w, Sender: w, Now: w.now, Random: rand.Reader, Chained: w.chained}.Handler()
	case settings.VerifyAuthChallenge:
		return trigger.Verify{Settings: w.settings, Reporter: w.reporter(f), Keys: w, Store: w.store,
			Directory: w, Now: w.now, Chained: w.chained}.Handler()
	case settings.PreSignUp:
		return trigger.SignUp{Settings: w.settings, Reporter: w.reporter(f)}.Handler()
	}
	return trigger.Tokens{Reporter: w.reporter(settings.PreTokenGeneration)}.Handler()
}

// event is a trigger's event as the tests write it.
type event struct {
	Version       string         `json:"version"`
	TriggerSource string         `json:"triggerSource"`
	Region        string         `json:"region"`
	UserPoolID    string         `json:"userPoolId"`
	UserName      string         `json:"userName"`
	CallerContext map[string]any `json:"callerContext"`
	Request       map[string]any `json:"request"`
	Response      map[string]any `json:"response"`
}

func (w *world) invoke(f settings.Function, e event) (map[string]any, error) {
	w.t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.handler(f).Invoke(context.Background(), payload)
	if err != nil {
		return nil, err
	}
	var back struct {
		Response map[string]any `json:"response"`
	}
	if err := json.Unmarshal(out, &back); err != nil {
		w.t.Fatal(err)
	}
	return back.Response, nil
}

// signIn is one sign-in as Cognito would lead it, from the code on: the password is proven before.
type signIn struct {
	w        *world
	user     user
	rows     []map[string]any
	private  any
	public   map[string]any
	metadata string
	ended    string // "tokens", "failed" or "error"
	err      error
}

type user struct {
	name       string
	attributes map[string]any
	unknown    bool
}

func known() user {
	return user{sub, map[string]any{"sub": sub, "email": person, "email_verified": "true",
		"cognito:user_status": "CONFIRMED"}, false}
}

func (u user) with(name string, value any) user {
	u.attributes = maps.Clone(u.attributes)
	u.attributes[name] = value
	if value == nil {
		delete(u.attributes, name)
	}
	return u
}

// stranger is an unknown name.
func stranger(name string) user { return user{name, map[string]any{}, true} }

func (s *signIn) event(source string, request map[string]any) event {
	request["userAttributes"] = s.user.attributes
	request["userNotFound"] = s.user.unknown
	return event{"1", source, "eu-west-1", pool, s.user.name,
		map[string]any{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client},
		request, map[string]any{"challengeName": nil, "issueTokens": nil, "failAuthentication": nil}}
}

func (w *world) start(u user) *signIn {
	w.t.Helper()
	return w.startWith(u, nil)
}

// startWith starts with client metadata beside the proof of the password.
func (w *world) startWith(u user, metadata map[string]any) *signIn {
	w.t.Helper()
	s := &signIn{w: w, user: u, rows: []map[string]any{}}
	if w.settings.Mode == settings.Password {
		s.rows = append(s.rows, map[string]any{"challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": nil},
			map[string]any{"challengeName": "PASSWORD_VERIFIER", "challengeResult": true, "challengeMetadata": nil})
	}
	s.next(metadata)
	return s
}

// next asks define, and create where define wants a code.
func (s *signIn) next(metadata map[string]any) {
	s.w.t.Helper()
	d, err := s.w.invoke(settings.DefineAuthChallenge, s.event("DefineAuthChallenge_Authentication",
		map[string]any{"session": s.rows, "clientMetadata": metadata}))
	switch {
	case err != nil:
		s.ended, s.err = "error", err
	case d["issueTokens"] == true:
		s.ended = "tokens"
	case d["failAuthentication"] == true:
		s.ended = "failed"
	case d["challengeName"] == "CUSTOM_CHALLENGE":
		// Create is not shown the client's metadata by default: it must not depend on it.
		request := map[string]any{"session": s.rows, "challengeName": "CUSTOM_CHALLENGE"}
		if s.w.createSees {
			request["clientMetadata"] = metadata
		}
		c, err := s.w.invoke(settings.CreateAuthChallenge, s.event("CreateAuthChallenge_Authentication", request))
		if err != nil {
			s.ended, s.err = "error", err
			return
		}
		s.private, s.public = c["privateChallengeParameters"], c["publicChallengeParameters"].(map[string]any)
		s.metadata = c["challengeMetadata"].(string)
	default:
		s.w.t.Fatalf("define answered %v", d)
	}
}

// verify calls verify alone and returns its answer.
func (s *signIn) verify(answer any, metadata map[string]any) (bool, error) {
	s.w.t.Helper()
	v, err := s.w.invoke(settings.VerifyAuthChallenge, s.event("VerifyAuthChallengeResponse_Authentication",
		map[string]any{"privateChallengeParameters": s.private, "challengeAnswer": answer, "clientMetadata": metadata}))
	if err != nil {
		return false, err
	}
	return v["answerCorrect"].(bool), nil
}

func (s *signIn) respond(answer any, metadata map[string]any) {
	s.w.t.Helper()
	right, err := s.verify(answer, metadata)
	if err != nil {
		s.ended, s.err = "error", err
		return
	}
	s.rows = append(s.rows, map[string]any{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": right,
		"challengeMetadata": s.metadata})
	s.next(metadata)
}

func (s *signIn) answer(code string) *signIn { s.w.t.Helper(); s.respond(code, nil); return s }

func (s *signIn) resend() *signIn {
	s.w.t.Helper()
	s.respond("resend", map[string]any{"action": "resend"})
	return s
}

// wrong returns a code that is not the given one.
func wrong(code string) string {
	if code == "" {
		return "00000000"
	}
	return fmt.Sprintf("%s%c", code[:len(code)-1], '0'+(code[len(code)-1]-'0'+1)%10)
}

// store is the store in memory, with a note of each call and switchable faults.
type store struct {
	*memory.Store
	w    *world
	fail map[string]error
	// lostClaim makes the next claim succeed and report an error, or a lost race.
	lostClaim error
	// beforeClaim runs once before the next claim.
	beforeClaim func()
	// forgetResends loses every request for a resend.
	forgetResends bool
}

// call notes a call and makes it, unless it is to fail.
func call[T any](s *store, name string, f func() (T, error)) (result T, err error) {
	s.w.note(name)
	if err := s.fail[name]; err != nil {
		return result, err
	}
	return f()
}

// do is call for a method without a result.
func (s *store) do(name string, f func() error) error {
	_, err := call(s, name, func() (bool, error) { return true, f() })
	return err
}

var errLostRace = errors.New("the answer was lost and the repeat found the condition false")

func (s *store) Read(ctx context.Context, key string) (guard.Item, error) {
	return call(s, "Read", func() (guard.Item, error) { return s.Store.Read(ctx, key) })
}

func (s *store) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	return call(s, "Claim", func() (bool, error) {
		if f := s.beforeClaim; f != nil {
			s.beforeClaim = nil
			f()
		}
		won, err := s.Store.Claim(ctx, key, before, after, now)
		if lost := s.lostClaim; lost != nil {
			s.lostClaim = nil
			if errors.Is(lost, errLostRace) {
				lost = nil
			}
			return false, lost
		}
		return won, err
	})
}

func (s *store) Release(ctx context.Context, key string, before, after guard.Item, now time.Time) error {
	return s.do("Release", func() error { return s.Store.Release(ctx, key, before, after, now) })
}

func (s *store) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	return call(s, "SpendGuess", func() (bool, error) { return s.Store.SpendGuess(ctx, key, b, limit, now) })
}

func (s *store) CountQuota(ctx context.Context, key, counter string, now time.Time) (guard.Counters, error) {
	return call(s, "CountQuota", func() (guard.Counters, error) { return s.Store.CountQuota(ctx, key, counter, now) })
}

func (s *store) ReturnQuota(ctx context.Context, key, counter string) error {
	return s.do("ReturnQuota", func() error { return s.Store.ReturnQuota(ctx, key, counter) })
}

func (s *store) Use(ctx context.Context, key string, u guard.Use, now time.Time) (bool, error) {
	return call(s, "Use", func() (bool, error) { return s.Store.Use(ctx, key, u, now) })
}

func (s *store) AskResend(ctx context.Context, key string, now time.Time) error {
	return s.do("AskResend", func() error {
		if s.forgetResends {
			return nil
		}
		return s.Store.AskResend(ctx, key, now)
	})
}

func (s *store) ResendAsked(ctx context.Context, key string) (bool, error) {
	return call(s, "ResendAsked", func() (bool, error) { return s.Store.ResendAsked(ctx, key) })
}

func (s *store) MarkBounced(ctx context.Context, key string, m guard.Mark, now time.Time) (i guard.Item, marked bool,
	err error) {
	marked, err = call(s, "MarkBounced", func() (marked bool, err error) {
		i, marked, err = s.Store.MarkBounced(ctx, key, m, now)
		return marked, err
	})
	return i, marked, err
}

func (s *store) RememberDevice(ctx context.Context, key string, d guard.Device, until, now time.Time) (bool, error) {
	return call(s, "RememberDevice", func() (bool, error) { return s.Store.RememberDevice(ctx, key, d, until, now) })
}

func (s *store) ForgetDevices(ctx context.Context, key string) error {
	return s.do("ForgetDevices", func() error { return s.Store.ForgetDevices(ctx, key) })
}

// item returns the person's item.
func (w *world) item() guard.Item { return w.store.Items()[guard.Key(pool, sub)] }

// change changes the person's item.
func (w *world) change(f func(*guard.Item)) {
	i := w.item()
	f(&i)
	w.store.Put(guard.Key(pool, sub), i)
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.clock = w.clock.Add(d) }

// counted returns how often a call was made since the last reset.
func (w *world) counted(call string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (w *world) reset() { w.mu.Lock(); w.calls = nil; w.mu.Unlock() }

// ended fails the test unless the sign-in ended as wanted.
func (s *signIn) want(ended string) *signIn {
	s.w.t.Helper()
	if s.ended != ended {
		s.w.t.Fatalf("the sign-in ended %q (%v), want %q; log:\n%s", s.ended, s.err, ended, s.w.log.String())
	}
	return s
}

func (s *signIn) reason(want string) *signIn {
	s.w.t.Helper()
	if got := s.public["reason"]; got != want {
		s.w.t.Fatalf("reason %q, want %q; public parameters %v", got, want, s.public)
	}
	return s
}

func contains(s, part string) bool { return strings.Contains(s, part) }

// logHas fails the test unless the log has each of the parts.
func (w *world) logHas(parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		if !contains(w.log.String(), part) {
			w.t.Errorf("the log lacks %q: %s", part, w.log.String())
		}
	}
}

// logLacks fails the test if the log has any of the parts.
func (w *world) logLacks(parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		if contains(w.log.String(), part) {
			w.t.Errorf("the log has %q: %s", part, w.log.String())
		}
	}
}
