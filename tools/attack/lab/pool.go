package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/srp"
)

const (
	// KnownPassword is the password of every user with a chosen one.
	KnownPassword = "Correct-Horse-9"
	// Victim is the account that is attacked, Fresh one that still has its temporary password.
	Victim = "user00001@example.com"
	Fresh  = "user00002@example.com"
)

// The sandbox's types of a user and of a user pool.
type (
	UserSpec    = userpool.UserSpec
	PoolClient  = userpool.Client
	PoolOptions = userpool.Options
)

// userPool returns the lab's user pool, configured as the construct configures one.
func (l *Lab) userPool() (*userpool.Pool, error) {
	l.poolOnce.Do(func() { l.pool, l.poolErr = l.newPool() })
	return l.pool, l.poolErr
}

func (l *Lab) newPool() (*userpool.Pool, error) {
	signing, err := l.Scope.World.signing()
	if err != nil {
		return nil, err
	}
	client := PoolClient{ID: l.Client, Name: "client",
		ExplicitAuthFlows:          []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		PreventUserExistenceErrors: true, EnableTokenRevocation: true, AuthSessionValidity: 7 * time.Minute,
		WriteAttributes: []string{"name", "locale", "zoneinfo"}}
	l.weaken(func(w Weakness) {
		if w.Client != nil {
			w.Client(&client)
		}
	})
	triggers := map[userpool.Trigger]bool{}
	for t, f := range functionOf {
		only := map[settings.Function]settings.Mode{settings.PreSignUp: settings.Passwordless,
			settings.PreTokenGeneration: settings.Password}[f]
		triggers[t] = (only == "" || only == l.Plan.Mode) && t != userpool.PostConfirmation
	}
	recovery := "admin_only"
	if l.Plan.Recovery {
		recovery, triggers[userpool.PostConfirmation] = "verified_email", true
	}
	cfg := userpool.Config{Region: Region, Account: account, ID: l.ID, Name: "lab", UsernameAttributes: []string{"email"},
		AutoVerifiedAttributes: []string{"email"}, AttributesRequireVerificationBeforeUpdate: []string{"email"},
		MFAConfiguration: "OFF", RecoveryMechanisms: []string{recovery},
		AdminCreateUserOnly: l.Plan.Mode == settings.Password,
		PasswordPolicy:      userpool.DefaultPasswordPolicy(), Clients: []userpool.Client{client}, Triggers: triggers}
	opts := PoolOptions{Invoker: userpool.InvokerFunc(l.invoke), Now: l.now, Keys: signing, Logger: quiet,
		Mailer: poolMail{l}}
	if l.Plan.Pool != nil {
		l.Plan.Pool(&opts)
	}
	l.patience = opts.TriggerTimeout
	return userpool.New(cfg, opts)
}

var functionOf = map[userpool.Trigger]settings.Function{
	userpool.DefineAuthChallenge:         settings.DefineAuthChallenge,
	userpool.CreateAuthChallenge:         settings.CreateAuthChallenge,
	userpool.VerifyAuthChallengeResponse: settings.VerifyAuthChallenge,
	userpool.PreSignUp:                   settings.PreSignUp,
	userpool.PreTokenGeneration:          settings.PreTokenGeneration,
	userpool.PostConfirmation:            settings.VerifyAuthChallenge,
}

// functionTime is how long Lambda lets a function run.
const functionTime = 4 * time.Second

// invoke runs a trigger for the pool.
func (l *Lab) invoke(ctx context.Context, t userpool.Trigger, event []byte) ([]byte, error) {
	l.running.Add(1)
	defer l.running.Done()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	out, err := l.Functions[functionOf[t]].Invoke(ctx, event)
	if l.patience > 0 && time.Since(began) >= l.patience {
		l.outlasted.Add(1)
	}
	if ctx.Err() != nil {
		l.late.Store(true)
	}
	if err != nil {
		return nil, &lambda.Error{Failure: lambda.Handled, Type: "Refusal", Message: err.Error()}
	}
	return out, nil
}

// poolMail receives the mails that Cognito itself sends.
type poolMail struct{ l *Lab }

func (p poolMail) Deliver(_ context.Context, m userpool.CognitoMail) error {
	p.l.Inbox.deliver(m.To, m.Text)
	return nil
}

// poolDirectory changes the user pool for verify, without HTTP between.
type poolDirectory struct{ l *Lab }

func (d poolDirectory) MarkVerified(ctx context.Context, _, username string) error {
	if d.l.pool == nil {
		return nil // the lab has no user pool: SignIn sends the events itself
	}
	_, err := d.l.request(ctx, "AdminUpdateUserAttributes", map[string]any{"UserPoolId": d.l.ID, "Username": username,
		"UserAttributes": []any{map[string]any{"Name": "email_verified", "Value": "true"}}})
	return err
}

