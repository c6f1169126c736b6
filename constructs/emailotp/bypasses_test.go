//go:build !race

package emailotp_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

var custom = &awscognito.AuthFlow{Custom: jsii.Bool(true)}

// closed returns client options without a bypass.
func closed() *awscognito.UserPoolClientOptions {
	return &awscognito.UserPoolClientOptions{
		AuthFlows: custom, DisableOAuth: jsii.Bool(true),
		WriteAttributes: awscognito.NewClientAttributes().WithStandardAttributes(&awscognito.StandardAttributesMask{Locale: jsii.Bool(true)}),
	}
}

// ownPool returns a pool that an EmailOTP can be attached to.
func ownPool(stack awscdk.Stack, change func(*awscognito.UserPoolProps)) awscognito.UserPool {
	props := &awscognito.UserPoolProps{
		SignInAliases:   &awscognito.SignInAliases{Email: jsii.Bool(true)},
		AccountRecovery: awscognito.AccountRecovery_NONE,
	}
	if change != nil {
		change(props)
	}
	return awscognito.NewUserPool(stack, jsii.String("Pool"), props)
}

func TestEveryBypassOfAnotherClientFailsSynthesisInEitherOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*awscognito.UserPoolClientOptions)
		kind    emailotp.BypassKind
		problem string
	}{
		{"SRP", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{Custom: jsii.Bool(true), UserSrp: jsii.Bool(true)}
		}, emailotp.BypassUserSrpAuth, "app client Prod/Legacy allows ALLOW_USER_SRP_AUTH on user pool Prod/SignIn/UserPool, so a password alone signs in there; use AuthFlow{Custom: true}, or a pool of its own"},
		{"USER_PASSWORD", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{UserPassword: jsii.Bool(true)}
		}, emailotp.BypassUserPasswordAuth, "allows ALLOW_USER_PASSWORD_AUTH"},
		{"ADMIN_USER_PASSWORD", func(o *awscognito.UserPoolClientOptions) {
			o.AuthFlows = &awscognito.AuthFlow{AdminUserPassword: jsii.Bool(true)}
		}, emailotp.BypassAdminUserPasswordAuth, "allows ALLOW_ADMIN_USER_PASSWORD_AUTH"},
		{"USER_AUTH", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = &awscognito.AuthFlow{User: jsii.Bool(true)} },
			emailotp.BypassUserAuth, "allows ALLOW_USER_AUTH"},
		{"no flows, Cognito's default", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = nil },
			emailotp.BypassUserSrpAuth, "leaves its flows to Cognito's default"},
		{"empty flows", func(o *awscognito.UserPoolClientOptions) { o.AuthFlows = &awscognito.AuthFlow{} },
			emailotp.BypassUserSrpAuth, "leaves its flows to Cognito's default"},
		{"hosted UI by default", func(o *awscognito.UserPoolClientOptions) { o.DisableOAuth = nil },
			emailotp.BypassHostedUI, "allows OAuth grants (implicit, code)"},
		{"hosted UI by code", func(o *awscognito.UserPoolClientOptions) {
			o.DisableOAuth = nil
			o.OAuth = &awscognito.OAuthSettings{Flows: &awscognito.OAuthFlows{AuthorizationCodeGrant: jsii.Bool(true)}}
		}, emailotp.BypassHostedUI, "allows OAuth grants (code)"},
		{"email writable by default", func(o *awscognito.UserPoolClientOptions) { o.WriteAttributes = nil },
			emailotp.BypassWriteEmail, "may write every attribute"},
		{"email writable", func(o *awscognito.UserPoolClientOptions) {
			o.WriteAttributes = awscognito.NewClientAttributes().WithStandardAttributes(&awscognito.StandardAttributesMask{Email: jsii.Bool(true)})
		}, emailotp.BypassWriteEmail, "may write the attribute email"},
	} {
		options := closed()
		c.change(options)
		add := func(stack awscdk.Stack, pool awscognito.IUserPool) {
			awscognito.NewUserPoolClient(stack, jsii.String("Legacy"), &awscognito.UserPoolClientProps{UserPool: pool,
				AuthFlows: options.AuthFlows, DisableOAuth: options.DisableOAuth, OAuth: options.OAuth, WriteAttributes: options.WriteAttributes})
		}
		t.Run(c.name+", client last", func(t *testing.T) {
			stack := newStack(t)
			add(stack, signIn(stack, valid(emailotp.ModePassword)).UserPool())
			words := synthesised(stack)
			contains(t, words, "[Prod/SignIn] app client Prod/Legacy ", c.problem, `{Kind: "`+string(c.kind)+`", Path: "Prod/Legacy"}`)
		})
		t.Run(c.name+", client first", func(t *testing.T) {
			stack := newStack(t)
			pool := ownPool(stack, nil)
			add(stack, pool)
			props := valid(emailotp.ModePasswordless)
			props.UserPool = pool
			signIn(stack, props)
			contains(t, synthesised(stack), `{Kind: "`+string(c.kind)+`", Path: "Prod/Legacy"}`)
		})
	}
}

