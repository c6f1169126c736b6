package changeaddress_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/changeaddress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// world is everything that the function calls: one user, the mails by address, and a key.
type world struct {
	email string
	mails map[string]string
	down  bool // whether sign-ins can't be ended
	now   time.Time
}

func (w *world) Access(context.Context, string) (oauth.Access, error) {
	return oauth.Access{Subject: "sub", Client: "client", OriginJTI: "jti", AuthTime: w.now}, nil
}

func (w *world) User(context.Context, string) (map[string]string, error) {
	return map[string]string{"username": "sub", "sub": "sub"}, nil
}

func (w *world) Find(_ context.Context, name string) (map[string]string, error) {
	if name != "sub" && name != w.email {
		return nil, nil
	}
	return map[string]string{"sub": "sub", "email": w.email, "email_verified": "true"}, nil
}

func (w *world) SetEmail(_ context.Context, _, address string) error { w.email = address; return nil }

func (w *world) SignOut(context.Context, string) error {
	if w.down {
		return errors.New("throttled")
	}
	return nil
}

func (w *world) Send(_ context.Context, m mail.Mail) error { w.mails[m.To] = m.Text; return nil }

func (w *world) GenerateMAC(_ context.Context, message []byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte("key"))
	h.Write(message)
	return h.Sum(nil), nil
}

// The log counts what happened and names the user by sub, and neither an address nor a code.
func TestAChangeIsCounted(t *testing.T) {
	t.Parallel()
	const old, to = "old@example.com", "new@example.com"
	w := &world{email: old, mails: map[string]string{}, now: time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)}
	s := settings.Defaults(settings.Passwordless)
	s.UserPoolID, s.ClientIDs, s.From, s.ProductName, s.KeyARN = "eu-west-1_Pool", []string{"client"}, "a@example.com",
		"Example", "key"
	renderer, err := mail.New(trigger.MailConfig(s))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	store := memory.New()
	server := &changeaddress.Server{Settings: s, Tokens: w, Self: w, Directory: w, Store: store, Keys: w,
		Renderer: renderer,
		Sender:   w, Now: func() time.Time { return w.now }, Random: rand.Reader,
		Log: slog.New(slog.NewJSONHandler(&log, nil))}
	post := func(path, metric string, body map[string]string) {
		t.Helper()
		log.Reset()
		text, _ := json.Marshal(body)
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer token")
		server.ServeHTTP(httptest.NewRecorder(), r)
		counted := ""
		for line := range strings.Lines(log.String()) {
			var e struct {
				UserPoolID string `json:"UserPoolId"`
				AWS        struct {
					CloudWatchMetrics []struct{ Metrics []struct{ Name string } }
				} `json:"_aws"`
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			for _, m := range e.AWS.CloudWatchMetrics {
				counted = strings.TrimSpace(counted + " " + m.Metrics[0].Name)
				if e.UserPoolID != "eu-west-1_Pool" || !strings.Contains(line, `"`+m.Metrics[0].Name+`":1`) {
					t.Errorf("the line counts nothing: %s", line)
				}
			}
			if strings.Contains(line, "@") || !strings.Contains(line, `"sub":"sub"`) {
				t.Errorf("the log has an address, or does not name the user: %s", line)
			}
		}
		if counted != metric {
			t.Errorf("%s counts %q, want %q", path, counted, metric)
		}
	}
	code := func(address string) string {
		code, err := testkit.Code(w.mails[address])
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	answer := func(present, fresh string) map[string]string {
		return map[string]string{"email": to, "present_code": present, "new_code": fresh}
	}
	post(changeaddress.PathStart, "", map[string]string{"email": "nonsense"})
	post(changeaddress.PathStart, "AddressChangesStarted", map[string]string{"email": to})
	before, _ := store.Read(t.Context(), guard.Key(s.UserPoolID, "sub"))
	post(changeaddress.PathStart, "AddressChangesRefused", map[string]string{"email": to})
	if after, _ := store.Read(t.Context(), guard.Key(s.UserPoolID, "sub")); after != before || before.SlowMail == 0 {
		t.Errorf("a start of too many costs the account a mail: %+v, before %+v", after, before)
	}
	post(changeaddress.PathConfirm, "", answer("no code", code(to)))
	for range 3 {
		post(changeaddress.PathConfirm, "AddressCodesWrong", answer(testkit.Wrong(code(old)), code(to)))
	}
	post(changeaddress.PathConfirm, "AddressChangesRefused", answer(code(old), code(to)))
	w.now = w.now.Add(time.Hour)
	post(changeaddress.PathStart, "AddressChangesStarted", map[string]string{"email": to})
	w.down = true
	post(changeaddress.PathConfirm, "PageFaults AddressesChanged", answer(code(old), code(to)))
	if w.email != to {
		t.Errorf("the account has %s", w.email)
	}
	w.now = w.now.Add(time.Hour)
	server.Settings.PoolMailsUnverifiedDay = 2
	post(changeaddress.PathStart, "PoolMailsRefused PoolMailsRefusedUnverified AddressChangesRefused",
		map[string]string{"email": old})
}
