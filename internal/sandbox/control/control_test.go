package control_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/control"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

func service(t *testing.T) control.Service {
	t.Helper()
	template := filepath.Join(t.TempDir(), "template.json")
	if err := os.WriteFile(template, []byte(`{"Resources": {"A": {"Type": "X<Y"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return control.Service{Logs: &control.Logs{},
		Callers: gateway.Callers{"function": iam.Principal{RoleARN: "arn:aws:iam::1:role/r"}},
		Plan: &assembly.Plan{Stack: "Shop", Region: "eu-west-1", Account: "123456789012", Template: template,
			Outputs:   map[string]string{"UserPoolId": "p"},
			Resources: []assembly.Resource{{LogicalID: "A", PhysicalID: "a-1", Type: "X"}},
			Functions: []assembly.Function{{Name: "create", LogGroup: "Logs-1", ARN: "arn:create", Runtime: "provided.al2023"}},
			Tables:    []assembly.Table{{Name: "T", TTLAttribute: "ttl"}, {Name: "U"}}}}
}

func call(s control.Service, key, name, operation, method, path, body string) string {
	c := gateway.Call{Service: name, Operation: operation, AccessKeyID: key, Body: []byte(body),
		Request: httptest.NewRequest(method, path, nil)}
	a := s.ServeCall(c.Request.Context(), c)
	return fmt.Sprint(a.Status, " ", string(a.Body))
}

func TestAnOperatorSeesTheStackAsItRuns(t *testing.T) {
	s := service(t)
	fmt.Fprintf(s.Logs, "create: {\"a\": 1}\nother: x\n")
	fmt.Fprintf(s.Logs.Of("create"), "second\n")
	for _, c := range []struct{ name, operation, method, path, body, want string }{
		{"cloudformation", "", "POST", "/", "Action=DescribeStacks&StackName=Shop", "<StackStatus>CREATE_COMPLETE</StackStatus>"},
		{"cloudformation", "", "POST", "/", "Action=DescribeStacks&StackName=Shop", "<OutputKey>UserPoolId</OutputKey>"},
		{"cloudformation", "", "POST", "/", "Action=ListStackResources&StackName=Shop", "<PhysicalResourceId>a-1</PhysicalResourceId>"},
		{"cloudformation", "", "POST", "/", "Action=GetTemplate&StackName=Shop", "X&lt;Y"},
		{"cloudformation", "", "POST", "/", "Action=GetTemplate&StackName=Other", "400 <ErrorResponse><Error><Type>Sender</Type><Code>ValidationError"},
		{"cloudformation", "", "POST", "/", "Action=DeleteStack&StackName=Shop", "501 "},
		{"cloudformation", "", "POST", "/", "%zz", "501 "},
		{"lambda", "", "GET", "/2015-03-31/functions/create", "", `"Runtime":"provided.al2023"`},
		{"lambda", "", "GET", "/2015-03-31/functions/none", "", "404 "},
		{"lambda", "", "GET", "/2015-03-31/functions/create/policy", "", "501 "},
		{"dynamodb", "DescribeTimeToLive", "POST", "/", `{"TableName": "T"}`, `"AttributeName":"ttl"`},
		{"dynamodb", "DescribeTimeToLive", "POST", "/", `{"TableName": "U"}`, "DISABLED"},
		{"dynamodb", "GetItem", "POST", "/", `{}`, "501 "},
		{"events", "DescribeRule", "POST", "/", `{"Name": "none"}`, "501 "},
		{"logs", "FilterLogEvents", "POST", "/", `{"logGroupName": "Logs-1"}`, `{\"a\": 1}`},
		{"logs", "FilterLogEvents", "POST", "/", `{"logGroupName": "Logs-1"}`, `second`},
		{"logs", "FilterLogEvents", "POST", "/", `{"logGroupName": "Logs-1", "startTime": 9999999999999}`, `"events":[]`},
		{"logs", "FilterLogEvents", "POST", "/", `{"logGroupName": "Logs-2"}`, `"events":[]`},
		{"logs", "FilterLogEvents", "POST", "/", `nonsense`, "501 "},
	} {
		if got := call(s, "operator", c.name, c.operation, c.method, c.path, c.body); !strings.Contains(got, c.want) {
			t.Errorf("%s %s%s: %s, want %q", c.name, c.operation, c.body, got, c.want)
		}
	}
}

// A function's role has none of these rights.
func TestAFunctionSeesNothingOfTheStack(t *testing.T) {
	s := service(t)
	for _, c := range []struct{ name, method, path, body string }{
		{"cloudformation", "POST", "/", "Action=GetTemplate&StackName=Shop"},
		{"lambda", "GET", "/2015-03-31/functions/create", ""},
	} {
		if got := call(s, "function", c.name, "", c.method, c.path, c.body); !strings.Contains(got, "AccessDenied") {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
