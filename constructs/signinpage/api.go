package signinpage

import (
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/bundle"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/httpapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// handOverSeconds is the function's timeout: a hand-over calls Cognito, which runs the pool's
// triggers, and the table.
const handOverSeconds = 15

// secretLength is the length of the distribution's secret: 43 letters and digits have 256 bits.
const secretLength = 43

// viewerScript sends the function the page's own origin: the function sees the HTTP API's host, and
// CloudFront's own domain can't be in its environment, which the distribution depends on.
const viewerScript = `function handler(event) {
  var request = event.request;
  request.headers['%s'] = { value: 'https://' + request.headers.host.value };
  return request;
}`

// addHandOver creates the function that speaks OAuth 2.0, and what it stands on.
func (p *signInPage) addHandOver() {
	p.originSecret = awssecretsmanager.NewSecret(p, jsii.String("OriginSecret"), &awssecretsmanager.SecretProps{
		Description: jsii.String("By it the functions of the sign-in page recognise its distribution"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true)},
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	// A code lives for a minute and its tombstone for ten: nothing here is worth a backup.
	codes := awsdynamodb.NewTableV2(p, jsii.String("Codes"), &awsdynamodb.TablePropsV2{
		PartitionKey:        &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute: jsii.String("ttl"),
		Billing:             awsdynamodb.Billing_OnDemand(nil),
		Encryption:          p.platform.TableEncryption(),
		RemovalPolicy:       awscdk.RemovalPolicy_DESTROY,
	})
	environment := settings.Page{UserPoolID: *p.props.SignIn.UserPool().UserPoolId(), Clients: []settings.Client{},
		CodesTable: *codes.TableName(), OriginSecret: *p.originSecret.SecretArn()}.Environment()
	code, failure := p.code(settings.HandOver, p.props.HandOverCode, nil)
	p.handOver = function.New(p, "HandOver", function.Props{
		Function: settings.HandOver, Code: code, IsGiven: p.props.HandOverCode != nil,
		Architecture: p.props.SignIn.DefineAuthChallenge().Architecture(), MemorySize: p.memorySize(),
		Timeout: handOverSeconds, Environment: environment,
		Statements: []awsiam.PolicyStatement{
			allow([]*string{codes.TableArn()}, settings.HandOverTableActions()...),
		},
		LogGroup: p.logGroup("HandOverLogs"),
		Grant:    func(role awsiam.Role) { p.platform.Grant(role, true) }, Change: p.platform.Apply,
	})
	failure()
	p.addAPI()
	for _, path := range settings.HandOverPaths() {
		p.AddRoute(jsii.String(strings.Replace(path, "{proxy+}", "*", 1)), p.handOver)
	}
	p.props.SignIn.EachClient(p.addClient)
}

// logGroup returns the log group of the sign-in, or a new one.
func (p *signInPage) logGroup(id string) awslogs.ILogGroup {
	if p.platform.LogGroup != nil {
		return p.platform.LogGroup
	}
	props := &awslogs.LogGroupProps{Retention: p.props.LogRetention, RemovalPolicy: awscdk.RemovalPolicy_DESTROY}
	if p.platform.EncryptionKey != nil { // the sign-in lets CloudWatch Logs use it for every group
		props.EncryptionKey = p.platform.EncryptionKey
	}
	return awslogs.NewLogGroup(p, &id, props)
}

func allow(resources []*string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...),
		Resources: &resources})
}

func (p *signInPage) memorySize() int {
	if p.props.MemorySize == nil {
		return settings.DefaultMemorySize
	}
	return int(*p.props.MemorySize)
}

// code returns the code of a function: the given one, or one that is built with mail.json beside
// it. The second value refuses an error of the build once the CDK has made the asset.
func (p *signInPage) code(f settings.Function, given awslambda.Code, mailFile []byte) (awslambda.Code, func()) {
	if given != nil {
		return given, func() {}
	}
	refuse := func(err error) {
		if err == nil {
			return
		}
		prop := map[settings.Function]string{settings.HandOver: "HandOverCode",
			settings.ChangeAddress: "ChangeAddressCode"}[f]
		p.fail("%s could not be built: %v; %s takes a zip built beforehand (emailotp lambdas writes one)", f,
			strings.Join(strings.Fields(err.Error()), " "), prop)
	}
	dir, err := bundle.Source(p)
	refuse(err)
	goarch := "arm64"
	if *p.props.SignIn.DefineAuthChallenge().Architecture().Name() == *awslambda.Architecture_X86_64().Name() {
		goarch = "amd64"
	}
	batch := bundle.New(goarch, nil)
	batch.Unbuilt = p.Node().TryGetContext(jsii.String(contract.UnbuiltContext)) == "true"
	code, failure := batch.Code(dir, f, mailFile)
	return code, func() {
		err := failure()
		if closing := batch.Close(); err == nil {
			err = closing
		}
		refuse(err)
	}
}

