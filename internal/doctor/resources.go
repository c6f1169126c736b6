package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// key looks at the KMS key that the functions use.
func key(ctx context.Context, e *exam) {
	arn := e.EmailOTP.Settings.KeyARN
	if arn == "" {
		return // the functions' settings are a finding already
	}
	var answer struct {
		KeyMetadata struct{ KeyState, KeySpec, KeyUsage string }
	}
	err := e.API.JSON(ctx, awsapi.KMS, "DescribeKey", map[string]string{"KeyId": arn}, &answer)
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "key-missing", Level: Broken, Area: "key", What: "the KMS key of the codes does not exist: " + arn,
			Remedy: "add 1 to KeyGeneration and deploy", Command: e.EmailOTP.Deploy()})
		return
	}
	if e.fails("key", err) {
		return
	}
	k := answer.KeyMetadata
	switch {
	case k.KeyState == "PendingDeletion":
		e.add(Finding{ID: "key-deletion", Level: Broken, Area: "key", What: "the KMS key of the codes waits for its deletion",
			Remedy: "cancel the deletion, then enable the key", Command: "aws kms cancel-key-deletion --key-id " + arn})
	case k.KeyState != "Enabled":
		e.add(Finding{ID: "key-disabled", Level: Broken, Area: "key", What: "the KMS key of the codes is " + k.KeyState,
			Remedy: "enable the key", Command: "aws kms enable-key --key-id " + arn})
	case k.KeySpec != "HMAC_256" || k.KeyUsage != "GENERATE_VERIFY_MAC":
		e.add(Finding{ID: "key-kind", Level: Broken, Area: "key",
			What: fmt.Sprintf("the KMS key is of the kind %s for %s; the codes need HMAC_256 for GENERATE_VERIFY_MAC",
				k.KeySpec, k.KeyUsage),
			Remedy: "deploy the stack again, with the construct's own key"})
	default:
		e.right("key", "key", "the KMS key %s is enabled and makes MACs (%s)", arn[strings.LastIndex(arn, "/")+1:], k.KeySpec)
	}
}

// table looks at the table of the budgets.
func table(ctx context.Context, e *exam) {
	name := e.EmailOTP.Settings.TableName
	if name == "" {
		return
	}
	request := map[string]string{"TableName": name}
	var described tableDescription
	err := e.API.JSON(ctx, awsapi.DynamoDB, "DescribeTable", request, &described)
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "table-missing", Level: Broken, Area: "table", What: "there is no table " + name,
			Remedy: "restore it by point-in-time recovery under this name; docs/runbook.md has what that forgives"})
		return
	}
	if e.fails("table", err) {
		return
	}
	e.isActive(&described, Finding{ID: "table-status", Area: "table", What: "the table is ",
		Remedy: "wait until it is ACTIVE, or restore it"})
	if k := described.Table.KeySchema; len(k) != 1 || k[0].AttributeName != "pk" {
		e.add(Finding{ID: "table-key", Level: Broken, Area: "table", What: "the table's key is not pk alone",
			Remedy: "restore the table that the construct created"})
	}
	var wg sync.WaitGroup
	wg.Go(func() { e.timeToLive(ctx, "table", "table-ttl", request) })
	wg.Go(func() { e.recovery(ctx, request) })
	wg.Wait()
	if !described.Table.DeletionProtectionEnabled {
		e.add(Finding{ID: "table-unprotected", Level: Advice, Area: "table",
			What:   "the table can be deleted by one call; every budget and mark would be forgiven",
			Remedy: "deploy with RemovalPolicy RETAIN, which protects it"})
	}
	e.right("table", "table", "the table %s is there", name)
}

// tableDescription is the part of DynamoDB's description of a table that is read.
type tableDescription struct {
	Table struct {
		TableStatus               string
		DeletionProtectionEnabled bool
		KeySchema                 []struct{ AttributeName, KeyType string }
	}
}

// isActive reports whether a table can be read and written. If not, it adds the finding, whose What
// gets the status at its end.
func (e *exam) isActive(d *tableDescription, f Finding) bool {
	s := d.Table.TableStatus
	if s == "ACTIVE" || s == "UPDATING" {
		return true
	}
	f.Level = Broken
	f.What += s
	e.add(f)
	return false
}

func (e *exam) timeToLive(ctx context.Context, area, id string, request map[string]string) {
	var answer struct {
		TimeToLiveDescription struct{ TimeToLiveStatus, AttributeName string }
	}
	if e.fails(area, e.API.JSON(ctx, awsapi.DynamoDB, "DescribeTimeToLive", request, &answer)) {
		return
	}
	if d := answer.TimeToLiveDescription; !strings.HasPrefix(d.TimeToLiveStatus, "ENABL") || d.AttributeName != "ttl" {
		e.add(Finding{ID: id, Level: Doubtful, Area: area,
			What: "the table " + request["TableName"] + " deletes no items: time to live is " + orText(d.TimeToLiveStatus,
				"off") + ", so it grows without an end",
			Remedy: "turn it on for the attribute ttl", Command: "aws dynamodb update-time-to-live --table-name " +
				request["TableName"] + " --time-to-live-specification Enabled=true,AttributeName=ttl"})
	}
}

