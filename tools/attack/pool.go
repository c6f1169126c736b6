package main

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
	knownPassword = "Correct-Horse-9"
	// victim is the account that is attacked, fresh one that still has its temporary password.
	victim = "user00001@example.com"
	fresh  = "user00002@example.com"
)

type (
	userSpec    = userpool.UserSpec
	poolClient  = userpool.Client
	poolConfig  = userpool.Config
	poolOptions = userpool.Options
)

// userPool returns the lab's user pool, configured as the construct configures one.
func (l *lab) userPool() (*userpool.Pool, error) {
	l.poolOnce.Do(func() { l.pool, l.poolErr = l.newPool() })
	return l.pool, l.poolErr
}

func (l *lab) newPool() (*userpool.Pool, error) {
	signing, err := l.run.world.signing()
	if err != nil {
		return nil, err
	}
	client := poolClient{ID: l.client, Name: "client",
		ExplicitAuthFlows:          []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		PreventUserExistenceErrors: true, EnableTokenRevocation: true, AuthSessionValidity: 7 * time.Minute,
		WriteAttributes: []string{"name", "locale", "zoneinfo"}}
	l.weaken(func(w weakness) {
		if w.client != nil {
			w.client(&client)
		}
	})
	triggers := map[userpool.Trigger]bool{}
	for t, f := range functionOf {
		only := map[settings.Function]settings.Mode{settings.PreSignUp: passwordless,
			settings.PreTokenGeneration: withPassword}[f]
		triggers[t] = only == "" || only == l.plan.mode
	}
	cfg := poolConfig{Region: region, Account: account, ID: l.id, Name: "lab", UsernameAttributes: []string{"email"},
		AutoVerifiedAttributes: []string{"email"}, AttributesRequireVerificationBeforeUpdate: []string{"email"},
		MFAConfiguration: "OFF", RecoveryMechanisms: []string{"admin_only"}, AdminCreateUserOnly: l.plan.mode == withPassword,
		PasswordPolicy: userpool.DefaultPasswordPolicy(), Clients: []userpool.Client{client}, Triggers: triggers}
	opts := poolOptions{Invoker: userpool.InvokerFunc(l.invoke), Now: l.now, Keys: signing, Logger: quiet,
		Mailer: poolMail{l}}
	if l.plan.pool != nil {
		l.plan.pool(&opts)
	}
	return userpool.New(cfg, opts)
}

var functionOf = map[userpool.Trigger]settings.Function{
	userpool.DefineAuthChallenge:         settings.DefineAuthChallenge,
	userpool.CreateAuthChallenge:         settings.CreateAuthChallenge,
	userpool.VerifyAuthChallengeResponse: settings.VerifyAuthChallenge,
	userpool.PreSignUp:                   settings.PreSignUp,
	userpool.PreTokenGeneration:          settings.PreTokenGeneration,
}

// functionTime is how long Lambda lets a function run.
const functionTime = 4 * time.Second

// invoke runs a trigger for the pool.
func (l *lab) invoke(ctx context.Context, t userpool.Trigger, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	out, err := l.functions[functionOf[t]].Invoke(ctx, event)
	if err != nil {
		return nil, &lambda.Error{Failure: lambda.Handled, Type: "Refusal", Message: err.Error()}
	}
	return out, nil
}

// poolMail receives the mails that Cognito itself sends.
type poolMail struct{ l *lab }

func (p poolMail) Deliver(_ context.Context, m userpool.CognitoMail) error {
	p.l.inbox.deliver(m.To, m.Text)
	return nil
}

// poolDirectory changes the user pool for verify, without HTTP between.
type poolDirectory struct{ l *lab }

func (d poolDirectory) MarkVerified(ctx context.Context, _, username string) error {
	if d.l.pool == nil {
		return nil // the lab has no user pool: the harness sends the events
	}
	_, err := d.l.request(ctx, "AdminUpdateUserAttributes", map[string]any{"UserPoolId": d.l.id, "Username": username,
		"UserAttributes": []any{map[string]any{"Name": "email_verified", "Value": "true"}}})
	return err
}

