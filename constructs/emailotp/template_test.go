//go:build !race

package emailotp_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

var _ = flag.Bool("update", false, "write the golden files")

var modes = []emailotp.Mode{emailotp.ModePassword, emailotp.ModePasswordless}

func TestTemplates(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		emailotptest.Snapshot(t, stack, fmt.Sprintf("testdata/%s.golden.json", mode))
	}
}

// Importers' feature flags are unknown. Those of this repository's app change the order of a
// statement's resources and nothing else.
func TestFeatureFlagsChangeTheOrderOfResourcesAlone(t *testing.T) {
	for _, mode := range modes {
		stack := awscdk.NewStack(emailotptest.App(t, flags(t)), text("Prod"), nil)
		signIn(stack, valid(mode))
		golden, err := os.ReadFile(fmt.Sprintf("testdata/%s.golden.json", mode))
		if err != nil {
			t.Fatal(err)
		}
		lines := func(template []byte) []string {
			all := strings.Split(strings.ReplaceAll(string(template), ",\n", "\n"), "\n")
			slices.Sort(all)
			return all
		}
		if got := emailotptest.Template(t, stack); !slices.Equal(lines(got), lines(golden)) {
			t.Errorf("%s: with feature flags the template is\n%s", mode, got)
		}
	}
}

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

func TestTemplatesAreTheSameEachTime(t *testing.T) {
	render := func() string {
		stack := awscdk.NewStack(emailotptest.App(t, flags(t)), text("Prod"), nil)
		p := valid(emailotp.ModePasswordless)
		p.Mail = &emailotp.MailProps{Languages: map[string]emailotp.MailStrings{"de": {Subject: "A"}, "fr": {Subject: "B"},
			"it": {Subject: "C"}}}
		signIn(stack, p)
		return string(emailotptest.Template(t, stack))
	}
	first := render()
	for range 3 {
		if again := render(); again != first {
			t.Fatal("two renderings differ")
		}
	}
}

// statements returns what a role may do, "ALLOW actions ON resources [IF condition]" each, sorted,
// over every policy that names it.
func statements(t *testing.T, stack awscdk.Stack, role string) []string {
	t.Helper()
	var found []string
	for _, policy := range resources(t, stack, "AWS::IAM::Policy") {
		properties := policy["Properties"].(map[string]any)
		if compact(t, properties["Roles"]) != `[{"Ref":"`+role+`"}]` {
			continue
		}
		for _, s := range properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := s.(map[string]any)
			line := fmt.Sprintf("%v %s ON %s", statement["Effect"], compact(t, statement["Action"]),
				compact(t, statement["Resource"]))
			if c := statement["Condition"]; c != nil {
				line += " IF " + compact(t, c)
			}
			found = append(found, line)
		}
	}
	slices.Sort(found)
	return found
}

func TestEachRoleMayDoExactlyItsPart(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		roles := resources(t, stack, "AWS::IAM::Role")
		id := func(kind, prefix string) string { return logical(t, resources(t, stack, kind), prefix) }
		arn := func(id string) string { return `{"Fn::GetAtt":["` + id + `","Arn"]}` }
		key, table, pool := arn(id("AWS::KMS::Key", "SignIn")), arn(id("AWS::DynamoDB::GlobalTable", "SignIn")),
			arn(id("AWS::Cognito::UserPool", "SignIn"))
		ses := func(kind, id string) string {
			return `{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":ses:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":` + kind + `/",{"Ref":"` + id + `"}]]}`
		}
		budget := `Allow ["dynamodb:GetItem","dynamodb:UpdateItem"] ON ` + table
		want := map[string][]string{
			"SignInDefineAuthChallenge": {},
			"SignInCreateAuthChallenge": {
				`Allow "kms:GenerateMac" ON ` + key,
				`Allow "ses:SendEmail" ON [` + ses("identity", id("AWS::SES::EmailIdentity", "SignIn")) + `,` +
					ses("configuration-set", id("AWS::SES::ConfigurationSet", "SignIn")) +
					`] IF {"StringEquals":{"ses:FromAddress":"no-reply@example.com"}}`,
				budget,
			},
			"SignInVerifyAuthChallenge": {`Allow "kms:VerifyMac" ON ` + key, budget},
			"SignInMailEvents":          {`Allow "dynamodb:UpdateItem" ON ` + table},
		}
		if mode == emailotp.ModePasswordless {
			want["SignInPreSignUp"] = nil
			want["SignInVerifyAuthChallenge"] = append(want["SignInVerifyAuthChallenge"],
				`Allow "cognito-idp:AdminUpdateUserAttributes" ON `+pool)
		} else {
			want["SignInPreTokenGeneration"] = nil
		}
		if len(roles) != len(want) {
			t.Errorf("%s: %d roles, want %d", mode, len(roles), len(want))
		}
		for prefix, allowed := range want {
			logs := arn(id("AWS::Logs::LogGroup", prefix+"Logs"))
			allowed = append(allowed, `Allow ["logs:CreateLogStream","logs:PutLogEvents"] ON `+logs)
			slices.Sort(allowed)
			if got := statements(t, stack, logical(t, roles, prefix+"Role")); !slices.Equal(got, allowed) {
				t.Errorf("%s: %s may\n%s\nwant\n%s", mode, prefix, strings.Join(got, "\n"), strings.Join(allowed, "\n"))
			}
		}
	}
}