// addChangeAddress creates the function by which users change their address.
func (p *signInPage) addChangeAddress() {
	needs := p.props.SignIn.AddressChange()
	code, failure := p.code(settings.ChangeAddress, p.props.ChangeAddressCode, needs.MailFile)
	environment := maps.Clone(needs.Environment)
	environment[settings.OriginSecretVariable] = *p.originSecret.SecretArn()
	p.change = function.New(p, "ChangeAddress", function.Props{
		Function: settings.ChangeAddress, Code: code, IsGiven: p.props.ChangeAddressCode != nil,
		Architecture: p.handOver.Architecture(), MemorySize: p.memorySize(), Timeout: handOverSeconds,
		Environment: environment, Statements: needs.Statements,
		LogGroup: p.logGroup("ChangeAddressLogs"),
		Grant:    func(role awsiam.Role) { p.platform.Grant(role, true) }, Change: p.platform.Apply,
	})
	failure()
	for _, path := range settings.ChangeAddressPaths() {
		p.AddRoute(jsii.String(strings.Replace(path, "{proxy+}", "*", 1)), p.change)
	}
	p.mayChange(p.props.SignIn.UserPoolClient())
	p.props.SignIn.EachClient(func(c emailotp.Client) { p.mayChange(c.UserPoolClient) })
}

// mayChange lets the users of an app client change their address.
func (p *signInPage) mayChange(client awscognito.UserPoolClient) {
	p.clientIDs = append(p.clientIDs, *client.UserPoolClientId())
	p.change.AddEnvironment(jsii.String(settings.ClientIDsVariable), jsii.String(strings.Join(p.clientIDs, ",")), nil)
}

// addClient adds a client with CallbackURLs to the function's settings.
func (p *signInPage) addClient(c emailotp.Client) {
	if len(c.CallbackURLs) == 0 {
		return
	}
	client := settings.Client{ID: *c.UserPoolClient.UserPoolClientId(), CallbackURLs: c.CallbackURLs,
		LogoutURLs: c.LogoutURLs}
	if c.Secret != nil {
		client.Secret = *c.Secret.SecretArn()
		p.mayRead(p.handOver, c.Secret)
	}
	p.clients = append(p.clients, client)
	if n := size(p.clients); n > settings.MaxClients {
		p.fail("the clients with their CallbackURLs and LogoutURLs take %d bytes and may take %d, because a Lambda "+
			"function's environment has 4,096; shorten the addresses, or give some apps an EmailOTP of their own",
			n, settings.MaxClients)
	}
	p.handOver.AddEnvironment(jsii.String(settings.ClientsVariable), jsii.String(settings.EncodeClients(p.clients)), nil)
}

// size returns the length of the clients' variable with ids and ARNs as they will be: 26
// characters, and 110 at most.
func size(clients []settings.Client) int {
	longest := make([]settings.Client, len(clients))
	for i, c := range clients {
		if c.ID = strings.Repeat("x", 26); propread.IsToken(c.Secret) {
			c.Secret = strings.Repeat("x", 110)
		}
		longest[i] = c
	}
	return len(settings.EncodeClients(longest))
}

// mayRead lets a function read a secret.
func (p *signInPage) mayRead(fn awslambda.Function, secret awssecretsmanager.ISecret) {
	fn.AddToRolePolicy(allow([]*string{secret.SecretArn()}, "secretsmanager:GetSecretValue"))
}

