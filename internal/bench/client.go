package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// poolAPI calls the pool's operations with as little work as possible: what is measured is the sandbox.
type poolAPI struct {
	endpoint string
	client   *http.Client
}

func (a poolAPI) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	response, err := a.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %.300s", operation, response.Status, answer)
	}
	return json.Unmarshal(answer, out)
}

func (a poolAPI) InitiateAuth(ctx context.Context, in *cognito.InitiateAuthInput, _ ...func(*cognito.Options)) (*cognito.InitiateAuthOutput, error) {
	out := &cognito.InitiateAuthOutput{}
	return out, a.call(ctx, "InitiateAuth", in, out)
}

func (a poolAPI) RespondToAuthChallenge(ctx context.Context, in *cognito.RespondToAuthChallengeInput, _ ...func(*cognito.Options)) (*cognito.RespondToAuthChallengeOutput, error) {
	out := &cognito.RespondToAuthChallengeOutput{}
	return out, a.call(ctx, "RespondToAuthChallenge", in, out)
}

func (a poolAPI) SignUp(ctx context.Context, in *cognito.SignUpInput, _ ...func(*cognito.Options)) (*cognito.SignUpOutput, error) {
	out := &cognito.SignUpOutput{}
	return out, a.call(ctx, "SignUp", in, out)
}

// person answers with the known password, and with the code that the mailbox got.
type person struct {
	sandbox *sandbox.Sandbox
	address string
	began   time.Time
	// fixed is the code where no mail goes out.
	fixed string
	// mailed is how long the sign-in took up to the code's arrival.
	mailed time.Duration
}

const password = "Correct-horse-battery-7"

func (p *person) Password(context.Context) (string, error)            { return password, nil }
func (p *person) NewPassword(context.Context, string) (string, error) { return "", errUnexpected }
func (p *person) Attribute(context.Context, string) (string, error)   { return "", errUnexpected }
func (p *person) Tell(string)                                         {}

var errUnexpected = errors.New("the pool asked for something that no sign-in of the benchmark needs")

func (p *person) Code(ctx context.Context, c signin.Challenge) (string, error) {
	if c.Reason != "" && c.Reason != "sent" {
		return "", fmt.Errorf("the code was not taken (%s)", c.Reason)
	}
	if p.fixed != "" {
		return p.fixed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := p.sandbox.WaitForMessage(ctx, p.address, p.began)
	if err != nil {
		return "", fmt.Errorf("no mail came: %w", err)
	}
	p.mailed = time.Since(p.began)
	return strings.ReplaceAll(mailbox.FindCode(m.Text), " ", ""), nil
}

// signInOnce signs one person in and returns how long that took, and how much of it until the code
// was there.
func signInOnce(ctx context.Context, s *sandbox.Sandbox, client *http.Client, address, fixed string) (all, mailed time.Duration, err error) {
	c := s.Config()
	p := &person{sandbox: s, address: address, began: time.Now(), fixed: fixed}
	in := signin.SignIn{API: poolAPI{c.Endpoint, client}, Person: p, PoolID: c.UserPoolID, ClientID: c.UserPoolClientID, Username: address, Mode: string(c.Mode)}
	tokens, err := in.Run(ctx)
	if err == nil && (tokens.ID == "" || tokens.Access == "") {
		err = errors.New("the sign-in gave no tokens")
	}
	return time.Since(p.began), p.mailed, err
}
