//go:build !race

package emailotp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// adopters returns a function of the app's own.
func adopters(stack awscdk.Stack) awslambda.Function {
	return awslambda.NewFunction(stack, text("Own"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_22_X(), Handler: text("index.handler"),
		Code: awslambda.Code_FromInline(text("exports.handler = async e => e"))})
}

// withChain returns the mode's props with an adopter's function.
func withChain(m emailotp.Mode, fn awslambda.IFunction) *emailotp.EmailOTPProps {
	p := valid(m)
	if m == emailotp.ModePassword {
		p.PreTokenGeneration = fn
	} else {
		p.PreSignUp = fn
	}
	return p
}

// chainID is the construct id of the mode's function that invokes the adopter's.
var chainID = map[emailotp.Mode]string{
	emailotp.ModePassword: "PreTokenGeneration", emailotp.ModePasswordless: "PreSignUp"}

// One function gets the variable, and its role the right to invoke exactly the adopter's function,
// alias or version. All else of the template stays as it is without one.
func TestOneFunctionMayInvokeExactlyTheAdoptersFunction(t *testing.T) {
	for _, mode := range modes {
		for name, fn := range map[string]func(awslambda.Function) awslambda.IFunction{
			"function": func(f awslambda.Function) awslambda.IFunction { return f },
			"alias":    func(f awslambda.Function) awslambda.IFunction { return f.AddAlias(text("live"), nil) },
			"version":  func(f awslambda.Function) awslambda.IFunction { return f.CurrentVersion() },
			"imported": func(f awslambda.Function) awslambda.IFunction {
				return awslambda.Function_FromFunctionArn(f.Stack(), text("Imported"),
					text("arn:aws:lambda:eu-west-1:123456789012:function:claims:live"))
			},
		} {
			t.Run(string(mode)+" "+name, func(t *testing.T) {
				stack := newStack(t)
				own := fn(adopters(stack))
				signIn(stack, withChain(mode, own))
				arn := compact(t, stack.Resolve(own.FunctionArn()))
				id := logical(t, resources(t, stack, "AWS::IAM::Role"), "SignIn"+chainID[mode]+"Role")
				want := `Allow "lambda:InvokeFunction" ON ` + arn
				if got := statements(t, stack, id); !slices.Contains(got, want) {
					t.Errorf("%s may %q, want %s", id, got, want)
				}
				whole := string(emailotptest.Template(t, stack))
				if n := strings.Count(whole, "lambda:InvokeFunction") - strings.Count(whole, `"lambda:InvokeFunction",
        "FunctionName"`); n != 1 {
					t.Errorf("lambda:InvokeFunction stands in %d statements", n)
				}
				functions := resources(t, stack, "AWS::Lambda::Function")
				variables := functions[logical(t, functions, "SignIn"+chainID[mode])]["Properties"].(map[string]any)
				contains(t, compact(t, variables["Environment"]), `"EMAILOTP_CHAINED":`+arn)
				if n := strings.Count(whole, "EMAILOTP_CHAINED"); n != 1 {
					t.Errorf("%d functions have the variable", n)
				}
			})
		}
	}
}