// addAPI creates the HTTP API and what its routes have in common. A function URL would not do:
// behind CloudFront it requires that browsers sign the bodies that they send.
func (p *signInPage) addAPI() {
	p.api = awsapigatewayv2.NewCfnApi(p, jsii.String("Api"), &awsapigatewayv2.CfnApiProps{
		Name: jsii.String(uniqueName(p, "Api")), ProtocolType: jsii.String("HTTP"),
		Description: jsii.String("The functions behind the sign-in page's distribution"),
	})
	awsapigatewayv2.NewCfnStage(p, jsii.String("ApiStage"), &awsapigatewayv2.CfnStageProps{
		ApiId: p.api.Ref(), StageName: jsii.String("$default"), AutoDeploy: jsii.Bool(true),
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit: jsii.Number(p.rate), ThrottlingBurstLimit: jsii.Number(p.burst)},
	})
	stack := awscdk.Stack_Of(p)
	p.apiOrigin = &origin{awscloudfront.CfnDistribution_OriginProperty{
		DomainName: jsii.String(*p.api.Ref() + ".execute-api." + *stack.Region() + "." + *stack.UrlSuffix()),
		CustomOriginConfig: &awscloudfront.CfnDistribution_CustomOriginConfigProperty{
			OriginProtocolPolicy: jsii.String("https-only"), OriginSslProtocols: jsii.Strings("TLSv1.2"),
		},
		// CloudFront sends it in place of what a viewer sent under that name.
		OriginCustomHeaders: &[]any{&awscloudfront.CfnDistribution_OriginCustomHeaderProperty{
			HeaderName:  jsii.String(strings.ToLower(httpapi.SecretHeader)),
			HeaderValue: p.originSecret.SecretValue().UnsafeUnwrap(),
		}},
	}}
	script := strings.Replace(viewerScript, "%s", strings.ToLower(httpapi.OriginHeader), 1)
	viewer := awscloudfront.NewFunction(p, jsii.String("OwnOrigin"), &awscloudfront.FunctionProps{
		Comment: jsii.String("Tells the functions of the sign-in page its own origin"),
		Code:    awscloudfront.FunctionCode_FromInline(&script), Runtime: awscloudfront.FunctionRuntime_JS_2_0(),
	})
	p.behavior = &awscloudfront.AddBehaviorOptions{
		AllowedMethods:       awscloudfront.AllowedMethods_ALLOW_ALL(),
		CachePolicy:          awscloudfront.CachePolicy_CACHING_DISABLED(),
		OriginRequestPolicy:  awscloudfront.OriginRequestPolicy_ALL_VIEWER_EXCEPT_HOST_HEADER(),
		ViewerProtocolPolicy: awscloudfront.ViewerProtocolPolicy_HTTPS_ONLY,
		ResponseHeadersPolicy: awscloudfront.NewResponseHeadersPolicy(p, jsii.String("ApiHeaders"),
			&awscloudfront.ResponseHeadersPolicyProps{SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
				StrictTransportSecurity: hsts()}}),
		FunctionAssociations: &[]*awscloudfront.FunctionAssociation{{
			EventType: awscloudfront.FunctionEventType_VIEWER_REQUEST, Function: viewer}},
	}
}

// AddRoute adds the behaviour, the route, the integration and the permission of a path.
func (p *signInPage) AddRoute(path *string, fn awslambda.Function) {
	id := "Route" + strings.NewReplacer("/", "-", "*", "all", ".", "").Replace(*path)
	if p.Node().TryFindChild(&id) != nil {
		p.fail("AddRoute: the path %s has a function already; give this one another", *path)
	}
	integrationID := "Integration" + *fn.Node().Id()
	integration, ok := p.Node().TryFindChild(&integrationID).(awsapigatewayv2.CfnIntegration)
	if !ok {
		integration = awsapigatewayv2.NewCfnIntegration(p, &integrationID, &awsapigatewayv2.CfnIntegrationProps{
			ApiId: p.api.Ref(), IntegrationType: jsii.String("AWS_PROXY"), IntegrationUri: fn.FunctionArn(),
			PayloadFormatVersion: jsii.String("2.0"),
		})
		stack := awscdk.Stack_Of(p)
		awslambda.NewCfnPermission(p, jsii.String(integrationID+"Permission"), &awslambda.CfnPermissionProps{
			Action: jsii.String("lambda:InvokeFunction"), FunctionName: fn.FunctionArn(),
			Principal: jsii.String("apigateway.amazonaws.com"),
			SourceArn: stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("execute-api"), Resource: p.api.Ref(),
				ResourceName: jsii.String("*")}),
		})
		p.mayRead(fn, p.originSecret)
	}
	awsapigatewayv2.NewCfnRoute(p, &id, &awsapigatewayv2.CfnRouteProps{
		ApiId: p.api.Ref(), RouteKey: jsii.String("ANY " + route(*path)),
		Target: jsii.String("integrations/" + *integration.Ref()),
	})
	p.distribution.AddBehavior(path, p.apiOrigin, p.behavior)
}
