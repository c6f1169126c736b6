//go:build !race

package examples_test

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	srp "github.com/alexrudd/cognito-srp/v4"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// amplify signs a user in, up and out by Amplify in Node.js, with wrong answers and refreshes
// between.
func amplify(t *testing.T, sb *sandbox.Sandbox, p *testkit.Person) {
	t.Helper()
	c := sb.Config()
	node.Run(t, "../internal/clients/testdata", "amplify.mjs", map[string]any{"endpoint": c.Endpoint,
		"inboxUrl": c.InboxURL, "mode": string(c.Mode), "userPoolId": c.UserPoolID, "userPoolClientId": c.UserPoolClientID,
		"user": p.Email, "password": p.Password, "new": testkit.Address("amplify@example.com")})
}

// bySRP signs in by a password alone, as clients from before the move do.
func bySRP(p *testkit.Person, client string) (*types.AuthenticationResultType, error) {
	s, err := srp.NewCognitoSRP(p.Email, p.Password, p.Config.UserPoolID, client, nil)
	if err != nil {
		return nil, err
	}
	began, err := p.API.InitiateAuth(p.T.Context(), &cognito.InitiateAuthInput{AuthFlow: types.AuthFlowTypeUserSrpAuth,
		ClientId: &client, AuthParameters: s.GetAuthParams()})
	if err != nil {
		return nil, err
	}
	answers, err := s.PasswordVerifierChallenge(began.ChallengeParameters, time.Now())
	if err != nil {
		return nil, err
	}
	done, err := p.API.RespondToAuthChallenge(p.T.Context(), &cognito.RespondToAuthChallengeInput{
		ChallengeName: began.ChallengeName, ClientId: &client, Session: began.Session, ChallengeResponses: answers})
	if err != nil {
		return nil, err
	}
	return done.AuthenticationResult, nil
}

// closeClient is the last step of each move: the old client allows nothing but the code.
func closeClient(t *testing.T, sb *sandbox.Sandbox, client string) {
	t.Helper()
	call(t, sb, "UpdateUserPoolClient", map[string]any{"ClientId": client,
		"ExplicitAuthFlows":          []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"WriteAttributes":            []string{"name"},
		"PreventUserExistenceErrors": "ENABLED"})
}

// closed are the options after the move: what DescribeUserPoolClient returns of each client, and
// the template without acknowledgements.
func (a livingApp) closed(t *testing.T, sb *sandbox.Sandbox, o sandbox.Options, clients ...string) sandbox.Options {
	t.Helper()
	o.PoolClients = nil
	for _, id := range clients {
		file := t.TempDir() + "/client.json"
		writeJSON(t, file, call(t, sb, "DescribeUserPoolClient", map[string]any{"ClientId": id}))
		o.PoolClients = append(o.PoolClients, file)
	}
	o.Assembly = a.edited(t, o.Stack, withoutAcknowledgements)
	return o
}

// TestMigrating is docs/migrating.md, step by step.
func TestMigrating(t *testing.T) {
	a := newLivingApp(t)
	t.Run("SRP clients move side by side", a.fromSRP)
	t.Run("native codes", a.fromNativeCodes)
	t.Run("a sample with a custom attribute", a.fromSample)
	t.Run("functions behind the mails and the reset", a.ofPeople)
	t.Run("the check of a deployment", a.checkOnDeploy)
}

