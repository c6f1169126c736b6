//go:build !race

package emailotp_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func TestGrantsNameThePoolAndNothingThatOpensAccounts(t *testing.T) {
	for _, c := range []struct {
		name, actions string
		grant         func(emailotp.EmailOTP, awsiam.IGrantable) awsiam.Grant
	}{
		{"Grant", `"cognito-idp:AdminGetUser"`, func(e emailotp.EmailOTP, g awsiam.IGrantable) awsiam.Grant {
			return e.Grant(g, text("cognito-idp:AdminGetUser"))
		}},
		{"GrantAdminCreateUser", `"cognito-idp:AdminCreateUser"`, emailotp.EmailOTP.GrantAdminCreateUser},
		{"GrantReadUsers", `["cognito-idp:AdminGetUser","cognito-idp:ListUsers"]`, emailotp.EmailOTP.GrantReadUsers},
		{"GrantManageUsers", `["cognito-idp:AdminDeleteUser","cognito-idp:AdminDisableUser","cognito-idp:AdminEnableUser","cognito-idp:AdminGetUser","cognito-idp:AdminUserGlobalSignOut","cognito-idp:ListUsers"]`,
			emailotp.EmailOTP.GrantManageUsers},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := newStack(t)
			e := signIn(stack, valid(emailotp.ModePassword))
			role := awsiam.NewRole(stack, text("Staff"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()})
			c.grant(e, role)
			got := statements(t, stack, logical(t, resources(t, stack, "AWS::IAM::Role"), "Staff"))
			want := "Allow " + c.actions + ` ON {"Fn::GetAtt":["SignInUserPoolA2C003D1","Arn"]}`
			if len(got) != 1 || got[0] != want {
				t.Errorf("granted %q, want %q", got, want)
			}
		})
	}
}

func TestMetricsAreThoseThatTheFunctionsWrite(t *testing.T) {
	stack := newStack(t)
	e := signIn(stack, valid(emailotp.ModePassword))
	metrics := map[settings.Metric]func(*awscloudwatch.MetricOptions) awscloudwatch.Metric{
		settings.CodesSent: e.MetricCodesSent, settings.CodesVerified: e.MetricCodesVerified,
		settings.CodesWrong:     e.MetricCodesWrong,
		settings.GuessesRefused: e.MetricGuessesRefused, settings.PoolMailsNearEnd: e.MetricPoolMailsNearEnd,
		settings.PoolMailsRefused: e.MetricPoolMailsRefused, settings.Faults: e.MetricFaults,
		settings.AddressesBounced: e.MetricAddressesBounced, settings.AddressesComplained: e.MetricAddressesComplained,
		settings.MailsSuppressed: e.MetricMailsSuppressed, settings.AddressesChanged: e.MetricAddressesChanged,
		settings.AddressCodesWrong: e.MetricAddressCodesWrong,
	}
	for name, metric := range metrics {
		m := metric(nil)
		dimension := (*m.Dimensions())["UserPoolId"]
		if *m.MetricName() != string(name) || *m.Namespace() != "EmailOTP" || *m.Statistic() != "Sum" ||
			dimension != *e.UserPool().UserPoolId() {
			t.Errorf("%s: %s %s %s %v", name, *m.Namespace(), *m.MetricName(), *m.Statistic(), dimension)
		}
	}
	for _, name := range slices.Concat(settings.Metrics(), settings.DeviceMetrics(), settings.ChainedMetrics(),
		settings.PageMetrics(), settings.AddressMetrics(), settings.MessageMetrics()) {
		if got := *e.Metric(text(string(name)), nil).MetricName(); got != string(name) {
			t.Errorf("%s gives %s", name, got)
		}
	}
	if m := e.MetricCodesWrong(&awscloudwatch.MetricOptions{Statistic: text("Average"),
		Period: awscdk.Duration_Hours(number(1))}); *m.Statistic() != "Average" || *m.Period().ToHours(nil) != 1 {
		t.Error("options are ignored")
	}
	contains(t, refusal(func() { e.Metric(text("CodesSend"), nil) }),
		`EmailOTP "Prod/SignIn": Metric has no metric of that name (received: "CodesSend"); the names are CodesSent,`)
	contains(t, refusal(func() { e.Metric(nil, nil) }), "received: nil")
}

