package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// dns are text records by name; an error for a name that does not answer.
type dns map[string]any

func (d dns) TXT(_ context.Context, name string) ([]string, error) {
	switch v := d[name].(type) {
	case string:
		return []string{"other", v}, nil
	case error:
		return nil, v
	}
	return nil, nil
}

func records() dns {
	return dns{"_dmarc.example.com": "v=DMARC1; p=reject", "bounce.mail.example.com": "v=spf1 include:amazonses.com ~all"}
}

func examine(t *testing.T, a *aws, d dns) *doctor.Report {
	t.Helper()
	api := client(t, a)
	e, err := deployed.Find(t.Context(), api, "Shop", "")
	if err != nil {
		t.Fatal(err)
	}
	e.FindPage(t.Context(), api)
	return doctor.Examine(t.Context(), doctor.Options{API: api, EmailOTP: e, DNS: d, Address: "lost@example.com",
		HTTP: &http.Client{Transport: a.web}, Command: a.command})
}

func ids(findings []doctor.Finding) (all []string) {
	for _, f := range findings {
		all = append(all, f.ID)
	}
	return all
}

func TestAHealthyStackHasNoFinding(t *testing.T) {
	for _, mode := range []settings.Mode{settings.Password, settings.Passwordless} {
		r := examine(t, healthy(mode), records())
		for _, l := range []doctor.Level{doctor.Broken, doctor.Doubtful, doctor.Unseen, doctor.Advice} {
			for _, f := range r.Has(l) {
				t.Errorf("%s: %+v", mode, f)
			}
		}
		for _, f := range r.Has(doctor.Right) {
			asserted[f.ID] = true
		}
		if got := ids(r.Has(doctor.Right)); len(got) < 15 || !slices.Contains(got, "dmarc") || !slices.Contains(got, "spf") {
			t.Errorf("%s: what is right: %v", mode, got)
		}
	}
}

