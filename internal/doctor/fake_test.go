package doctor_test

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const (
	poolID   = "eu-west-1_Example01"
	clientID = "1exampleclient"
	keyARN   = "arn:aws:kms:eu-west-1:123456789012:key/0c1d2e3f-0000-4000-8000-000000000001"
	tableID  = "Shop-SignInTable-1A"
	setName  = "Shop-Set"
	ruleName = "Shop-Rule"
)

func object(fields ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(fields); i += 2 {
		m[fields[i].(string)] = fields[i+1]
	}
	return m
}

// aws is AWS as recorded answers, by the IAM action; answers for one resource follow after a space.
// What a value lacks is not found.
type aws struct {
	mu      sync.Mutex
	answers map[string]any
	denied  map[string]bool
	absent  map[string]bool
	// called are the actions that were called.
	called map[string]bool
	// refuses are IAM's decisions about actions, with a missing key of the context after
	// " unless ".
	refuses map[string]string
	// web is the sign-in page.
	web browser
	// command is what examines.
	command doctor.Command
}

// fault is an answer that is an error.
type fault struct {
	status  int
	code    string
	message string
}

// services are the prefixes of X-Amz-Target.
var services = map[string]string{"AWSCognitoIdentityProviderService": "cognito-idp", "DynamoDB_20120810": "dynamodb",
	"TrentService": "kms", "AWSEvents": "events", "Logs_20140328": "logs", "AWSWAF_20190729": "wafv2",
	"secretsmanager": "secretsmanager"}