// The functions behind the triggers of options are the create and the verify function's to invoke,
// each its own.
func TestTheFunctionsBehindTheTriggersOfOptions(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.RememberDevices, p.PasswordRecovery, p.CustomMessages = number(30), emailotp.RecoveryByEmail, yes
	named := func(name string) awslambda.IFunction {
		return awslambda.Function_FromFunctionArn(stack, text(name),
			text("arn:aws:lambda:eu-west-1:123456789012:function:"+name))
	}
	p.PreTokenGeneration, p.CustomMessage, p.PostConfirmation = named("claims"), named("letters"), named("welcome")
	e := signIn(stack, p)
	functions := resources(t, stack, "AWS::Lambda::Function")
	for id, own := range map[string]string{"PreTokenGeneration": "claims", "CreateAuthChallenge": "letters",
		"VerifyAuthChallenge": "welcome", "DefineAuthChallenge": ""} {
		variables := functions[logical(t, functions, "SignIn"+id)]["Properties"].(map[string]any)["Environment"]
		chained := strings.Contains(compact(t, variables), "EMAILOTP_CHAINED")
		invokes := strings.Join(statements(t, stack, logical(t, resources(t, stack, "AWS::IAM::Role"), "SignIn"+id+"Role")),
			"\n")
		if chained != (own != "") || own != "" && !strings.Contains(compact(t, variables), ":function:"+own) ||
			strings.Count(invokes, "lambda:InvokeFunction") != strings.Count(invokes, ":function:"+own+`"`) {
			t.Errorf("%s has %s and may %s", id, compact(t, variables), invokes)
		}
	}
	// A function that changes addresses makes codes as create does, and invokes nothing.
	if change := e.AddressChange(); change.Environment["EMAILOTP_CHAINED"] != "" || len(change.Statements) != 4 {
		t.Errorf("change-address has %v and %d statements", change.Environment, len(change.Statements))
	}
	if problem := synthesised(stack); problem != "" {
		t.Error(problem)
	}
}

func TestTheVersionOfTokenEvents(t *testing.T) {
	for version, want := range map[awscognito.LambdaVersion]string{
		"": `"PreTokenGeneration":`, awscognito.LambdaVersion_V1_0: `"PreTokenGeneration":`,
		awscognito.LambdaVersion_V2_0: `"LambdaVersion":"V2_0"`, awscognito.LambdaVersion_V3_0: `"LambdaVersion":"V3_0"`,
	} {
		stack := newStack(t)
		p := valid(emailotp.ModePassword)
		p.PreTokenGenerationVersion = version
		p.UserPoolProps = &emailotp.UserPoolProps{FeaturePlan: awscognito.FeaturePlan_ESSENTIALS}
		signIn(stack, p)
		config := compact(t, resources(t, stack, "AWS::Cognito::UserPool"))
		contains(t, config, want)
		if strings.Contains(config, `"PreTokenGeneration":`) && strings.Contains(config, `"PreTokenGenerationConfig":`) {
			t.Errorf("%q: both forms in %s", version, config)
		}
		if problem := synthesised(stack); problem != "" {
			t.Errorf("%q: %s", version, problem)
		}
	}
}

