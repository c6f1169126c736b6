package assembly_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

func mailEvents(p *assembly.Plan) (assembly.Function, bool) {
	for _, f := range p.Functions {
		if f.Folder == "mail-events" {
			return f, true
		}
	}
	return assembly.Function{}, false
}

func TestTheFunctionBehindARuleIsFoundWithItsRole(t *testing.T) {
	p := mustPlan(t, app, passwordless)
	f, found := mailEvents(p)
	if !found || len(f.Triggers) != 0 || f.Environment["EMAILOTP_USER_POOL_ID"] != p.Pool.ID ||
		f.Environment["EMAILOTP_TABLE"] != p.Tables[0].Name {
		t.Fatalf("function %+v", f)
	}
	if len(p.Rules) != 1 || p.Rules[0].Function != f.Name || p.Rules[0].LogicalID != "SignInMailEventsRule" {
		t.Fatalf("rules %+v", p.Rules)
	}
	bounce := func(set string) object {
		return object{"source": "aws.ses", "detail-type": "Email Bounced",
			"detail": object{"mail": object{"tags": object{"ses:configuration-set": []any{set}, "emailotp-item": []any{"key"}}}}}
	}
	if !p.Rules[0].Pattern.Matches(bounce(p.ConfigurationSets[0].Name)) || p.Rules[0].Pattern.Matches(bounce("another")) {
		t.Error("the pattern isn't the template's")
	}
	if !slices.Equal(p.ConfigurationSets[0].BusEvents, []string{"bounce", "complaint"}) {
		t.Errorf("events %v", p.ConfigurationSets[0].BusEvents)
	}
	if !slices.ContainsFunc(f.Principal.Policies[0].Statements,
		func(s iam.Statement) bool { return slices.Equal(s.Actions, []string{"dynamodb:UpdateItem"}) }) {
		t.Errorf("policies %+v", f.Principal.Policies)
	}
}

func TestARuleThatWouldNotDeliverOnAWSDoesNotHere(t *testing.T) {
	for name, c := range map[string]struct {
		change func(object)
		warns  string
	}{
		"no permission": {func(o object) { delete(at(o, "Resources"), "SignInMailEventsPermission") },
			"no AWS::Lambda::Permission lets rule SignInMailEventsRule invoke it"},
		"of another rule": {func(o object) {
			props(o, "SignInMailEventsPermission")["SourceArn"] = "arn:aws:events:eu-west-1:123456789012:rule/other"
		}, "no AWS::Lambda::Permission"},
		"disabled": {func(o object) { props(o, "SignInMailEventsRule")["State"] = "DISABLED" },
			"rule SignInMailEventsRule is disabled"},
		"another bus": {func(o object) { props(o, "SignInMailEventsRule")["EventBusName"] = "orders" },
			"is on the event bus orders, which is not emulated"},
		"an odd pattern": {func(o object) {
			props(o, "SignInMailEventsRule")["EventPattern"] = object{"source": []any{object{"wildcard": "*"}}}
		}, "which is not emulated"},
		"another target": {func(o object) {
			props(o, "SignInMailEventsRule")["Targets"] = []any{object{"Id": "a", "Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}}
		}, ""},
		"another pool's": {func(o object) {
			at(props(o, "SignInMailEvents"), "Environment", "Variables")["EMAILOTP_USER_POOL_ID"] = "eu-west-1_Another00"
		}, ""},
		"somebody's function": {func(o object) { delete(at(o, "Resources", "SignInMailEvents"), "Metadata") }, ""},
	} {
		p := mustPlan(t, edited(t, devTemplate, c.change), passwordless)
		if _, found := mailEvents(p); found || len(p.Rules) != 0 {
			t.Errorf("%s: rules %v", name, p.Rules)
		}
		if warnings := strings.Join(p.Warnings, "\n"); !strings.Contains(warnings, c.warns) {
			t.Errorf("%s: warnings %s", name, warnings)
		}
	}
}

func TestOnlyWhatIsSentToTheDefaultBusIsPublishedThere(t *testing.T) {
	destination := func(change func(object)) func(object) {
		return func(o object) { change(at(props(o, "SignInMailEventDestination"), "EventDestination")) }
	}
	for name, change := range map[string]func(object){
		"disabled": destination(func(d object) { d["Enabled"] = false }),
		"to CloudWatch": destination(func(d object) {
			delete(d, "EventBridgeDestination")
			d["CloudWatchDestination"] = object{}
		}),
		"of another set": func(o object) { props(o, "SignInMailEventDestination")["ConfigurationSetName"] = "another" },
	} {
		if sets := mustPlan(t, edited(t, devTemplate, change), passwordless).ConfigurationSets; len(sets[0].BusEvents) != 0 {
			t.Errorf("%s: %v", name, sets[0].BusEvents)
		}
	}
}
