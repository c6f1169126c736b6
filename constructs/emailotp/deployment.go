package emailotp

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/ondeploy"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// runsOnDeploy reports whether a function of the stack checks the pool during a deployment.
func (c *config) runsOnDeploy() bool { return c.imported || c.checkOnDeploy }

// slots returns the functions of the stack.
func (c *config) slots() []slots.Slot {
	all := slots.Of(c.settings.Mode)
	if c.runsOnDeploy() {
		all = append(all, slots.Attach())
	}
	return all
}

func (c *config) triggers() []slots.Slot { return slots.Called(&c.settings) }

// attachStatements are the rights of the function behind the custom resource: this one pool, and
// what the adopter adds for the pool's role or key.
func (e *emailOTP) attachStatements() []awsiam.PolicyStatement {
	return append(ondeploy.Statements(e.pool, e.config.imported), e.config.attachStatements...)
}

// addAttachment creates the custom resource that puts the triggers into an imported pool, before
// the app client: what the client lacks is found by the check, in words.
func (e *emailOTP) addAttachment() {
	if !e.config.imported {
		return
	}
	properties := map[string]any{"Triggers": e.triggerARNs(), "WriteAttributes": e.writeAttributes(e.config.clientProps).Attributes(),
		"CaseSensitiveNames": strconv.FormatBool(e.config.caseSensitive)}
	if chained := e.chainedARNs(); len(chained) > 0 {
		// A slot that holds the app's own function is taken over, and given back at the end.
		properties["Chained"] = chained
	}
	if e.config.tokenVersion != "" {
		properties["TokenVersion"] = string(e.config.tokenVersion)
	}
	e.onDeploy = e.addCustomResource("UserPoolAttachment", properties)
	// CloudFormation deletes in the opposite order: what the pool calls outlives the detachment.
	for _, slot := range slots.Triggers(e.config.settings.Mode) {
		e.onDeploy.Node().AddDependency(e.functions[slot.Function])
	}
	if policy := e.Node().TryFindChild(jsii.String(verifyEmailPolicy)); policy != nil {
		e.onDeploy.Node().AddDependency(policy)
	}
}

// addDeploymentCheck creates the custom resource that checks a pool of the stack, once the pool has
// its triggers and the app client exists.
func (e *emailOTP) addDeploymentCheck() {
	if e.config.imported {
		e.client.Node().AddDependency(e.onDeploy)
		return
	}
	if !e.config.checkOnDeploy {
		return
	}
	e.onDeploy = e.addCustomResource("UserPoolCheck", map[string]any{"Expected": e.triggerARNs()})
	e.onDeploy.Node().AddDependency(e.client)
}

// addCustomResource creates a custom resource with the properties that package attach reads.
func (e *emailOTP) addCustomResource(id string, properties map[string]any) awscdk.CustomResource {
	c := &e.config
	maps.Copy(properties, map[string]any{"UserPoolId": e.pool.UserPoolId(), "Mode": string(c.settings.Mode),
		"Settings": e.fingerprint})
	return ondeploy.New(e, id, e.functions[settings.AttachUserPool], properties, c.checkOnDeploy)
}

// triggerARNs returns the functions by their names in LambdaConfig.
func (e *emailOTP) triggerARNs() map[string]*string {
	arns := map[string]*string{}
	for _, slot := range e.config.triggers() {
		arns[slot.Trigger()] = e.functions[slot.Function].FunctionArn()
	}
	return arns
}

// acknowledgeOnDeploy passes the acknowledgements to the custom resource, with the clients' ids in
// place of construct paths. A path that is no app client of this app is an id already.
func (e *emailOTP) acknowledgeOnDeploy(clients []apptree.Client) {
	if e.onDeploy == nil {
		return
	}
	byPath := map[string]apptree.Client{}
	for _, c := range clients {
		byPath[c.Path()] = c
	}
	var marks []string
	hasEnd := false
	for _, b := range e.config.bypasses {
		id := b.Path
		if client, found := byPath[b.Path]; found {
			isOwn := *client.Node().Addr() == *e.client.Node().DefaultChild().Node().Addr()
			if *client.Stack().Node().Addr() != *e.stack().Node().Addr() || e.config.imported && isOwn {
				continue // one that comes after the check, or whose id another stack has
			}
			id = *client.Ref()
		} else if b.Path == *e.pool.Node().Path() {
			id = *e.pool.UserPoolId()
		}
		marks = append(marks, rules.NewMark(b.Kind, id, b.Until))
		hasEnd = hasEnd || b.Until != ""
	}
	if e.config.clientsMayChangeEmail {
		marks = append(marks, rules.NewMark(BypassWriteEmail, contract.AnyResource, ""))
	}
	if e.config.settings.RecoveryByEmail {
		marks = append(marks, rules.NewMark(BypassEmailRecovery, contract.AnyResource, ""))
	}
	resource := e.onDeploy.Node().DefaultChild().(awscdk.CfnResource)
	if len(marks) > 0 {
		resource.AddPropertyOverride(jsii.String("AcknowledgedBypasses"), marks)
	}
	if hasEnd && !e.config.checkOnDeploy {
		// A new day is a change, so that the deployment checks the last days again.
		resource.AddPropertyOverride(jsii.String(ondeploy.SynthesizedAt), time.Now().UTC().Format(rules.DateLayout))
	}
}

// mayBeDeployed reports whether an acknowledgement that is not open in the app may be for what only
// the deployment shows: a client without a construct in the app, or the imported pool itself.
func (e *emailOTP) mayBeDeployed(b Bypass, clients []apptree.Client) bool {
	if !e.config.runsOnDeploy() {
		return false
	}
	isClient := slices.ContainsFunc(clients, func(c apptree.Client) bool { return c.Path() == b.Path })
	return !isClient && (e.config.imported || b.Path != *e.pool.Node().Path())
}