func TestBypassesAreFoundThroughEveryReferenceToThePool(t *testing.T) {
	for _, c := range []struct {
		name string
		add  func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool)
	}{
		{"from another stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscognito.NewUserPoolClient(other, jsii.String("Web"), &awscognito.UserPoolClientProps{UserPool: pool})
		}},
		{"imported by id", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscognito.UserPool_FromUserPoolId(stack, jsii.String("Imported"), pool.UserPoolId()).AddClient(jsii.String("Web"), nil)
		}},
		{"imported by ARN", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscognito.UserPool_FromUserPoolArn(stack, jsii.String("Imported"), pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"imported by ARN into another stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscognito.UserPool_FromUserPoolArn(other, jsii.String("Imported"), pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"imported by ARN into a nested stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			nested := awscdk.NewNestedStack(stack, jsii.String("Nested"), nil)
			awscognito.UserPool_FromUserPoolArn(nested, jsii.String("Imported"), pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"by an export", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscognito.NewCfnUserPoolClient(other, jsii.String("Web"), &awscognito.CfnUserPoolClientProps{UserPoolId: stack.ExportValue(pool.UserPoolId(), nil)})
		}},
		{"by an export of the app's own name", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			export(stack, pool, "customers")
			bareClient(awscdk.NewStack(app, jsii.String("Other"), nil), awscdk.Fn_ImportValue(jsii.String("customers")))
		}},
		{"by an export named after its stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			export(stack, pool, *awscdk.Fn_Sub(jsii.String("${AWS::StackName}-pool"), nil))
			bareClient(awscdk.NewStack(app, jsii.String("Other"), nil), awscdk.Fn_ImportValue(jsii.String("Prod-pool")))
		}},
		{"by an export from another stage", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			export(stack, pool, "customers")
			stage := awscdk.NewStage(app, jsii.String("Other"), nil)
			bareClient(awscdk.NewStack(stage, jsii.String("Api"), nil), awscdk.Fn_ImportValue(jsii.String("customers")))
		}},
		{"by a weak reference from another stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscdk.CrossStackReferences_Of(other).Consume(awscdk.ReferenceStrength_WEAK)
			bareClient(other, pool.UserPoolId())
		}},
		{"from a nested stack", func(_ awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			bareClient(awscdk.NewNestedStack(stack, jsii.String("Nested"), nil), pool.UserPoolId())
		}},
		{"from a nested stack of another stack's nested stack", func(app awscdk.App, _ awscdk.Stack, pool awscognito.UserPool) {
			outer := awscdk.NewNestedStack(awscdk.NewStack(app, jsii.String("Other"), nil), jsii.String("Outer"), nil)
			bareClient(awscdk.NewNestedStack(outer, jsii.String("Inner"), nil), pool.UserPoolId())
		}},
		{"by Fn::Sub", func(_ awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			id := stack.Resolve(pool.Node().DefaultChild().(awscdk.CfnElement).LogicalId()).(string)
			bareClient(stack, awscdk.Fn_Sub(jsii.String("${"+id+"}"), nil))
		}},
		{"as a resource without a class", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscdk.NewCfnResource(stack, jsii.String("Web"), &awscdk.CfnResourceProps{Type: jsii.String("AWS::Cognito::UserPoolClient"),
				Properties: &map[string]any{"UserPoolId": pool.UserPoolId(), "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"}}})
		}},
		{"as a bare resource", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscognito.NewCfnUserPoolClient(stack, jsii.String("Web"), &awscognito.CfnUserPoolClientProps{UserPoolId: pool.UserPoolId()})
		}},
		{"of a token", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			flows := awscdk.NewCfnParameter(stack, jsii.String("Flows"), &awscdk.CfnParameterProps{Type: jsii.String("CommaDelimitedList")})
			awscognito.NewCfnUserPoolClient(stack, jsii.String("Web"), &awscognito.CfnUserPoolClientProps{UserPoolId: pool.UserPoolId(),
				ExplicitAuthFlows: flows.ValueAsList()})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := emailotptest.App(t, nil)
			stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
			c.add(app, stack, signIn(stack, valid(emailotp.ModePassword)).UserPool())
			words := synthesised(stack)
			contains(t, words, "[Prod/SignIn] app client ", "Web ", "Kind:")
			if !strings.Contains(words, "app client Prod/") && !strings.Contains(words, "app client Other/") {
				t.Errorf("the client's path is missing in\n%s", words)
			}
		})
	}
}

