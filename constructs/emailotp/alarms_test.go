//go:build !race

package emailotp_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

func TestAlarmsNameTheirThresholdsAndTheirRunbook(t *testing.T) {
	stack := newStack(t)
	e := signIn(stack, withChain(emailotp.ModePassword, awslambda.Function_FromFunctionArn(stack, text("Own"),
		text("arn:aws:lambda:eu-west-1:123456789012:function:own"))))
	topic := awssns.NewTopic(stack, text("Topic"), nil)
	// Any functions show whose metrics the page's alarms have.
	page, change := e.DefineAuthChallenge(), e.CreateAuthChallenge()
	made := e.AddAlarms(&emailotp.AlarmProps{Topic: topic, HandOver: page, ChangeAddress: change,
		Without:    []emailotp.Alarm{emailotp.AlarmBounceRate},
		Thresholds: map[emailotp.Alarm]float64{emailotp.AlarmGuessesRefused: 7}, RunbookURL: text("https://example.com/run")})
	alarms := resources(t, stack, "AWS::CloudWatch::Alarm")
	if len(made) != len(contract.Runbook)-1 || len(alarms) != len(made) || made[emailotp.AlarmBounceRate] != nil {
		t.Fatalf("%d alarms returned, %d in the template, %d in the runbook", len(made), len(alarms), len(contract.Runbook))
	}
	for id, line := range contract.Runbook {
		if id == string(emailotp.AlarmBounceRate) {
			continue
		}
		p := alarms[logical(t, alarms, "SignInAlarms"+id)]["Properties"].(map[string]any)
		want := line + " What to do: https://example.com/run#alarm-" + strings.ToLower(id)
		if p["AlarmDescription"] != want || p["TreatMissingData"] != "notBreaching" {
			t.Errorf("%s: %v, %v", id, p["AlarmDescription"], p["TreatMissingData"])
		}
		if compact(t, p["AlarmActions"]) != compact(t, p["OKActions"]) ||
			!strings.Contains(compact(t, p["OKActions"]), "Topic") {
			t.Errorf("%s: actions %v, %v", id, p["AlarmActions"], p["OKActions"])
		}
		threshold := map[string]float64{"GuessesRefused": 7, "SignInSuccess": 0.3, "Duration": 3500, "Errors": 20,
			"UncertainMails": 3, "ComplaintRate": 0.0008, "AddressCodesWrong": 20}[id]
		if threshold == 0 {
			threshold = 1
		}
		if p["Threshold"] != threshold {
			t.Errorf("%s: threshold %v, want %v", id, p["Threshold"], threshold)
		}
	}
	const define, create = `"FunctionName","Value":{"Ref":"SignInDefine`, `"FunctionName","Value":{"Ref":"SignInCreate`
	for id, want := range map[string][]string{"PageFaults": {`"UserPoolId"`}, "SignInsRevoked": {`"UserPoolId"`},
		"AddressCodesWrong": {`"UserPoolId"`, `"MetricName":"AddressCodesWrong"`},
		"PageErrors":        {define, create, `"SUM([`}, "PageThrottles": {define, create}} {
		contains(t, compact(t, alarms[logical(t, alarms, "SignInAlarms"+id)]), want...)
	}
	success := compact(t, alarms[logical(t, alarms, "SignInAlarmsSignInSuccess")])
	contains(t, success, `"LessThanThreshold"`, `IF((FILL(sent, 0) - FILL(resent, 0) + FILL(joined, 0)) \u003e= 20, `+
		`FILL(verified, 0) / (FILL(sent, 0) - FILL(resent, 0) + FILL(joined, 0)), 1)`, `"DatapointsToAlarm":2`)
}

func TestWrongAlarmsAreRefusedTogether(t *testing.T) {
	stack := newStack(t)
	e := signIn(stack, valid(emailotp.ModePasswordless))
	contains(t, refusal(func() {
		e.AddAlarms(&emailotp.AlarmProps{Without: []emailotp.Alarm{"Fault", emailotp.AlarmChained},
			Thresholds:    map[emailotp.Alarm]float64{emailotp.AlarmFaults: 0, emailotp.AlarmErrors: math.NaN(), "Chained": 1},
			MinimumVolume: number(0)})
	}), `Without has the alarm "Fault"; the alarms are Faults, Errors`, `Without has the alarm "Chained"`,
		`Thresholds has the alarm "Chained"`, "the threshold of Faults must be above 0 (received: 0)",
		"the threshold of Errors must be above 0 (received: NaN)", "MinimumVolume must be 1 or more sign-ins (received: 0)")
	// Neither a function of one's own nor a page.
	if got := len(e.AddAlarms(nil)); got != len(contract.Runbook)-6 {
		t.Errorf("%d alarms", got)
	}
	contains(t, refusal(func() { e.AddAlarms(nil) }), "AddAlarms was called before")
	if words := synthesised(stack); words != "" {
		t.Error(words)
	}
}

// Each alarm has a section in the runbook, whose first line is the alarm's description.
func TestTheRunbookHasASectionForEachAlarm(t *testing.T) {
	text, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	for id, line := range contract.Runbook {
		if !strings.Contains(string(text), "## Alarm: "+id+"\n\n"+line+"\n") {
			t.Errorf("docs/runbook.md has no section \"## Alarm: %s\" that begins with the line %q", id, line)
		}
	}
}

