package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/bench/bare"
)

const region = "eu-west-1"

var functions = []settings.Function{settings.DefineAuthChallenge, settings.CreateAuthChallenge,
	settings.VerifyAuthChallenge,
	settings.PreSignUp, settings.PreTokenGeneration, settings.MailEvents}

// functionSettings are the functions' settings here.
func functionSettings(m settings.Mode) settings.Settings {
	s := settings.Defaults(m)
	s.KeyARN, s.TableName, s.From, s.ProductName, s.UserPoolID = bare.KeyARN, "Guard", "no-reply@example.com", "Example",
		region+"_TestPool1"
	return s
}

// environment is a function's, as Lambda and the construct set it, with the given endpoints.
// chained is the ARN of an adopter's function behind it; empty for none.
func environment(f settings.Function, chained, root string, endpoints map[string]string) map[string]string {
	m := settings.Passwordless
	if f == settings.PreTokenGeneration {
		m = settings.Password
	}
	s := functionSettings(m)
	s.Chained = chained
	return runtimeapi.Environment(runtimeapi.Function{
		Name: string(f), Environment: s.Environment(f), Handler: "bootstrap", MemoryMB: 512,
		AccessKeyID: "ASIAEXAMPLEEXAMPLE00", SecretKey: "example", Endpoints: endpoints,
	}, region, root)
}

type object = map[string]any

// event returns what Cognito sends a trigger at its place in a sign-in of a known user, or what
// EventBridge sends of a bounce.
func event(f settings.Function) []byte {
	request := object{"userAttributes": object{"sub": "1d2c3b4a-0000-4000-8000-00000000002a", "email": "user@example.com",
		"email_verified": "true", "cognito:user_status": "CONFIRMED"}}
	source := ""
	switch f {
	case settings.MailEvents:
		return mustJSON(object{"version": "0", "source": "aws.ses", "detail-type": "Email Bounced", "region": region,
			"detail": object{
				"eventType": "Bounce", "bounce": object{"bounceType": "Permanent", "bounceSubType": "General"},
				"mail": object{"destination": []string{"user@example.com"}, "tags": object{settings.ItemTag: []string{bare.Key}}}}})
	case settings.DefineAuthChallenge:
		source, request["session"] = "DefineAuthChallenge_Authentication", []any{}
	case settings.CreateAuthChallenge:
		source, request["session"], request["challengeName"] = "CreateAuthChallenge_Authentication", []any{},
			"CUSTOM_CHALLENGE"
	case settings.VerifyAuthChallenge:
		source, request["challengeAnswer"] = "VerifyAuthChallengeResponse_Authentication", "12345678"
		request["privateChallengeParameters"] = challenge()
	case settings.PreSignUp:
		source = "PreSignUp_SignUp"
	case settings.PreTokenGeneration:
		source = "TokenGeneration_Authentication"
	}
	return mustJSON(object{"version": "1", "triggerSource": source, "region": region, "userPoolId": region + "_TestPool1",
		"userName": "1d2c3b4a-0000-4000-8000-00000000002a", "request": request, "response": object{},
		"callerContext": object{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1example23456789"}})
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and maps alone
	}
	return b
}

// challenge returns private parameters from the real create. The stand-ins accept any answer.
func challenge() map[string]string {
	out, err := handlers()[settings.CreateAuthChallenge].Invoke(context.Background(), event(settings.CreateAuthChallenge))
	var e struct {
		Response struct{ PrivateChallengeParameters map[string]string }
	}
	if err == nil {
		err = json.Unmarshal(out, &e)
	}
	if err != nil {
		panic(err) // nothing in it can fail: TestEveryHandlerAnswersItsEvent
	}
	return e.Response.PrivateChallengeParameters
}

// invoker is a function in process.
type invoker interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// handlers are the real functions with stand-ins for everything outside: what is left is their own
// work.
func handlers() map[settings.Function]invoker {
	w := standIn{}
	reporter := func(f settings.Function) *trigger.Reporter { return trigger.NewReporter(io.Discard, f, time.Now) }
	s := functionSettings(settings.Passwordless)
	renderer := trigger.Must(trigger.MailRenderer(s, func(string) (string, bool) { return "", false }))
	return map[settings.Function]invoker{
		settings.DefineAuthChallenge: trigger.Define{Settings: s, Reporter: reporter(settings.DefineAuthChallenge)}.Handler(),
		settings.CreateAuthChallenge: trigger.Create{Settings: s, Reporter: reporter(settings.CreateAuthChallenge),
			Keys: w, Store: w, Renderer: renderer, Sender: w, Now: time.Now, Random: rand.Reader}.Handler(),
		settings.VerifyAuthChallenge: trigger.Verify{Settings: s, Reporter: reporter(settings.VerifyAuthChallenge),
			Keys: w, Store: w, Directory: w, Now: time.Now}.Handler(),
		settings.PreSignUp:          trigger.SignUp{Settings: s, Reporter: reporter(settings.PreSignUp)}.Handler(),
		settings.PreTokenGeneration: trigger.Tokens{Reporter: reporter(settings.PreTokenGeneration)}.Handler(),
		settings.MailEvents: trigger.MailEvents{Settings: s, Reporter: reporter(settings.MailEvents), Store: w,
			Now: time.Now},
	}
}

// standIn is a store, a key, a sender and a directory that accept everything and keep nothing. The
// calls of a sign-in that goes well are all that it has.
type standIn struct{ guard.Store }

func (standIn) GenerateMAC(context.Context, []byte) ([]byte, error)     { return make([]byte, 32), nil }
func (standIn) VerifyMAC(context.Context, []byte, []byte) (bool, error) { return true, nil }
func (standIn) Send(context.Context, mail.Mail) error                   { return nil }
func (standIn) MarkVerified(context.Context, string, string) error      { return nil }
func (standIn) Read(context.Context, string) (guard.Item, error)        { return guard.Item{}, nil }

func (standIn) Claim(context.Context, string, guard.Item, guard.Item, time.Time) (bool, error) {
	return true, nil
}

func (standIn) SpendGuess(context.Context, string, guard.Bucket, int, time.Time) (bool, error) {
	return true, nil
}

func (standIn) CountQuota(context.Context, string, string, time.Time) (guard.Counters, error) {
	return guard.Counters{}, nil
}

func (standIn) Use(context.Context, string, guard.Use, time.Time) (bool, error) {
	return true, nil
}

func (standIn) MarkBounced(context.Context, string, guard.Mark, time.Time) (guard.Item, bool, error) {
	return guard.Item{}, true, nil
}
