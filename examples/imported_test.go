//go:build !race

package examples_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	importedpool "github.com/cognito-emailotp/cdk-emailotp/examples/imported-pool/stack"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// imported returns the options that run the example with its described pool.
func imported(t *testing.T) sandbox.Options {
	return sandbox.Options{PoolDescription: "imported-pool/pool.json",
		PoolClients: []string{"imported-pool/legacy-client.json"},
		Assembly:    assembly(t, "imported-pool", func(app awscdk.App) { importedpool.New(app, "ImportedPool") })}
}

// describedPool returns the pool as DescribeUserPool shows it, without what differs each time.
func describedPool(t *testing.T, sb *sandbox.Sandbox) map[string]any {
	t.Helper()
	client := cognitoidentityprovider.New(cognitoidentityprovider.Options{Region: sb.Config().Region,
		BaseEndpoint: aws.String(sb.Config().Endpoint), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("developer", "secret", "")})
	out, err := client.DescribeUserPool(t.Context(),
		&cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String(sb.Config().UserPoolID)})
	if err != nil {
		t.Fatal(err)
	}
	out.UserPool.LastModifiedDate, out.UserPool.EstimatedNumberOfUsers = nil, 0
	text, err := json.Marshal(out.UserPool)
	if err != nil {
		t.Fatal(err)
	}
	var pool map[string]any
	if err := json.Unmarshal(text, &pool); err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestUsersSignInToTheImportedPoolWhichComesBackUnchanged(t *testing.T) {
	opts := imported(t)
	sb := testkit.Start(t, opts)
	p := testkit.NewUser(t, sb, "user@example.com", func(u *sandbox.User) { u.Password = testkit.GoodPassword })
	p.WantTokens(p.SignIn())
	checkCalls(t, sb, nil, settings.Password)
	if report := strings.Join(sb.Report(), "\n"); !strings.Contains(report, "function:welcome for PostConfirmation") {
		t.Errorf("the report lacks the pool's own trigger:\n%s", report)
	}
	attached := describedPool(t, sb)
	lambdas := attached["LambdaConfig"].(map[string]any)
	if arn, _ := lambdas["DefineAuthChallenge"].(string); !strings.Contains(arn, ":function:ImportedPool-SignInDefine") ||
		lambdas["PostConfirmation"] != "arn:aws:lambda:eu-west-1:123456789012:function:welcome" {
		t.Errorf("attached: %v", lambdas)
	}
	if err := sb.DetachPool(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The pool before is what the same description gives where nothing was attached.
	detached := describedPool(t, sb)
	for name, v := range attached {
		if name != "LambdaConfig" && !reflect.DeepEqual(v, detached[name]) {
			t.Errorf("%s is %v, was %v", name, detached[name], v)
		}
	}
	left := detached["LambdaConfig"].(map[string]any)
	for slot, arn := range left {
		if arn != nil && slot != "PostConfirmation" {
			t.Errorf("%s still calls %v", slot, arn)
		}
	}
}

func TestAllowedBypassesStartTheSandbox(t *testing.T) {
	opts := imported(t)
	file := filepath.Join(t.TempDir(), "client.json")
	disk.Write(t, file, `{"ClientId": "2console", "ClientName": "Console"}`)
	opts.PoolClients, opts.AllowBypasses = append(opts.PoolClients, file), true
	testkit.Start(t, opts)
}

func TestADeploymentThatWouldFailStopsTheSandbox(t *testing.T) {
	opts := imported(t)
	for name, c := range map[string]struct {
		file, from, to string
		want           string
	}{
		"an open client": {"imported-pool/legacy-client.json", "1example23456789legacy", "2another",
			"the deployment would fail: " +
				"user pool eu-west-1_Example01 can't take EmailOTP as it is: app client web-before-the-move (2another) allows " +
				"ALLOW_USER_SRP_AUTH"},
		"a slot that is taken": {"imported-pool/pool.json", `"PostConfirmation"`, `"DefineAuthChallenge"`,
			"DefineAuthChallenge calls arn:aws:lambda:eu-west-1:123456789012:function:welcome"},
		"a setting of tomorrow": {"imported-pool/pool.json", `"UserPoolTier"`, `"Passkeys": true, "UserPoolTier"`,
			"Passkeys"},
		"native MFA": {"imported-pool/pool.json", `"MfaConfiguration": "OFF"`, `"MfaConfiguration": "OPTIONAL"`,
			"NATIVE_MFA"},
		"another pool": {"imported-pool/pool.json", `"Id": "eu-west-1_Example01"`, `"Id": "eu-west-1_Example02"`,
			"describe that one"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := opts
			text := disk.Read(t, c.file)
			changed := filepath.Join(t.TempDir(), "changed.json")
			disk.Write(t, changed, strings.Replace(string(text), c.from, c.to, 1))
			if strings.HasSuffix(c.file, "pool.json") {
				opts.PoolDescription = changed
			} else {
				opts.PoolClients = []string{changed}
			}
			sb, err := sandbox.Start(t.Context(), opts)
			if err == nil {
				sb.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