// user creates a user in the pool.
func (l *lab) user(spec userSpec) {
	pool, err := l.userPool()
	l.run.check(err)
	if spec.Password == "" {
		spec.Password = knownPassword
	}
	_, err = pool.CreateUser(l.run.ctx, spec)
	l.run.check(err)
}

// apiError is an error answer of the user pool.
type apiError struct{ kind, message string }

func (e *apiError) Error() string { return e.kind + ": " + e.message }

// poolAnswer is the pool's answer to a step of a sign-in.
type poolAnswer struct {
	ChallengeName        string
	ChallengeParameters  map[string]string
	Session              string
	AuthenticationResult *struct{ AccessToken, RefreshToken string }
	// size is the length of the whole answer in bytes.
	size int
}

// signedIn reports whether the pool gave tokens.
func (a poolAnswer) signedIn() bool { return a.AuthenticationResult != nil }

// call sends a request to the user pool. Its error is an [apiError]; any other aborts the attack.
func (l *lab) call(operation string, in map[string]any) (poolAnswer, error) {
	l.run.alive()
	out, err := l.request(l.run.ctx, operation, in)
	if _, ok := err.(*apiError); !ok {
		l.run.check(err)
	}
	return out, err
}

func (l *lab) request(ctx context.Context, operation string, in map[string]any) (poolAnswer, error) {
	pool, err := l.userPool()
	if err != nil {
		return poolAnswer{}, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return poolAnswer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
	if err != nil {
		return poolAnswer{}, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	// Operations that IAM guards require a signature; the sandbox doesn't check it.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=lab/20260101/"+region+
		"/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	response, err := inProcess{pool}.Do(r)
	if err != nil {
		return poolAnswer{}, err
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return poolAnswer{}, err
	}
	out := poolAnswer{size: len(answer)}
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
	return out, &apiError{e.Type, e.Message}
}

// initiate begins CUSTOM_AUTH, with further parameters in pairs.
func (l *lab) initiate(username string, more ...string) (poolAnswer, error) {
	return l.call("InitiateAuth", map[string]any{"AuthFlow": "CUSTOM_AUTH", "ClientId": l.client,
		"AuthParameters": pairs(append([]string{"USERNAME", username}, more...))})
}

// respond answers a challenge with the given responses, in pairs.
func (l *lab) respond(challenge string, a poolAnswer, username string, more ...string) (poolAnswer, error) {
	return l.call("RespondToAuthChallenge", map[string]any{"ChallengeName": challenge, "ClientId": l.client,
		"Session":            a.Session,
		"ChallengeResponses": pairs(append([]string{"USERNAME", username}, more...))})
}

// answerCode answers the mailed code.
func (l *lab) answerCode(a poolAnswer, username, code string) (poolAnswer, error) {
	return l.respond("CUSTOM_CHALLENGE", a, username, "ANSWER", code)
}

func pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// enter goes as far as the mailed code: by a name alone, or by name and password.
func (l *lab) enter(username, password string) (poolAnswer, error) {
	if l.plan.mode == passwordless {
		return l.initiate(username)
	}
	client := l.newSRP()
	a, err := l.initiate(username, "CHALLENGE_NAME", "SRP_A", "SRP_A", client.SRPA())
	if err != nil {
		return a, err
	}
	return l.prove(client, a, password)
}

func (l *lab) newSRP() *srp.Client {
	client, err := srp.NewClient(l.id)
	l.run.check(err)
	return client
}

// prove answers PASSWORD_VERIFIER.
func (l *lab) prove(client *srp.Client, a poolAnswer, password string) (poolAnswer, error) {
	answers, err := client.Answer(a.ChallengeParameters, password, time.Now())
	l.run.check(err)
	return l.call("RespondToAuthChallenge", map[string]any{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": l.client,
		"Session": a.Session, "ChallengeResponses": answers})
}
