package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/ondeploy"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// verifyEmailPolicy is the construct id of the policy by which the verify trigger marks an address
// as proven.
const verifyEmailPolicy = "VerifyEmailPolicy"

// addFunctions creates the mode's functions, each with its own role and log group.
func (e *emailOTP) addFunctions() {
	s := &e.config.settings
	s.ConfigurationSet = *e.ses.ConfigurationSet.ConfigurationSetName()
	s.IdentityARN = e.config.sender.Owner(e.stack())
	s.UserPoolID = *e.pool.UserPoolId()
	for _, slot := range e.config.slots() {
		e.functions[slot.Function] = e.addFunction(slot)
	}
	e.checkChain()
}

func (e *emailOTP) addFunction(slot slots.Slot) awslambda.Function {
	c := &e.config
	timeout := slots.TimeoutSeconds
	if slot.Function == settings.AttachUserPool {
		timeout = ondeploy.TimeoutSeconds
	}
	code, failure := e.code(slot.Function)
	environment := c.settings
	if chained := c.chained[slot.Function]; chained != nil {
		environment.Chained = *chained.FunctionArn()
	}
	_, isGiven := c.codes[slot.Function]
	fn := function.New(e, slot.ID, function.Props{
		Function: slot.Function, Detail: string(c.settings.Mode), Code: code, IsGiven: isGiven, Architecture: c.architecture,
		MemorySize: c.memorySize, Timeout: timeout, Environment: environment.Environment(slot.Function),
		LogGroup: e.logGroup(slot), Statements: append(e.statements(slot.Function), e.chainStatements(slot.Function)...),
		Grant: func(role awsiam.Role) { c.platform.Grant(role, slot.ReadsTable()) }, Change: c.platform.Apply,
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
			operation, version := slot.OperationOf(e.config.tokenVersion)
			pool.AddTrigger(operation, e.functions[slot.Function], version)
		}
	} else {
		for _, slot := range slots.Triggers(e.config.settings.Mode) {
			ondeploy.Permit(e.functions[slot.Function], e.pool)
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