func (e *exam) recovery(ctx context.Context, request map[string]string) {
	var answer struct {
		ContinuousBackupsDescription struct {
			PointInTimeRecoveryDescription struct{ PointInTimeRecoveryStatus string }
		}
	}
	if e.fails("table", e.API.JSON(ctx, awsapi.DynamoDB, "DescribeContinuousBackups", request, &answer)) {
		return
	}
	if s := answer.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus; s != "ENABLED" {
		e.add(Finding{ID: "table-recovery", Level: Doubtful, Area: "table",
			What:   "the table has no point-in-time recovery",
			Remedy: "turn it on", Command: "aws dynamodb update-continuous-backups --table-name " + request["TableName"] +
				" --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"})
	}
}

// events looks at the rule that leads bounces and complaints to their function.
func events(ctx context.Context, e *exam) {
	d := e.EmailOTP
	name, isThere := ruleOf(d)
	if !isThere {
		e.add(Finding{ID: "rule-missing", Level: Broken, Area: "events",
			What:   "the stack has no rule for bounces and complaints, so mail goes to addresses that bounce",
			Remedy: "deploy the stack again", Command: d.Deploy()})
		return
	}
	name = name[strings.LastIndex(name, "|")+1:] // bus|rule for a rule of a bus with a name
	var rule struct{ State string }
	err := e.API.JSON(ctx, awsapi.EventBridge, "DescribeRule", map[string]string{"Name": name}, &rule)
	if awsapi.IsNotFound(err) {
		e.add(Finding{ID: "rule-missing", Level: Broken, Area: "events",
			What: "the rule " + name + " does not exist", Remedy: "deploy the stack again", Command: d.Deploy()})
		return
	}
	if e.fails("events", err) {
		return
	}
	if rule.State != "ENABLED" {
		e.add(Finding{ID: "rule-disabled", Level: Broken, Area: "events",
			What:   "the rule for bounces and complaints is " + rule.State + ", so mail goes to addresses that bounce",
			Remedy: "enable it", Command: "aws events enable-rule --name " + name})
		return
	}
	var targets struct{ Targets []struct{ Arn string } }
	if e.fails("events", e.API.JSON(ctx, awsapi.EventBridge, "ListTargetsByRule", map[string]string{"Rule": name}, &targets)) {
		return
	}
	arn := d.Functions[settings.MailEvents].Lambda.FunctionArn
	for _, t := range targets.Targets {
		if t.Arn == arn || arn == "" {
			e.right("events", "rule", "bounces and complaints lead to mail-events")
			return
		}
	}
	e.add(Finding{ID: "rule-target", Level: Broken, Area: "events",
		What:   "the rule for bounces and complaints does not invoke the function mail-events",
		Remedy: "deploy the stack again", Command: d.Deploy()})
}

// ruleOf returns the name of the rule for bounces and complaints, as bus|rule for a rule of a bus
// with a name. With false there is none.
func ruleOf(d *deployed.EmailOTP) (string, bool) {
	for _, id := range d.Find("AWS::Events::Rule") {
		if strings.Contains(id, "MailEvents") {
			return d.Resources[id].PhysicalID, true
		}
	}
	return "", false
}

// ruleARN returns the rule's ARN. With false there is none.
func ruleARN(d *deployed.EmailOTP) (string, bool) {
	name, isThere := ruleOf(d)
	return d.ARN("events", "rule/"+strings.ReplaceAll(name, "|", "/")), isThere
}

