//go:build !race

package emailotp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

func TestAHostedZoneGetsTheRecordsOfItsSender(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.Sender = emailotp.SenderHostedZone(zone(stack, text("example.com")), "no-reply@id.example.com")
	signIn(stack, p)
	identity := logical(t, resources(t, stack, "AWS::SES::EmailIdentity"), "SignIn")
	var got []string
	for _, r := range resources(t, stack, "AWS::Route53::RecordSet") {
		p := r["Properties"].(map[string]any)
		if p["HostedZoneId"] != "Z0123456789ABC" {
			t.Errorf("a record of zone %v", p["HostedZoneId"])
		}
		got = append(got, fmt.Sprintf("%s %s %s", p["Type"], compact(t, p["Name"]), compact(t, p["ResourceRecords"])))
	}
	want := []string{
		`MX "mail.example.com." [{"Fn::Join":["",["10 feedback-smtp.",{"Ref":"AWS::Region"},".amazonses.com"]]}]`,
		`TXT "_dmarc.example.com." ["\"v=DMARC1; p=none\""]`,
		`TXT "mail.example.com." ["\"v=spf1 include:amazonses.com ~all\""]`,
	}
	for i := 1; i <= 3; i++ {
		want = append(want, fmt.Sprintf(`CNAME {"Fn::GetAtt":["%[1]s","DkimDNSTokenName%[2]d"]} [{"Fn::GetAtt":["%[1]s","DkimDNSTokenValue%[2]d"]}]`, identity, i))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	template := assertions.Template_FromStack(stack, nil)
	template.HasResourceProperties(text("AWS::SES::EmailIdentity"), map[string]any{"EmailIdentity": "example.com",
		"MailFromAttributes": map[string]any{"BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
			"MailFromDomain": "mail.example.com"}})
	template.HasResource(text("AWS::Lambda::Function"),
		map[string]any{"Metadata": map[string]any{"EmailOTP::Function": "create-auth-challenge"},
			"Properties": map[string]any{"Environment": map[string]any{"Variables": map[string]any{
				"EMAILOTP_FROM": "no-reply@id.example.com", "EMAILOTP_PRODUCT_NAME": "id.example.com"}}}})
}

func TestBouncesAndComplaintsReachTheirFunction(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		e := signIn(stack, valid(mode))
		id := func(kind, prefix string) string { return logical(t, resources(t, stack, kind), prefix) }
		set, fn := id("AWS::SES::ConfigurationSet", "SignIn"), id("AWS::Lambda::Function", "SignInMailEvents")
		template := assertions.Template_FromStack(stack, nil)
		template.HasResourceProperties(text("AWS::SES::ConfigurationSetEventDestination"), map[string]any{
			"ConfigurationSetName": map[string]any{"Ref": set},
			"EventDestination": map[string]any{
				"Enabled":            true,
				"MatchingEventTypes": []string{"bounce", "complaint"},
				"EventBridgeDestination": map[string]any{"EventBusArn": map[string]any{"Fn::Join": []any{"", []any{
					"arn:", map[string]any{"Ref": "AWS::Partition"}, ":events:", map[string]any{"Ref": "AWS::Region"}, ":",
					map[string]any{"Ref": "AWS::AccountId"}, ":event-bus/default"}}}},
			},
		})
		template.HasResourceProperties(text("AWS::Events::Rule"), map[string]any{
			"EventBusName": assertions.Match_Absent(), // the default one
			"EventPattern": map[string]any{
				"source": []string{"aws.ses"}, "detail-type": []string{"Email Bounced", "Email Complaint Received"},
				"detail": map[string]any{"mail": map[string]any{"tags": map[string]any{
					"ses:configuration-set": []any{map[string]any{"Ref": set}},
					"emailotp-item":         []any{map[string]any{"exists": true}}}}},
			},
			"Targets": []any{map[string]any{"Arn": map[string]any{"Fn::GetAtt": []any{fn, "Arn"}}}},
		})
		template.HasResource(text("AWS::Lambda::Function"), map[string]any{
			"Metadata": map[string]any{"EmailOTP::Function": "mail-events"},
			"Properties": map[string]any{"Environment": map[string]any{"Variables": map[string]any{
				"EMAILOTP_MODE": string(mode), "EMAILOTP_USER_POOL_ID": map[string]any{"Ref": id("AWS::Cognito::UserPool",
					"SignIn")},
				"EMAILOTP_TABLE":   map[string]any{"Ref": id("AWS::DynamoDB::GlobalTable", "SignIn")},
				"EMAILOTP_KEY_ARN": assertions.Match_Absent(), "EMAILOTP_FROM": assertions.Match_Absent(),
			}}},
		})
		for name := range resources(t, stack, "AWS::Cognito::UserPool") {
			if strings.Contains(compact(t, resources(t, stack, "AWS::Cognito::UserPool")[name]), fn) {
				t.Errorf("%s: the function is a trigger of the pool", mode)
			}
		}
		if *e.MailEvents().Node().Id() != "MailEvents" {
			t.Errorf("%s: MailEvents returns %s", mode, *e.MailEvents().Node().Path())
		}
	}
}

