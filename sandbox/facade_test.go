package sandbox_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func initiate(t testing.TB, sb *sandbox.Sandbox, name string) (*cognitoidentityprovider.InitiateAuthOutput, error) {
	t.Helper()
	id := sb.Config().UserPoolClientID
	return pool(sb).InitiateAuth(t.Context(),
		&cognitoidentityprovider.InitiateAuthInput{AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &id,
			AuthParameters: map[string]string{"USERNAME": name}})
}

// answer answers the custom challenge of person.
func answer(t testing.TB, sb *sandbox.Sandbox, session *string,
	code string) (*cognitoidentityprovider.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return pool(sb).RespondToAuthChallenge(t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
		ChallengeName: types.ChallengeNameTypeCustomChallenge, ClientId: aws.String(sb.Config().UserPoolClientID),
		Session:            session,
		ChallengeResponses: map[string]string{"USERNAME": person, "ANSWER": code},
	})
}

func TestTheReadyFileIsTheConfigurationForItsOwnerAlone(t *testing.T) {
	sb := start(t, sandbox.Options{})
	path := filepath.Join(t.TempDir(), "new", "local.json")
	if err := sb.Config().WriteReadyFile(path); err != nil {
		t.Fatal(err)
	}
	read, err := sandbox.ReadReadyFile(path)
	if err != nil || read != sb.Config() {
		t.Errorf("read %+v, %v", read, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"endpoint", "region", "userPoolId", "userPoolClientId", "mode", "inboxUrl",
		"sesEndpoint", "stack"} {
		if !strings.Contains(string(data), `"`+name+`": "`) {
			t.Errorf("the ready file lacks %s", name)
		}
	}
	if _, err := sandbox.ReadReadyFile(path + "x"); !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), "emailotp dev") {
		t.Errorf("a missing file: %v", err)
	}
	for _, content := range []string{"", "{", "{}", "[]"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sandbox.ReadReadyFile(path); err == nil || !strings.Contains(err.Error(), "start the sandbox again") {
			t.Errorf("content %q: %v", content, err)
		}
	}
}

func TestUsersAreAsTheyWereAskedFor(t *testing.T) {
	sb := start(t, sandbox.Options{Users: []sandbox.User{
		{Email: person, Attributes: map[string]string{"locale": "de"}},
		{Email: "temp@example.com", Password: "a password to change", Temporary: true},
		{Email: "new@example.com", Unverified: true, Unconfirmed: true},
	}})
	for name, want := range map[string][2]string{person: {"CONFIRMED", "true"},
		"temp@example.com": {"FORCE_CHANGE_PASSWORD", "true"}, "new@example.com": {"UNCONFIRMED", "false"}} {
		u, ok := sb.User(name)
		if !ok || u.Status != want[0] || u.Attributes["email_verified"] != want[1] || u.Sub == "" || !u.Enabled {
			t.Errorf("%s: %+v", name, u)
		}
	}
	if u, _ := sb.User(person); u.Attributes["locale"] != "de" {
		t.Errorf("attributes %v", u.Attributes)
	}
	if _, err := sb.CreateUser(t.Context(), sandbox.User{Email: "USER@example.com"}); err == nil {
		t.Error("a name was given twice")
	}
	if n := len(sb.Users()); n != 3 {
		t.Errorf("%d users", n)
	}
}

func TestAdminCallsAreJudgedByTheFunctionsRole(t *testing.T) {
	sb := start(t, sandbox.Options{Users: []sandbox.User{{Email: person}}})
	update := func(trigger sandbox.Trigger) error {
		c, err := sb.Credentials(trigger)
		if err != nil {
			t.Fatal(err)
		}
		client := cognitoidentityprovider.New(cognitoidentityprovider.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(sb.Config().SESEndpoint), RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
		})
		_, err = client.AdminUpdateUserAttributes(t.Context(), &cognitoidentityprovider.AdminUpdateUserAttributesInput{
			UserPoolId: aws.String(sb.Config().UserPoolID), Username: aws.String(person),
			UserAttributes: []types.AttributeType{{Name: aws.String("email_verified"), Value: aws.String("true")}},
		})
		return err
	}
	if err := update(sandbox.VerifyAuthChallengeResponse); err != nil {
		t.Errorf("verify: %v", err)
	}
	if err := update(sandbox.CreateAuthChallenge); err == nil ||
		!strings.Contains(err.Error(), "is not authorized to perform: cognito-idp:AdminUpdateUserAttributes") {
		t.Errorf("create: %v", err)
	}
	if _, err := pool(sb).AdminGetUser(t.Context(),
		&cognitoidentityprovider.AdminGetUserInput{UserPoolId: aws.String(sb.Config().UserPoolID),
			Username: aws.String(person)}); err != nil {
		t.Errorf("the developer: %v", err)
	}
}