// export makes the pool's id an export of its stack.
func export(stack awscdk.Stack, pool awscognito.IUserPool, name string) {
	awscdk.NewCfnOutput(stack, jsii.String("PoolId"), &awscdk.CfnOutputProps{Value: pool.UserPoolId(), ExportName: &name})
}

// bareClient adds a client called Web that leaves everything to Cognito's defaults.
func bareClient(scope constructs.Construct, pool *string) {
	awscognito.NewCfnUserPoolClient(scope, jsii.String("Web"), &awscognito.CfnUserPoolClientProps{UserPoolId: pool})
}

func TestAClientInTheParentOfANestedEmailOTPIsFound(t *testing.T) {
	stack := newStack(t)
	nested := awscdk.NewNestedStack(stack, jsii.String("Auth"), nil)
	bareClient(stack, signIn(nested, valid(emailotp.ModePasswordless)).UserPool().UserPoolId())
	contains(t, synthesised(stack), "[Prod/Auth/SignIn] app client Prod/Web leaves its flows to Cognito's default, which allows ALLOW_USER_SRP_AUTH, on user pool Prod/Auth/SignIn/UserPool")
}

// Each case deploys one app twice. The second deployment has a client with passwords, which it
// acknowledges: none of the two EmailOTPs may refuse anything.
func TestAClientOfALikeNamedPoolIsNoBypass(t *testing.T) {
	auth := func(scope constructs.Construct, id string, name *string, acknowledged string) (awscdk.Stack, awscognito.UserPool) {
		stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{StackName: name})
		props := valid(emailotp.ModePasswordless)
		if acknowledged != "" {
			props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: acknowledged}, {Kind: emailotp.BypassWriteEmail, Path: acknowledged}}
		}
		return stack, signIn(stack, props).UserPool()
	}
	api := func(scope constructs.Construct, name *string, pool *string) {
		bareClient(awscdk.NewStack(scope, jsii.String("api"), &awscdk.StackProps{StackName: name}), pool)
	}
	for name, build := range map[string]func(app awscdk.App){
		"a stack's name begins with the other's": func(app awscdk.App) {
			auth(app, "EmailOtp", nil, "")
			_, pool := auth(app, "EmailOtp-staging", nil, "api/Web")
			api(app, nil, pool.UserPoolId())
		},
		"two stages": func(app awscdk.App) {
			auth(awscdk.NewStage(app, jsii.String("prod"), nil), "auth", nil, "")
			stage := awscdk.NewStage(app, jsii.String("dev"), nil)
			_, pool := auth(stage, "auth", nil, "dev/api/Web")
			api(stage, nil, pool.UserPoolId())
		},
		"two stages with equal stack names": func(app awscdk.App) {
			auth(awscdk.NewStage(app, jsii.String("prod"), nil), "auth", jsii.String("auth"), "")
			stage := awscdk.NewStage(app, jsii.String("dev"), nil)
			_, pool := auth(stage, "auth", jsii.String("auth"), "dev/api/Web")
			api(stage, jsii.String("api"), pool.UserPoolId())
		},
		"two stages with equal export names": func(app awscdk.App) {
			stack, pool := auth(awscdk.NewStage(app, jsii.String("prod"), nil), "auth", nil, "")
			export(stack, pool, "customers")
			stage := awscdk.NewStage(app, jsii.String("dev"), nil)
			stack, pool = auth(stage, "auth", nil, "dev/api/Web")
			export(stack, pool, "customers")
			api(stage, nil, awscdk.Fn_ImportValue(jsii.String("customers")))
		},
		"equal export names in two Regions": func(app awscdk.App) {
			region := func(name string) awscdk.Stage {
				return awscdk.NewStage(app, &name, &awscdk.StageProps{Env: &awscdk.Environment{Account: jsii.String("123456789012"), Region: &name}})
			}
			stack, pool := auth(region("eu-west-1"), "auth", nil, "")
			export(stack, pool, "customers")
			api(region("us-east-1"), nil, awscdk.Fn_ImportValue(jsii.String("customers")))
		},
		"an id from SSM": func(app awscdk.App) {
			auth(app, "EmailOtp", nil, "")
			api(app, nil, awscdk.NewCfnDynamicReference(awscdk.CfnDynamicReferenceService_SSM, jsii.String("/EmailOtp/SignInUserPoolA2C003D1")).ToString())
		},
		"an import from outside the app": func(app awscdk.App) {
			auth(app, "EmailOtp", nil, "")
			api(app, nil, awscdk.Fn_ImportValue(jsii.String("EmailOtp:SignInUserPoolA2C003D1")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := emailotptest.App(t, nil)
			build(app)
			if words := refusal(func() { app.Synth(nil) }); words != "" {
				t.Errorf("refused: %s", words)
			}
		})
	}
}

