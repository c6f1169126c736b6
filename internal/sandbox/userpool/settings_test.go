package userpool_test

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/pools"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// living makes the pool one of every setting that Cognito has.
func living(t *testing.T) setting {
	t.Helper()
	var file struct{ UserPool map[string]any }
	d := json.NewDecoder(strings.NewReader(string(must2(os.ReadFile("../../attach/testdata/every-field.json"))(t))))
	d.UseNumber()
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	file.UserPool["Id"] = poolID
	return func(cfg *userpool.Config, _ *userpool.Options) { cfg.Description = file.UserPool }
}

func (w *world) described(t *testing.T, api *pools.API) map[string]any {
	t.Helper()
	raw := must2(api.Call(t.Context(), "DescribeUserPool", map[string]any{"UserPoolId": poolID}))(t)
	var answer struct{ UserPool map[string]any }
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	delete(answer.UserPool, "LastModifiedDate")
	return answer.UserPool
}

// TestALivingPoolSurvivesAttachAndDetach runs the attach function's own code over HTTP.
func TestALivingPoolSurvivesAttachAndDetach(t *testing.T) {
	w := newWorld(t, passwordless(), living(t))
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": w.url}
	api := must2(pools.New(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))(t)
	before := w.described(t, api)
	checked := 0
	pool := attach.Pool{API: api, ID: poolID, Sleep: func(context.Context, time.Duration) error { return nil },
		Check: func(_ json.RawMessage, clients []json.RawMessage) []string { checked = len(clients); return nil }}
	own := attach.Triggers{ARNs: map[string]string{}}
	for _, slot := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
		own.ARNs[slot] = "arn:aws:lambda:eu-west-1:123456789012:function:" + slot
	}
	if _, err := pool.Attach(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	after := w.described(t, api)
	lambdas := after["LambdaConfig"].(map[string]any)
	for slot, arn := range own.ARNs {
		if lambdas[slot] != arn {
			t.Errorf("%s calls %v", slot, lambdas[slot])
		}
	}
	if checked == 0 {
		t.Error("no client was checked")
	}
	if err := pool.Detach(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if got := w.described(t, api); !reflect.DeepEqual(got, before) {
		t.Errorf("the pool is\n%v\nwas\n%v", got, before)
	}
}

func TestAnUpdateResetsWhatItLacks(t *testing.T) {
	w := newWorld(t, passwordless(), living(t))
	update := func(in *cip.UpdateUserPoolInput) error {
		in.UserPoolId = ptr(poolID)
		_, err := w.UpdateUserPool(t.Context(), in)
		return err
	}
	for want, in := range map[string]*cip.UpdateUserPoolInput{
		"Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays": {
			AdminCreateUserConfig: &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 3}},
		"Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's": {
			LambdaConfig: &types.LambdaConfigType{PreTokenGeneration: ptr("a"), PreTokenGenerationConfig: &types.
				PreTokenGenerationVersionConfigType{LambdaArn: ptr("b"), LambdaVersion: "V2_0"}}},
		"KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.": {
			LambdaConfig: &types.LambdaConfigType{CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{
				LambdaArn: ptr("a"), LambdaVersion: "V1_0"}}},
	} {
		wantError(t, update(in), "InvalidParameterException", want)
	}
	wantError(t, update(&cip.UpdateUserPoolInput{UserPoolTags: map[string]string{"aws:x": "y"}}),
		"UserPoolTaggingException", "aws: prefixed tag key names are not allowed for external use.")
	if err := update(&cip.UpdateUserPoolInput{DeletionProtection: types.DeletionProtectionTypeActive}); err != nil {
		t.Fatal(err)
	}
	pool := must2(w.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: ptr(poolID)}))(t).UserPool
	if pool.DeletionProtection != types.DeletionProtectionTypeActive || *pool.Name != "customers" ||
		pool.UserPoolTier != types.UserPoolTierTypeEssentials || len(pool.AutoVerifiedAttributes) != 0 ||
		pool.LambdaConfig.PostConfirmation != nil || *pool.Policies.PasswordPolicy.MinimumLength != 8 ||
		pool.SmsConfiguration != nil || len(pool.SchemaAttributes) == 0 {
		t.Errorf("after an update with one member: %+v", pool)
	}
	mfa := must2(w.GetUserPoolMfaConfig(t.Context(), &cip.GetUserPoolMfaConfigInput{UserPoolId: aws.String(poolID)}))(t)
	if mfa.MfaConfiguration != types.UserPoolMfaTypeOff {
		t.Errorf("MFA %s", mfa.MfaConfiguration)
	}
}
