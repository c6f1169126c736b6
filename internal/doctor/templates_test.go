package doctor_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The app's own templates, deployed as they are, have nothing to find: neither those of both modes
// nor one with a sign-in page.
func TestTheTemplatesOfTheAppAreRight(t *testing.T) {
	for name, mode := range map[string]settings.Mode{"dev": settings.Passwordless, "dev-password": settings.Password,
		"prod": settings.Password, "page-domain": settings.Password} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "stacks", "testdata", name+".golden.json"))
			if err != nil {
				t.Fatal(err)
			}
			var template struct{ Resources map[string]map[string]any }
			if err := json.Unmarshal(text, &template); err != nil {
				t.Fatal(err)
			}
			a := healthy(mode)
			deploy(a, template.Resources)
			r := examine(t, a, records())
			for _, f := range r.Findings {
				if f.Level == doctor.Broken || f.Level == doctor.Doubtful || f.Level == doctor.Unseen {
					t.Errorf("%+v", f)
				}
			}
			want := []string{"functions", "guarded", "invoke-permissions", "roles", "rule", "table", "key"}
			if name == "page-domain" {
				want = append(want, "page-files", "page-endpoints", "page-open", "page-stage", "page-bucket", "page-codes",
					"page-secret", "page-limits")
			}
			for _, id := range want {
				if right := ids(r.Has(doctor.Right)); !slices.Contains(right, id) {
					t.Errorf("%s is not right; that is %v", id, right)
				}
			}
		})
	}
}

// deploy puts a template in the place of a's own, with names as CloudFormation gives them.
func deploy(a *aws, resources map[string]map[string]any) {
	names := map[string]string{"AWS::Cognito::UserPool": poolID, "AWS::SES::ConfigurationSet": setName,
		"AWS::SES::EmailIdentity": "mail.example.com", "AWS::Events::Rule": ruleName, "AWS::KMS::Key": "key-1",
		"AWS::S3::Bucket": "page-files1", "AWS::ApiGatewayV2::Api": "page-api1",
		"AWS::CloudFront::Distribution": "page-distribution1"}
	physical, all := map[string]string{}, map[string]any{}
	for id, r := range resources {
		all[id] = r
		metadata, _ := r["Metadata"].(map[string]any)
		function, _ := metadata["EmailOTP::Function"].(string)
		physical[id] = "x-" + strings.ToLower(id)
		switch {
		case function != "":
			physical[id] = function
		case metadata["EmailOTP::Client"] != nil:
			physical[id] = clientID
		case strings.HasPrefix(id, "SignInPageCodes"):
			physical[id] = "page-codes1"
		case names[r["Type"].(string)] != "":
			physical[id] = names[r["Type"].(string)]
		}
	}
	a.setStack("Shop", all, physical, "CREATE_COMPLETE", "UPDATE_COMPLETE")
	for _, r := range resources {
		metadata, _ := r["Metadata"].(map[string]any)
		f, isOwn := metadata["EmailOTP::Function"].(string)
		if !isOwn {
			continue
		}
		properties := r["Properties"].(map[string]any)
		variables := map[string]string{}
		environment, _ := properties["Environment"].(map[string]any)
		of, _ := environment["Variables"].(map[string]any)
		for name, value := range of {
			variables[name] = attribute(value, resources, physical)
		}
		service, source := "cognito-idp.amazonaws.com", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"+poolID
		switch settings.Function(f) {
		case settings.MailEvents:
			service, source = "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/"+ruleName
		case settings.HandOver:
			service, source = "apigateway.amazonaws.com", "arn:aws:execute-api:eu-west-1:123456789012:page-api1/*"
			a.servePage()
		}
		maps.Copy(a.answers, map[string]any{
			"lambda:GetFunction " + f: object("Configuration", object("FunctionName", f, "FunctionArn",
				functionARN(settings.Function(f)), "Role", attribute(properties["Role"], resources, physical), "Runtime",
				"provided.al2023", "State", "Active", "Architectures", []string{"arm64"}, "Description", properties["Description"],
				"Environment", object("Variables", variables), "LoggingConfig", object("LogGroup", "Shop-Logs"))),
			"lambda:GetPolicy " + f: policyOf(permission("Permission", object("Service", service), source)),
		})
	}
}

// attribute resolves a value of a template as CloudFormation does.
func attribute(value any, resources map[string]map[string]any, physical map[string]string) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if id, ok := v["Ref"].(string); ok {
			return physical[id]
		}
		if list, ok := v["Fn::GetAtt"].([]any); ok {
			id := list[0].(string)
			kind := map[any]string{"AWS::IAM::Role": "iam::123456789012:role/", "AWS::KMS::Key": "kms:eu-west-1:123456789012:key/"}
			return "arn:aws:" + kind[resources[id]["Type"]] + physical[id]
		}
		if list, ok := v["Fn::Join"].([]any); ok {
			var parts []string
			for _, part := range list[1].([]any) {
				parts = append(parts, attribute(part, resources, physical))
			}
			return strings.Join(parts, list[0].(string))
		}
	}
	return ""
}