func TestTwoClientsOfOneLogicalIDAreAcknowledgedEachForItself(t *testing.T) {
	app := emailotptest.App(t, nil)
	stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
	props := valid(emailotp.ModePasswordless)
	props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: "Api/Web"}, {Kind: emailotp.BypassWriteEmail, Path: "Api/Web"},
		{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Nested/Web"}, {Kind: emailotp.BypassWriteEmail, Path: "Prod/Nested/Web"}}
	pool := signIn(stack, props).UserPool().UserPoolId()
	bareClient(awscdk.NewStack(app, jsii.String("Api"), nil), pool)
	nested := awscdk.NewNestedStack(stack, jsii.String("Nested"), nil)
	bareClient(nested, pool)
	contains(t, compact(t, resources(t, stack, "AWS::Cognito::UserPool")),
		`"USER_SRP_AUTH:Api/Web","USER_SRP_AUTH:Prod/`+stack.Resolve(nested.NestedStackResource().LogicalId()).(string)+`/Web"`)
}

func TestAClientThatCognitoWouldRefuseFailsSynthesis(t *testing.T) {
	required := func(attributes awscognito.StandardAttributes) func(*awscognito.UserPoolProps) {
		return func(p *awscognito.UserPoolProps) { p.StandardAttributes = &attributes }
	}
	must := &awscognito.StandardAttribute{Required: jsii.Bool(true), Mutable: jsii.Bool(true)}
	locale := awscognito.NewClientAttributes().WithStandardAttributes(&awscognito.StandardAttributesMask{Locale: jsii.Bool(true)})
	for _, c := range []struct {
		name     string
		pool     func(*awscognito.UserPoolProps)
		change   func(*emailotp.EmailOTPProps)
		problems []string // none: accepted
	}{
		{"the pool requires email", required(awscognito.StandardAttributes{Email: must}), func(*emailotp.EmailOTPProps) {},
			[]string{"[Prod/SignIn] app client Prod/SignIn/UserPoolClient may not write the attribute email, which user pool Prod/Pool requires",
				"Invalid write attributes specified while creating a client", "ClientsMayChangeEmail"}},
		{"the pool requires email, and clients may write it", required(awscognito.StandardAttributes{Email: must}),
			func(p *emailotp.EmailOTPProps) { p.ClientsMayChangeEmail = jsii.Bool(true) }, nil},
		{"the pool requires a name that the client may not write", required(awscognito.StandardAttributes{Fullname: must}),
			func(p *emailotp.EmailOTPProps) {
				p.UserPoolClientProps = &emailotp.UserPoolClientProps{WriteAttributes: locale}
			},
			[]string{"may not write the attribute name, which user pool Prod/Pool requires", "add name to its WriteAttributes"}},
		{"the pool requires a name", required(awscognito.StandardAttributes{Fullname: must}), func(*emailotp.EmailOTPProps) {}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := newStack(t)
			props := valid(emailotp.ModePasswordless)
			props.UserPool = ownPool(stack, c.pool)
			c.change(props)
			signIn(stack, props)
			words := synthesised(stack)
			if (words == "") != (c.problems == nil) {
				t.Errorf("refused: %q", words)
			}
			contains(t, words, c.problems...)
		})
	}
}

