//go:build !race

package signinpage_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/signinpage"
)

func TestMain(m *testing.M) { emailotptest.Main(m) }

func signIn(t *testing.T, id string) (awscdk.Stack, emailotp.EmailOTP) {
	t.Helper()
	stack := awscdk.NewStack(emailotptest.App(t, nil), &id, nil)
	return stack, emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode: emailotp.ModePasswordless, Sender: emailotp.SenderAddress("no-reply@example.com"),
		Brand: &emailotp.Brand{AccentColor: "#00695c", TermsURL: "https://www.example.com/terms"}})
}

// refusal runs f and returns what it panics with; empty for nothing.
func refusal(f func()) (words string) {
	defer func() {
		if problem := recover(); problem != nil {
			words = fmt.Sprint(problem)
		}
	}()
	f()
	return ""
}

func TestThePageServesTheAppsOfItsSignIn(t *testing.T) {
	stack, otp := signIn(t, "Prod")
	otp.AddClient(jsii.String("Web"), &emailotp.ClientProps{
		CallbackURLs:                    jsii.Strings("https://app.example.com/callback", "http://localhost:5173/cb"),
		LogoutURLs:                      jsii.Strings("https://app.example.com/"),
		RefreshTokenRotationGracePeriod: awscdk.Duration_Seconds(jsii.Number(10)),
	})
	page := signinpage.NewSignInPage(stack, jsii.String("Page"), &signinpage.SignInPageProps{SignIn: otp,
		WebAclID: jsii.String("arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1")})
	// Clients that come later count as well, those without a callback do not.
	server := otp.AddClient(jsii.String("Server"), &emailotp.ClientProps{GenerateSecret: jsii.Bool(true),
		CallbackURLs: jsii.Strings("https://server.example.com/callback")})
	otp.AddClient(jsii.String("Job"), nil)
	if server.Secret == nil || server.UserPoolClient == nil {
		t.Error("the client lacks its parts")
	}
	page.AddRoute(jsii.String("/account/*"), otp.DefineAuthChallenge())
	if *page.URL() == "" || page.Distribution() == nil ||
		!strings.Contains(fmt.Sprint(stack.Resolve(page.OriginSecret().SecretArn())), "OriginSecret") {
		t.Error("the page lacks its parts")
	}
	template := assertions.Template_FromStack(stack, nil)
	count := func(kind string, n int) { template.ResourceCountIs(&kind, jsii.Number(n)) }
	count("AWS::Cognito::UserPoolClient", 4)
	count("AWS::SecretsManager::Secret", 2)
	count("AWS::ApiGatewayV2::Route", 6)
	count("AWS::ApiGatewayV2::Integration", 2)
	match := assertions.Match_ObjectLike
	for _, client := range *template.FindResources(jsii.String("AWS::Cognito::UserPoolClient"), nil) {
		p := (*client)["Properties"].(map[string]any)
		flows := fmt.Sprint(p["ExplicitAuthFlows"])
		if strings.Contains(flows, "SRP") || strings.Contains(flows, "PASSWORD") ||
			p["AllowedOAuthFlowsUserPoolClient"] == true ||
			p["CallbackURLs"] != nil || p["GenerateSecret"] == true ||
			strings.Contains(fmt.Sprint(p["WriteAttributes"]), "email") {
			t.Errorf("a client is more open than the construct's: %v", p)
		}
	}
	text, _ := json.Marshal(template.ToJSON())
	for _, want := range []string{`\"callbacks\":[\"https://app.example.com/callback\",\"http://localhost:5173/cb\"]`,
		`\"logouts\":[\"https://app.example.com/\"]`, `\"secret\":\"`, `"x-emailotp-origin-secret"`, `:SecretString:`,
		`"WebACLId":"arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1"`, `"PathPattern":"/account/*"`,
		`https://www.example.com/terms`, `"EmailOTP::Brand":"{\"accentColor\":\"#00695c\"`,
		`"RouteKey":"ANY /account/{proxy+}"`, `"RouteKey":"ANY /oauth2/{proxy+}"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the template lacks %s", want)
		}
	}
	for _, function := range []string{"PageHandOver", "SignInServer"} {
		if !strings.Contains(string(text), function) {
			t.Errorf("the template lacks %s", function)
		}
	}
	template.HasResourceProperties(jsii.String("AWS::IAM::Policy"), map[string]any{"PolicyDocument": map[string]any{
		"Statement": assertions.Match_ArrayWith(&[]any{
			match(&map[string]any{"Action": []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}}),
			match(&map[string]any{"Action": "secretsmanager:GetSecretValue"})})}})
	template.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{"Principal": "apigateway.amazonaws.com",
		"SourceArn": assertions.Match_AnyValue()})
}

func TestEveryWrongPropIsNamedAtOnce(t *testing.T) {
	stack, _ := signIn(t, "Prod")
	secret := emailotp.NewEmailOTP(stack, jsii.String("Secret"), &emailotp.EmailOTPProps{Mode: emailotp.ModePassword,
		Sender:              emailotp.SenderAddress("no-reply@example.com"),
		UserPoolClientProps: &emailotp.UserPoolClientProps{GenerateSecret: jsii.Bool(true)}})
	zone := awsroute53.HostedZone_FromHostedZoneId(stack, jsii.String("Zone"), jsii.String("Z1"))
	certificate := awscertificatemanager.Certificate_FromCertificateArn(stack, jsii.String("Certificate"),
		jsii.String("arn:aws:acm:us-east-1:123456789012:certificate/1"))
	for _, test := range []struct {
		props *signinpage.SignInPageProps
		wants []string
	}{
		{nil, []string{`EmailOTP "Prod/Page": SignIn is missing`}},
		{&signinpage.SignInPageProps{SignIn: secret, Domain: jsii.String("https://Login.example.com/"), MemorySize: jsii.Number(1)},
			[]string{"a secret of Cognito's", `Domain must be a domain name in small letters such as login.example.com (received: "https://Login.example.com/")`,
				"Domain and Certificate go together", "MemorySize must be"}},
		{&signinpage.SignInPageProps{HostedZone: zone, Certificate: certificate}, []string{"HostedZone is for the records of Domain",
			"Domain and Certificate go together"}},
	} {
		words := refusal(func() { signinpage.NewSignInPage(stack, jsii.String("Page"), test.props) })
		for _, want := range test.wants {
			if !strings.Contains(words, want) {
				t.Errorf("the refusal lacks %q:\n%s", want, words)
			}
		}
	}
}

// The function that changes addresses is there on request alone, has no right beyond its work, and
// knows every client of the pool.
func TestAddressesAreChangedOnRequestAlone(t *testing.T) {
	stack, otp := signIn(t, "Prod")
	page := signinpage.NewSignInPage(stack, jsii.String("Page"), &signinpage.SignInPageProps{SignIn: otp,
		ChangeAddress: jsii.Bool(true)})
	otp.AddClient(jsii.String("Later"), nil)
	if page.ChangeAddress() == nil {
		t.Error("the page lacks the function")
	}
	template := assertions.Template_FromStack(stack, nil)
	actions := map[string]bool{}
	for id, r := range *template.FindResources(jsii.String("AWS::IAM::Policy"), nil) {
		if !strings.HasPrefix(id, "PageChangeAddress") {
			continue
		}
		for _, each := range (*r)["Properties"].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			s := each.(map[string]any)
			if strings.Contains(fmt.Sprint(s["Resource"]), "*") && !strings.Contains(fmt.Sprint(s), "ses:") {
				t.Errorf("a statement is for more than one resource: %v", s)
			}
			for _, a := range strings.Fields(strings.Trim(fmt.Sprint(s["Action"]), "[]")) {
				actions[a] = true
			}
		}
	}
	want := []string{"cognito-idp:AdminGetUser", "cognito-idp:AdminUpdateUserAttributes",
		"cognito-idp:AdminUserGlobalSignOut",
		"dynamodb:GetItem", "dynamodb:UpdateItem", "kms:GenerateMac", "logs:CreateLogStream", "logs:PutLogEvents",
		"secretsmanager:GetSecretValue", "ses:SendEmail"}
	if got := slices.Sorted(maps.Keys(actions)); !slices.Equal(got, want) {
		t.Errorf("the role may %v, want %v", got, want)
	}
	text, _ := json.Marshal(template.ToJSON())
	for _, words := range []string{`"RouteKey":"ANY /account/email"`, `"RouteKey":"ANY /account/email/{proxy+}"`,
		`"PathPattern":"/account/email/*"`} {
		if !strings.Contains(string(text), words) {
			t.Errorf("the template lacks %s", words)
		}
	}

	clients := regexp.MustCompile(`"EMAILOTP_CLIENT_IDS":\{"Fn::Join":\["",\[\{"Ref":"SignIn\w+"\},",",\{"Ref":"SignInLater\w+"\}\]\]\}`)
	if !clients.Match(text) {
		t.Error("the function does not know every client")
	}

	// Where clients can write the address, a code guards nothing.
	imported := awscognito.UserPool_FromUserPoolId(stack, jsii.String("Imported"), jsii.String("eu-west-1_Example01"))
	required := awscognito.NewUserPool(stack, jsii.String("Required"), &awscognito.UserPoolProps{
		StandardAttributes: &awscognito.StandardAttributes{Email: &awscognito.StandardAttribute{Required: jsii.Bool(true)}},
		SignInAliases:      &awscognito.SignInAliases{Email: jsii.Bool(true)}, SignInCaseSensitive: jsii.Bool(false)})
	for i, test := range []struct {
		props emailotp.EmailOTPProps
		words string
	}{
		{emailotp.EmailOTPProps{UserPool: imported}, "ChangeAddress can't be: the pool is imported"},
		{emailotp.EmailOTPProps{ClientsMayChangeEmail: jsii.Bool(true)}, "ChangeAddress can't be: clients may write email"},
		{emailotp.EmailOTPProps{UserPool: required}, "ChangeAddress can't be: the pool requires email"},
	} {
		test.props.Mode, test.props.Sender = emailotp.ModePassword, emailotp.SenderAddress("no-reply@example.com")
		words := refusal(func() {
			other := emailotp.NewEmailOTP(stack, jsii.String(fmt.Sprint("Other", i)), &test.props)
			signinpage.NewSignInPage(stack, jsii.String(fmt.Sprint("OtherPage", i)), &signinpage.SignInPageProps{SignIn: other,
				ChangeAddress: jsii.Bool(true)})
		})
		if !strings.Contains(words, test.words) {
			t.Errorf("the refusal lacks %q:\n%s", test.words, words)
		}
	}
	words := refusal(func() {
		signinpage.NewSignInPage(stack, jsii.String("Codes"), &signinpage.SignInPageProps{SignIn: otp,
			ChangeAddressCode: awslambda.Code_FromAsset(jsii.String(t.TempDir()), nil)})
	})
	if !strings.Contains(words, "ChangeAddressCode is for ChangeAddress") {
		t.Errorf("refusal %q", words)
	}
}

func TestTooManyAddressesAreRefused(t *testing.T) {
	stack, otp := signIn(t, "Prod")
	signinpage.NewSignInPage(stack, jsii.String("Page"), &signinpage.SignInPageProps{SignIn: otp})
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("https://app%d.example.com/%s", i, strings.Repeat("a", 60)))
	}
	words := refusal(func() {
		otp.AddClient(jsii.String("Web"),
			&emailotp.ClientProps{CallbackURLs: jsii.Strings(many...)})
	})
	if !strings.Contains(words, "bytes and may take 3072") {
		t.Errorf("refusal %q", words)
	}
}

// What an organisation's rules ask of the sign-in holds for its page as well, and a flood of
// requests at the page leaves Lambda's concurrency to the sign-ins.
func TestAuditsAndThrottlesReachThePage(t *testing.T) {
	stack := awscdk.NewStack(emailotptest.App(t, nil), jsii.String("Prod"),
		&awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String("eu-west-1")}})
	own := awslambda.Code_FromAsset(jsii.String(t.TempDir()), nil)
	otp := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode: emailotp.ModePassword, Sender: emailotp.SenderAddress("no-reply@example.com"),
		EncryptionKey: awskms.NewKey(stack, jsii.String("Key"), nil), Tracing: awslambda.Tracing_ACTIVE,
		ReservedConcurrentExecutions: jsii.Number(50),
		VpcConfig:                    &emailotp.VpcConfig{Vpc: awsec2.NewVpc(stack, jsii.String("Network"), nil)},
	})
	signinpage.NewSignInPage(stack, jsii.String("Page"), &signinpage.SignInPageProps{SignIn: otp,
		ReservedConcurrentExecutions: jsii.Number(7), ThrottlingRateLimit: jsii.Number(20)})
	template := assertions.Template_FromStack(stack, nil)
	has := func(kind string, properties map[string]any) {
		template.HasResourceProperties(&kind, properties)
	}
	has("AWS::Lambda::Function", map[string]any{"Description": "EmailOTP hand-over", "ReservedConcurrentExecutions": 7,
		"TracingConfig": map[string]any{"Mode": "Active"}, "VpcConfig": assertions.Match_AnyValue()})
	has("AWS::ApiGatewayV2::Stage", map[string]any{"DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 20,
		"ThrottlingBurstLimit": 100}})
	encrypted := func(kind string, want func(properties map[string]any) bool) {
		for id, r := range *template.FindResources(&kind, nil) {
			if strings.HasPrefix(id, "Page") && !want((*r)["Properties"].(map[string]any)) {
				t.Errorf("%s is not encrypted by the key", id)
			}
		}
	}
	encrypted("AWS::Logs::LogGroup", func(p map[string]any) bool { return p["KmsKeyId"] != nil })
	encrypted("AWS::DynamoDB::GlobalTable", func(p map[string]any) bool {
		return strings.Contains(fmt.Sprint(p["SSESpecification"]), "KMS")
	})
	policies := template.FindResources(jsii.String("AWS::IAM::Policy"), nil)
	for id, r := range *policies {
		if words := fmt.Sprint(*r); strings.HasPrefix(id, "PageHandOver") &&
			(!strings.Contains(words, "kms:ViaService") || !strings.Contains(words, "ec2:CreateNetworkInterface")) {
			t.Errorf("%s: %s", id, words)
		}
	}
	anywhere, _ := signIn(t, "Anywhere")
	signed := emailotp.NewEmailOTP(stack, jsii.String("Signed"), &emailotp.EmailOTPProps{
		Mode: emailotp.ModePassword, Sender: emailotp.SenderAddress("signed@example.com"),
		EncryptionKey: awskms.NewKey(stack, jsii.String("Other"), nil),
		CodeSigningConfig: awslambda.CodeSigningConfig_FromCodeSigningConfigArn(stack, jsii.String("Signing"),
			jsii.String("arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0")),
		DefineAuthChallengeCode: own, CreateAuthChallengeCode: own, VerifyAuthChallengeCode: own,
		PreTokenGenerationCode: own, MailEventsCode: own,
	})
	words := refusal(func() {
		signinpage.NewSignInPage(anywhere, jsii.String("Page"), &signinpage.SignInPageProps{SignIn: signed,
			ThrottlingRateLimit: jsii.Number(0), ThrottlingBurstLimit: jsii.Number(1.5),
			ReservedConcurrentExecutions: jsii.Number(-1)})
	})
	for _, want := range []string{"CodeSigningConfig, which needs HandOverCode",
		"EncryptionKey, which needs a stack with a Region",
		"ThrottlingRateLimit must be", "ThrottlingBurstLimit must be", "ReservedConcurrentExecutions must be"} {
		if !strings.Contains(words, want) {
			t.Errorf("the refusal lacks %q:\n%s", want, words)
		}
	}
}

// `emailotp doctor` finds a page of another stack by this: its stack receives the app client's id.
func TestAPageOfAnotherStackReceivesTheAppClientsID(t *testing.T) {
	text := func(stack awscdk.Stack) string {
		out, _ := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
		return string(out)
	}
	for _, isNested := range []bool{false, true} {
		app, name := emailotptest.App(t, nil), jsii.String("Page")
		stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
		otp := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
			Mode: emailotp.ModePasswordless, Sender: emailotp.SenderAddress("no-reply@example.com")})
		var other awscdk.Stack
		if isNested {
			other = awscdk.NewNestedStack(stack, name, nil)
		} else {
			other = awscdk.NewStack(app, name, nil)
		}
		signinpage.NewSignInPage(other, name, &signinpage.SignInPageProps{SignIn: otp})
		client := regexp.MustCompile(`"(\w+)":\{[^{}]*"Metadata":\{"EmailOTP::Client"`).FindStringSubmatch(text(stack))
		if client == nil {
			t.Fatal("no app client has the mark")
		}
		reference := `{"Ref":"` + client[1] + `"}`
		if isNested {
			if !regexp.MustCompile(`"Parameters":\{[^]]*` + regexp.QuoteMeta(reference)).MatchString(text(stack)) {
				t.Error("the nested stack has no parameter with the app client's id")
			}
			continue
		}
		pattern := `"Export":\{"Name":"([^"]+)"\},"Value":` + regexp.QuoteMeta(reference)
		export := regexp.MustCompile(pattern).FindStringSubmatch(text(stack))
		if export == nil || !strings.Contains(text(other), `{"Fn::ImportValue":"`+export[1]+`"}`) {
			t.Errorf("the page's stack does not import the app client's id: %v", export)
		}
	}
}
