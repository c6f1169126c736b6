package assembly_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

const importedID = "eu-west-1_Example01"

// importing turns the password app's pool into an imported one.
func importing(t testing.TB, change func(template object)) string {
	return edited(t, prodTemplate, func(template object) {
		all := at(template, "Resources")
		lambdas := at(props(template, "SignInUserPool"), "LambdaConfig")
		delete(all, "SignInUserPool")
		for _, slot := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse",
			"PreTokenGeneration"} {
			props(template, "SignIn"+slot+"Permission")["SourceArn"] =
				object{"Fn::Sub": "arn:aws:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/" + importedID}
		}
		all["Attach"] = object{"Type": "AWS::Lambda::Function", "Properties": props(template, "SignInDefineAuthChallenge"),
			"Metadata": object{"EmailOTP::Function": "attach-user-pool"}}
		all["Attachment"] = object{"Type": "Custom::EmailOTPUserPoolAttachment", "Properties": object{
			"ServiceToken": object{"Fn::GetAtt": []any{"Attach", "Arn"}}, "ServiceTimeout": "900", "UserPoolId": importedID,
			"Mode": "password", "Triggers": lambdas, "Version": "v1"}}
		props(template, "SignInClient")["UserPoolId"] = importedID
		template["Outputs"] = object{}
		if change != nil {
			change(template)
		}
	})
}

// TestACheckAtDeploymentIsPlanned: the sandbox runs it as a deployment does.
func TestACheckAtDeploymentIsPlanned(t *testing.T) {
	p := mustPlan(t, edited(t, prodTemplate, func(template object) {
		all := at(template, "Resources")
		all["Checker"] = object{"Type": "AWS::Lambda::Function", "Properties": props(template, "SignInDefineAuthChallenge"),
			"Metadata": object{"EmailOTP::Function": "attach-user-pool"}}
		all["Check"] = object{"Type": "Custom::EmailOTPUserPoolAttachment", "Properties": object{
			"ServiceToken": object{"Fn::GetAtt": []any{"Checker", "Arn"}}, "UserPoolId": object{"Ref": "SignInUserPool"},
			"Mode": "password", "Expected": at(props(template, "SignInUserPool"), "LambdaConfig"), "Version": "v1"}}
	}), password)
	a := p.Attachment
	if a == nil || !a.IsCheck || a.LogicalID != "Check" || a.Properties["UserPoolId"] != p.Pool.ID ||
		a.Properties["ServiceToken"] != nil {
		t.Fatalf("attachment %+v", a)
	}
	expected, _ := a.Properties["Expected"].(map[string]any)
	for _, trigger := range []userpool.Trigger{userpool.DefineAuthChallenge, userpool.PreTokenGeneration} {
		if arn := p.Pool.TriggerARNs[trigger]; arn == "" || expected[string(trigger)] != arn {
			t.Errorf("%s: the pool calls %q, expected is %v", trigger, arn, expected[string(trigger)])
		}
	}
}