// The construct and the reader of templates name clients, pools and marks alike. What an override
// changed is in the template alone.
func TestTheTemplatesCheckAgreesWithTheConstruct(t *testing.T) {
	app := emailotptest.App(t, nil)
	stage := awscdk.NewStage(app, jsii.String("Prod"), nil)
	stack := awscdk.NewStack(stage, jsii.String("Shop"), nil)
	nested := awscdk.NewNestedStack(stack, jsii.String("Auth"), nil)
	props := valid(emailotp.ModePassword)
	var bypasses []emailotp.Bypass
	for _, path := range []string{"Prod/Shop/Web", "Prod/Api/Web", "Prod/Shop/Auth/Web", "Prod/Import/Web"} {
		bypasses = append(bypasses, emailotp.Bypass{Kind: emailotp.BypassUserSrpAuth, Path: path}, emailotp.Bypass{Kind: emailotp.BypassWriteEmail, Path: path})
	}
	props.AcknowledgedBypasses = &bypasses
	e := signIn(nested, props)
	for _, scope := range []constructs.Construct{nested, stack, awscdk.NewStack(stage, jsii.String("Api"), nil)} {
		bareClient(scope, e.UserPool().UserPoolId())
	}
	export(nested, e.UserPool(), "customers")
	bareClient(awscdk.NewStack(stage, jsii.String("Import"), nil), awscdk.Fn_ImportValue(jsii.String("customers")))
	e.UserPoolClient().Node().DefaultChild().(awscdk.CfnResource).AddPropertyOverride(jsii.String("ExplicitAuthFlows"), []string{"ALLOW_USER_PASSWORD_AUTH"})
	pool := e.UserPool().Node().DefaultChild().(awscdk.CfnResource)
	pool.AddPropertyOverride(jsii.String("LambdaConfig.PreTokenGeneration"), "arn:aws:lambda:eu-west-1:123456789012:function:other")
	pool.AddPropertyOverride(jsii.String("MfaConfiguration"), "OPTIONAL")
	pool.AddMetadata(jsii.String("EmailOTP::AcknowledgedBypasses"), []string{"NATIVE_MFA:SignInUserPoolA2C003D1"})

	loaded, err := assembly.Load(*app.Synth(nil).Directory(), "")
	if err != nil {
		t.Fatal(err)
	}
	report, err := loaded.Check()
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Pools) != 1 || report.Pools[0].Clients != 5 || len(report.Skipped) != 0 {
		t.Fatalf("report %+v", report)
	}
	var open []string
	for _, f := range report.Pools[0].Open {
		open = append(open, f.Mark())
	}
	if got := strings.Join(open, " "); got != "REPLACED_TRIGGER:SignInUserPoolA2C003D1 USER_PASSWORD_AUTH:SignInUserPoolClient299BC093" {
		t.Errorf("open: %s", got)
	}
	if n := len(report.Pools[0].Acknowledged); n != 1+len(bypasses) {
		t.Errorf("%d acknowledged: %v", n, report.Pools[0].Acknowledged)
	}
}