// User creates a user in the pool.
func (l *Lab) User(spec UserSpec) {
	pool, err := l.userPool()
	l.Scope.Check(err)
	if spec.Password == "" {
		spec.Password = KnownPassword
	}
	_, err = pool.CreateUser(l.Scope.Ctx, spec)
	l.Scope.Check(err)
}

// APIError is an error answer of the user pool.
type APIError struct{ Kind, Message string }

// Error returns the kind and the message.
func (e *APIError) Error() string { return e.Kind + ": " + e.Message }

// PoolAnswer is the pool's answer to a step of a sign-in.
type PoolAnswer struct {
	ChallengeName        string
	ChallengeParameters  map[string]string
	Session              string
	AuthenticationResult *struct{ AccessToken, IdToken, RefreshToken string }
	// Username and UserAttributes are what GetUser and AdminGetUser return.
	Username       string
	UserAttributes []struct{ Name, Value string }
	// Size is the length of the whole answer in bytes.
	Size int
}

// SignedIn reports whether the pool gave tokens.
func (a PoolAnswer) SignedIn() bool { return a.AuthenticationResult != nil }

// Call sends a request to the user pool. Its error is an [APIError]; any other aborts the attack.
func (l *Lab) Call(operation string, in map[string]any) (PoolAnswer, error) {
	l.Scope.Alive()
	out, err := l.request(l.Scope.Ctx, operation, in)
	if _, ok := err.(*APIError); !ok {
		l.Scope.Check(err)
	}
	return out, err
}

func (l *Lab) request(ctx context.Context, operation string, in map[string]any) (PoolAnswer, error) {
	pool, err := l.userPool()
	if err != nil {
		return PoolAnswer{}, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return PoolAnswer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
	if err != nil {
		return PoolAnswer{}, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	// Operations that IAM guards require a signature; the sandbox doesn't check it.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=lab/20260101/"+Region+
		"/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	response, err := inProcess{pool}.Do(r)
	if err != nil {
		return PoolAnswer{}, err
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return PoolAnswer{}, err
	}
	out := PoolAnswer{Size: len(answer)}
	if response.StatusCode == http.StatusOK {
		return out, json.Unmarshal(answer, &out)
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer, &e); err != nil {
		return out, fmt.Errorf("the pool answered %d without JSON: %w", response.StatusCode, err)
	}
	return out, &APIError{e.Type, e.Message}
}

// Initiate begins CUSTOM_AUTH, with further parameters in pairs.
func (l *Lab) Initiate(username string, more ...string) (PoolAnswer, error) {
	return l.Call("InitiateAuth", map[string]any{"AuthFlow": "CUSTOM_AUTH", "ClientId": l.Client,
		"AuthParameters": Pairs(append([]string{"USERNAME", username}, more...))})
}

// Respond answers a challenge with the given responses, in pairs.
func (l *Lab) Respond(challenge string, a PoolAnswer, username string, more ...string) (PoolAnswer, error) {
	return l.Call("RespondToAuthChallenge", map[string]any{"ChallengeName": challenge, "ClientId": l.Client,
		"Session":            a.Session,
		"ChallengeResponses": Pairs(append([]string{"USERNAME", username}, more...))})
}

// RespondWith is [Lab.Respond] with the client's metadata.
func (l *Lab) RespondWith(challenge string, a PoolAnswer, responses, metadata map[string]string) (PoolAnswer, error) {
	return l.Call("RespondToAuthChallenge", map[string]any{"ChallengeName": challenge, "ClientId": l.Client,
		"Session": a.Session, "ChallengeResponses": responses, "ClientMetadata": metadata})
}

// AnswerCode answers the mailed code.
func (l *Lab) AnswerCode(a PoolAnswer, username, code string) (PoolAnswer, error) {
	return l.Respond("CUSTOM_CHALLENGE", a, username, "ANSWER", code)
}

// Pairs makes a map of a list of keys, each followed by its value.
func Pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// Enter goes as far as the mailed code: by a name alone, or by name and password.
func (l *Lab) Enter(username, password string) (PoolAnswer, error) {
	if l.Plan.Mode == settings.Passwordless {
		return l.Initiate(username)
	}
	client := l.NewSRP()
	a, err := l.Initiate(username, "CHALLENGE_NAME", "SRP_A", "SRP_A", client.SRPA())
	if err != nil {
		return a, err
	}
	return l.Prove(client, a, password)
}

// NewSRP returns the client side of the password's protocol.
func (l *Lab) NewSRP() *srp.Client {
	client, err := srp.NewClient(l.ID)
	l.Scope.Check(err)
	return client
}

// Prove answers PASSWORD_VERIFIER.
func (l *Lab) Prove(client *srp.Client, a PoolAnswer, password string) (PoolAnswer, error) {
	answers, err := client.Answer(a.ChallengeParameters, password, time.Now())
	l.Scope.Check(err)
	return l.Call("RespondToAuthChallenge", map[string]any{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": l.Client,
		"Session": a.Session, "ChallengeResponses": answers})
}