// logs looks whether each function's log group deletes old lines.
func logs(ctx context.Context, e *exam) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var forever []string
	var failed error
	for _, f := range e.present() {
		if f.Err != nil {
			continue
		}
		group := f.LogGroup()
		wg.Go(func() {
			var answer struct {
				LogGroups []struct {
					LogGroupName    string
					RetentionInDays int
				}
			}
			err := e.API.JSON(ctx, awsapi.Logs, "DescribeLogGroups", map[string]any{"logGroupNamePrefix": group, "limit": 5},
				&answer)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
				return
			}
			for _, g := range answer.LogGroups {
				if g.LogGroupName == group && g.RetentionInDays == 0 {
					forever = append(forever, group)
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(forever)
	switch {
	case e.fails("logs", failed):
	case len(forever) > 0:
		e.add(Finding{ID: "log-retention", Level: Doubtful, Area: "logs",
			What:   "log groups keep their lines without an end: " + strings.Join(slices.Compact(forever), ", "),
			Remedy: "set a retention; the log names users by sub", Command: "aws logs put-retention-policy --log-group-name " +
				forever[0] + " --retention-in-days 30"})
	default:
		e.right("logs", "logs", "the functions' log groups have a retention")
	}
}

// alarms looks whether an alarm watches the faults, and which of the stack's alarms are on.
func alarms(ctx context.Context, e *exam) {
	params := url.Values{"MetricName": {string(settings.Faults)}, "Namespace": {settings.Namespace},
		"Dimensions.member.1.Name": {settings.Dimension}, "Dimensions.member.1.Value": {e.EmailOTP.PoolID}}
	var onFaults struct {
		Names []string `xml:"DescribeAlarmsForMetricResult>MetricAlarms>member>AlarmName"`
	}
	if e.fails("alarms", e.API.Query(ctx, awsapi.CloudWatch, "DescribeAlarmsForMetric", params, &onFaults)) {
		return
	}
	if len(onFaults.Names) == 0 {
		e.add(Finding{ID: "no-alarm", Level: Advice, Area: "alarms", What: "no alarm watches the metric Faults",
			Remedy: "call signIn.AddAlarms(&emailotp.AlarmProps{Topic: topic}) in the app, and deploy"})
	} else {
		e.right("alarms", "alarms", "an alarm watches the metric Faults")
	}
	ids := e.EmailOTP.Find("AWS::CloudWatch::Alarm")
	if len(ids) == 0 {
		return
	}
	params = url.Values{"StateValue": {"ALARM"}}
	for i, id := range ids {
		params.Set(fmt.Sprintf("AlarmNames.member.%d", i+1), e.EmailOTP.Resources[id].PhysicalID)
	}
	var on struct {
		Alarms []struct {
			Name        string `xml:"AlarmName"`
			Description string `xml:"AlarmDescription"`
		} `xml:"DescribeAlarmsResult>MetricAlarms>member"`
	}
	if e.fails("alarms", e.API.Query(ctx, awsapi.CloudWatch, "DescribeAlarms", params, &on)) {
		return
	}
	for _, a := range on.Alarms {
		e.add(Finding{ID: "alarm-on", Level: Doubtful, Area: "alarms", What: "the alarm " + a.Name + " is on",
			Remedy: orText(a.Description, "look at its metric")})
	}
}

// webACL looks whether callers are limited.
func webACL(ctx context.Context, e *exam) {
	if e.EmailOTP.PoolID == "" {
		return
	}
	var answer struct{ WebACL *acl }
	err := e.API.JSON(ctx, awsapi.WAF, "GetWebACLForResource",
		map[string]string{"ResourceArn": e.EmailOTP.ARN("cognito-idp", "userpool/"+e.EmailOTP.PoolID)}, &answer)
	if failed := (*awsapi.Error)(nil); errors.As(err, &failed) && failed.Code == "WAFNonexistentItemException" {
		err = nil
	}
	switch {
	case e.fails("limits", err):
	case answer.WebACL == nil:
		e.add(Finding{ID: "no-limit", Level: Advice, Area: "limits", What: "no web ACL limits the pool's callers",
			Remedy: "call ratelimit.NewRateLimit in the app; docs/security.md has what it adds and what it costs"})
	default:
		answer.WebACL.look(e)
	}
}

// acl is the part of a web ACL that is read.
type acl struct {
	Name  string
	Rules []struct {
		Action    struct{ Block *struct{} }
		Statement struct{ RateBasedStatement *struct{} }
	}
}

// look reports whether the web ACL limits callers: a rule counts them and blocks.
func (a *acl) look(e *exam) {
	rates, blocks := 0, 0
	for _, r := range a.Rules {
		if r.Statement.RateBasedStatement != nil {
			rates++
			if r.Action.Block != nil {
				blocks++
			}
		}
	}
	remedy := "add ratelimit.Rules to it; docs/security.md has what they add and what they cost"
	switch {
	case rates == 0:
		e.add(Finding{ID: "limit-rules", Level: Advice, Area: "limits", Remedy: remedy,
			What: "the web ACL " + a.Name + " is in front of the pool, and none of its rules counts a caller's requests"})
	case blocks == 0:
		e.add(Finding{ID: "limit-counts", Level: Advice, Area: "limits",
			What:   "the web ACL " + a.Name + " counts callers' requests and blocks none",
			Remedy: "take CountOnly out once its sampled requests are as you expect"})
	default:
		e.right("limits", "limits", "the web ACL %s limits the pool's callers (rules that block: %d)", a.Name, blocks)
	}
}