func TestWhatMustBeAbsent(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		template := string(emailotptest.Template(t, stack))
		for _, absent := range []string{"iam::aws:policy", "ManagedPolicyArns", "USER_SRP", "USER_PASSWORD",
			"ALLOW_USER_AUTH", "AllowedOAuthFlows\"", "LEGACY",
			"verified_email", "ses:*", "kms:Decrypt", "dynamodb:*", "SendRawEmail", "nodejs", "Custom::"} {
			if strings.Contains(template, absent) {
				t.Errorf("%s: the template has %s", mode, absent)
			}
		}
		for id, policy := range resources(t, stack, "AWS::IAM::Policy") {
			if strings.Contains(compact(t, policy), `*`) {
				t.Errorf("%s: policy %s has a wildcard: %s", mode, id, compact(t, policy))
			}
		}
		for id, permission := range resources(t, stack, "AWS::Lambda::Permission") {
			p := permission["Properties"].(map[string]any)
			caller, source := "cognito-idp.amazonaws.com", "SignInUserPool"
			if strings.Contains(compact(t, p["FunctionName"]), "SignInMailEvents") {
				caller, source = "events.amazonaws.com", "SignInMailEventsRule"
			}
			if p["Principal"] != caller || !strings.Contains(compact(t, p["SourceArn"]), source) {
				t.Errorf("%s: permission %s is not its one caller's alone: %s", mode, id, compact(t, p))
			}
		}
	}
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

func TestTheClientAllowsCustomAuthenticationAndRefreshAlone(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
		if len(clients) != 1 {
			t.Fatalf("%s: %d clients", mode, len(clients))
		}
		template := assertions.Template_FromStack(stack, nil)
		template.HasResource(text("AWS::Cognito::UserPoolClient"), map[string]any{
			"Metadata": map[string]any{"EmailOTP::Client": string(mode)},
			"Properties": map[string]any{
				"ExplicitAuthFlows":               []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
				"AllowedOAuthFlowsUserPoolClient": false,
				"PreventUserExistenceErrors":      "ENABLED",
				"EnableTokenRevocation":           true,
				"AuthSessionValidity":             7,
			},
		})
		for _, c := range clients {
			for _, a := range c["Properties"].(map[string]any)["WriteAttributes"].([]any) {
				if strings.HasPrefix(a.(string), "email") {
					t.Errorf("%s: clients may write %v", mode, a)
				}
			}
		}
	}
}

func TestTheSessionOutlivesTheCodeWithinCognitosLimits(t *testing.T) {
	for ttl, minutes := range map[float64]float64{60: 3, 61: 4, 300: 7, 480: 10} {
		stack := newStack(t)
		p := valid(emailotp.ModePasswordless)
		p.CodeTTL = seconds(ttl)
		signIn(stack, p)
		assertions.Template_FromStack(stack, nil).HasResourceProperties(text("AWS::Cognito::UserPoolClient"),
			map[string]any{"AuthSessionValidity": minutes})
	}
}