func TestChainsThatCanNotWorkAreRefused(t *testing.T) {
	tokens := func(v awscognito.LambdaVersion, change func(*emailotp.EmailOTPProps)) func(awscdk.Stack) string {
		return func(stack awscdk.Stack) string {
			p := valid(emailotp.ModePassword)
			p.PreTokenGenerationVersion = v
			change(p)
			return refusal(func() { signIn(stack, p) })
		}
	}
	v2, v3 := awscognito.LambdaVersion_V2_0, awscognito.LambdaVersion_V3_0
	for name, c := range map[string]struct {
		refused func(stack awscdk.Stack) string
		want    string
	}{
		"the other mode's slot": {func(stack awscdk.Stack) string {
			p := valid(emailotp.ModePassword)
			p.PreSignUp = adopters(stack)
			return refusal(func() { signIn(stack, p) })
		}, `PreSignUp has a meaning in the other mode alone; EmailOTP leaves this trigger free in password mode: ` +
			`leave the prop nil and add the function to the pool by AddTrigger`},
		"a CustomMessage without the option": {func(stack awscdk.Stack) string {
			p := valid(emailotp.ModePassword)
			p.CustomMessage = adopters(stack)
			return refusal(func() { signIn(stack, p) })
		}, `CustomMessage goes with CustomMessages; EmailOTP leaves this trigger free without it: leave the prop nil and add ` +
			`the function to the pool by AddTrigger`},
		"a PostConfirmation without the options": {func(stack awscdk.Stack) string {
			p := valid(emailotp.ModePassword)
			p.PostConfirmation, p.RememberDevices = adopters(stack), number(30)
			return refusal(func() { signIn(stack, p) })
		}, `PostConfirmation goes with RememberDevices and RecoveryByEmail together`},
		"a function of another EmailOTP's": {func(stack awscdk.Stack) string {
			other := emailotp.NewEmailOTP(stack, text("Other"), valid(emailotp.ModePassword))
			return refusal(func() { signIn(stack, withChain(emailotp.ModePassword, other.PreTokenGeneration())) })
		}, `PreTokenGeneration is a function of EmailOTP's own (Prod/Other/PreTokenGeneration), which would invoke itself`},
		"an alias of one": {func(stack awscdk.Stack) string {
			other := emailotp.NewEmailOTP(stack, text("Other"), valid(emailotp.ModePasswordless))
			alias := other.PreSignUp().AddAlias(text("live"), nil)
			return refusal(func() { signIn(stack, withChain(emailotp.ModePasswordless, alias)) })
		}, `which would invoke itself`},
		"its own ARN": {func(stack awscdk.Stack) string {
			first := newStack(t)
			signIn(first, valid(emailotp.ModePassword))
			id := logical(t, resources(t, first, "AWS::Lambda::Function"), "SignInPreTokenGeneration")
			own := awslambda.Function_FromFunctionArn(stack, text("Imported"),
				awscdk.Fn_GetAtt(text(id), text("Arn")).ToString())
			return refusal(func() { signIn(stack, withChain(emailotp.ModePassword, own)) })
		}, `the chained function Prod/Imported has the ARN of EmailOTP's own function pre-token-generation`},
		"an unknown version": {tokens("V9_0", func(*emailotp.EmailOTPProps) {}),
			`PreTokenGenerationVersion must be V1_0, V2_0 or V3_0 (received: "V9_0"); leave it empty for V1_0`},
		"a version on Lite": {tokens(v2, func(*emailotp.EmailOTPProps) {}), `PreTokenGenerationVersion V2_0 needs a plan ` +
			`above Lite; set UserPoolProps.FeaturePlan to ESSENTIALS or PLUS, or use V1_0`},
		"a version without a slot": {tokens(v2, func(p *emailotp.EmailOTPProps) { p.Mode = emailotp.ModePasswordless }),
			`PreTokenGenerationVersion has a meaning in ModePassword alone`},
		"version 3 of a given Lite pool": {func(stack awscdk.Stack) string {
			pool := ownPool(stack, nil)
			pool.Node().DefaultChild().(awscognito.CfnUserPool).SetUserPoolTier(text("LITE"))
			return tokens(v3, func(p *emailotp.EmailOTPProps) { p.UserPool = pool })(stack)
		}, `set FeaturePlan ESSENTIALS or PLUS where the pool is created, or use V1_0`},
		"a function in the pool's slot": {func(stack awscdk.Stack) string {
			pool := ownPool(stack, nil)
			pool.AddTrigger(awscognito.UserPoolOperation_PRE_SIGN_UP(), adopters(stack), "")
			p := valid(emailotp.ModePasswordless)
			p.UserPool = pool
			return refusal(func() { signIn(stack, p) })
		}, `remove it there and pass the function as PreSignUp, which EmailOTP then invokes`},
	} {
		t.Run(name, func(t *testing.T) { contains(t, c.refused(newStack(t)), c.want) })
	}
}

// An old Lite pool may have version 2, which only Cognito knows.
func TestVersion2OfAGivenLitePoolWarns(t *testing.T) {
	stack := newStack(t)
	pool := ownPool(stack, nil)
	pool.Node().DefaultChild().(awscognito.CfnUserPool).SetUserPoolTier(text("LITE"))
	p := valid(emailotp.ModePassword)
	p.UserPool, p.PreTokenGenerationVersion = pool, awscognito.LambdaVersion_V2_0
	signIn(stack, p)
	if found := *assertions.Annotations_FromStack(stack).FindWarning(text("*"),
		assertions.Match_StringLikeRegexp(text("PreTokenGenerationVersion V2_0 needs a plan above Lite"))); len(found) != 1 {
		t.Errorf("%d warnings", len(found))
	}
}
