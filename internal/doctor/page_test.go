package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const stackARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/"

// A way by which the stack of a page receives the id of the app client.
var ways = map[string]func(*aws){
	"an import": func(a *aws) {
		a.edit("cloudformation:GetTemplate Shop", escaped(`{"Resources":{`), escaped(`{"Outputs":{"Own":{"Value":{"Ref":`+
			`"SignInClient1"}},"X":{"Value":{"Ref":"SignInClient1"},"Export":{"Name":"Shop:Client"}}},"Resources":{`), 1)
		a.answers["cloudformation:GetTemplate Shop-App"] = "<TemplateBody>Resources: {}</TemplateBody>"
		a.answers["cloudformation:ListImports Shop:Client"] = "<Imports><member>Shop-App</member></Imports>" +
			"<NextToken>2</NextToken>"
		a.answers["cloudformation:ListImports Shop:Client 2"] = "<Imports><member>Shop-Page</member></Imports>"
	},
	"a parameter of a nested stack": func(a *aws) {
		a.add("Nested1", stackARN+"Shop-Page/1", object("Type", "AWS::CloudFormation::Stack", "Properties",
			object("Parameters", object("client", object("Ref", "SignInClient1")))))
		a.add("Nested2", stackARN+"Shop-Other/1", object("Type", "AWS::CloudFormation::Stack"))
	},
	"an output of a nested stack": func(a *aws) {
		a.edit("cloudformation:DescribeStacks Shop", "<StackStatus>",
			"<ParentId>"+stackARN+"Shop-Page/1</ParentId><RootId>"+stackARN+"Shop-Root/1</RootId><StackStatus>", 1)
	},
}

// apart is a healthy EmailOTP with its page in a stack Shop-Page.
func apart(way string) *aws {
	a := healthy(settings.Passwordless)
	a.setStack("Shop-Page", object("Other1", object("Type", "X")), nil, "CREATE_COMPLETE", "CREATE_COMPLETE")
	a.addPage("Shop-Page")
	ways[way](a)
	return a
}

func TestThePageOfAnotherStackIsExamined(t *testing.T) {
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			r := examine(t, apart(way), records())
			for _, l := range []doctor.Level{doctor.Broken, doctor.Doubtful, doctor.Unseen, doctor.Advice} {
				for _, f := range r.Has(l) {
					t.Errorf("%+v", f)
				}
			}
			right := ids(r.Has(doctor.Right))
			for _, id := range []string{"page-files", "page-endpoints", "page-open", "page-stage", "page-bucket",
				"page-codes", "page-secret", "page-limits"} {
				if !slices.Contains(right, id) {
					t.Errorf("%s is missing: %v", id, right)
				}
			}
			a := apart(way)
			a.edit("cloudformation:ListStackResources Shop-Page", "CREATE_COMPLETE", "CREATE_FAILED", 1)
			a.edit("cloudformation:DescribeStacks Shop", "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", 1)
			a.in("lambda:GetFunction hand-over", "Configuration", "Environment", "Variables")["EMAILOTP_CODES_TABLE"] = "x"
			r = examine(t, a, records())
			for id, words := range map[string]string{"half-deployed": "--stack-name Shop-Page", "in-progress": "the stack Shop is",
				"environment": "cdk deploy Shop-Page"} {
				if !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool {
					return f.ID == id && strings.Contains(f.What+f.Command, words)
				}) {
					t.Errorf("%s: %q is missing in %+v", id, words, r.Findings[:4])
				}
			}
		})
	}
	a := apart("an output of a nested stack")
	delete(a.answers, "lambda:GetFunction create-auth-challenge")
	if f := examine(t, a, records()).Findings; !slices.ContainsFunc(f, func(f doctor.Finding) bool {
		return f.ID == "function-missing" && f.Command == "cdk deploy Shop-Root"
	}) {
		t.Errorf("a nested stack is not deployed with the outermost: %+v", f[:3])
	}
}