// rest are the operations of REST services by method and path.
func rest(method, path string) (action, resource string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case strings.HasPrefix(path, "/2016-08-19/account-settings"):
		return "lambda:GetAccountSettings", ""
	case len(parts) > 2 && parts[1] == "functions" && parts[len(parts)-1] == "policy":
		return "lambda:GetPolicy", parts[2]
	case len(parts) > 2 && parts[1] == "functions":
		return "lambda:GetFunction", parts[2]
	case len(parts) == 1:
		return "s3:GetBucketPublicAccessBlock", parts[0]
	case len(parts) < 3:
		return "unknown", path
	case parts[1] == "distribution":
		return "cloudfront:GetDistribution", parts[2]
	case parts[1] == "apis":
		return "apigateway:GET", parts[2]
	case parts[2] == "account":
		return "ses:GetAccount", ""
	case parts[2] == "identities":
		return "ses:GetEmailIdentity", parts[3]
	case parts[len(parts)-1] == "event-destinations":
		return "ses:GetConfigurationSetEventDestinations", ""
	case parts[2] == "configuration-sets":
		return "ses:GetConfigurationSet", ""
	case parts[2] == "suppression":
		return "ses:GetSuppressedDestination", parts[4]
	}
	return "unknown", method + " " + path
}

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	action, resource := "", ""
	isQuery, isXML, simulation := false, false, ""
	if service, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		action = services[service] + ":" + operation
		var in map[string]any
		_ = json.Unmarshal(body, &in)
		for _, name := range []string{"ClientId", "TableName"} {
			if v, ok := in[name].(string); ok {
				resource = v
			}
		}
	} else if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form") {
		form, _ := url.ParseQuery(string(body))
		isQuery = true
		action = "cloudformation:" + form.Get("Action")
		resource = strings.TrimSpace(form.Get("StackName") + form.Get("ExportName") + " " + form.Get("NextToken"))
		switch form.Get("Version") {
		case awsapi.CloudWatch.Version:
			action = "cloudwatch:" + form.Get("Action")
		case awsapi.IAM.Version:
			action = "iam:" + form.Get("Action")
			simulation = a.simulate(form)
		}
	} else {
		path, _ := url.PathUnescape(r.URL.EscapedPath())
		action, resource = rest(r.Method, path)
		isXML = strings.HasPrefix(action, "s3:") || strings.HasPrefix(action, "cloudfront:")
	}
	a.mu.Lock()
	a.called[action] = true
	answer, ok := a.answers[action+" "+resource]
	if !ok {
		answer, ok = a.answers[action]
	}
	if simulation != "" {
		answer, ok = simulation, true
	}
	switch {
	case a.absent[action]:
		answer = fault{501, "NotImplemented", ""}
	case a.denied[action]:
		answer = fault{403, "AccessDeniedException", "User is not authorized to perform: " + action}
	case !ok:
		answer = fault{404, "ResourceNotFoundException", resource + " not found"}
	}
	a.mu.Unlock()
	if f, isFault := answer.(fault); isFault {
		w.WriteHeader(f.status)
		if isQuery || isXML {
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>",
				strings.TrimSuffix(f.code, "Exception"), f.message)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": f.code, "message": f.message})
		return
	}
	if isQuery {
		operation := action[strings.Index(action, ":")+1:]
		fmt.Fprintf(w, "<%sResponse><%sResult>%s</%sResult></%sResponse>", operation, operation, answer, operation, operation)
		return
	}
	if isXML {
		fmt.Fprint(w, answer)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// simulate answers a simulation: what refuses does not have is allowed.
func (a *aws) simulate(form url.Values) string {
	results := ""
	for i := 1; form.Get(fmt.Sprintf("ActionNames.member.%d", i)) != ""; i++ {
		action := form.Get(fmt.Sprintf("ActionNames.member.%d", i))
		decision, missing, has := strings.Cut(a.refuses[action], " unless ")
		if has {
			missing = "<MissingContextValues><member>" + missing + "</member></MissingContextValues>"
		}
		results += "<member><EvalActionName>" + action + "</EvalActionName><EvalDecision>" + cmp.Or(decision, "allowed") +
			"</EvalDecision>" + missing + "</member>"
	}
	return "<EvaluationResults>" + results + "</EvaluationResults>"
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// logicalID is a function's, as the CDK makes them.
func logicalID(f settings.Function) string { return "SignIn" + deployed.Slot(f) + "0A1B2C3D" }

func functionARN(f settings.Function) string {
	return "arn:aws:lambda:eu-west-1:123456789012:function:" + string(f)
}

// healthy is a deployed EmailOTP with nothing to find. Names of functions on Lambda are their names
// in the module.
func healthy(mode settings.Mode) *aws {
	s := settings.Defaults(mode)
	s.KeyARN, s.TableName, s.UserPoolID, s.ConfigurationSet = keyARN, tableID, poolID, setName
	s.From, s.ProductName = "codes@mail.example.com", "Shop"
	a := &aws{answers: map[string]any{}, denied: map[string]bool{}, absent: map[string]bool{}, called: map[string]bool{},
		web: pages()}
	resources := object(
		"SignInUserPool1", object("Type", "AWS::Cognito::UserPool"),
		"SignInClient1", object("Type", "AWS::Cognito::UserPoolClient", "Metadata", object("EmailOTP::Client", string(mode)),
			"Properties", object("UserPoolId", object("Ref", "SignInUserPool1"))),
		"SignInTable1", object("Type", "AWS::DynamoDB::GlobalTable"),
		"SignInEmailIdentity1", object("Type", "AWS::SES::EmailIdentity"),
		"SignInMailEventsRule1", object("Type", "AWS::Events::Rule"),
		"SignInAlarmsFaults1", object("Type", "AWS::CloudWatch::Alarm"),
	)
	physical := map[string]string{"SignInUserPool1": poolID, "SignInClient1": clientID, "SignInTable1": tableID,
		"SignInEmailIdentity1": "mail.example.com", "SignInMailEventsRule1": ruleName, "SignInAlarmsFaults1": "Shop-Faults"}
	lambdas := object()
	for _, f := range settings.Functions(mode) {
		environment := map[string]any{}
		for name, value := range s.Environment(f) {
			environment[name] = value
		}
		variables := maps.Clone(environment)
		if _, has := environment["EMAILOTP_TABLE"]; has {
			environment["EMAILOTP_TABLE"] = object("Ref", "SignInTable1")
		}
		resources[logicalID(f)] = object("Type", "AWS::Lambda::Function", "Metadata", object("EmailOTP::Function", string(f)),
			"Properties", object("Environment", object("Variables", environment)))
		physical[logicalID(f)] = string(f)
		a.answers["lambda:GetFunction "+string(f)] = object("Configuration", object("FunctionName", string(f), "FunctionArn",
			functionARN(f), "Role", "arn:aws:iam::123456789012:role/"+string(f), "Runtime", "provided.al2023",
			"State", "Active", "LastUpdateStatus", "Successful",
			"Architectures", []string{"arm64"}, "Environment", object("Variables", variables),
			"LoggingConfig", object("LogGroup", "Shop-Logs")))
		service, source := "cognito-idp.amazonaws.com", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"+poolID
		if f == settings.MailEvents {
			service, source = "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/"+ruleName
		}
		a.answers["lambda:GetPolicy "+string(f)] = policyOf(permission("Permission", object("Service", service), source))
	}
	for trigger, f := range map[string]settings.Function{"DefineAuthChallenge": settings.DefineAuthChallenge,
		"CreateAuthChallenge": settings.CreateAuthChallenge, "VerifyAuthChallengeResponse": settings.VerifyAuthChallenge,
		"PreSignUp": settings.PreSignUp, "PreTokenGeneration": settings.PreTokenGeneration} {
		if slices.Contains(settings.Functions(mode), f) {
			lambdas[trigger] = functionARN(f)
		}
	}
	a.setStack("Shop", resources, physical, "CREATE_COMPLETE", "UPDATE_COMPLETE")
	maps.Copy(a.answers, map[string]any{
		"cognito-idp:DescribeUserPool": object("UserPool", object("Id", poolID, "UserPoolTier", "LITE", "MfaConfiguration", "OFF",
			"DeletionProtection", "ACTIVE", "AccountRecoverySetting", object("RecoveryMechanisms",
				[]any{object("Name", "admin_only", "Priority", 1)}), "LambdaConfig", lambdas, "UsernameAttributes", []string{"email"})),
		"cognito-idp:ListUserPoolClients": object("UserPoolClients", []any{object("ClientId", clientID)}),
		"cognito-idp:DescribeUserPoolClient " + clientID: object("UserPoolClient", object("ClientId", clientID, "ClientName", "Web",
			"ExplicitAuthFlows", []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, "WriteAttributes", []string{"name"},
			"AuthSessionValidity", 15, "PreventUserExistenceErrors", "ENABLED")),
		"kms:DescribeKey": object("KeyMetadata", object("KeyState", "Enabled", "KeySpec", "HMAC_256", "KeyUsage",
			"GENERATE_VERIFY_MAC")),
		"dynamodb:DescribeTable": object("Table", object("TableStatus", "ACTIVE", "DeletionProtectionEnabled", true, "KeySchema",
			[]any{object("AttributeName", "pk", "KeyType", "HASH")})),
		"dynamodb:DescribeTimeToLive": object("TimeToLiveDescription", object("TimeToLiveStatus", "ENABLED", "AttributeName", "ttl")),
		"dynamodb:DescribeContinuousBackups": object("ContinuousBackupsDescription", object("PointInTimeRecoveryDescription",
			object("PointInTimeRecoveryStatus", "ENABLED"))),
		"events:DescribeRule":       object("State", "ENABLED"),
		"events:ListTargetsByRule":  object("Targets", []any{object("Arn", functionARN(settings.MailEvents))}),
		"lambda:GetAccountSettings": object("AccountLimit", object("ConcurrentExecutions", 1000, "UnreservedConcurrentExecutions", 900)),
		"ses:GetAccount": object("ProductionAccessEnabled", true, "SendingEnabled", true, "EnforcementStatus", "HEALTHY",
			"SendQuota", object("Max24HourSend", 500000, "MaxSendRate", 14, "SentLast24Hours", 10)),
		"ses:GetEmailIdentity": object("IdentityType", "DOMAIN", "VerifiedForSendingStatus", true, "DkimAttributes",
			object("SigningEnabled", true, "Status", "SUCCESS"), "MailFromAttributes",
			object("MailFromDomain", "bounce.mail.example.com", "MailFromDomainStatus", "SUCCESS")),
		"ses:GetConfigurationSet": object("SendingOptions", object("SendingEnabled", true)),
		"ses:GetConfigurationSetEventDestinations": object("EventDestinations", []any{object("Enabled", true, "MatchingEventTypes",
			[]string{"BOUNCE", "COMPLAINT"}, "EventBridgeDestination", object("EventBusArn", "default"))}),
		"logs:DescribeLogGroups":             object("logGroups", []any{object("logGroupName", "Shop-Logs", "retentionInDays", 30)}),
		"cloudwatch:DescribeAlarmsForMetric": "<MetricAlarms><member><AlarmName>Shop-Faults</AlarmName></member></MetricAlarms>",
		"cloudwatch:DescribeAlarms":          "<MetricAlarms></MetricAlarms>",
		"cloudwatch:GetMetricData":           "<MetricDataResults></MetricDataResults>",
		"wafv2:GetWebACLForResource":         object("WebACL", object("Name", "Limits", "Rules", []any{rateRule("Block")})),
	})
	if mode == settings.Password { // so that both a stack with a page and one without are examined
		a.addPage("Shop")
	}
	return a
}

func rateRule(action string) map[string]any {
	return object("Action", object(action, object()), "Statement", object("RateBasedStatement", object("Limit", 300)))
}

// addPage adds a sign-in page by which users may change their address to a stack.
func (a *aws) addPage(stack string) {
	for id, kind := range map[string]string{"Files1": "S3::Bucket", "Distribution1": "CloudFront::Distribution",
		"Api1": "ApiGatewayV2::Api", "Codes1": "DynamoDB::GlobalTable", "OriginSecret1": "SecretsManager::Secret"} {
		a.addTo(stack, "Page"+id, strings.ToLower("page-"+id), object("Type", "AWS::"+kind))
	}
	variables := object("EMAILOTP_USER_POOL_ID", poolID, "EMAILOTP_CODES_TABLE", "page-codes1", "EMAILOTP_ORIGIN_SECRET",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:page-1")
	for _, f := range []settings.Function{settings.HandOver, settings.ChangeAddress} {
		a.addTo(stack, "Page"+deployed.Slot(f)+"0A1B2C3D", string(f), object("Type", "AWS::Lambda::Function", "Metadata",
			object("EmailOTP::Function", string(f)), "Properties", object("Environment", object("Variables", variables))))
		a.answers["lambda:GetFunction "+string(f)] = object("Configuration", object("FunctionName", string(f), "FunctionArn",
			functionARN(f), "Role", "arn:aws:iam::123456789012:role/"+string(f), "Runtime", "provided.al2023",
			"State", "Active", "LastUpdateStatus", "Successful",
			"Architectures", []string{"arm64"}, "Environment", object("Variables", maps.Clone(variables)),
			"LoggingConfig", object("LogGroup", "Shop-Logs")))
		a.answers["lambda:GetPolicy "+string(f)] = policyOf(
			permission("Permission", object("Service", "apigateway.amazonaws.com"),
				"arn:aws:execute-api:eu-west-1:123456789012:page-api1/*"))
	}
	a.servePage()
}

// servePage adds the answers about what serves the page.
func (a *aws) servePage() {
	behaviors := ""
	for _, path := range []string{"/oauth2/*", "/login", "/signup", "/logout", "/.well-known/*", "/account/email",
		"/account/email/*"} {
		behaviors += "<CacheBehavior><PathPattern>" + path +
			"</PathPattern><TargetOriginId>api</TargetOriginId></CacheBehavior>"
	}
	maps.Copy(a.answers, map[string]any{
		"cloudfront:GetDistribution": "<Distribution><Status>Deployed</Status><DomainName>d1.cloudfront.net</DomainName>" +
			"<DistributionConfig><Enabled>true</Enabled><Aliases><Items><CNAME>login.example.com</CNAME></Items></Aliases>" +
			"<WebACLId>arn:aws:wafv2:us-east-1:123456789012:global/webacl/Page/1</WebACLId>" +
			"<DefaultCacheBehavior><TargetOriginId>files</TargetOriginId></DefaultCacheBehavior><Origins><Items>" +
			"<Origin><Id>files</Id><DomainName>page-files1.s3.eu-west-1.amazonaws.com</DomainName>" +
			"<OriginAccessControlId>E1</OriginAccessControlId></Origin>" +
			"<Origin><Id>api</Id><DomainName>page-api1.execute-api.eu-west-1.amazonaws.com</DomainName></Origin></Items></Origins>" +
			"<CacheBehaviors><Items>" + behaviors + "</Items></CacheBehaviors></DistributionConfig></Distribution>",
		"s3:GetBucketPublicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>" +
			"<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>" +
			"<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
		"apigateway:GET":                object("defaultRouteSettings", object("throttlingRateLimit", 100, "throttlingBurstLimit", 100)),
		"secretsmanager:DescribeSecret": object("Name", "page"),
		"dynamodb:DescribeTable page-codes1": object("Table", object("TableStatus", "ACTIVE", "KeySchema",
			[]any{object("AttributeName", "pk")})),
		"dynamodb:DescribeTimeToLive page-codes1": object("TimeToLiveDescription", object("TimeToLiveStatus", "ENABLED",
			"AttributeName", "ttl")),
	})
}

// browser answers for the page by host and path. What it lacks does not answer.
type browser map[string]int

func pages() browser {
	const discovery = "/.well-known/openid-configuration"
	return browser{"login.example.com/": 200, "login.example.com" + discovery: 200,
		"page-api1.execute-api.eu-west-1.amazonaws.com" + discovery: 403}
}

func (b browser) RoundTrip(r *http.Request) (*http.Response, error) {
	status, ok := b[r.URL.Host+r.URL.Path]
	if !ok {
		return nil, errors.New("no such host")
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

// permission is a statement of a function's policy; an empty source is none.
func permission(sid string, principal any, source string) map[string]any {
	s := object("Sid", sid, "Effect", "Allow", "Principal", principal, "Action", "lambda:InvokeFunction")
	if source != "" {
		s["Condition"] = object("ArnLike", object("AWS:SourceArn", source))
	}
	return s
}

func policyOf(statements ...any) map[string]any {
	policy, _ := json.Marshal(object("Statement", statements))
	return object("Policy", string(policy))
}

// setStack sets what CloudFormation answers.
func (a *aws) setStack(name string, resources map[string]any, physical map[string]string, status, stackStatus string) {
	var summaries strings.Builder
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		fmt.Fprintf(&summaries, "<member><LogicalResourceId>%s</LogicalResourceId><PhysicalResourceId>%s</PhysicalResourceId>"+
			"<ResourceType>%s</ResourceType><ResourceStatus>%s</ResourceStatus></member>", id, physical[id],
			resources[id].(map[string]any)["Type"], status)
	}
	template, _ := json.Marshal(object("Resources", resources))
	a.answers["cloudformation:GetTemplate "+name] = "<TemplateBody>" + escaped(string(template)) + "</TemplateBody>"
	a.answers["cloudformation:ListStackResources "+name] = "<StackResourceSummaries>" + summaries.String() +
		"</StackResourceSummaries>"
	a.answers["cloudformation:DescribeStacks "+name] = "<Stacks><member><StackStatus>" + stackStatus +
		"</StackStatus></member></Stacks>"
}

// add adds a resource to what CloudFormation answers about the EmailOTP's stack.
func (a *aws) add(id, physical string, resource map[string]any) {
	a.addTo("Shop", id, physical, resource)
}

func (a *aws) addTo(stack, id, physical string, resource map[string]any) {
	text, _ := json.Marshal(resource)
	a.edit("cloudformation:GetTemplate "+stack, escaped(`{"Resources":{`),
		escaped(fmt.Sprintf(`{"Resources":{%q:%s,`, id, text)), 1)
	a.edit("cloudformation:ListStackResources "+stack, "<StackResourceSummaries>",
		fmt.Sprintf("<StackResourceSummaries><member><LogicalResourceId>%s</LogicalResourceId>"+
			"<PhysicalResourceId>%s</PhysicalResourceId><ResourceType>%s</ResourceType><ResourceStatus>CREATE_COMPLETE"+
			"</ResourceStatus></member>", id, physical, resource["Type"]), 1)
}

// edit replaces the first n places of a text in an answer; all if n is negative.
func (a *aws) edit(answer, from, to string, n int) {
	a.answers[answer] = strings.Replace(a.answers[answer].(string), from, to, n)
}

// in returns the object at a path of an answer, to be changed.
func (a *aws) in(answer string, path ...string) map[string]any {
	m := a.answers[answer].(map[string]any)
	for _, name := range path {
		m = m[name].(map[string]any)
	}
	return m
}

// client returns a client of the recorded AWS, by the SDK's usual variables.
func client(t *testing.T, a *aws) *awsapi.Client {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_CONFIG_FILE": os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_CA_BUNDLE": ""} {
		t.Setenv(name, value)
	}
	api, err := awsapi.New(t.Context(), awsapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