// Each breaks one thing. The finding must be the only one of its level and name the thing.
func TestEachBrokenThingIsNamed(t *testing.T) {
	const broken, doubtful, advice = doctor.Broken, doctor.Doubtful, doctor.Advice
	type set = map[string]any
	at := func(answer string, path []string, changes set) func(*aws, dns) {
		return func(a *aws, _ dns) { maps.Copy(a.in(answer, path...), changes) }
	}
	gone := func(answer string) func(*aws, dns) { return func(a *aws, _ dns) { delete(a.answers, answer) } }
	option := func(variable, value string) func(*aws, dns) {
		return func(a *aws, _ dns) {
			for _, f := range settings.Functions(settings.Password) {
				a.in("lambda:GetFunction "+string(f), "Configuration", "Environment", "Variables")[variable] = value
			}
		}
	}
	replaced := func(answer, old, with string) func(*aws, dns) {
		return func(a *aws, _ dns) { a.answers[answer] = strings.ReplaceAll(a.answers[answer].(string), old, with) }
	}
	metric := func(id int, value string) func(*aws, dns) {
		return func(a *aws, _ dns) {
			a.answers["cloudwatch:GetMetricData"] = fmt.Sprintf(
				"<MetricDataResults><member><Id>m%d</Id><Values><member>%s</member>"+
					"</Values></member></MetricDataResults>", id, value)
		}
	}
	create, configuration := "lambda:GetFunction create-auth-challenge", []string{"Configuration"}
	web := "cognito-idp:DescribeUserPoolClient " + clientID
	for _, c := range []struct {
		id     string
		level  doctor.Level
		change func(*aws, dns)
		words  string
	}{
		{"replaced-trigger", broken, at("cognito-idp:DescribeUserPool", []string{"UserPool", "LambdaConfig"},
			set{"CreateAuthChallenge": "arn:aws:lambda:eu-west-1:123456789012:function:other"}), "CreateAuthChallenge"},
		{"email-recovery", broken, at("cognito-idp:DescribeUserPool", []string{"UserPool"}, set{"AccountRecoverySetting": nil}),
			"resets passwords"},
		{"native-mfa", broken, at("cognito-idp:DescribeUserPool", []string{"UserPool"}, set{"MfaConfiguration": "OPTIONAL"}), "OPTIONAL"},
		{"no-pool", broken, gone("cognito-idp:DescribeUserPool"), poolID},
		{"pool-unprotected", advice, at("cognito-idp:DescribeUserPool", []string{"UserPool"}, set{"DeletionProtection": "INACTIVE"}),
			"deleted"},
		{"plan", doubtful, at("cognito-idp:DescribeUserPool", []string{"UserPool", "LambdaConfig"}, set{"PreTokenGenerationConfig": object(
			"LambdaArn", functionARN(settings.PreTokenGeneration), "LambdaVersion", "V2_0")}), "LITE"},
		{"user-srp-auth", broken, func(a *aws, _ dns) {
			a.answers["cognito-idp:ListUserPoolClients"] = object("UserPoolClients", []any{object("ClientId", clientID),
				object("ClientId", "2console")})
			a.answers["cognito-idp:DescribeUserPoolClient 2console"] = object("UserPoolClient", object("ClientId", "2console",
				"ClientName", "Console", "ExplicitAuthFlows", []string{"ALLOW_USER_SRP_AUTH"}, "WriteAttributes", []string{"name"},
				"AuthSessionValidity", 15, "PreventUserExistenceErrors", "ENABLED"))
		}, "Console (2console) allows ALLOW_USER_SRP_AUTH"},
		{"write-email", broken, at(web, []string{"UserPoolClient"}, set{"WriteAttributes": []string{"email"}}), "Web"},
		{"session-validity", doubtful, at(web, []string{"UserPoolClient"}, set{"AuthSessionValidity": 3}), "3 minutes"},
		{"user-existence", doubtful, at(web, []string{"UserPoolClient"}, set{"PreventUserExistenceErrors": "LEGACY"}), "answers differently"},
		{"function-state", broken, at(create, configuration, set{"State": "Inactive"}), "create-auth-challenge"},
		{"function-update", broken, at(create, configuration, set{"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no image"}),
			"no image"},
		{"function-runtime", broken, at(create, configuration, set{"Runtime": "nodejs22.x"}), "nodejs22.x"},
		{"function-stopped", broken, at(create, nil, set{"Concurrency": object("ReservedConcurrentExecutions", 0)}), "refuses"},
		{"architectures", doubtful, at(create, configuration, set{"Architectures": []string{"x86_64"}}), "x86_64"},
		{"environment", broken, at(create, []string{"Configuration", "Environment", "Variables"}, set{"EMAILOTP_CODE_LENGTH": "6"}),
			`EMAILOTP_CODE_LENGTH is "6", in the template "8"`},
		{"function-changed", doubtful, func(a *aws, _ dns) {
			a.answers["cloudformation:DescribeStacks Shop"] = "<Stacks><member><StackStatus>UPDATE_COMPLETE</StackStatus>" +
				"<CreationTime>2026-11-01T00:00:00.000Z</CreationTime><LastUpdatedTime>2026-11-05T09:00:00.000Z</LastUpdatedTime></member></Stacks>"
			a.in(create, configuration...)["LastModified"] = "2026-11-06T09:00:00.000+0000"
		}, "create-auth-challenge was changed on 2026-11-06 09:00:00"},
		{"function-changed", doubtful, func(a *aws, _ dns) {
			a.in(create, configuration...)["LastModified"] = "2026-11-05T10:00:00.000+0000"
			a.edit("cloudformation:ListStackResources Shop", "</ResourceStatus>",
				"</ResourceStatus><LastUpdatedTimestamp>2026-11-05T09:00:00.000Z</LastUpdatedTimestamp>", -1)
		}, "(the last on 2026-11-05 09:00:00)"},
		{"function-role", broken, func(a *aws, _ dns) {
			a.add("Other", "other", object("Type", "X"))
			a.answers["cloudformation:GetTemplate Shop"] = strings.Replace(a.answers["cloudformation:GetTemplate Shop"].(string),
				escaped(`"Properties":{"Environment"`), escaped(
					`"Properties":{"Role":{"Fn::GetAtt":["Other","Arn"]},"Environment"`), 1)
			for _, f := range append(settings.Functions(settings.Password), settings.HandOver, settings.ChangeAddress) {
				a.in("lambda:GetFunction "+string(f), configuration...)["Role"] = "arn:aws:iam::123456789012:role/wide"
			}
		}, "role/wide, and the template has other"},
		{"role-denied", broken, func(a *aws, _ dns) { a.refuses = map[string]string{"kms:GenerateMac": "explicitDeny"} },
			"does not allow kms:GenerateMac on " + keyARN},
		{"role-denied", broken, func(a *aws, _ dns) {
			a.refuses = map[string]string{"cognito-idp:AdminUpdateUserAttributes": "implicitDeny"}
		}, "change-address"},
		{"role-conditions", doubtful, func(a *aws, _ dns) {
			a.refuses = map[string]string{"dynamodb:PutItem": "implicitDeny unless aws:SourceVpc"}
		}, "hand-over does not allow dynamodb:PutItem"},
		{"versions-differ", doubtful, at(create, configuration, set{"Description": "EmailOTP create (password), version v1.3.0"}),
			"not known (define-auth-challenge"},
		{"another-version", doubtful, func(a *aws, _ dns) {
			delete(a.in(create, "Configuration", "Environment", "Variables"), "EMAILOTP_CODE_TTL")
			a.edit("cloudformation:GetTemplate Shop", escaped(`"EMAILOTP_CODE_TTL":"300",`), "", -1)
		}, "EMAILOTP_CODE_TTL is not set"},
		{"native-devices", doubtful, at("cognito-idp:DescribeUserPool", []string{"UserPool"}, set{"DeviceConfiguration": object()}),
			"DEVICE_SRP_AUTH"},
		{"recovery-closed", doubtful, option("EMAILOTP_RECOVERY_BY_EMAIL", "true"), "reset"},
		{"replaced-trigger", broken, option("EMAILOTP_CUSTOM_MESSAGES", "true"), "its trigger CustomMessage"},
		{"replaced-trigger", broken, func(a *aws, d dns) {
			option("EMAILOTP_RECOVERY_BY_EMAIL", "true")(a, d)
			option("EMAILOTP_REMEMBER_DEVICES", "30")(a, d)
		}, "its trigger PostConfirmation"},
		{"email-alias", broken, at("cognito-idp:DescribeUserPool", []string{"UserPool"}, set{"AliasAttributes": []string{"email"}}),
			"alias"},
		{"user-password-auth", broken, at(web, []string{"UserPoolClient"}, set{"ExplicitAuthFlows": []string{
			"ALLOW_USER_PASSWORD_AUTH"}}), "ALLOW_USER_PASSWORD_AUTH"},
		{"admin-user-password-auth", broken, at(web, []string{"UserPoolClient"}, set{"ExplicitAuthFlows": []string{
			"ADMIN_NO_SRP_AUTH"}}), "ADMIN_NO_SRP_AUTH"},
		{"user-auth", broken, at(web, []string{"UserPoolClient"}, set{"ExplicitAuthFlows": []string{"ALLOW_USER_AUTH"}}), "USER_AUTH"},
		{"unknown-flow", broken, at(web, []string{"UserPoolClient"}, set{"ExplicitAuthFlows": []string{"ALLOW_NEW"}}), "ALLOW_NEW"},
		{"hosted-ui", broken, at(web, []string{"UserPoolClient"}, set{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []string{
			"code"}}), "code"},
		{"page-missing", broken, gone("cloudfront:GetDistribution"), "page-distribution1"},
		{"page-disabled", broken, replaced("cloudfront:GetDistribution", "<Enabled>true", "<Enabled>false"), "disabled"},
		{"page-deploying", doubtful, replaced("cloudfront:GetDistribution", "<Status>Deployed", "<Status>InProgress"), "InProgress"},
		{"page-origin", broken, replaced("cloudfront:GetDistribution", "page-files1.s3", "other.s3"), "other.s3"},
		{"page-origin", broken, replaced("cloudfront:GetDistribution", "<OriginAccessControlId>E1", "<OriginAccessControlId>"), "page-files1"},
		{"page-routes", broken, replaced("cloudfront:GetDistribution", "/account/email/*", "/other/*"), "/account/email/*"},
		{"page-routes", broken, replaced("cloudfront:GetDistribution", "page-api1.execute-api", "other.execute-api"), "/login"},
		{"no-page-limit", advice, replaced("cloudfront:GetDistribution", "<WebACLId>arn:aws:wafv2:us-east-1:123456789012:global/webacl/Page/1",
			"<WebACLId>"), "WebAclID"},
		{"page-files", broken, func(a *aws, _ dns) { a.web["login.example.com/"] = 403 }, "403, and should by 200"},
		{"page-endpoints", broken, func(a *aws, _ dns) { a.web["login.example.com/.well-known/openid-configuration"] = 500 }, "500"},
		{"page-open", broken, func(a *aws, _ dns) {
			a.web["page-api1.execute-api.eu-west-1.amazonaws.com/.well-known/openid-configuration"] = 200
		}, "200, and should by 403"},
		{"page-unreached", doctor.Unseen, func(a *aws, _ dns) { a.web = browser{} }, "https://login.example.com"},
		{"page-api", broken, gone("apigateway:GET"), "page-api1"},
		{"page-throttle", doubtful, at("apigateway:GET", nil, set{"defaultRouteSettings": object()}), "flood"},
		{"page-bucket", broken, gone("s3:GetBucketPublicAccessBlock"), "page-files1"},
		{"page-bucket-open", doubtful, replaced("s3:GetBucketPublicAccessBlock", "<BlockPublicPolicy>true", "<BlockPublicPolicy>false"), "public"},
		{"page-bucket-open", doubtful, func(a *aws, _ dns) {
			a.answers["s3:GetBucketPublicAccessBlock"] = fault{404, "NoSuchPublicAccessBlockConfiguration", ""}
		}, "public"},
		{"page-codes", broken, func(a *aws, _ dns) {
			a.answers["dynamodb:DescribeTable page-codes1"] = fault{400, "ResourceNotFoundException", ""}
		},
			"page-codes1"},
		{"page-codes-status", broken, at("dynamodb:DescribeTable page-codes1", []string{"Table"}, set{"TableStatus": "DELETING"}), "DELETING"},
		{"page-codes-ttl", doubtful, at("dynamodb:DescribeTimeToLive page-codes1", []string{"TimeToLiveDescription"},
			set{"TimeToLiveStatus": "DISABLED"}), "page-codes1"},
		{"page-secret", broken, gone("secretsmanager:DescribeSecret"), "secret"},
		{"page-secret-deletion", broken, at("secretsmanager:DescribeSecret", nil, set{"DeletedDate": 1.7e9}), "deletion"},
		{"environment", broken, at("lambda:GetFunction change-address", []string{"Configuration", "Environment", "Variables"},
			set{"EMAILOTP_CODES_TABLE": "other"}), "change-address: the variable EMAILOTP_CODES_TABLE"},
		{"invoke-permission", broken, gone("lambda:GetPolicy hand-over"), "hand-over by apigateway"},
		{"limit-rules", advice, at("wafv2:GetWebACLForResource", []string{"WebACL"}, set{"Rules": []any{}}), "Limits"},
		{"limit-counts", advice, at("wafv2:GetWebACLForResource", []string{"WebACL"}, set{"Rules": []any{rateRule("Count")}}), "CountOnly"},
		{"invoke-permission", broken, gone("lambda:GetPolicy define-auth-challenge"), "define-auth-challenge by cognito-idp"},
		{"concurrency", doubtful, at("lambda:GetAccountSettings", []string{"AccountLimit"}, set{"UnreservedConcurrentExecutions": 10}),
			"10 unreserved"},
		{"key-disabled", broken, at("kms:DescribeKey", []string{"KeyMetadata"}, set{"KeyState": "Disabled"}), "Disabled"},
		{"key-deletion", broken, at("kms:DescribeKey", []string{"KeyMetadata"}, set{"KeyState": "PendingDeletion"}), "deletion"},
		{"key-kind", broken, at("kms:DescribeKey", []string{"KeyMetadata"}, set{"KeySpec": "SYMMETRIC_DEFAULT"}), "SYMMETRIC_DEFAULT"},
		{"unseen", doctor.Unseen, func(a *aws, _ dns) { a.answers["kms:DescribeKey"] = fault{400, "InvalidArnException", "odd"} }, "odd"},
		{"refused-mail", broken, at("cognito-idp:DescribeUserPool", []string{"UserPool", "LambdaConfig"},
			set{"CustomMessage": functionARN(settings.CreateAuthChallenge)}), "EmailSendingAccount"},
		{"key-missing", broken, gone("kms:DescribeKey"), keyARN},
		{"table-missing", broken, gone("dynamodb:DescribeTable"), tableID},
		{"table-status", broken, at("dynamodb:DescribeTable", []string{"Table"}, set{"TableStatus": "ARCHIVED"}), "ARCHIVED"},
		{"table-key", broken, at("dynamodb:DescribeTable", []string{"Table"}, set{"KeySchema": []any{object("AttributeName", "id")}}), "pk"},
		{"table-unprotected", advice, at("dynamodb:DescribeTable", []string{"Table"}, set{"DeletionProtectionEnabled": false}), "deleted"},
		{"table-ttl", doubtful, at("dynamodb:DescribeTimeToLive", []string{"TimeToLiveDescription"}, set{"TimeToLiveStatus": "DISABLED"}),
			"DISABLED"},
		{"table-recovery", doubtful, at("dynamodb:DescribeContinuousBackups", []string{"ContinuousBackupsDescription",
			"PointInTimeRecoveryDescription"}, set{"PointInTimeRecoveryStatus": "DISABLED"}), "recovery"},
		{"rule-missing", broken, gone("events:DescribeRule"), ruleName},
		{"rule-disabled", broken, at("events:DescribeRule", nil, set{"State": "DISABLED"}), "DISABLED"},
		{"rule-target", broken, at("events:ListTargetsByRule", nil, set{"Targets": []any{}}), "mail-events"},
		{"ses-paused", broken, at("ses:GetAccount", nil, set{"SendingEnabled": false}), "SendingEnabled"},
		{"ses-probation", doubtful, at("ses:GetAccount", nil, set{"EnforcementStatus": "PROBATION"}), "PROBATION"},
		{"ses-shutdown", broken, at("ses:GetAccount", nil, set{"EnforcementStatus": "SHUTDOWN"}), "SHUTDOWN"},
		{"ses-sandbox", broken, at("ses:GetAccount", nil, set{"ProductionAccessEnabled": false}), "sandbox"},
		{"ses-day", doubtful, at("ses:GetAccount", []string{"SendQuota"}, set{"SentLast24Hours": 450000}), "450000 of the 500000"},
		{"ses-quota", doubtful, at("ses:GetAccount", []string{"SendQuota"}, set{"MaxSendRate": 1}), "3600"},
		{"identity-missing", broken, gone("ses:GetEmailIdentity"), "codes@mail.example.com"},
		{"identity-elsewhere", doctor.Unseen, at(create, []string{"Configuration", "Environment", "Variables"}, set{
			"EMAILOTP_IDENTITY_ARN": "arn:aws:ses:eu-west-1:210987654321:identity/example.com"}), "210987654321"},
		{"identity-unverified", broken, at("ses:GetEmailIdentity", nil, set{"VerifiedForSendingStatus": false}), "mail.example.com"},
		{"identity-address", advice, at("ses:GetEmailIdentity", nil, set{"IdentityType": "EMAIL_ADDRESS"}), "single"},
		{"dkim", doubtful, at("ses:GetEmailIdentity", []string{"DkimAttributes"}, set{"Status": "PENDING"}), "PENDING"},
		{"mail-from", doubtful, at("ses:GetEmailIdentity", []string{"MailFromAttributes"}, set{"MailFromDomainStatus": "FAILED"}), "FAILED"},
		{"set-missing", broken, gone("ses:GetConfigurationSet"), setName},
		{"set-paused", broken, at("ses:GetConfigurationSet", []string{"SendingOptions"}, set{"SendingEnabled": false}), "paused"},
		{"destinations", broken, at("ses:GetConfigurationSetEventDestinations", nil, set{"EventDestinations": []any{}}), "bounces"},
		{"suppressed", doubtful, func(a *aws, _ dns) {
			a.answers["ses:GetSuppressedDestination codes@mail.example.com"] = object("SuppressedDestination",
				object("Reason", "BOUNCE"))
		}, "the sender is on"},
		{"suppressed", broken, func(a *aws, _ dns) {
			a.answers["ses:GetSuppressedDestination lost@example.com"] = object("SuppressedDestination",
				object("Reason", "COMPLAINT"))
		}, "COMPLAINT"},
		{"dmarc", doubtful, func(_ *aws, d dns) { delete(d, "_dmarc.example.com") }, "mail.example.com"},
		{"spf", doubtful, func(_ *aws, d dns) { d["bounce.mail.example.com"] = "v=spf1 -all" }, "bounce.mail.example.com"},
		{"dns", doctor.Unseen, func(_ *aws, d dns) { d["bounce.mail.example.com"] = errors.New("no server") }, "DNS"},
		{"log-retention", doubtful, func(a *aws, _ dns) {
			a.answers["logs:DescribeLogGroups"] = object("logGroups", []any{object("logGroupName", "Shop-Logs")})
		}, "Shop-Logs"},
		{"no-alarm", advice, func(a *aws, _ dns) { a.answers["cloudwatch:DescribeAlarmsForMetric"] = "" }, "AddAlarms"},
		{"alarm-on", doubtful, func(a *aws, _ dns) {
			a.answers["cloudwatch:DescribeAlarms"] = "<MetricAlarms><member><AlarmName>Shop-Faults</AlarmName></member></MetricAlarms>"
		}, "Shop-Faults"},
		{"no-limit", advice, func(a *aws, _ dns) { a.answers["wafv2:GetWebACLForResource"] = object() }, "NewRateLimit"},
		{"no-limit", advice, func(a *aws, _ dns) {
			a.answers["wafv2:GetWebACLForResource"] = fault{400, "WAFNonexistentItemException", ""}
		}, "NewRateLimit"},
		{"hour-faults", broken, metric(0, "3"), "3 functions failed closed"},
		{"hour-mailsuncertain", doubtful, metric(1, "2"), "2 mails"},
		{"hour-mailsthrottled", broken, metric(2, "2"), "SES throttled"},
		{"hour-poolmailsrefusedverified", broken, metric(3, "1"), "verified"},
		{"hour-poolmailsrefusedunverified", doubtful, metric(4, "1"), "newcomers"},
		{"hour-poolmailsrefusedunknown", doubtful, metric(5, "1"), "decoys"},
		{"hour-guessesrefused", doubtful, metric(6, "1"), "guesses"},
		{"bounce-rate", broken, metric(7, "0.06"), "0.060"},
		{"complaint-rate", broken, metric(8, "0.002"), "0.0020"},
		{"hour-pagefaults", broken, metric(9, "2"), "2 requests"},
		{"hour-signinsrevoked", doubtful, metric(10, "1"), "revoked"},
		{"hour-invitationsmailed", doubtful, func(a *aws, d dns) {
			option("EMAILOTP_CUSTOM_MESSAGES", "true")(a, d)
			metric(11, "2")(a, d)
		}, "2 invitations"},
		{"hour-throttles", broken, metric(11, "4"), "4 calls"},
		{"hour-duration", doubtful, metric(12, "3900"), "3900 ms"},
		{"in-progress", doubtful, func(a *aws, _ dns) {
			a.answers["cloudformation:DescribeStacks Shop"] = "<Stacks><member><StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks>"
		}, "UPDATE_IN_PROGRESS"},
		{"rolled-back", doubtful, func(a *aws, _ dns) {
			a.answers["cloudformation:DescribeStacks Shop"] = "<Stacks><member><StackStatus>UPDATE_ROLLBACK_COMPLETE</StackStatus></member></Stacks>"
		}, "UPDATE_ROLLBACK_COMPLETE"},
		{"half-deployed", broken, func(a *aws, _ dns) {
			a.edit("cloudformation:ListStackResources Shop", "CREATE_COMPLETE", "CREATE_FAILED", 1)
		}, "CREATE_FAILED"},
		{"function-missing", broken, gone("lambda:GetFunction pre-token-generation"), "pre-token-generation"},
		{"settings", broken, at(create, []string{"Configuration", "Environment", "Variables"}, set{"EMAILOTP_CODE_TTL": "5 minutes"}),
			"EMAILOTP_CODE_TTL must be whole seconds"},
		{"functions-disagree", broken, at("lambda:GetFunction verify-auth-challenge", []string{"Configuration", "Environment",
			"Variables"}, set{"EMAILOTP_KEY_ARN": keyARN + "2"}), "EMAILOTP_KEY_ARN"},
	} {
		t.Run(c.id, func(t *testing.T) {
			a, d := healthy(settings.Password), records()
			c.change(a, d)
			r := examine(t, a, d)
			found := r.Has(c.level)
			i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.ID == c.id })
			if i < 0 {
				t.Fatalf("not found; there are %v, %v", ids(found), ids(r.Findings[:5]))
			}
			asserted[c.id] = true
			if f := found[i]; !strings.Contains(f.What+f.Remedy, c.words) || f.Remedy == "" {
				t.Errorf("%q is missing, or the remedy, in %+v", c.words, f)
			}
		})
	}
}