func TestAPageThatCannotBeLookedForIsNamed(t *testing.T) {
	a := apart("an import")
	a.denied["cloudformation:ListImports"] = true
	unseen := examine(t, a, records()).Has(doctor.Unseen)
	if len(unseen) != 1 || !strings.Contains(unseen[0].Remedy, `"cloudformation:ListImports"],"Resource":["*"]`) {
		t.Errorf("without the right to list imports: %+v", unseen)
	}
	if _, isWhole, err := awsapi.Policy(policyFor(t, a)...); isWhole || err != nil {
		t.Errorf("the policy without the page is whole: %t, %v", isWhole, err)
	}
	a = apart("an import")
	a.answers["cloudformation:GetTemplate Shop-Page"] = fault{403, "AccessDenied", ""}
	unseen = examine(t, a, records()).Has(doctor.Unseen)
	if len(unseen) != 1 || !strings.Contains(unseen[0].Remedy, stackARN+"Shop-Page/*") {
		t.Errorf("without the right to read the page's stack: %+v", unseen)
	}
	policy, isWhole, err := awsapi.Policy(policyFor(t, apart("an import"))...)
	if !isWhole || err != nil {
		t.Errorf("the policy is not whole: %v", err)
	}
	for _, want := range []string{stackARN + "Shop-Page/*", stackARN + "Shop-App/*", "cloudformation:ListImports",
		"function:hand-over", "distribution/page-distribution1"} {
		if !strings.Contains(string(policy), want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
}

func policyFor(t *testing.T, a *aws) []awsapi.Statement {
	t.Helper()
	api := client(t, a)
	e, err := deployed.Find(t.Context(), api, "Shop", "")
	if err != nil {
		t.Fatal(err)
	}
	e.FindPage(t.Context(), api)
	return doctor.Policy(e, false)
}

// An export that no stack imports is no problem, and a page of another user pool is another's.
func TestAPageOfAnotherEmailOTPIsNotTaken(t *testing.T) {
	for name, change := range map[string]func(*aws){
		"no import": func(a *aws) {
			a.answers["cloudformation:ListImports Shop:Client"] = fault{400, "ValidationError",
				"Export 'Shop:Client' is not imported by any stack."}
		},
		"another pool": func(a *aws) {
			a.in("lambda:GetFunction hand-over", "Configuration", "Environment", "Variables")["EMAILOTP_USER_POOL_ID"] = "x"
		},
	} {
		a := apart("an import")
		change(a)
		r := examine(t, a, records())
		if n := len(r.Has(doctor.Unseen)) + len(r.Has(doctor.Broken)); n != 0 ||
			slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Area == "sign-in page" }) {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

// Another partition has other ARNs, also where no function's ARN shows it.
func TestThePolicyIsOfThePartition(t *testing.T) {
	for _, denied := range []bool{false, true} {
		a := apart("an import")
		a.denied["lambda:GetFunction"] = denied
		client(t, a)
		t.Setenv("AWS_REGION", "us-gov-west-1")
		api, err := awsapi.New(t.Context(), awsapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := deployed.Find(t.Context(), api, "Shop", "")
		if err != nil {
			t.Fatal(err)
		}
		e.FindPage(t.Context(), api)
		account := "123456789012"
		if denied {
			account = "*"
		}
		for _, s := range doctor.Policy(e, true) {
			for _, arn := range s.Resource {
				// Those of eu-west-1 and of IAM are the recorded answers' own.
				if strings.HasPrefix(arn, "arn:aws:") && !strings.Contains(arn, ":eu-west-1:") &&
					!strings.HasPrefix(arn, "arn:aws:iam:") {
					t.Errorf("%v is allowed on %s", s.Action, arn)
				}
			}
		}
		if want := "arn:aws-us-gov:cognito-idp:us-gov-west-1:" + account + ":userpool/"; !strings.HasPrefix(
			e.ARN("cognito-idp", "userpool/"), want) {
			t.Errorf("the pool is %s, want %s", e.ARN("cognito-idp", "userpool/"), want)
		}
	}
}