func TestAnInProcessHandlerGetsTheFunctionsEnvironment(t *testing.T) {
	sb := start(t, sandbox.Options{})
	e, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sb.Credentials(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"EMAILOTP_MODE": "passwordless", "AWS_ACCESS_KEY_ID": c.AccessKeyID,
		"AWS_ENDPOINT_URL_SESV2": sb.Config().SESEndpoint,
		"AWS_ENDPOINT_URL_KMS":   sb.Config().KMSEndpoint, "AWS_ENDPOINT_URL_DYNAMODB": sb.Config().DynamoDBEndpoint,
	} {
		if e[name] != want || want == "" {
			t.Errorf("%s is %q, want %q", name, e[name], want)
		}
	}
	if _, err := sb.Environment(sandbox.PreTokenGeneration); err == nil ||
		!strings.Contains(err.Error(), "CreateAuthChallenge") {
		t.Errorf("a trigger that isn't there: %v", err)
	}
}

func TestAFaultReachesTheClientAsATriggersFailure(t *testing.T) {
	sb := start(t, sandbox.Options{Users: []sandbox.User{{Email: person}}})
	if _, err := sb.Inject(sandbox.Fault{Service: sandbox.SES, Trigger: sandbox.CreateAuthChallenge, Throttle: true,
		Calls: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := initiate(t, sb, person)
	var failed *types.UserLambdaValidationException
	if !errors.As(err, &failed) || !strings.Contains(failed.ErrorMessage(), "Maximum sending rate exceeded") {
		t.Errorf("got %v", err)
	}
	if _, err := initiate(t, sb, person); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if _, err := sb.Inject(sandbox.Fault{Service: sandbox.SES, Trigger: "Nobody", Throttle: true}); err == nil {
		t.Error("a fault for a trigger that isn't there was taken")
	}
}

func TestFailuresOfHandlersAreToldApart(t *testing.T) {
	var fail atomic.Value
	handlers := sandbox.Handlers{sandbox.DefineAuthChallenge: sandbox.HandlerFunc(func(ctx context.Context,
		event []byte) ([]byte, error) {
		return fail.Load().(func() ([]byte, error))()
	})}
	sb := start(t, sandbox.Options{Invoker: handlers, Users: []sandbox.User{{Email: person}}})
	for name, c := range map[string]struct {
		f    func() ([]byte, error)
		want string
	}{
		"an error": {func() ([]byte, error) { return nil, errors.New("refused") },
			"DefineAuthChallenge failed with error refused"},
		"a panic": {func() ([]byte, error) { panic("oh") }, "DefineAuthChallenge failed with error oh"},
		"own timeout": {func() ([]byte, error) {
			return nil, &sandbox.FunctionError{Failure: sandbox.TimedOut, Type: "Sandbox.Timedout",
				Message: "Task timed out after 3.00 seconds"}
		}, "Task timed out"},
		"no JSON": {func() ([]byte, error) { return []byte("{"), nil }, "Invalid JSON"},
	} {
		fail.Store(c.f)
		if _, err := initiate(t, sb, person); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestTheSwitchesOfThePoolReachIt(t *testing.T) {
	var calls atomic.Int32
	slow := sandbox.Handlers{sandbox.DefineAuthChallenge: sandbox.HandlerFunc(func(ctx context.Context,
		event []byte) ([]byte, error) {
		calls.Add(1)
		time.Sleep(300 * time.Millisecond)
		return event, nil
	})}
	sb := start(t, sandbox.Options{Invoker: slow, TriggerTimeout: 50 * time.Millisecond, TriggerAttempts: 3,
		Users: []sandbox.User{{Email: person}}})
	if _, err := initiate(t, sb, person); err == nil || !strings.Contains(err.Error(), "invocation failed due to error") {
		t.Errorf("got %v", err)
	}
	if calls.Load() != 3 {
		t.Errorf("%d attempts, want 3", calls.Load())
	}
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	old := start(t, sandbox.Options{Clock: func() time.Time { return past }, LocalIssuer: true})
	if want := old.Config().Endpoint + "/" + old.Config().UserPoolID; old.Config().Issuer != want {
		t.Errorf("issuer %s, want %s", old.Config().Issuer, want)
	}
	if want := "https://cognito-idp.eu-west-1.amazonaws.com/" + sb.Config().UserPoolID; sb.Config().Issuer != want {
		t.Errorf("issuer %s, want %s", sb.Config().Issuer, want)
	}
	response, err := http.Get(old.Config().Issuer + "/.well-known/jwks.json")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("keys: %v, %v", response, err)
	}
}

func TestBrowsersOfOtherOriginsAreKeptOut(t *testing.T) {
	sb := start(t, sandbox.Options{AllowedOrigins: []string{"https://app.example.com"}})
	for origin, want := range map[string]bool{
		"http://localhost:5173": true, "http://127.0.0.1:3000": true, "http://[::1]:8080": true, "https://localhost": true,
		"https://app.example.com":  true,
		"https://attacker.example": false, "http://localhost.attacker.example": false, "null": false,
		"http://app.example.com": false,
	} {
		r, _ := http.NewRequest(http.MethodOptions, sb.Config().Endpoint, nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); (got == origin) != want {
			t.Errorf("origin %s is answered with %q", origin, got)
		}
	}
}

func TestEveryListenerChecksTheHost(t *testing.T) {
	sb := start(t, sandbox.Options{})
	c := sb.Config()
	for _, base := range []string{c.Endpoint, c.InboxURL, c.SESEndpoint} {
		r, _ := http.NewRequest(http.MethodGet, base, nil)
		r.Host = "attacker.example"
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s answers %d to a foreign Host", base, response.StatusCode)
		}
	}
}

func TestTheInboxIsReachedFromGoAndOverHTTP(t *testing.T) {
	sb := start(t, sandbox.Options{Users: []sandbox.User{{Email: person}, {Email: "bob@example.com"}}})
	var wg sync.WaitGroup
	for _, name := range []string{person, "bob@example.com"} {
		wg.Go(func() {
			if _, err := initiate(t, sb, name); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, one := sb.Messages(sandbox.MessageFilter{}), sb.Messages(sandbox.MessageFilter{To: person}); len(all) != 2 ||
		len(one) != 1 {
		t.Errorf("%d mails, %d of them to one", len(all), len(one))
	}
	response, err := http.Get(sb.Config().InboxURL + "/api/messages?to=" + person)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", response, err)
	}
	if _, err := initiate(t, sb, "stranger@example.com"); err != nil {
		t.Error(err)
	}
	if n := sb.SimulatedMessages()["success"]; n != 1 {
		t.Errorf("%d mails went to the simulator", n)
	}
	sb.DeleteMessages()
	if n := len(sb.Messages(sandbox.MessageFilter{})); n != 0 {
		t.Errorf("%d mails are left", n)
	}
	sb.SetSignInURL("http://127.0.0.1:1/")
	if sb.Config().SignInURL == "" {
		t.Error("the sign-in page is not in the configuration")
	}
}

func TestSandboxesRunBesideEachOther(t *testing.T) {
	a, b := start(t, sandbox.Options{}), start(t, sandbox.Options{Mode: "password", Invoker: sandbox.Handlers{}})
	if a.Config().Endpoint == b.Config().Endpoint || a.Config().UserPoolID == b.Config().UserPoolID {
		t.Error("they share something")
	}
	if b.Config().Region != "us-east-1" || b.Config().Stack != "EmailOtp-prod" {
		t.Errorf("%+v", b.Config())
	}
}

func TestTheTablesCanBeRestarted(t *testing.T) {
	sb := start(t, sandbox.Options{TablePath: filepath.Join(t.TempDir(), "data")})
	if err := sb.RestartTables(t.Context()); err != nil {
		t.Error(err)
	}
}