func TestThePoolIsClosedWhereAMailboxWouldOpenIt(t *testing.T) {
	for mode, adminOnly := range map[emailotp.Mode]bool{emailotp.ModePassword: true, emailotp.ModePasswordless: false} {
		stack := newStack(t)
		signIn(stack, valid(mode))
		assertions.Template_FromStack(stack, nil).HasResource(text("AWS::Cognito::UserPool"), map[string]any{
			"DeletionPolicy": "Retain",
			"Properties": map[string]any{
				"UserPoolTier":                "LITE",
				"UsernameAttributes":          []string{"email"},
				"AliasAttributes":             assertions.Match_Absent(),
				"UsernameConfiguration":       map[string]any{"CaseSensitive": false},
				"AutoVerifiedAttributes":      []string{"email"},
				"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
				"MfaConfiguration":            "OFF",
				"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "admin_only",
					"Priority": 1}}},
				"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": adminOnly},
				"DeletionProtection":    "ACTIVE",
				"Schema":                assertions.Match_Absent(),
			},
		})
	}
}

func TestFunctionsEndBeforeCognitoGivesUpAndAreMarked(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePasswordless)
	p.Architecture, p.MemorySize = awslambda.Architecture_X86_64(), number(256)
	signIn(stack, p)
	folders := map[string]bool{}
	for id, fn := range resources(t, stack, "AWS::Lambda::Function") {
		properties := fn["Properties"].(map[string]any)
		if timeout := properties["Timeout"].(float64); timeout >= 5 {
			t.Errorf("%s runs for %v s", id, timeout)
		}
		if compact(t, properties["Architectures"]) != `["x86_64"]` || properties["MemorySize"] != 256.0 ||
			properties["Runtime"] != "provided.al2023" {
			t.Errorf("%s: %s", id, compact(t, properties))
		}
		folders[fn["Metadata"].(map[string]any)["EmailOTP::Function"].(string)] = true
	}
	want := []string{"create-auth-challenge", "define-auth-challenge", "mail-events", "pre-sign-up",
		"verify-auth-challenge"}
	if got := slices.Sorted(maps.Keys(folders)); !slices.Equal(got, want) {
		t.Errorf("functions %v, want %v", got, want)
	}
}

// A first deployment that fails is rolled back: only what deletion protection keeps stays behind.
func TestWhatIsKeptWhenTheStackIsDeleted(t *testing.T) {
	unprotected := emailotp.UserPoolProps{DeletionProtection: new(bool)}
	for _, c := range []struct {
		name                           string
		policy                         awscdk.RemovalPolicy
		pool                           *emailotp.UserPoolProps
		ofPool, ofTable, ofKeyAndOther string
	}{
		{"by default", "", nil, "Retain", "Retain", "RetainExceptOnCreate"},
		{"RETAIN", awscdk.RemovalPolicy_RETAIN, nil, "Retain", "Retain", "RetainExceptOnCreate"},
		{"RETAIN_ON_UPDATE_OR_DELETE", awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil, "Retain", "Retain",
			"RetainExceptOnCreate"},
		{"a pool without deletion protection", "", &unprotected, "RetainExceptOnCreate", "Retain", "RetainExceptOnCreate"},
		{"DESTROY", awscdk.RemovalPolicy_DESTROY, nil, "Delete", "Delete", "Delete"},
	} {
		stack := newStack(t)
		p := valid(emailotp.ModePassword)
		p.RemovalPolicy, p.UserPoolProps = c.policy, c.pool
		signIn(stack, p)
		for kind, want := range map[string]string{"AWS::Cognito::UserPool": c.ofPool, "AWS::DynamoDB::GlobalTable": c.ofTable,
			"AWS::KMS::Key": c.ofKeyAndOther, "AWS::Logs::LogGroup": c.ofKeyAndOther,
			"AWS::SES::EmailIdentity": c.ofKeyAndOther} {
			for id, r := range resources(t, stack, kind) {
				if r["DeletionPolicy"] != want {
					t.Errorf("%s: %s has the deletion policy %v, want %s", c.name, id, r["DeletionPolicy"], want)
				}
				protected := strings.Contains(compact(t, r), `"DeletionProtection":"ACTIVE"`) ||
					strings.Contains(compact(t, r), `"DeletionProtectionEnabled":true`)
				if protected != (want == "Retain") {
					t.Errorf("%s: %s is protected from deletion: %t", c.name, id, protected)
				}
			}
		}
	}
}