// opener is an aspect that opens a client after it was made.
type opener struct{}

func (*opener) Visit(node constructs.IConstruct) {
	if client, ok := node.(awscognito.CfnUserPoolClient); ok {
		client.SetExplicitAuthFlows(jsii.Strings("ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"))
	}
}

func TestAnAspectThatOpensTheOwnClientIsRefused(t *testing.T) {
	stack := newStack(t)
	signIn(stack, valid(emailotp.ModePassword))
	awscdk.Aspects_Of(stack).Add(&opener{}, nil)
	contains(t, synthesised(stack), "app client Prod/SignIn/UserPoolClient allows ALLOW_USER_SRP_AUTH")
}

// Stacks of one class have the same logical ids: a bypass in dev is none in prod.
func TestAPoolOfTheSameNameInAnotherStackIsAnother(t *testing.T) {
	app := emailotptest.App(t, nil)
	prod := awscdk.NewStack(app, jsii.String("Prod"), nil)
	signIn(prod, valid(emailotp.ModePassword))
	dev := awscdk.NewStack(app, jsii.String("Dev"), nil)
	props := valid(emailotp.ModePassword)
	props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserPasswordAuth, Path: "Dev/Web"}}
	e := signIn(dev, props)
	options := closed()
	options.AuthFlows = &awscognito.AuthFlow{UserPassword: jsii.Bool(true)}
	awscognito.NewUserPoolClient(dev, jsii.String("Web"), &awscognito.UserPoolClientProps{UserPool: e.UserPool(),
		AuthFlows: options.AuthFlows, DisableOAuth: options.DisableOAuth, WriteAttributes: options.WriteAttributes})
	if words := synthesised(prod); words != "" {
		t.Errorf("refused: %s", words)
	}
}

func TestClientsOfOtherPoolsAndClientsForMachinesAreNoBypasses(t *testing.T) {
	stack := newStack(t)
	pool := signIn(stack, valid(emailotp.ModePassword)).UserPool()
	awscognito.NewUserPool(stack, jsii.String("Staff"), nil).AddClient(jsii.String("Web"), nil)
	server := pool.AddResourceServer(jsii.String("Server"), &awscognito.UserPoolResourceServerOptions{Identifier: jsii.String("api"),
		Scopes: &[]awscognito.ResourceServerScope{awscognito.NewResourceServerScope(&awscognito.ResourceServerScopeProps{ScopeName: jsii.String("read"), ScopeDescription: jsii.String("read")})}})
	_ = server
	machine := closed()
	machine.DisableOAuth, machine.GenerateSecret = nil, jsii.Bool(true)
	machine.OAuth = &awscognito.OAuthSettings{Flows: &awscognito.OAuthFlows{ClientCredentials: jsii.Bool(true)},
		Scopes: &[]awscognito.OAuthScope{awscognito.OAuthScope_Custom(jsii.String("api/read"))}}
	pool.AddClient(jsii.String("Machine"), machine)
	pool.AddClient(jsii.String("Second"), closed())
	if words := synthesised(stack); words != "" {
		t.Errorf("refused: %s", words)
	}
}