// fromSRP goes from SRP clients to the end of the move and back.
func (a livingApp) fromSRP(t *testing.T) {
	o := a.options(t, "password", nil)
	t.Run("a client that is not acknowledged stops the deployment", func(t *testing.T) {
		open := o
		open.Assembly = a.edited(t, "password", withoutAcknowledgements)
		wantRefused(t, open, "Web before the move (1legacy) allows ALLOW_USER_SRP_AUTH", "Server (2server) allows "+
			"ALLOW_ADMIN_USER_PASSWORD_AUTH", "Console (3console) leaves its flows to Cognito's default",
			"Console (3console) may write every attribute")
	})
	t.Run("an acknowledgement that ended does, too", func(t *testing.T) {
		ended := o
		ended.Assembly = a.edited(t, "password", func(template map[string]any) {
			marks := onDeploy(template)["Properties"].(map[string]any)["AcknowledgedBypasses"].([]any)
			marks[0] = strings.Replace(marks[0].(string), "2999", "2020", 1)
		})
		wantRefused(t, ended, "(its acknowledgement ended on 2020-12-31)")
	})

	o.FunctionLog = io.Discard
	sb := testkit.Start(t, o)
	p := testkit.NewUser(t, sb, "user@example.com")
	old, err := bySRP(p, legacyClient)
	if err != nil || old.AccessToken == nil {
		t.Fatalf("the old client: %v, %v", old, err)
	}
	tokens := p.SignIn()
	p.WantTokens(tokens)
	amplify(t, sb, p)
	var own struct {
		Plan string `json:"plan"`
	}
	parsed, err := jwt.ParseSigned(*tokens.IdToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&own) != nil || own.Plan != "gold" {
		t.Errorf("the pool's own trigger added %q, %v", own.Plan, err)
	}

	closeClient(t, sb, legacyClient)
	if _, err := bySRP(p, legacyClient); err == nil {
		t.Error("the closed client signs in by a password alone")
	}
	t.Run("the closed client needs no acknowledgement", func(t *testing.T) {
		testkit.Start(t, a.closed(t, sb, o, legacyClient))
	})

	if err := sb.DetachPool(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantAsBefore(t, sb, o.PoolDescription)
}

// fromNativeCodes goes from Cognito's own e-mail codes to the end of the move and back.
func (a livingApp) fromNativeCodes(t *testing.T) {
	o := a.options(t, "passwordless", func(pool map[string]any, clients ...map[string]any) {
		pool["Policies"].(map[string]any)["SignInPolicy"] = map[string]any{
			"AllowedFirstAuthFactors": []any{"PASSWORD", "EMAIL_OTP"}}
		clients[0]["ExplicitAuthFlows"] = []any{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	})
	t.Run("a client with a choice of factors stops the deployment", func(t *testing.T) {
		open := o
		open.Assembly = a.edited(t, "passwordless", withoutAcknowledgements)
		wantRefused(t, open, "Web before the move (1legacy) allows ALLOW_USER_AUTH")
	})
	o.FunctionLog = io.Discard
	sb := testkit.Start(t, o)
	p := testkit.NewUser(t, sb, "user@example.com")
	amplify(t, sb, p)
	p.WantTokens(p.SignIn())
	if n := sb.Counts()["lambda:Chained"]; n == 0 {
		t.Error("the pool's own PreSignUp did not run")
	}
	blocked := testkit.NewPerson(t, sb, "blocked@example.com")
	if _, err := blocked.API.SignUp(t.Context(), &cognito.SignUpInput{ClientId: &p.Config.UserPoolClientID,
		Username: &blocked.Email, Password: &blocked.Password}); err == nil ||
		!strings.Contains(err.Error(), "Accept the terms first.") {
		t.Errorf("a sign-up that the pool's own trigger refuses: %v", err)
	}
	closeClient(t, sb, legacyClient)
	t.Run("the closed client needs no acknowledgement", func(t *testing.T) {
		testkit.Start(t, a.closed(t, sb, o, legacyClient))
	})
	if err := sb.DetachPool(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantAsBefore(t, sb, o.PoolDescription)
}

// fromSample goes from triggers that keep the code in an attribute of the user.
func (a livingApp) fromSample(t *testing.T) {
	slots := []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"}
	o := a.options(t, "passwordless", func(pool map[string]any, clients ...map[string]any) {
		for _, slot := range slots {
			pool["LambdaConfig"].(map[string]any)[slot] = "arn:aws:lambda:eu-west-1:123456789012:function:sample-" + slot
		}
		schema := pool["SchemaAttributes"].([]any)
		pool["SchemaAttributes"] = append(schema, map[string]any{"Name": "custom:authChallenge",
			"AttributeDataType": "String", "Mutable": true, "Required": false})
		clients[0]["ExplicitAuthFlows"] = []any{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	})
	wantRefused(t, o, "CreateAuthChallenge calls arn:aws:lambda:eu-west-1:123456789012:function:sample-CreateAuthChallenge",
		"DefineAuthChallenge calls", "VerifyAuthChallengeResponse calls")

	// The sample's stack takes its triggers out.
	answer := readJSON(t, o.PoolDescription)
	for _, slot := range slots {
		delete(answer["UserPool"].(map[string]any)["LambdaConfig"].(map[string]any), slot)
	}
	writeJSON(t, o.PoolDescription, answer)
	o.FunctionLog = io.Discard
	sb := testkit.Start(t, o)
	p := testkit.NewUser(t, sb, "user@example.com", func(u *sandbox.User) {
		u.Attributes = map[string]string{"custom:authChallenge": "123456"}
	})
	p.WantTokens(p.SignIn())
	call(t, sb, "AdminDeleteUserAttributes", map[string]any{"Username": p.Email,
		"UserAttributeNames": []string{"custom:authChallenge"}})
	if u, _ := sb.User(p.Email); u.Attributes["custom:authChallenge"] != "" {
		t.Errorf("the code of the sample is left: %v", u.Attributes)
	}
	p.WantTokens(p.SignIn())
}

// ofPeople resets passwords of a pool whose own functions are behind CustomMessage and
// PostConfirmation.
func (a livingApp) ofPeople(t *testing.T) {
	o := a.options(t, "people", func(pool map[string]any, _ ...map[string]any) {
		pool["LambdaConfig"].(map[string]any)["CustomMessage"] = "arn:aws:lambda:eu-west-1:123456789012:function:letters"
		pool["AccountRecoverySetting"].(map[string]any)["RecoveryMechanisms"] = []any{
			map[string]any{"Priority": json.Number("1"), "Name": "verified_email"}}
	})
	var log syncbuf.Buffer
	o.FunctionLog = &log
	sb := testkit.Start(t, o)
	for name, subject := range map[string]string{"user@example.com": "A letter of ours", "strict@example.com": "Reset your password"} {
		p := testkit.NewUser(t, sb, name)
		p.WantTokens(p.SignIn())
		since := time.Now()
		if _, err := p.API.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{
			ClientId: &p.Config.UserPoolClientID, Username: &p.Email}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mail, err := sb.WaitForMessage(t.Context(), p.Email, since)
		if err != nil || !strings.HasPrefix(mail.Subject, subject) || !strings.Contains(mail.HTML, "Enter this code") {
			t.Fatalf("%s: subject %q, %v\n%s", name, mail.Subject, err, mail.HTML)
		}
		code := regexp.MustCompile(`\b\d{6}\b`).FindString(mail.Text)
		if _, err := p.API.ConfirmForgotPassword(t.Context(), &cognito.ConfirmForgotPasswordInput{
			ClientId: &p.Config.UserPoolClientID, Username: &p.Email, ConfirmationCode: &code,
			Password: &p.Password}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for function, n := range map[string]int{"ChainedCustomMessage": 2, "ChainedPostConfirmation": 2} {
		if got := sb.Counts()["lambda:"+function]; got != n {
			t.Errorf("%s: %d invocations, want %d", function, got, n)
		}
	}
	if words := log.String(); !strings.Contains(words, "welcome PostConfirmation_ConfirmForgotPassword") ||
		!strings.Contains(words, `"chained":"chained-error"`) {
		t.Errorf("logged\n%s", words)
	}
	if err := sb.DetachPool(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantAsBefore(t, sb, o.PoolDescription)
}

// checkOnDeploy runs the check of a pool of the app, as a deployment does.
func (a livingApp) checkOnDeploy(t *testing.T) {
	sb := testkit.Start(t, sandbox.Options{Assembly: string(a), Stack: "own"})
	p := testkit.NewUser(t, sb, "user@example.com")
	p.WantTokens(p.SignIn())
	since := time.Now()
	invited := testkit.Address("invited@example.com")
	call(t, sb, "AdminCreateUser", map[string]any{"Username": invited, "DesiredDeliveryMediums": []string{"EMAIL"}})
	if mail, err := sb.WaitForMessage(t.Context(), invited, since); err != nil || mail.Subject != "A letter of ours" {
		t.Errorf("the app's own function wrote the subject %q, %v", mail.Subject, err)
	}
	wantRefused(t, sandbox.Options{Stack: "own", Assembly: a.edited(t, "own", func(template map[string]any) {
		onDeploy(template)["Properties"].(map[string]any)["Expected"].(map[string]any)["PreSignUp"] = "arn:of:another"
	})}, "the deployment would fail", "no longer calls the EmailOTP's function for its trigger PreSignUp")
	wantRefused(t, sandbox.Options{Stack: "own", Assembly: a.edited(t, "own", func(template map[string]any) {
		for _, r := range template["Resources"].(map[string]any) {
			if pool := r.(map[string]any); pool["Type"] == "AWS::Cognito::UserPool" {
				delete(pool["Properties"].(map[string]any)["LambdaConfig"].(map[string]any), "CustomMessage")
			}
		}
	})}, "no longer calls the EmailOTP's function for its trigger CustomMessage, so Cognito's mails are not EmailOTP's")
}