func description(t *testing.T, content object) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pool.json")
	write(t, file, content)
	pool, err := assembly.ReadPool(file)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestAnImportedPoolIsPlannedByItsDescription(t *testing.T) {
	choice := password
	choice.Description = description(t, object{"UserPool": object{"Id": importedID, "Name": "customers",
		"AliasAttributes": []any{"preferred_username"}, "MfaConfiguration": "OFF",
		"Policies": object{"PasswordPolicy": object{"MinimumLength": 14}},
		"SchemaAttributes": []any{object{"Name": "sub", "Required": true},
			object{"Name": "name", "Required": true, "Mutable": true}},
		"LambdaConfig": object{"PostConfirmation": "arn:aws:lambda:eu-west-1:123456789012:function:welcome",
			"DefineAuthChallenge": "arn:aws:lambda:eu-west-1:123456789012:function:former"}}})
	choice.Clients = []map[string]any{{"ClientId": "1legacy", "ClientName": "Legacy", "UserPoolId": importedID,
		"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}}
	p := mustPlan(t, importing(t, nil), choice)
	if p.Pool.ID != importedID || p.Pool.Name != "customers" || p.Pool.PasswordPolicy.MinimumLength != 14 ||
		len(p.Pool.Schema) != 1 || p.Pool.Schema[0].Name != "name" || p.Pool.Description["Id"] != importedID ||
		!strings.HasSuffix(p.PoolARN, ":userpool/"+importedID) {
		t.Errorf("pool %+v", p.Pool)
	}
	if len(p.Pool.Clients) != 2 || p.Pool.Clients[1].ID != "1legacy" || p.Pool.Clients[1].Description == nil ||
		p.ClientID != p.Pool.Clients[0].ID {
		t.Errorf("clients %+v", p.Pool.Clients)
	}
	if len(p.Pool.Triggers) != 4 || !p.Pool.Triggers[userpool.PreTokenGeneration] || len(p.Functions) != 5 {
		t.Errorf("triggers %v, %d functions", p.Pool.Triggers, len(p.Functions))
	}
	if a := p.Attachment; a == nil || a.LogicalID != "Attachment" || a.Properties["UserPoolId"] != importedID ||
		a.Properties["ServiceToken"] != nil || !strings.Contains(a.Function, "Attach") {
		t.Errorf("attachment %+v", p.Attachment)
	}
	if !mentioned(p.Warnings, "function:welcome for PostConfirmation, which is not in the assembly") ||
		mentioned(p.Warnings, "no AWS::Lambda::Permission") || mentioned(p.Warnings, "function:former") {
		t.Errorf("warnings %q", p.Warnings)
	}
}

// TestTheEventsOfAnImportedPoolHaveItsVersion: the attach function keeps the pool's, and sets the
// template's where the pool has none.
func TestTheEventsOfAnImportedPoolHaveItsVersion(t *testing.T) {
	config := object{"LambdaArn": "arn:aws:lambda:eu-west-1:123456789012:function:claims", "LambdaVersion": "V2_0"}
	for name, c := range map[string]struct {
		lambdas object
		given   any
		want    string
	}{
		"the pool's":                      {object{"PreTokenGeneration": config["LambdaArn"], "PreTokenGenerationConfig": config}, "V3_0", "V2_0"},
		"the pool's, in one member":       {object{"PreTokenGenerationConfig": config}, nil, "V2_0"},
		"the template's":                  {object{}, "V3_0", "V3_0"},
		"neither":                         {object{}, nil, ""},
		"a pool's older form of the slot": {object{"PreTokenGeneration": config["LambdaArn"]}, nil, ""},
	} {
		choice := password
		choice.Description = description(t, object{"UserPool": object{"Id": importedID, "LambdaConfig": c.lambdas}})
		p := mustPlan(t, importing(t, func(o object) {
			if c.given != nil {
				props(o, "Attachment")["TokenVersion"] = c.given
			}
		}), choice)
		if p.Pool.TokenVersion != c.want || !p.Pool.Triggers[userpool.PreTokenGeneration] ||
			!strings.Contains(p.Pool.TriggerARNs[userpool.PreTokenGeneration], "PreToken") {
			t.Errorf("%s: version %q of %s, want %q", name, p.Pool.TokenVersion,
				p.Pool.TriggerARNs[userpool.PreTokenGeneration], c.want)
		}
	}
}

func TestAnImportedPoolWithoutADescriptionIsInvented(t *testing.T) {
	p := mustPlan(t, importing(t, nil), password)
	if len(p.Pool.UsernameAttributes) != 1 || p.Pool.Description["Id"] != importedID ||
		!mentioned(p.Warnings, "--pool-description") {
		t.Errorf("pool %+v, warnings %q", p.Pool, p.Warnings)
	}
}

func TestDescriptionsThatDoNotFit(t *testing.T) {
	with := func(pool map[string]any, clients ...map[string]any) assembly.Choice {
		return assembly.Choice{Mode: "password", Description: pool, Clients: clients}
	}
	for want, c := range map[string]struct {
		dir    string
		choice assembly.Choice
	}{
		"is of user pool eu-west-1_Example02": {importing(t, nil), with(map[string]any{"Id": "eu-west-1_Example02"})},
		"belongs to user pool eu-west-1_Example02": {importing(t, nil), with(nil,
			map[string]any{"ClientId": "1", "UserPoolId": "eu-west-1_Example02"})},
		"is described twice": {importing(t, nil),
			with(nil, map[string]any{"ClientId": "1"}, map[string]any{"ClientId": "1"})},
		"creates its user pool": {app, with(map[string]any{"Id": importedID})},
		"Attachment has no function in the asse": {importing(t, func(o object) { delete(at(o, "Resources"), "Attach") }),
			password},
	} {
		if _, err := plan(c.dir, c.choice); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestFilesOfDescriptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "client.json")
	write(t, file, object{"UserPoolClient": object{"ClientId": "1legacy", "ClientSecret": "hidden"}})
	client, err := assembly.ReadClient(file)
	if _, kept := client["ClientSecret"]; err != nil || kept || client["ClientId"] != "1legacy" {
		t.Errorf("client %v, %v", client, err)
	}
	if _, err := assembly.ReadPool(file); err == nil || !strings.Contains(err.Error(), "describe-user-pool`") {
		t.Errorf("a client for a pool: %v", err)
	}
	if _, err := assembly.ReadPool(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestClientsOfAnImportedPoolAreChecked(t *testing.T) {
	marks, report := checked(t, importing(t, func(o object) {
		at(o, "Resources")["Legacy"] = client(importedID)
		at(o, "Resources", "Attachment")["Metadata"] = object{
			"EmailOTP::AcknowledgedBypasses": []any{"WRITE_EMAIL:Legacy"}}
	}))
	if marks != "USER_SRP_AUTH:Legacy" || !mentioned(report.Skipped, "user pool "+importedID+" is imported") {
		t.Errorf("open %q, skipped %q", marks, report.Skipped)
	}
	for _, pool := range report.Pools {
		if pool.Pool == importedID && (pool.Clients != 2 || len(pool.Acknowledged) != 1) {
			t.Errorf("%+v", pool)
		}
	}
}