func TestThePoolsOwnBypassesFailSynthesis(t *testing.T) {
	for _, c := range []struct {
		name    string
		mode    emailotp.Mode
		change  func(*awscognito.UserPoolProps)
		problem string // empty: accepted
	}{
		{"e-mail recovery by default", emailotp.ModePassword, func(p *awscognito.UserPoolProps) { p.AccountRecovery = "" },
			"user pool Prod/Pool resets passwords by e-mail (AccountRecoverySetting verified_email), so the mailbox alone replaces the password"},
		{"e-mail recovery", emailotp.ModePassword, func(p *awscognito.UserPoolProps) { p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY }, "EMAIL_RECOVERY"},
		{"e-mail recovery where there is no password", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) { p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY }, ""},
		{"recovery by phone", emailotp.ModePassword, func(p *awscognito.UserPoolProps) {
			p.AccountRecovery = awscognito.AccountRecovery_PHONE_ONLY_WITHOUT_MFA
		}, ""},
		{"native MFA required", emailotp.ModePassword, func(p *awscognito.UserPoolProps) {
			p.Mfa, p.MfaSecondFactor = awscognito.Mfa_REQUIRED, &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)}
		}, "user pool Prod/Pool has MfaConfiguration ON"},
		{"native MFA optional", emailotp.ModePassword, func(p *awscognito.UserPoolProps) {
			p.Mfa, p.MfaSecondFactor = awscognito.Mfa_OPTIONAL, &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)}
		}, "NATIVE_MFA"},
		{"native MFA in passwordless mode", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) {
			p.Mfa, p.MfaSecondFactor = awscognito.Mfa_OPTIONAL, &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)}
		}, ""},
		{"e-mail as an alias", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) {
			p.SignInAliases = &awscognito.SignInAliases{Username: jsii.Bool(true), Email: jsii.Bool(true)}
		}, "user pool Prod/Pool has e-mail as an alias"},
		{"another alias", emailotp.ModePasswordless, func(p *awscognito.UserPoolProps) {
			p.SignInAliases = &awscognito.SignInAliases{Username: jsii.Bool(true), PreferredUsername: jsii.Bool(true)}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := newStack(t)
			props := valid(c.mode)
			props.UserPool = ownPool(stack, c.change)
			signIn(stack, props)
			words := synthesised(stack)
			if c.problem == "" && words != "" {
				t.Errorf("refused: %s", words)
			}
			contains(t, words, c.problem)
		})
	}
}

func TestAcknowledgedBypassesPassAndAreWrittenForTools(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePassword)
	props.UserPool = ownPool(stack, func(p *awscognito.UserPoolProps) { p.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY })
	props.AcknowledgedBypasses = &[]emailotp.Bypass{
		{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Legacy"},
		{Kind: emailotp.BypassEmailRecovery, Path: "Prod/Pool"},
	}
	signIn(stack, props)
	options := closed()
	awscognito.NewUserPoolClient(stack, jsii.String("Legacy"), &awscognito.UserPoolClientProps{UserPool: props.UserPool,
		DisableOAuth: options.DisableOAuth, WriteAttributes: options.WriteAttributes})
	pools := resources(t, stack, "AWS::Cognito::UserPool")
	pool := logical(t, pools, "Pool")
	client := logical(t, resources(t, stack, "AWS::Cognito::UserPoolClient"), "Legacy")
	got := compact(t, pools[pool]["Metadata"].(map[string]any)["EmailOTP::AcknowledgedBypasses"])
	if want := `["EMAIL_RECOVERY:` + pool + `","USER_SRP_AUTH:` + client + `"]`; got != want {
		t.Errorf("metadata %s, want %s", got, want)
	}
}

func TestAnAcknowledgementThatMatchesNoBypassIsRefused(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePassword)
	props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Gone"}}
	signIn(stack, props)
	contains(t, synthesised(stack), `AcknowledgedBypasses has {Kind: "USER_SRP_AUTH", Path: "Prod/Gone"}, which is not open (any more); remove it`)
}

func TestClientsMayChangeEmailAcknowledgesThatBypass(t *testing.T) {
	stack := newStack(t)
	props := valid(emailotp.ModePasswordless)
	props.ClientsMayChangeEmail = jsii.Bool(true)
	signIn(stack, props)
	clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
	id := logical(t, clients, "SignIn")
	contains(t, compact(t, clients[id]["Properties"].(map[string]any)["WriteAttributes"]), `"email"`)
	contains(t, compact(t, resources(t, stack, "AWS::Cognito::UserPool")), `"EmailOTP::AcknowledgedBypasses":["WRITE_EMAIL:`+id+`"]`)
}

// replacer is an aspect that gives the pool another function.
type replacer struct{ arn *string }

func (r *replacer) Visit(node constructs.IConstruct) {
	if pool, ok := node.(awscognito.CfnUserPool); ok {
		pool.SetLambdaConfig(&awscognito.CfnUserPool_LambdaConfigProperty{DefineAuthChallenge: r.arn})
	}
}

