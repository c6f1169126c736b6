package emailotp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/ondeploy"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// timeoutSeconds ends a function before Cognito abandons the call after 5 seconds and repeats it:
// an abandoned call must not run beside its repetition. The difference is the time of the
// invocation.
const timeoutSeconds = 4

// verifyEmailPolicy is the construct id of the policy by which the verify trigger marks an address
// as proven.
const verifyEmailPolicy = "VerifyEmailPolicy"

// A slot is one function: its construct's id and, if the pool calls it, Cognito's name of the
// trigger.
type slot struct {
	function  settings.Function
	id        string
	operation func() awscognito.UserPoolOperation // nil for a function that is no trigger
	names     []string                            // in LambdaConfig; two where Cognito has two forms of it
}

var slots = []slot{
	{settings.DefineAuthChallenge, "DefineAuthChallenge", awscognito.UserPoolOperation_DEFINE_AUTH_CHALLENGE,
		[]string{"defineAuthChallenge"}},
	{settings.CreateAuthChallenge, "CreateAuthChallenge", awscognito.UserPoolOperation_CREATE_AUTH_CHALLENGE,
		[]string{"createAuthChallenge"}},
	{settings.VerifyAuthChallenge, "VerifyAuthChallenge", awscognito.UserPoolOperation_VERIFY_AUTH_CHALLENGE_RESPONSE,
		[]string{"verifyAuthChallengeResponse"}},
	{settings.PreSignUp, "PreSignUp", awscognito.UserPoolOperation_PRE_SIGN_UP, []string{"preSignUp"}},
	{settings.PreTokenGeneration, "PreTokenGeneration", awscognito.UserPoolOperation_PRE_TOKEN_GENERATION,
		[]string{"preTokenGeneration", "preTokenGenerationConfig"}},
	{settings.MailEvents, "MailEvents", nil, nil},
	{settings.AttachUserPool, "AttachUserPool", nil, nil}, // the last one, see config.slots
}

// slotsOf returns the mode's slots.
func slotsOf(m settings.Mode) []slot {
	functions := settings.Functions(m)
	return slices.DeleteFunc(slices.Clone(slots), func(s slot) bool { return !slices.Contains(functions, s.function) })
}

// triggersOf returns those of the mode's slots that are triggers of the pool.
func triggersOf(m settings.Mode) []slot {
	return slices.DeleteFunc(slotsOf(m), func(s slot) bool { return s.operation == nil })
}

// addFunctions creates the mode's functions, each with its own role and log group.
func (e *emailOTP) addFunctions() {
	s := &e.config.settings
	s.ConfigurationSet = *e.ses.ConfigurationSet.ConfigurationSetName()
	s.IdentityARN = e.config.sender.Owner(e.stack())
	s.UserPoolID = *e.pool.UserPoolId()
	for _, slot := range e.config.slots() {
		e.functions[slot.function] = e.addFunction(slot)
	}
	e.checkChain()
}

func (e *emailOTP) addFunction(slot slot) awslambda.Function {
	c := &e.config
	timeout := timeoutSeconds
	if slot.function == settings.AttachUserPool {
		timeout = ondeploy.TimeoutSeconds
	}
	code, failure := e.code(slot.function)
	environment := c.settings
	if chained := c.chained[slot.function]; chained != nil {
		environment.Chained = *chained.FunctionArn()
	}
	_, isGiven := c.codes[slot.function]
	fn := function.New(e, slot.id, function.Props{
		Function: slot.function, Detail: string(c.settings.Mode), Code: code, IsGiven: isGiven, Architecture: c.architecture,
		MemorySize: c.memorySize, Timeout: timeout, Environment: environment.Environment(slot.function),
		LogGroup: e.logGroup(slot), Statements: append(e.statements(slot.function), e.chainStatements(slot.function)...),
		Grant: func(role awsiam.Role) {
			c.platform.Grant(role, slices.Contains(readsTable, slot.function))
		}, Change: c.platform.Apply,
	})
	if err := failure(); err != nil {
		refuse(*e.Node().Path(), []string{err.Error()})
	}
	return fn
}

// statements returns a function's permissions besides those for its log.
func (e *emailOTP) statements(f settings.Function) []awsiam.PolicyStatement {
	allow := func(resources []*string, actions ...string) *awsiam.PolicyStatementProps {
		return &awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: &resources}
	}
	budget := awsiam.NewPolicyStatement(allow([]*string{e.table.TableArn()}, "dynamodb:GetItem", "dynamodb:UpdateItem"))
	switch f {
	case settings.CreateAuthChallenge:
		send := allow(e.config.sender.ARNs(e.stack(), e.ses, e.config.sandboxRecipients), "ses:SendEmail")
		send.Conditions = &map[string]any{"StringEquals": map[string]string{"ses:FromAddress": e.config.settings.From}}
		return []awsiam.PolicyStatement{
			awsiam.NewPolicyStatement(allow([]*string{e.key.KeyArn()}, "kms:GenerateMac")), budget,
			awsiam.NewPolicyStatement(send)}
	case settings.VerifyAuthChallenge:
		return []awsiam.PolicyStatement{awsiam.NewPolicyStatement(allow([]*string{e.key.KeyArn()}, "kms:VerifyMac")), budget}
	case settings.MailEvents:
		update := allow([]*string{e.table.TableArn()}, "dynamodb:UpdateItem")
		if e.config.settings.RememberDevices > 0 {
			// A function that may write the list of devices can add one.
			update.Conditions = &map[string]any{
				"ForAllValues:StringLike": map[string]any{"dynamodb:Attributes": guard.MailEventsAttributes()}}
		}
		return []awsiam.PolicyStatement{awsiam.NewPolicyStatement(update)}
	case settings.AttachUserPool:
		return e.attachStatements()
	}
	return nil
}

// connectTriggers makes the functions the pool's triggers. Only this pool may invoke them.
func (e *emailOTP) connectTriggers() {
	if pool := e.tree().Own(); pool != nil {
		for _, slot := range e.config.triggers() {
			operation, version := e.config.operation(slot)
			pool.AddTrigger(operation, e.functions[slot.function], version)
		}
	} else {
		for _, slot := range triggersOf(e.config.settings.Mode) {
			ondeploy.Permit(e.functions[slot.function], e.pool)
		}
	}
	if !e.passwordless() {
		return
	}
	// A policy of its own: in the role's, the pool's ARN would make pool, function and role wait
	// for each other.
	awsiam.NewPolicy(e, jsii.String(verifyEmailPolicy), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{e.functions[settings.VerifyAuthChallenge].Role()},
		Statements: &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings("cognito-idp:AdminUpdateUserAttributes"),
			Resources: &[]*string{e.pool.UserPoolArn()},
		})},
	})
}

// takenSlots reports the triggers of an existing pool that the mode needs and that are set already.
func (c *config) takenSlots(pool awscognito.UserPool) []string {
	config := apptree.Pool{IUserPool: pool, Stack: awscdk.Stack_Of(pool)}.LambdaConfig()
	var problems []string
	for _, slot := range c.triggers() {
		for _, name := range slot.names {
			if _, taken := config[name]; taken {
				remedy := "remove it"
				if slot.isChainable() {
					remedy += " there and pass the function as " + capital(slot.names[0]) + ", which EmailOTP then invokes"
				}
				problems = append(problems, fmt.Sprintf("UserPool %s has a trigger %s already, and Cognito calls one "+
					"function a trigger; %s, or give the EmailOTP a pool of its own",
					*pool.Node().Path(), capital(name), remedy))
			}
		}
	}
	return problems
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
