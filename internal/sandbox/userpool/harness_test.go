package userpool_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

const (
	poolID   = "eu-west-1_TestPool1"
	clientID = "hidingclient"
	// legacyID is a client that tells who exists, secretID one with a secret, openID one that
	// allows every flow, rotatingID one whose refresh tokens rotate.
	legacyID   = "legacyclient"
	secretID   = "secretclient"
	openID     = "openclient"
	rotatingID = "rotatingclient"
	secret     = "a client secret for tests"
	alice      = "alice@example.com"
	password   = "Passw0rd!"
)

// testKeys are shared by all pools: making RSA keys is slow.
var testKeys = sync.OnceValue(func() *userpool.SigningKeys {
	keys, err := userpool.GenerateKeys()
	if err != nil {
		panic(err)
	}
	return keys
})

func clients() []userpool.Client {
	custom := []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	return []userpool.Client{
		{ID: clientID, Name: "hiding", ExplicitAuthFlows: custom, PreventUserExistenceErrors: true,
			EnableTokenRevocation: true},
		{ID: legacyID, Name: "legacy", ExplicitAuthFlows: custom, EnableTokenRevocation: true},
		{ID: secretID, Name: "secret", Secret: secret, ExplicitAuthFlows: custom, PreventUserExistenceErrors: true,
			EnableTokenRevocation: true},
		{ID: openID, Name: "open", PreventUserExistenceErrors: true, EnableTokenRevocation: true, ExplicitAuthFlows: []string{
			"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH",
			"ALLOW_ADMIN_USER_PASSWORD_AUTH"}},
		{ID: rotatingID, Name: "rotating", ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH"},
			PreventUserExistenceErrors: true,
			EnableTokenRevocation:      true, RefreshTokenRotation: &userpool.RefreshTokenRotation{RetryGracePeriod: 10 * time.Second}},
	}
}

// config is a pool as EmailOTP's template has it: sign-in by address, no case.
func config() userpool.Config {
	return userpool.Config{
		Region: "eu-west-1", ID: poolID, Name: "test",
		UsernameAttributes: []string{"email"}, AutoVerifiedAttributes: []string{"email"},
		RecoveryMechanisms: []string{"verified_email"},
		PasswordPolicy:     userpool.DefaultPasswordPolicy(),
		Schema:             []userpool.SchemaAttribute{{Name: "team", Mutable: true}, {Name: "badge", Type: "Number"}},
		Triggers: map[userpool.Trigger]bool{
			userpool.DefineAuthChallenge: true, userpool.CreateAuthChallenge: true, userpool.VerifyAuthChallengeResponse: true,
		},
		Clients: clients(),
	}
}

// clock is a pool's clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 21, 6, 30, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// mailbox is a Mailer that keeps what it gets.
type mailbox struct {
	mu    sync.Mutex
	mails []userpool.CognitoMail
	fail  error
}

func (b *mailbox) Deliver(_ context.Context, mail userpool.CognitoMail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.mails = append(b.mails, mail)
	return nil
}

func (b *mailbox) all() []userpool.CognitoMail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// code returns the last word of the newest mail to an address.
func (b *mailbox) code(t *testing.T, to string) string {
	t.Helper()
	mails := b.all()
	for _, mail := range slices.Backward(mails) {
		if mail.To == to {
			return mail.Text[strings.LastIndex(mail.Text, " ")+1:]
		}
	}
	t.Fatalf("no mail to %s", to)
	return ""
}

// world is a pool behind an HTTP server, with what tests look at.
type world struct {
	*cip.Client
	pool  *userpool.Pool
	clock *clock
	mail  *mailbox
	url   string
}

// setting changes a pool before it starts.
type setting func(*userpool.Config, *userpool.Options)

func newWorld(t *testing.T, invoker userpool.Invoker, settings ...setting) *world {
	t.Helper()
	w := &world{clock: newClock(), mail: new(mailbox)}
	cfg := config()
	opts := userpool.Options{
		Invoker: invoker, Mailer: w.mail, Now: w.clock.Now, Keys: testKeys(),
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, set := range settings {
		set(&cfg, &opts)
	}
	pool, err := userpool.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pool)
	t.Cleanup(server.Close)
	w.pool, w.url, w.Client = pool, server.URL, sdk(server.URL)
	return w
}

// sdk is the AWS SDK aimed at an address, without retries.
func sdk(url string) *cip.Client {
	return cip.New(cip.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
}

// worldOfAlice makes a world in which alice is a confirmed user.
func worldOfAlice(t *testing.T, invoker userpool.Invoker, settings ...setting) *world {
	t.Helper()
	w := newWorld(t, invoker, settings...)
	w.user(t, alice)
	return w
}

// user seeds a confirmed user with a verified address.
func (w *world) user(t *testing.T, email string) userpool.User {
	t.Helper()
	return w.seed(t, userpool.UserSpec{Email: email, Password: password, EmailVerified: true})
}

func (w *world) seed(t *testing.T, spec userpool.UserSpec) userpool.User {
	t.Helper()
	u, err := w.pool.CreateUser(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// start begins CUSTOM_AUTH without SRP.
func (w *world) start(t *testing.T, client, username string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &client, AuthParameters: map[string]string{"USERNAME": username},
	})
}

func (w *world) answer(t *testing.T, client, username, session, answer string) (*cip.RespondToAuthChallengeOutput,
	error) {
	t.Helper()
	return w.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ChallengeName: types.ChallengeNameTypeCustomChallenge, ClientId: &client, Session: &session,
		ChallengeResponses: map[string]string{"USERNAME": username, "ANSWER": answer},
	})
}

// signIn signs a user in by code.
func (w *world) signIn(t *testing.T, client, username string) *types.AuthenticationResultType {
	t.Helper()
	started, err := w.start(t, client, username)
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.answer(t, client, started.ChallengeParameters["USERNAME"], *started.Session, rightCode)
	if err != nil {
		t.Fatal(err)
	}
	if out.AuthenticationResult == nil {
		t.Fatalf("no tokens but %s", out.ChallengeName)
	}
	return out.AuthenticationResult
}

// byPassword signs a user in by USER_PASSWORD_AUTH.
func (w *world) byPassword(t *testing.T, client, username, password string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return w.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: &client,
		AuthParameters: map[string]string{"USERNAME": username, "PASSWORD": password},
	})
}

// wantError checks the type and the message of an API error, and that it came as HTTP 400.
func wantError(t *testing.T, err error, kind, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("error = %v, want %s %q", err, kind, message)
	}
	if api.ErrorCode() != kind || api.ErrorMessage() != message {
		t.Fatalf("error = %s %q, want %s %q", api.ErrorCode(), api.ErrorMessage(), kind, message)
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) && response.HTTPStatusCode() != http.StatusBadRequest {
		t.Fatalf("status = %d, want 400", response.HTTPStatusCode())
	}
}

// notAuthorized checks the message of a NotAuthorizedException.
func notAuthorized(t *testing.T, err error, message string) {
	t.Helper()
	wantError(t, err, "NotAuthorizedException", message)
}

// invalidParameter checks the message of an InvalidParameterException.
func invalidParameter(t *testing.T, err error, message string) {
	t.Helper()
	wantError(t, err, "InvalidParameterException", message)
}

// must fails the test on an error.
func must[T any](t *testing.T, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// post sends a request as it is and returns the status, the headers and the body.
func (w *world) post(t *testing.T, operation, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("the answer is no JSON object: %q", data)
	}
	return resp.StatusCode, resp.Header, out
}