func TestAGenerationReplacesTheKeyAlone(t *testing.T) {
	template := func(generation float64) map[string]any {
		stack := newStack(t)
		p := valid(emailotp.ModePassword)
		p.KeyGeneration = &generation
		signIn(stack, p)
		return (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any)
	}
	keys := func(resources map[string]any) (ids []string) {
		for id, r := range resources {
			if r.(map[string]any)["Type"] == "AWS::KMS::Key" {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		return ids
	}
	first, second, third := template(1), template(2), template(3)
	one, two, three := keys(first), keys(second), keys(third)
	if len(one) != 1 || one[0] != "SignInKeyDA3A2C98" || len(two) != 2 || !slices.Contains(two, one[0]) ||
		len(three) != 2 || slices.Contains(three, one[0]) {
		t.Fatalf("keys of the generations: %v, %v, %v; each keeps the one before", one, two, three)
	}
	current := two[0]
	if current == one[0] {
		current = two[1]
	}
	if !slices.Contains(three, current) {
		t.Errorf("generation 3 has lost the key of generation 2: %v", three)
	}
	delete(second, current)
	changed := compact(t, second)
	if strings.Count(changed, one[0]) != 1 {
		t.Errorf("the old key is in use: %s", changed)
	}
	same := strings.ReplaceAll(compact(t, first), `{"Fn::GetAtt":["`+one[0]+`"`, `{"Fn::GetAtt":["`+current+`"`)
	if changed != same {
		t.Errorf("more than the key has changed:\n%s\nwant\n%s", changed, same)
	}
}

func TestDestroyLeavesNothingProtected(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
	signIn(stack, p)
	template := string(emailotptest.Template(t, stack))
	for _, absent := range []string{`"Retain`, `"ACTIVE"`, `"DeletionProtectionEnabled": true`} {
		if strings.Contains(template, absent) {
			t.Errorf("the template has %s", absent)
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

func TestTheGuessingBoundIsStatedAndADoubtfulOneIsAWarning(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.CodeLength = number(6)
	signIn(stack, p)
	contains(t, string(emailotptest.Template(t, stack)), `"EmailOTP::Guessing::SignIn"`,
		`"ChancePerAccountAndYear": "0.00873"`, `"GuessesPerYear": 8770`)
	warnings := *assertions.Annotations_FromStack(stack).FindWarning(text("*"),
		assertions.Match_StringLikeRegexp(text(".*each right once in 10\\^6: a chance of 0.0087, above 0.001.*")))
	if len(warnings) != 1 {
		t.Errorf("%d warnings", len(warnings))
	}
	sound := newStack(t)
	signIn(sound, valid(emailotp.ModePassword))
	if warnings := *assertions.Annotations_FromStack(sound).FindWarning(text("*"),
		assertions.Match_AnyValue()); len(warnings) != 0 {
		t.Errorf("the default warns: %v", warnings)
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

// TestTheFunctionsReadWhetherThePoolFoldsNames: the budgets of unknown names follow the pool's
// rule, or another spelling of a name would show whether an account has it.
func TestTheFunctionsReadWhetherThePoolFoldsNames(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*awscognito.UserPoolProps)
		want   bool
	}{
		"Cognito's default":        {nil, true},
		"a pool that folds names":  {func(p *awscognito.UserPoolProps) { p.SignInCaseSensitive = jsii.Bool(false) }, false},
		"a pool that doesn't fold": {func(p *awscognito.UserPoolProps) { p.SignInCaseSensitive = jsii.Bool(true) }, true},
	} {
		stack := newStack(t)
		props := valid(emailotp.ModePasswordless)
		props.UserPool = ownPool(stack, c.change)
		signIn(stack, props)
		for _, function := range []string{"SignInCreate", "SignInVerify"} {
			functions := resources(t, stack, "AWS::Lambda::Function")
			got := strings.Contains(compact(t, functions[logical(t, functions, function)]),
				`"EMAILOTP_CASE_SENSITIVE_NAMES":"true"`)
			if got != c.want {
				t.Errorf("%s, %s: case-sensitive is %v, want %v", name, function, got, c.want)
			}
		}
	}
}