func TestMetricsServeInAlarms(t *testing.T) {
	stack := newStack(t)
	e := signIn(stack, valid(emailotp.ModePasswordless))
	for id, metric := range map[string]awscloudwatch.IMetric{
		"Errors": e.MetricFunctionErrors(nil), "Throttles": e.MetricFunctionThrottles(nil),
		"Slow":   e.MetricFunctionDuration(&awscloudwatch.MathExpressionOptions{Label: text("slow")}),
		"Faults": e.MetricFaults(nil),
	} {
		awscloudwatch.NewAlarm(stack, &id, &awscloudwatch.AlarmProps{Metric: metric, Threshold: number(1),
			EvaluationPeriods: number(1)})
	}
	id := *e.Node().Addr() + "_"
	contains(t, string(emailotptest.Template(t, stack)), `"Label": "slow"`, `"MetricName": "Faults"`,
		`"MetricName": "Throttles"`,
		`"SUM([errors_`+id+`DefineAuthChallenge, errors_`+id+`CreateAuthChallenge, errors_`+id+
			`VerifyAuthChallenge, errors_`+id+`PreSignUp, errors_`+id+`MailEvents])"`,
		`"MAX([duration_`+id+`DefineAuthChallenge, duration_`+id+`CreateAuthChallenge, duration_`+id+
			`VerifyAuthChallenge, duration_`+id+`PreSignUp])"`)
}

// CloudWatch and the CDK refuse a graph on which two metrics share an id.
func TestMetricsOfTwoSignInsServeOnOneGraph(t *testing.T) {
	stack := newStack(t)
	graph := awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{})
	for _, id := range []string{"Customers", "Staff"} {
		p := valid(emailotp.ModePassword)
		p.Sender = emailotp.SenderAddress(id + "@example.com")
		e := emailotp.NewEmailOTP(stack, &id, p)
		graph.AddLeftMetric(e.MetricFunctionErrors(nil))
		graph.AddLeftMetric(e.MetricFunctionThrottles(nil))
		graph.AddLeftMetric(e.MetricFunctionDuration(nil))
	}
	awscloudwatch.NewDashboard(stack, text("Dashboard"),
		&awscloudwatch.DashboardProps{Widgets: &[]*[]awscloudwatch.IWidget{{graph}}})
	template := string(emailotptest.Template(t, stack))
	if got, want := strings.Count(template, `\"expression\":`), 6; got != want {
		t.Errorf("%d expressions, want %d in\n%s", got, want, template)
	}
	if words := refusal(func() {
		assertions.Annotations_FromStack(stack).HasNoWarning(text("*"),
			assertions.Match_AnyValue())
	}); words != "" {
		t.Error(words)
	}
}

// The options that clients follow are outputs too, where they are on.
func TestOutputsOfOptions(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.RememberDevices, p.PasswordRecovery = number(30), emailotp.RecoveryByEmail
	p.SupportAddress = text("help@example.com")
	signIn(stack, p).AddOutputs()
	contains(t, compact(t, *assertions.Template_FromStack(stack, nil).FindOutputs(text("*"), nil)), `"Value":"30"`,
		`"PasswordRecovery":{"Description":"The way back in for a forgotten password","Value":"email"}`,
		`"SupportAddress":{"Description":"Who helps users with a forgotten password","Value":"help@example.com"}`)
}

// The outputs are those that `emailotp outputs` reads. A second EmailOTP of the stack needs its
// own.
func TestOutputsAreAddedOnceToAStack(t *testing.T) {
	stack := awscdk.NewStack(emailotptest.App(t, nil), text("Prod"), nil)
	signIn := emailotp.NewEmailOTP(stack, text("A"), valid(emailotp.ModePasswordless))
	signIn.AddOutputs()
	err := emailotp.Refusal(func() error { signIn.AddOutputs(); return nil })
	if err == nil || !strings.Contains(err.Error(), "AddOutputs can't add the output UserPoolId: the stack Prod has") {
		t.Errorf("a second call: %v", err)
	}
	outputs := *assertions.Template_FromStack(stack, nil).FindOutputs(text("*"), nil)
	if got, want := slices.Sorted(maps.Keys(outputs)), []string{"Mode", "Region", "UserPoolClientId",
		"UserPoolId"}; !slices.Equal(got, want) {
		t.Errorf("outputs %v, want %v", got, want)
	}
}
