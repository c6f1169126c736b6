package attach_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

const (
	poolID       = "eu-west-1_Example01"
	ours, theirs = "arn:aws:lambda:eu-west-1:123456789012:function:ours-",
		"arn:aws:lambda:eu-west-1:123456789012:function:theirs-"
)

// A cognito is the sandbox's user pool, which resets what an update does not give, as AWS's does.
type cognito struct {
	t testing.TB
	// before runs before each call and after runs when it took effect; n counts earlier calls of
	// the operation. An error is the call's.
	before, after func(operation string, n int) error

	mu      sync.Mutex
	pool    *userpool.Pool // nil for a deleted one
	clients []userpool.Client
	changes int
	calls   []string
}

var keys = sync.OnceValues(userpool.GenerateKeys)

func newCognito(t testing.TB, description map[string]any, clients ...userpool.Client) *cognito {
	t.Helper()
	c := &cognito{t: t, clients: clients}
	c.replace(description)
	return c
}

// replace makes a description the pool's, as another caller's update does.
func (c *cognito) replace(description map[string]any) {
	c.t.Helper()
	signing, err := keys()
	if err != nil {
		c.t.Fatal(err)
	}
	c.changes++
	now := time.Date(2027, 1, 1, 0, 0, c.changes, 0, time.UTC)
	pool, err := userpool.New(userpool.Config{Region: "eu-west-1", ID: poolID, Name: "customers",
		Description: description, Clients: c.clients},
		userpool.Options{Keys: signing, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		c.t.Fatal(err)
	}
	c.pool = pool
}

// change is an update by another caller.
func (c *cognito) change(f func(pool map[string]any)) {
	c.t.Helper()
	pool := c.described()
	f(pool)
	c.replace(pool)
}

// described returns the pool, without what differs each time.
func (c *cognito) described() map[string]any {
	c.t.Helper()
	answer, err := c.serve(c.t.Context(), "DescribeUserPool", map[string]any{"UserPoolId": poolID})
	if err != nil {
		c.t.Fatal(err)
	}
	pool := object(c.t, answer)["UserPool"].(map[string]any)
	delete(pool, "LastModifiedDate")
	delete(pool, "EstimatedNumberOfUsers")
	return pool
}

func (c *cognito) lambdas() map[string]any {
	c.t.Helper()
	m, _ := c.described()["LambdaConfig"].(map[string]any)
	return m
}

// Call implements [attach.API].
func (c *cognito) Call(ctx context.Context, operation string, request any) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	n := 0
	for _, done := range c.calls {
		if done == operation {
			n++
		}
	}
	c.calls = append(c.calls, operation)
	c.mu.Unlock()
	if c.before != nil {
		if err := c.before(operation, n); err != nil {
			return nil, err
		}
	}
	answer, err := c.serve(ctx, operation, request)
	if err == nil && c.after != nil {
		err = c.after(operation, n)
	}
	return answer, err
}

func (c *cognito) serve(ctx context.Context, operation string, request any) (json.RawMessage, error) {
	if c.pool == nil {
		return nil, &attach.APIError{Code: "ResourceNotFoundException", Message: "User pool does not exist."}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Authorization", "signed")
	w := httptest.NewRecorder()
	c.pool.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body)
	if w.Code == http.StatusOK {
		return text, nil
	}
	var e struct {
		Type    string `json:"__type"`
		Message string
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, err
	}
	return nil, &attach.APIError{Code: e.Type, Message: e.Message}
}

func object(t testing.TB, text []byte) (m map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// everyField is a pool with every setting that Cognito has.
func everyField(t testing.TB) map[string]any {
	t.Helper()
	b, err := os.ReadFile("testdata/every-field.json")
	if err != nil {
		t.Fatal(err)
	}
	pool := object(t, b)["UserPool"].(map[string]any)
	delete(pool, "LastModifiedDate")
	delete(pool, "EstimatedNumberOfUsers")
	return pool
}

// same compares two pools to the letter.
func same(t testing.TB, got, want map[string]any) {
	t.Helper()
	all := maps.Clone(got)
	maps.Copy(all, want)
	for name := range all {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s is\n%v\nwas\n%v", name, got[name], want[name])
		}
	}
}

func triggers() attach.Triggers {
	arns := map[string]string{}
	for _, slot := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse",
		"PreTokenGeneration"} {
		arns[slot] = ours + slot
	}
	return attach.Triggers{ARNs: arns, Chained: map[string]string{"PreTokenGeneration": theirs + "PreTokenGeneration"}}
}

// restoring are the triggers of a deletion that gives the chained function its slot back.
func restoring() attach.Triggers {
	own := triggers()
	own.Restore = []string{"PreTokenGeneration"}
	return own
}

func poolOf(api attach.API) attach.Pool {
	return attach.Pool{API: api, ID: poolID,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// cycle attaches and detaches with the slots that were taken over.
func cycle(t testing.TB, c *cognito) error {
	own := triggers()
	taken, err := poolOf(c).Attach(t.Context(), own)
	if err != nil {
		return err
	}
	own.Restore = taken
	return poolOf(c).Detach(t.Context(), own)
}