func TestOneDashboardShowsSeveralSignIns(t *testing.T) {
	stack := newStack(t)
	var board awscloudwatch.Dashboard
	for _, id := range []string{"Customers", "Staff"} {
		p := valid(emailotp.ModePassword)
		p.Sender = emailotp.SenderAddress(strings.ToLower(id) + "@example.com")
		isStaff := id == "Staff"
		if isStaff {
			p.RememberDevices = number(30)
		}
		e := emailotp.NewEmailOTP(stack, &id, p)
		props := &emailotp.DashboardProps{Dashboard: board, Title: &id}
		if isStaff {
			props.ChangeAddress = e.CreateAuthChallenge() // any function shows whose counts the row has
		}
		made := e.AddDashboard(props)
		if board != nil && made != board {
			t.Error("the given dashboard is not the one that is returned")
		}
		board = made
		contains(t, refusal(func() {
			e.AddDashboard(&emailotp.DashboardProps{Dashboard: board, DashboardName: text("Name")})
		}), "DashboardName can't go with Dashboard")
	}
	all := resources(t, stack, "AWS::CloudWatch::Dashboard")
	body := ""
	for _, r := range all {
		body = compact(t, r["Properties"])
	}
	if len(all) != 1 {
		t.Fatalf("%d dashboards", len(all))
	}
	contains(t, body, "# Customers", "# Staff", "Cost of the day", "PoolMailsRefusedUnknown", "Duration of the triggers",
		"Right codes per sign-in", "Invocations")
	for _, each := range []string{"Remembered devices", "Changed addresses", "AddressChangesRefused"} {
		if got := strings.Count(body, each); got != 1 {
			t.Errorf("%q is there %d times, want for Staff alone", each, got)
		}
	}
}

func TestWhatAuditsAskForReachesTheResources(t *testing.T) {
	p := valid(emailotp.ModePasswordless)
	anywhere := newStack(t)
	p.EncryptionKey = awskms.NewKey(anywhere, text("Own"), nil)
	contains(t, refusal(func() { signIn(anywhere, p) }), "EncryptionKey needs a stack with a Region")
	stack := awscdk.NewStack(emailotptest.App(t, nil), text("Prod"),
		&awscdk.StackProps{Env: &awscdk.Environment{Region: text("eu-west-1")}})
	p.EncryptionKey = awskms.NewKey(stack, text("Own"), nil)
	p.ReservedConcurrentExecutions, p.Tracing = number(50), awslambda.Tracing_ACTIVE
	p.VpcConfig = &emailotp.VpcConfig{Vpc: awsec2.NewVpc(stack, text("Network"), nil)}
	signIn(stack, p)
	functions := resources(t, stack, "AWS::Lambda::Function")
	if len(functions) != 5 {
		t.Errorf("%d functions", len(functions))
	}
	for id, f := range functions {
		got := f["Properties"].(map[string]any)
		if got["ReservedConcurrentExecutions"] != 50.0 || compact(t, got["TracingConfig"]) != `{"Mode":"Active"}` ||
			got["VpcConfig"] == nil {
			t.Errorf("%s: %v, %v, %v", id, got["ReservedConcurrentExecutions"], got["TracingConfig"], got["VpcConfig"])
		}
	}
	for id, r := range resources(t, stack, "AWS::Logs::LogGroup") {
		if r["Properties"].(map[string]any)["KmsKeyId"] == nil {
			t.Errorf("%s is not encrypted by the key", id)
		}
	}
	template := string(emailotptest.Template(t, stack))
	contains(t, template, `"SSEType": "KMS"`, `"kms:ViaService"`, `"dynamodb.eu-west-1.`,
		`"kms:EncryptionContext:aws:logs:arn"`)
	// The managed policy would let every role write into every log group.
	if strings.Contains(template, "AWSLambdaVPCAccessExecutionRole") {
		t.Error("a role has AWS's managed policy for VPCs")
	}
	policy := compact(t, resources(t, stack, "AWS::IAM::Policy"))
	if got := strings.Count(policy, `"ec2:CreateNetworkInterface"`); got != 5 {
		t.Errorf("%d roles may connect their function to the network, want 5", got)
	}
	if got := strings.Count(policy, "kms:ViaService"); got != 3 {
		t.Errorf("%d roles may use the key, want those of create, verify and mail-events", got)
	}
}

func TestAGivenLogGroupTakesEveryFunctionsLog(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.LogGroup = awslogs.NewLogGroup(stack, text("Logs"), nil)
	signIn(stack, p)
	if got := resources(t, stack, "AWS::Logs::LogGroup"); len(got) != 1 {
		t.Errorf("%d log groups", len(got))
	}
	for _, f := range resources(t, stack, "AWS::Lambda::Function") {
		contains(t, compact(t, f["Properties"].(map[string]any)["LoggingConfig"]), "Logs")
	}
}

// Tags, boundaries of permissions, aspects and stages reach the functions as those of any other
// construct.
func TestTheAppsOwnRulesReachTheConstruct(t *testing.T) {
	app := emailotptest.App(t, nil)
	stage := awscdk.NewStage(app, text("Live"), &awscdk.StageProps{
		PermissionsBoundary: awscdk.PermissionsBoundary_FromName(text("boundary"))})
	stack := awscdk.NewStack(stage, text("Prod"), &awscdk.StackProps{
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{Qualifier: text("shop")})})
	signIn(stack, valid(emailotp.ModePassword))
	awscdk.Tags_Of(stack).Add(text("team"), text("sign-in"), nil)
	for _, kind := range []string{"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::Logs::LogGroup"} {
		for id, r := range resources(t, stack, kind) {
			contains(t, compact(t, r["Properties"].(map[string]any)["Tags"]), `"sign-in"`)
			if kind == "AWS::IAM::Role" && !strings.Contains(compact(t, r), "policy/boundary") {
				t.Errorf("%s has no boundary", id)
			}
		}
	}
	code := compact(t, resources(t, stack, "AWS::Lambda::Function"))
	if !strings.Contains(code, "cdk-shop-assets") {
		t.Error("the assets are not in the synthesizer's bucket")
	}
}