// A caller who may not read the functions gets a policy that IAM accepts, and the right to read
// them with it.
func TestThePolicyOfACallerWhoMayNotReadTheFunctions(t *testing.T) {
	for _, denied := range []bool{false, true} {
		a := healthy(settings.Password)
		a.denied["lambda:GetFunction"] = denied
		e, err := deployed.Find(t.Context(), client(t, a), "Shop", "")
		if err != nil {
			t.Fatal(err)
		}
		document, isWhole, err := awsapi.Policy(doctor.Policy(e, true)...)
		if err != nil {
			t.Fatal(err)
		}
		var policy struct{ Statement []awsapi.Statement }
		if err := json.Unmarshal(document, &policy); err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, s := range policy.Statement {
			actions = append(actions, s.Action...)
			for _, arn := range s.Resource {
				if arn != "*" && (!strings.HasPrefix(arn, "arn:") || strings.HasSuffix(arn, "/")) {
					t.Errorf("denied: %t: %v is allowed on %q", denied, s.Action, arn)
				}
			}
		}
		if isWhole == denied || !slices.Contains(actions, "lambda:GetFunction") ||
			slices.Contains(actions, "kms:DescribeKey") == denied {
			t.Errorf("denied: %t: whole: %t, %v", denied, isWhole, actions)
		}
	}
}

