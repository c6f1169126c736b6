//go:build !race

package emailotp_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

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
			awscognito.UserPool_FromUserPoolId(stack, jsii.String("Imported"), pool.UserPoolId()).AddClient(jsii.String("Web"),
				nil)
		}},
		{"imported by ARN", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscognito.UserPool_FromUserPoolArn(stack, jsii.String("Imported"),
				pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"imported by ARN into another stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscognito.UserPool_FromUserPoolArn(other, jsii.String("Imported"),
				pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"imported by ARN into a nested stack", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			nested := awscdk.NewNestedStack(stack, jsii.String("Nested"), nil)
			awscognito.UserPool_FromUserPoolArn(nested, jsii.String("Imported"),
				pool.UserPoolArn()).AddClient(jsii.String("Web"), nil)
		}},
		{"by an export", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			other := awscdk.NewStack(app, jsii.String("Other"), nil)
			awscognito.NewCfnUserPoolClient(other, jsii.String("Web"),
				&awscognito.CfnUserPoolClientProps{UserPoolId: stack.ExportValue(pool.UserPoolId(), nil)})
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
		{"from a nested stack of another stack's nested stack",
			func(app awscdk.App, _ awscdk.Stack, pool awscognito.UserPool) {
				outer := awscdk.NewNestedStack(awscdk.NewStack(app, jsii.String("Other"), nil), jsii.String("Outer"), nil)
				bareClient(awscdk.NewNestedStack(outer, jsii.String("Inner"), nil), pool.UserPoolId())
			}},
		{"by Fn::Sub", func(_ awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			id := stack.Resolve(pool.Node().DefaultChild().(awscdk.CfnElement).LogicalId()).(string)
			bareClient(stack, awscdk.Fn_Sub(jsii.String("${"+id+"}"), nil))
		}},
		{"as a resource without a class", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscdk.NewCfnResource(stack, jsii.String("Web"),
				&awscdk.CfnResourceProps{Type: jsii.String("AWS::Cognito::UserPoolClient"),
					Properties: &map[string]any{"UserPoolId": pool.UserPoolId(),
						"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"}}})
		}},
		{"as a bare resource", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			awscognito.NewCfnUserPoolClient(stack, jsii.String("Web"),
				&awscognito.CfnUserPoolClientProps{UserPoolId: pool.UserPoolId()})
		}},
		{"of a token", func(app awscdk.App, stack awscdk.Stack, pool awscognito.UserPool) {
			flows := awscdk.NewCfnParameter(stack, jsii.String("Flows"),
				&awscdk.CfnParameterProps{Type: jsii.String("CommaDelimitedList")})
			awscognito.NewCfnUserPoolClient(stack, jsii.String("Web"),
				&awscognito.CfnUserPoolClientProps{UserPoolId: pool.UserPoolId(),
					ExplicitAuthFlows: flows.ValueAsList()})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := emailotptest.App(t, nil)
			stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
			c.add(app, stack, signIn(stack, valid(emailotp.ModePassword)).UserPool().(awscognito.UserPool))
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
	contains(t, synthesised(stack),
		"[Prod/Auth/SignIn] app client Prod/Web leaves its flows to Cognito's default, which allows ALLOW_USER_SRP_AUTH, on user pool Prod/Auth/SignIn/UserPool")
}

// Each case deploys one app twice. The second deployment has a client with passwords, which it
// acknowledges: none of the two EmailOTPs may refuse anything.
func TestAClientOfALikeNamedPoolIsNoBypass(t *testing.T) {
	auth := func(scope constructs.Construct, id string, name *string, acknowledged string) (awscdk.Stack,
		awscognito.UserPool) {
		stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{StackName: name})
		props := valid(emailotp.ModePasswordless)
		if acknowledged != "" {
			props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: acknowledged},
				{Kind: emailotp.BypassWriteEmail, Path: acknowledged}}
		}
		return stack, signIn(stack, props).UserPool().(awscognito.UserPool)
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
				return awscdk.NewStage(app, &name, &awscdk.StageProps{Env: &awscdk.Environment{Account: jsii.String(
					"123456789012"), Region: &name}})
			}
			stack, pool := auth(region("eu-west-1"), "auth", nil, "")
			export(stack, pool, "customers")
			api(region("us-east-1"), nil, awscdk.Fn_ImportValue(jsii.String("customers")))
		},
		"an id from SSM": func(app awscdk.App) {
			auth(app, "EmailOtp", nil, "")
			api(app, nil, awscdk.NewCfnDynamicReference(awscdk.CfnDynamicReferenceService_SSM,
				jsii.String("/EmailOtp/SignInUserPoolA2C003D1")).ToString())
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
	props.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassUserSrpAuth, Path: "Api/Web"},
		{Kind: emailotp.BypassWriteEmail, Path: "Api/Web"},
		{Kind: emailotp.BypassUserSrpAuth, Path: "Prod/Nested/Web"}, {Kind: emailotp.BypassWriteEmail,
			Path: "Prod/Nested/Web"}}
	pool := signIn(stack, props).UserPool().UserPoolId()
	bareClient(awscdk.NewStack(app, jsii.String("Api"), nil), pool)
	nested := awscdk.NewNestedStack(stack, jsii.String("Nested"), nil)
	bareClient(nested, pool)
	contains(t, compact(t, resources(t, stack, "AWS::Cognito::UserPool")),
		`"USER_SRP_AUTH:Api/Web","USER_SRP_AUTH:Prod/`+stack.Resolve(nested.NestedStackResource().LogicalId()).(string)+
			`/Web"`)
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
		bypasses = append(bypasses, emailotp.Bypass{Kind: emailotp.BypassUserSrpAuth, Path: path},
			emailotp.Bypass{Kind: emailotp.BypassWriteEmail, Path: path})
	}
	props.AcknowledgedBypasses = &bypasses
	e := signIn(nested, props)
	for _, scope := range []constructs.Construct{nested, stack, awscdk.NewStack(stage, jsii.String("Api"), nil)} {
		bareClient(scope, e.UserPool().UserPoolId())
	}
	export(nested, e.UserPool(), "customers")
	bareClient(awscdk.NewStack(stage, jsii.String("Import"), nil), awscdk.Fn_ImportValue(jsii.String("customers")))
	e.UserPoolClient().Node().DefaultChild().(awscdk.CfnResource).AddPropertyOverride(jsii.String("ExplicitAuthFlows"),
		[]string{"ALLOW_USER_PASSWORD_AUTH"})
	pool := e.UserPool().Node().DefaultChild().(awscdk.CfnResource)
	pool.AddPropertyOverride(jsii.String("LambdaConfig.PreTokenGeneration"),
		"arn:aws:lambda:eu-west-1:123456789012:function:other")
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
	const want = "REPLACED_TRIGGER:SignInUserPoolA2C003D1 USER_PASSWORD_AUTH:SignInUserPoolClient299BC093"
	if got := strings.Join(open, " "); got != want {
		t.Errorf("open: %s", got)
	}
	if n := len(report.Pools[0].Acknowledged); n != 1+len(bypasses) {
		t.Errorf("%d acknowledged: %v", n, report.Pools[0].Acknowledged)
	}
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
