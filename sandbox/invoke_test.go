package sandbox_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// chainedApp is the app with a function of its own behind PreSignUp's.
func chainedApp(t *testing.T) string {
	t.Helper()
	dir := copyApp(t)
	editTemplate(t, dir, func(template map[string]any) {
		resources := template["Resources"].(map[string]any)
		arn := map[string]any{"Fn::GetAtt": []any{"Own", "Arn"}}
		properties := resources["SignInPreSignUp"].(map[string]any)["Properties"].(map[string]any)
		own := maps.Clone(properties)
		delete(own, "Environment")
		own["FunctionName"], own["Role"] = "own", map[string]any{"Fn::GetAtt": []any{"OwnRole", "Arn"}}
		properties["Environment"].(map[string]any)["Variables"].(map[string]any)["EMAILOTP_CHAINED"] = arn
		resources["Own"] = map[string]any{"Type": "AWS::Lambda::Function", "Properties": own}
		resources["OwnRole"] = map[string]any{"Type": "AWS::IAM::Role", "Properties": map[string]any{}}
		resources["SignInPreSignUpRole"].(map[string]any)["Properties"].(map[string]any)["Policies"] = []any{
			map[string]any{"PolicyName": "Invoke", "PolicyDocument": map[string]any{"Statement": []any{
				map[string]any{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}}}}}
	})
	return dir
}

func TestFunctionsInvokeFunctions(t *testing.T) {
	fails := errors.New("sold out")
	sb := start(t, sandbox.Options{Assembly: chainedApp(t),
		InProcess: func(ctx context.Context, s *sandbox.Sandbox) (sandbox.Invoker, error) {
			all, err := trivialHandlers(ctx, s)
			if err == nil {
				all.(sandbox.Handlers)[sandbox.Chained] = sandbox.HandlerFunc(func(_ context.Context, e []byte) ([]byte, error) {
					if string(e) == `"fail"` {
						return nil, fails
					}
					return append([]byte("answer to "), e...), nil
				})
			}
			return all, err
		}})
	caller, err := sb.Credentials(sandbox.PreSignUp)
	if err != nil {
		t.Fatal(err)
	}
	another, err := sb.Credentials(sandbox.CreateAuthChallenge)
	if err != nil {
		t.Fatal(err)
	}
	variables, err := sb.Environment(sandbox.PreSignUp)
	if err != nil {
		t.Fatal(err)
	}
	arn := variables["EMAILOTP_CHAINED"]
	for name, c := range map[string]struct {
		function, key, kind, event string
		status                     int
		answer, functionError      string
	}{
		"by ARN":          {arn, caller.AccessKeyID, "", `{"a":1}`, 200, `answer to {"a":1}`, ""},
		"the developer's": {"own", "developer", "RequestResponse", `{}`, 200, "answer to {}", ""},
		"by alias":        {arn + ":live", "developer", "", `{}`, 200, "answer to {}", ""},
		"a failure": {arn, caller.AccessKeyID, "", `"fail"`, 200, `{"errorMessage":"sold out","errorType":"errorString"}`,
			"Unhandled"},
		"an alias without a right": {arn + ":live", caller.AccessKeyID, "", `{}`, 403, "not authorized to perform", ""},
		"another role":             {arn, another.AccessKeyID, "", `{}`, 403, "lambda:InvokeFunction", ""},
		"absent":                   {"absent", "developer", "", `{}`, 404, "Function not found", ""},
		"without waiting":          {arn, caller.AccessKeyID, "Event", `{}`, 501, "does not emulate", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			variables["AWS_ENDPOINT_URL_LAMBDA"]+"/2015-03-31/functions/"+c.function+"/invocations", strings.NewReader(c.event))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.key+"/20260101/eu-west-1/lambda/aws4_request")
		r.Header.Set("X-Amz-Invocation-Type", c.kind)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != c.status || !strings.Contains(string(body), c.answer) ||
			answer.Header.Get("X-Amz-Function-Error") != c.functionError {
			t.Errorf("%s: %d %s, %v", name, answer.StatusCode, body, answer.Header)
		}
	}
	if n := sb.Counts()["lambda:Chained"]; n != 4 {
		t.Errorf("%d invocations, want 4", n)
	}
}