// A missing permission is named with its action, and the rest is reported all the same. The policy
// has exactly the actions that are called.
func TestMissingPermissionsAreNamedAndThePolicyIsTheLeast(t *testing.T) {
	a := healthy(settings.Password)
	api := client(t, a)
	e, err := deployed.Find(t.Context(), api, "Shop", "")
	if err != nil {
		t.Fatal(err)
	}
	doctor.Examine(t.Context(), doctor.Options{API: api, EmailOTP: e, DNS: records(),
		HTTP: &http.Client{Transport: a.web}})
	called := slices.Sorted(maps.Keys(a.called))
	var allowed []string
	for _, s := range doctor.Policy(e, false) {
		allowed = append(allowed, s.Action...)
	}
	slices.Sort(allowed)
	// Cognito's own right is required beside AWS WAF's.
	allowed = slices.DeleteFunc(allowed, func(s string) bool { return s == "cognito-idp:GetWebACLForResource" })
	if !slices.Equal(slices.Compact(allowed), called) {
		t.Errorf("the policy allows\n%v\nand these are called\n%v", allowed, called)
	}
	const logs = "arn:aws:logs:eu-west-1:123456789012:log-group:Shop-Logs:*"
	for _, s := range doctor.Policy(e, true) {
		for _, action := range s.Action {
			want := map[string]string{"logs:FilterLogEvents": logs, "events:DescribeRule": "arn:aws:events:eu-west-1:123456789012:rule/" +
				ruleName}[action]
			if want != "" && !slices.Equal(s.Resource, []string{want}) {
				t.Errorf("%s is allowed on %v, want %s", action, s.Resource, want)
			}
		}
	}
	for _, action := range called {
		t.Run(action, func(t *testing.T) {
			a := healthy(settings.Password)
			a.denied[action] = true
			api := client(t, a)
			e, err := deployed.Find(t.Context(), api, "Shop", "")
			if action == "cloudformation:GetTemplate" {
				if err == nil || !strings.Contains(err.Error(), action) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := doctor.Examine(t.Context(), doctor.Options{API: api, EmailOTP: e, DNS: records(),
				HTTP: &http.Client{Transport: a.web}})
			if unseen := r.Has(doctor.Unseen); len(unseen) == 0 || unseen[0].ID != "denied" ||
				!strings.Contains(unseen[0].What, action) || !strings.Contains(unseen[0].Remedy,
				`{"Effect":"Allow","Action":["`+action+`"],"Resource":["`) {
				t.Errorf("%+v", unseen)
			}
			asserted["denied"] = true
			if len(r.Has(doctor.Right)) < 5 {
				t.Errorf("the rest is not reported: %v", ids(r.Findings))
			}
		})
	}
}

// A bypass that the app accepts is no finding, by the template's mark and by the custom resource's.
func TestAcknowledgedBypassesAreNoFindings(t *testing.T) {
	for name, resource := range map[string]string{
		"the pool's mark": `"Marks":{"Type":"X","Metadata":{"EmailOTP::AcknowledgedBypasses":["USER_SRP_AUTH:SignInClient1"]}}`,
		"the attachment's": `"Marks":{"Type":"Custom::EmailOTPUserPoolAttachment","Properties":{"AcknowledgedBypasses":[` +
			`{"Fn::Join":["",["USER_SRP_AUTH:",{"Ref":"SignInClient1"}]]},{"Fn::Join":["",[{"Fn::ImportValue":"x"}]]},7]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := healthy(settings.Password)
			a.in("cognito-idp:DescribeUserPoolClient "+clientID, "UserPoolClient")["ExplicitAuthFlows"] = []string{
				"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"}
			if r := examine(t, a, records()); len(r.Has(doctor.Broken)) != 1 {
				t.Fatalf("without an acknowledgement: %+v", r.Has(doctor.Broken))
			}
			a.answers["cloudformation:GetTemplate Shop"] = strings.Replace(a.answers["cloudformation:GetTemplate Shop"].(string),
				escaped(`{"Resources":{`), escaped(`{"Resources":{`+resource+","), 1)
			if broken := examine(t, a, records()).Has(doctor.Broken); len(broken) != 0 {
				t.Errorf("%+v", broken)
			}
		})
	}
}

// A sign-in page's function has EmailOTP's mark and is no second EmailOTP; a second one is a
// choice.
func TestTheEmailOTPIsFoundAmongOthers(t *testing.T) {
	a := healthy(settings.Password)
	add := func(id, function string) {
		a.add(id, "other", object("Type", "AWS::Lambda::Function", "Metadata", object("EmailOTP::Function", function)))
	}
	add("PageHandOver0A1B2C3D", "hand-over")
	e, err := deployed.Find(t.Context(), client(t, a), "Shop", "")
	if err != nil || e.Construct != "SignIn" {
		t.Fatalf("%+v, %v", e, err)
	}
	add("StaffCreateAuthChallenge0A1B2C3D", "create-auth-challenge")
	for construct, words := range map[string]string{"": "choose one by --construct: SignIn, Staff", "Other": "it has: SignIn, Staff"} {
		if _, err := deployed.Find(t.Context(), client(t, a), "Shop", construct); err == nil ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", construct, err)
		}
	}
	if e, err := deployed.Find(t.Context(), client(t, a), "Shop", "SignIn"); err != nil || e.PoolID != poolID {
		t.Errorf("%+v, %v", e, err)
	}
}

// A construct whose id begins like another's has nothing of it, in any order of the resources.
func TestConstructsWithIDsThatBeginAlikeAreToldApart(t *testing.T) {
	a := healthy(settings.Password)
	for _, id := range []string{"SignInAdmins", "SignInC"} {
		a.add(id+"CreateAuthChallenge0A1B2C3D", id, object("Type", "AWS::Lambda::Function", "Metadata",
			object("EmailOTP::Function", "create-auth-challenge")))
		a.add(id+"UserPool1", "eu-west-1_"+id, object("Type", "AWS::Cognito::UserPool"))
		a.add(id+"MailEventsRule1", id+"-Rule", object("Type", "AWS::Events::Rule"))
		a.add(id+"Client1", "client-of-"+id, object("Type", "AWS::Cognito::UserPoolClient", "Metadata",
			object("EmailOTP::Client", "password"), "Properties", object("UserPoolId", object("Ref", id+"UserPool1"))))
	}
	a.add("SignInPageHandOver0A1B2C3D", "page", object("Type", "AWS::Lambda::Function", "Metadata",
		object("EmailOTP::Function", "hand-over")))
	a.add("SignInPageAlarm1", "alarm", object("Type", "AWS::CloudWatch::Alarm"))
	api := client(t, a)
	for range 10 {
		e, err := deployed.Find(t.Context(), api, "Shop", "SignIn")
		if err != nil || e.ClientID != clientID || e.PoolID != poolID {
			t.Fatalf("client %s, pool %s, %v", e.ClientID, e.PoolID, err)
		}
		if got := e.Find("AWS::Events::Rule", "AWS::CloudWatch::Alarm"); !slices.Equal(got,
			[]string{"SignInAlarmsFaults1", "SignInMailEventsRule1"}) {
			t.Fatalf("its rules and alarms: %v", got)
		}
	}
	if e, err := deployed.Find(t.Context(), api, "Shop", "SignInAdmins"); err != nil ||
		e.ClientID != "client-of-SignInAdmins" || e.PoolID != "eu-west-1_SignInAdmins" {
		t.Errorf("%+v, %v", e, err)
	}
}

// Only this pool may invoke a trigger, and only the rule mail-events. Each other statement is
// named.
func TestEveryOtherCallerOfAFunctionIsNamed(t *testing.T) {
	const arn = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + poolID
	service := object("Service", "cognito-idp.amazonaws.com")
	right := permission("Right", service, arn)
	own := func(s map[string]any, key string, value any) map[string]any { s[key] = value; return s }
	for name, other := range map[string]map[string]any{
		"no source":          permission("Other", service, ""),
		"everyone":           permission("Other", "*", ""),
		"everyone, a source": permission("Other", object("AWS", "*"), arn),
		"two principals":     permission("Other", object("Service", "cognito-idp.amazonaws.com", "AWS", "*"), arn),
		"another pool":       permission("Other", service, arn+"2"),
		"any pool":           permission("Other", service, "arn:aws:cognito-idp:*:*:userpool/*"),
		"another service":    permission("Other", object("Service", "sns.amazonaws.com"), arn),
		"another account":    permission("Other", object("AWS", "arn:aws:iam::210987654321:root"), ""),
		"another action":     own(permission("Other", service, arn), "Action", "lambda:*"),
		"all but the source": own(permission("Other", service, arn), "Condition",
			object("ArnNotLike", object("AWS:SourceArn", arn))),
		"a source that may lack": own(permission("Other", service, arn), "Condition",
			object("StringEqualsIfExists", object("AWS:SourceArn", arn))),
	} {
		a := healthy(settings.Password)
		a.answers["lambda:GetPolicy create-auth-challenge"] = policyOf(right, other)
		broken := examine(t, a, records()).Has(doctor.Broken)
		if len(broken) != 1 || broken[0].ID != "invoke-open" || !strings.Contains(broken[0].What, "create-auth-challenge") ||
			!strings.HasSuffix(broken[0].Command, "--function-name create-auth-challenge --statement-id Other") {
			t.Errorf("%s: %+v", name, broken)
		}
		a.answers["lambda:GetPolicy create-auth-challenge"] = policyOf(other)
		r := examine(t, a, records())
		if got := ids(r.Has(doctor.Broken)); !slices.Equal(got, []string{"invoke-open", "invoke-permission"}) ||
			slices.Contains(ids(r.Has(doctor.Right)), "invoke-permissions") {
			t.Errorf("%s alone: %v", name, got)
		}
	}
	asserted["invoke-open"] = true
	a := healthy(settings.Password)
	a.answers["lambda:GetPolicy mail-events"] = policyOf(right)
	if got := ids(examine(t, a, records()).Has(doctor.Broken)); !slices.Equal(got,
		[]string{"invoke-open", "invoke-permission"}) {
		t.Errorf("mail-events by the pool: %v", got)
	}
}

func TestWhatAnEmulatorLacksIsOneFinding(t *testing.T) {
	a := healthy(settings.Passwordless)
	for _, action := range []string{"lambda:GetPolicy", "logs:DescribeLogGroups", "cloudwatch:GetMetricData"} {
		a.absent[action] = true
	}
	unseen := examine(t, a, records()).Has(doctor.Unseen)
	if len(unseen) != 1 || !strings.Contains(unseen[0].What,
		"cloudwatch:GetMetricData, lambda:GetPolicy, logs:DescribeLogGroups") {
		t.Errorf("%+v", unseen)
	}
	asserted["absent"] = true
}

func TestWhatIsNoEmailOTPIsAnErrorWithARemedy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*aws)
		words  string
	}{
		"no such stack": {func(a *aws) {
			a.answers["cloudformation:GetTemplate Shop"] = fault{400, "ValidationError", "Stack with id Shop does not exist"}
		}, "there is no stack Shop in the Region eu-west-1; give another --stack"},
		"another app": {func(a *aws) {
			a.setStack("Shop", object("Bucket", object("Type", "AWS::S3::Bucket"), "Nested",
				object("Type", "AWS::CloudFormation::Stack")), map[string]string{
				"Nested": "arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop-Nested-1/id"}, "CREATE_COMPLETE",
				"CREATE_COMPLETE")
		}, "no EmailOTP; it may be in one of its nested stacks: --stack Shop-Nested-1"},
		"a template in YAML": {func(a *aws) {
			a.answers["cloudformation:GetTemplate Shop"] = "<TemplateBody>Resources: {}</TemplateBody>"
		}, "is no JSON"},
		"a malformed answer": {func(a *aws) { a.answers["cloudformation:GetTemplate Shop"] = "<TemplateBody>" }, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			a := healthy(settings.Password)
			c.change(a)
			_, err := deployed.Find(t.Context(), client(t, a), "Shop", "")
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, want %q", err, c.words)
			}
		})
	}
}