func TestAnIdentityOfAnotherAccountIsNamedToTheFunctionByItsARN(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	arn := "arn:aws:ses:eu-west-1:210987654321:identity/example.com"
	p.Sender = emailotp.SenderIdentity(awsses.EmailIdentity_FromEmailIdentityArn(stack, text("Identity"), &arn),
		"no-reply@example.com")
	signIn(stack, p)
	if found := resources(t, stack, "AWS::SES::EmailIdentity"); len(found) != 0 {
		t.Errorf("an identity was created: %v", found)
	}
	functions := resources(t, stack, "AWS::Lambda::Function")
	contains(t, compact(t, functions[logical(t, functions, "SignInCreate")]), `"EMAILOTP_IDENTITY_ARN":"`+arn+`"`)
	contains(t, strings.Join(statements(t, stack, logical(t, resources(t, stack, "AWS::IAM::Role"), "SignInCreate")),
		"\n"), `"ses:SendEmail" ON ["`+arn+`",`)

	own := newStack(t)
	p.Sender = emailotp.SenderIdentity(awsses.EmailIdentity_FromEmailIdentityName(own, text("Identity"),
		text("example.com")), "no-reply@example.com")
	signIn(own, p)
	if template := string(emailotptest.Template(t, own)); strings.Contains(template, "EMAILOTP_IDENTITY_ARN") {
		t.Error("an identity of the own account is named by its ARN")
	}
}

func TestADomainWithoutAZoneListsTheRecordsItNeeds(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.Sender, p.MailFromDomain = emailotp.SenderDomain("example.com", "no-reply"), text("bounce.example.com")
	var got []string
	for _, r := range signIn(stack, p).DnsRecords() {
		got = append(got, fmt.Sprintf("%s %s", *r.Type, *r.Name))
	}
	if len(got) != 6 || !strings.HasPrefix(got[0], "CNAME ") || got[3] != "MX bounce.example.com" ||
		got[4] != "TXT bounce.example.com" || got[5] != "TXT _dmarc.example.com" {
		t.Errorf("records %q", got)
	}
}

func TestEachKindOfSenderHasItsOwnIdentityAndStatement(t *testing.T) {
	own, domain := `{"Ref":"SignInEmailIdentity0539377E"}`, `{"Ref":"SignInDomainIdentity`
	const address = `:identity/no-reply@example.com"`
	for name, c := range map[string]struct {
		sender      func(awscdk.Stack) emailotp.Sender
		sandbox     *bool
		has, hasNot []string
	}{
		"an address": {func(awscdk.Stack) emailotp.Sender { return emailotp.SenderAddress("no-reply@example.com") }, nil,
			[]string{own}, []string{domain, address, `identity/*`}},
		// The address's identity from a trial goes on sending until the domain is verified.
		"a domain": {func(awscdk.Stack) emailotp.Sender { return emailotp.SenderDomain("example.com", "no-reply") }, nil,
			[]string{domain, address}, []string{own, `identity/*`}},
		"a zone": {func(s awscdk.Stack) emailotp.Sender {
			return emailotp.SenderHostedZone(zone(s, text("example.com")), "no-reply@example.com")
		}, nil, []string{domain, address}, []string{own, `identity/*`}},
		"an identity that exists": {func(s awscdk.Stack) emailotp.Sender {
			return emailotp.SenderIdentity(awsses.EmailIdentity_FromEmailIdentityName(s, text("Identity"), text("example.com")),
				"no-reply@example.com")
		}, nil, []string{`:identity/example.com"`, address}, []string{own, domain, `identity/*`}},
		"recipients of the SES sandbox": {func(
			awscdk.Stack) emailotp.Sender {
			return emailotp.SenderAddress("no-reply@example.com")
		}, yes,
			[]string{own, `":identity/*"`}, []string{domain}},
	} {
		stack := newStack(t)
		p := valid(emailotp.ModePasswordless)
		p.Sender, p.SandboxRecipients = c.sender(stack), c.sandbox
		signIn(stack, p)
		statement := sendsBy(t, stack)
		contains(t, statement, c.has...)
		for _, absent := range c.hasNot {
			if strings.Contains(statement, absent) {
				t.Errorf("%s: %s in %s", name, absent, statement)
			}
		}
		for id, identity := range resources(t, stack, "AWS::SES::EmailIdentity") {
			if strings.Contains(compact(t, identity), "ConfigurationSet") {
				t.Errorf("%s: the configuration set is the default of %s, and so of other mail", name, id)
			}
		}
		assertions.Template_FromStack(stack, nil).HasResourceProperties(text("AWS::SES::ConfigurationSet"),
			map[string]any{"DeliveryOptions": map[string]any{"TlsPolicy": "REQUIRE"}})
	}
}

// sendsBy returns what the mailing function may send with, as the ends of the ARNs.
func sendsBy(t *testing.T, stack awscdk.Stack) string {
	t.Helper()
	for _, s := range statements(t, stack, logical(t, resources(t, stack, "AWS::IAM::Role"),
		"SignInCreateAuthChallengeRole")) {
		if strings.Contains(s, "ses:SendEmail") {
			if !strings.Contains(s, `IF {"StringEquals":{"ses:FromAddress":"no-reply@example.com"}}`) {
				t.Errorf("without its condition: %s", s)
			}
			return s
		}
	}
	t.Fatal("no statement")
	return ""
}
