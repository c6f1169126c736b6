package attack

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

const password = "Correct-Horse-9"

// userPool returns the lab's user pool, configured as the construct configures one.
func (l *lab) userPool() (*userpool.Pool, error) {
	l.poolOnce.Do(func() { l.pool, l.poolErr = l.newPool() })
	return l.pool, l.poolErr
}

func (l *lab) newPool() (*userpool.Pool, error) {
	signing, err := l.bench.signing()
	if err != nil {
		return nil, err
	}
	client := userpool.Client{ID: l.client, Name: "client", ExplicitAuthFlows: []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		PreventUserExistenceErrors: true, EnableTokenRevocation: true, AuthSessionValidity: 7 * time.Minute,
		WriteAttributes: []string{"name", "locale", "zoneinfo"}}
	if weak := l.bench.opts.weaken.client; weak != nil {
		weak(&client)
	}
	cfg := userpool.Config{Region: region, Account: account, ID: l.id, Name: "lab", UsernameAttributes: []string{"email"},
		AutoVerifiedAttributes: []string{"email"}, AttributesRequireVerificationBeforeUpdate: []string{"email"},
		MFAConfiguration: "OFF", RecoveryMechanisms: []string{"admin_only"}, AdminCreateUserOnly: l.plan.mode == settings.Password,
		PasswordPolicy: userpool.DefaultPasswordPolicy(), Clients: []userpool.Client{client},
		Triggers: map[userpool.Trigger]bool{userpool.DefineAuthChallenge: true, userpool.CreateAuthChallenge: true,
			userpool.VerifyAuthChallengeResponse: true}}
	if l.plan.mode == settings.Password {
		cfg.Triggers[userpool.PreTokenGeneration] = true
	} else {
		cfg.Triggers[userpool.PreSignUp] = true
	}
	opts := userpool.Options{Invoker: userpool.InvokerFunc(l.invoke), Now: l.now, Keys: signing, Logger: quiet, Mailer: poolMail{l}}
	if l.plan.pool != nil {
		l.plan.pool(&cfg, &opts)
	}
	return userpool.New(cfg, opts)
}

var folders = map[userpool.Trigger]settings.Function{
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
	out, err := l.functions[folders[t]].Invoke(ctx, event)
	if err != nil {
		return nil, &lambda.Error{Failure: lambda.Handled, Type: "Refusal", Message: err.Error()}
	}
	return out, nil
}

// poolMail takes the mails that Cognito itself sends.
type poolMail struct{ l *lab }

func (p poolMail) Deliver(_ context.Context, m userpool.CognitoMail) error {
	p.l.inbox.deliver(m.To, m.Text)
	return nil
}

// apiError is an error answer of the user pool.
type apiError struct{ kind, message string }

func (e *apiError) Error() string { return e.kind + ": " + e.message }

// raw sends a request to the user pool and returns status and body.
func (l *lab) raw(ctx context.Context, operation string, body []byte) (int, []byte, error) {
	pool, err := l.userPool()
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	// A signature has to be there for what IAM guards; the sandbox doesn't check it.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=lab/20260101/"+region+"/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	response, err := inProcess{pool}.Do(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// answerOf is what the pool says to a step of a sign-in.
type answerOf struct {
	ChallengeName        string
	ChallengeParameters  map[string]string
	Session              string
	AuthenticationResult *struct{ AccessToken, RefreshToken string }
	// size is the length of the whole answer in bytes.
	size int
}

// call sends a request and reads the answer.
func (l *lab) call(ctx context.Context, operation string, in map[string]any) (answerOf, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return answerOf{}, err
	}
	status, answer, err := l.raw(ctx, operation, body)
	if err != nil {
		return answerOf{}, err
	}
	if status != http.StatusOK {
		var e struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(answer, &e); err != nil {
			return answerOf{}, fmt.Errorf("the pool answered %d with no JSON: %w", status, err)
		}
		return answerOf{size: len(answer)}, &apiError{e.Type, e.Message}
	}
	out := answerOf{size: len(answer)}
	return out, json.Unmarshal(answer, &out)
}

// initiate begins CUSTOM_AUTH with further parameters in pairs.
func (l *lab) initiate(ctx context.Context, username string, more ...string) (answerOf, error) {
	return l.call(ctx, "InitiateAuth", map[string]any{"AuthFlow": "CUSTOM_AUTH", "ClientId": l.client,
		"AuthParameters": pairs("USERNAME", username, more)})
}

// answerTo answers a challenge of the given name.
func (l *lab) answerTo(ctx context.Context, challenge string, a answerOf, username string, more ...string) (answerOf, error) {
	return l.call(ctx, "RespondToAuthChallenge", map[string]any{"ChallengeName": challenge, "ClientId": l.client, "Session": a.Session,
		"ChallengeResponses": pairs("USERNAME", username, more)})
}

func pairs(name, value string, more []string) map[string]string {
	m := map[string]string{name: value}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// enter goes as far as the mailed code: by a name alone, or by name and password.
func (l *lab) enter(ctx context.Context, username, password string) (answerOf, error) {
	if l.plan.mode == settings.Passwordless {
		return l.initiate(ctx, username)
	}
	client, err := srp.NewClient(l.id)
	if err != nil {
		return answerOf{}, err
	}
	a, err := l.initiate(ctx, username, "CHALLENGE_NAME", "SRP_A", "SRP_A", client.SRPA())
	if err != nil {
		return a, err
	}
	return l.prove(ctx, client, a, password)
}

// prove answers PASSWORD_VERIFIER.
func (l *lab) prove(ctx context.Context, client *srp.Client, a answerOf, password string) (answerOf, error) {
	answers, err := client.Answer(a.ChallengeParameters, password, time.Now())
	if err != nil {
		return answerOf{}, err
	}
	return l.call(ctx, "RespondToAuthChallenge", map[string]any{"ChallengeName": "PASSWORD_VERIFIER", "ClientId": l.client,
		"Session": a.Session, "ChallengeResponses": answers})
}

// user puts a user into the pool.
func (l *lab) user(ctx context.Context, spec userpool.UserSpec) error {
	pool, err := l.userPool()
	if err != nil {
		return err
	}
	if spec.Password == "" {
		spec.Password = password
	}
	_, err = pool.CreateUser(ctx, spec)
	return err
}