func TestATakenTriggerIsRefusedAndOthersStay(t *testing.T) {
	fn := func(stack awscdk.Stack) awslambda.Function {
		return awslambda.NewFunction(stack, jsii.String("Fn"), &awslambda.FunctionProps{Runtime: awslambda.Runtime_NODEJS_22_X(), Handler: jsii.String("index.handler"),
			Code: awslambda.Code_FromInline(jsii.String("exports.handler = async e => e"))})
	}
	t.Run("taken", func(t *testing.T) {
		stack := newStack(t)
		props := valid(emailotp.ModePassword)
		pool := ownPool(stack, nil)
		pool.AddTrigger(awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE(), fn(stack), "")
		pool.AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), stack.Node().FindChild(jsii.String("Fn")).(awslambda.Function), awscognito.LambdaVersion_V2_0)
		props.UserPool = pool
		contains(t, refusal(func() { signIn(stack, props) }),
			`EmailOTP "Prod/SignIn": UserPool Prod/Pool has a trigger CreateAuthChallenge already`,
			`EmailOTP "Prod/SignIn": UserPool Prod/Pool has a trigger PreTokenGenerationConfig already`)
	})
	t.Run("others stay", func(t *testing.T) {
		stack := newStack(t)
		props := valid(emailotp.ModePassword)
		pool := ownPool(stack, nil)
		pool.AddTrigger(awscognito.UserPoolOperation_POST_CONFIRMATION(), fn(stack), "")
		props.UserPool = pool
		signIn(stack, props)
		pools := resources(t, stack, "AWS::Cognito::UserPool")
		contains(t, compact(t, pools), `"PostConfirmation":`, `"DefineAuthChallenge":`, `"PreTokenGeneration":`)
		if len(pools) != 1 {
			t.Errorf("%d pools, want the given one alone", len(pools))
		}
	})
	t.Run("two EmailOTPs on one pool", func(t *testing.T) {
		stack := newStack(t)
		first := signIn(stack, valid(emailotp.ModePassword))
		props := valid(emailotp.ModePassword)
		props.UserPool = first.UserPool()
		contains(t, refusal(func() { emailotp.NewEmailOTP(stack, jsii.String("Again"), props) }), "has a trigger DefineAuthChallenge already")
	})
	t.Run("added later", func(t *testing.T) {
		stack := newStack(t)
		pool := signIn(stack, valid(emailotp.ModePassword)).UserPool()
		contains(t, refusal(func() { pool.AddTrigger(awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE(), fn(stack), "") }), "already exists")
		pool.AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), stack.Node().FindChild(jsii.String("Fn")).(awslambda.Function), awscognito.LambdaVersion_V2_0)
		contains(t, synthesised(stack), "[Prod/SignIn] user pool Prod/SignIn/UserPool no longer calls the EmailOTP's function for its trigger PreTokenGenerationConfig")
	})
	t.Run("added where the mode has none", func(t *testing.T) {
		stack := newStack(t)
		signIn(stack, valid(emailotp.ModePasswordless)).UserPool().AddTrigger(awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), fn(stack), awscognito.LambdaVersion_V2_0)
		if words := synthesised(stack); words != "" {
			t.Errorf("refused: %s", words)
		}
	})
	t.Run("overridden by an aspect", func(t *testing.T) {
		stack := newStack(t)
		signIn(stack, valid(emailotp.ModePassword))
		awscdk.Aspects_Of(stack).Add(&replacer{fn(stack).FunctionArn()}, nil)
		contains(t, synthesised(stack), "no longer calls the EmailOTP's function for its trigger DefineAuthChallenge", "for its trigger PreTokenGeneration")
	})
	t.Run("overridden later", func(t *testing.T) {
		stack := newStack(t)
		pool := signIn(stack, valid(emailotp.ModePassword)).UserPool()
		pool.Node().DefaultChild().(awscognito.CfnUserPool).SetLambdaConfig(&awscognito.CfnUserPool_LambdaConfigProperty{})
		contains(t, synthesised(stack), "no longer calls the EmailOTP's function for its trigger DefineAuthChallenge")
	})
}
