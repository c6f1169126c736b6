package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/bench/bare"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

const region = "eu-west-1"

// modeOf returns the mode in which a function is measured.
func modeOf(f settings.Function) settings.Mode {
	if f == settings.PreTokenGeneration {
		return settings.Password
	}
	return settings.Passwordless
}

// functionSettings are what the functions are told here.
func functionSettings(m settings.Mode) settings.Settings {
	s := settings.Defaults(m)
	s.KeyARN, s.TableName, s.From, s.ProductName, s.UserPoolID = bare.KeyARN, "Guard", "no-reply@example.com", "Example", region+"_TestPool1"
	return s
}

// environment is a function's, as Lambda and the construct set it, with the given endpoints.
func environment(f settings.Function, root string, endpoints map[string]string) map[string]string {
	return runtimeapi.Environment(runtimeapi.Function{
		Name: string(f), Environment: functionSettings(modeOf(f)).Environment(f), Handler: "bootstrap", MemoryMB: 512,
		AccessKeyID: "ASIAEXAMPLEEXAMPLE00", SecretKey: "example", Endpoints: endpoints,
	}, region, root)
}

// event returns what Cognito sends a trigger at its place in a sign-in of one known user.
func event(f settings.Function) []byte {
	if f == settings.MailEvents {
		return bounce()
	}
	type object = map[string]any
	source := map[settings.Function]string{
		settings.DefineAuthChallenge: "DefineAuthChallenge_Authentication",
		settings.CreateAuthChallenge: "CreateAuthChallenge_Authentication",
		settings.VerifyAuthChallenge: "VerifyAuthChallengeResponse_Authentication",
		settings.PreSignUp:           "PreSignUp_SignUp",
		settings.PreTokenGeneration:  "TokenGeneration_Authentication",
	}
	request := object{"userAttributes": object{"sub": "1d2c3b4a-0000-4000-8000-00000000002a", "email": "user@example.com",
		"email_verified": "true", "cognito:user_status": "CONFIRMED"}}
	switch f {
	case settings.DefineAuthChallenge:
		request["session"] = []any{}
	case settings.CreateAuthChallenge:
		request["session"], request["challengeName"] = []any{}, "CUSTOM_CHALLENGE"
	case settings.VerifyAuthChallenge:
		private, err := challenge()
		if err != nil {
			panic(err) // the handlers are the ones of this build, and nothing can fail in them
		}
		request["privateChallengeParameters"], request["challengeAnswer"] = private, "12345678"
	}
	b, err := json.Marshal(object{"version": "1", "triggerSource": source[f], "region": region, "userPoolId": region + "_TestPool1",
		"userName": "1d2c3b4a-0000-4000-8000-00000000002a", "request": request, "response": object{},
		"callerContext": object{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1example23456789"}})
	if err != nil {
		panic(err) // strings and maps
	}
	return b
}

// bounce returns what EventBridge sends of a mail that came back.
func bounce() []byte {
	type object = map[string]any
	b, err := json.Marshal(object{"version": "0", "source": "aws.ses", "detail-type": "Email Bounced", "region": region, "detail": object{
		"eventType": "Bounce", "bounce": object{"bounceType": "Permanent", "bounceSubType": "General"},
		"mail": object{"destination": []string{"user@example.com"}, "tags": object{settings.ItemTag: []string{bare.Key}}}}})
	if err != nil {
		panic(err) // strings and maps
	}
	return b
}

// invoker is a function in process.
type invoker interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// challenge asks the real create trigger for private parameters. The stand-ins take any answer for the
// right one.
func challenge() (map[string]string, error) {
	out, err := handlers(io.Discard)[settings.CreateAuthChallenge].Invoke(context.Background(), event(settings.CreateAuthChallenge))
	if err != nil {
		return nil, err
	}
	var e struct {
		Response struct {
			PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
		} `json:"response"`
	}
	if err := json.Unmarshal(out, &e); err != nil {
		return nil, fmt.Errorf("read create's answer: %w", err)
	}
	return e.Response.PrivateChallengeParameters, nil
}

// handlers are the real functions with stand-ins for everything outside: what is left is their own work.
func handlers(log io.Writer) map[settings.Function]invoker {
	w := standIn{}
	reporter := func(f settings.Function) *trigger.Reporter { return trigger.NewReporter(log, f, time.Now) }
	passwordless, password := functionSettings(settings.Passwordless), functionSettings(settings.Password)
	renderer := trigger.Must(trigger.MailRenderer(passwordless, func(string) (string, bool) { return "", false }))
	return map[settings.Function]invoker{
		settings.DefineAuthChallenge: trigger.Define{Settings: passwordless, Reporter: reporter(settings.DefineAuthChallenge)}.Handler(),
		settings.CreateAuthChallenge: trigger.Create{Settings: passwordless, Reporter: reporter(settings.CreateAuthChallenge),
			Keys: w, Store: w, Renderer: renderer, Sender: w, Now: time.Now, Random: rand.Reader}.Handler(),
		settings.VerifyAuthChallenge: trigger.Verify{Settings: passwordless, Reporter: reporter(settings.VerifyAuthChallenge),
			Keys: w, Store: w, Directory: w, Now: time.Now}.Handler(),
		settings.PreSignUp:          trigger.SignUp{Settings: passwordless, Reporter: reporter(settings.PreSignUp)}.Handler(),
		settings.PreTokenGeneration: trigger.Tokens{Settings: password, Reporter: reporter(settings.PreTokenGeneration)}.Handler(),
		settings.MailEvents:         trigger.MailEvents{Settings: passwordless, Reporter: reporter(settings.MailEvents), Store: w, Now: time.Now},
	}
}
