package emailotp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const (
	// attachSeconds is how long the function behind the custom resource may run. A pool with a
	// thousand clients takes more than a minute, because Cognito answers 15 reads a second.
	attachSeconds = 180
	// attachMinutes is how long CloudFormation waits for its answer. Lambda repeats an invocation
	// that crashes twice, after one minute and after two.
	attachMinutes = 15
	// synthesizedAt is the property that changes with each synthesis, or each day of one.
	synthesizedAt = "SynthesizedAt"
)

// runsOnDeploy reports whether a function of the stack checks the pool during a deployment.
func (c *config) runsOnDeploy() bool { return c.imported || c.checkOnDeploy }

// slots returns the functions of the stack.
func (c *config) slots() []slot {
	all := slotsOf(c.settings.Mode)
	if c.runsOnDeploy() {
		all = append(all, slots[len(slots)-1])
	}
	return all
}

// fingerprint is a hash of the settings, without what only a deployment knows.
func (c *config) fingerprint() string {
	h := sha256.New()
	for _, f := range settings.Functions(c.settings.Mode) {
		environment := c.settings.Environment(f)
		for _, name := range slices.Sorted(maps.Keys(environment)) {
			fmt.Fprintf(h, "%s %s=%q\n", f, name, environment[name])
		}
	}
	h.Write(c.mailFile)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// moduleVersion returns this module's version, as the running program records it.
func moduleVersion() string {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Path == build.Module {
			version = info.Main.Version
		}
		for _, dep := range info.Deps {
			if dep.Path == build.Module {
				version = dep.Version
			}
		}
	}
	if version == "" {
		return "(devel)"
	}
	return version
}

// attachStatements are the rights of the function behind the custom resource: this one pool, and
// what the adopter adds for the pool's role or key.
func (e *emailOTP) attachStatements() []awsiam.PolicyStatement {
	actions := []string{"cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient",
		"cognito-idp:GetUserPoolMfaConfig", "cognito-idp:ListUserPoolClients"}
	if e.config.imported {
		actions = append(actions, "cognito-idp:UpdateUserPool")
	}
	own := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...),
		Resources: &[]*string{e.pool.UserPoolArn()}})
	return append([]awsiam.PolicyStatement{own}, e.config.attachStatements...)
}

// permitImportedPool allows the imported pool, and no other, to invoke the triggers. For a pool of
// the stack the CDK does so.
func (e *emailOTP) permitImportedPool() {
	for _, slot := range triggersOf(e.config.settings.Mode) {
		e.functions[slot.function].AddPermission(jsii.String("UserPool"), &awslambda.Permission{
			Principal: awsiam.NewServicePrincipal(jsii.String("cognito-idp.amazonaws.com"), nil),
			SourceArn: e.pool.UserPoolArn(),
		})
	}
}

// addAttachment creates the custom resource that puts the triggers into an imported pool, before
// the app client: what the client lacks is found by the check, in words.
func (e *emailOTP) addAttachment() {
	if !e.config.imported {
		return
	}
	properties := map[string]any{"Triggers": e.triggerARNs(), "WriteAttributes": e.writeAttributes(e.config.clientProps).Attributes(),
		"CaseSensitiveNames": strconv.FormatBool(e.config.caseSensitive)}
	if e.config.chained != nil {
		// A slot that holds the app's own function is taken over, and given back at the end.
		properties["Chained"] = map[string]*string{e.chainName(): e.config.chained.FunctionArn()}
	}
	if e.config.tokenVersion != "" {
		properties["TokenVersion"] = string(e.config.tokenVersion)
	}
	e.onDeploy = e.addCustomResource("UserPoolAttachment", properties)
	// CloudFormation deletes in the opposite order: what the pool calls outlives the detachment.
	for _, slot := range triggersOf(e.config.settings.Mode) {
		e.onDeploy.Node().AddDependency(e.functions[slot.function])
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
// CloudFormation invokes its function only where a property has changed.
func (e *emailOTP) addCustomResource(id string, properties map[string]any) awscdk.CustomResource {
	c := &e.config
	maps.Copy(properties, map[string]any{
		"UserPoolId": e.pool.UserPoolId(), "Mode": string(c.settings.Mode),
		"Version": moduleVersion(), "Settings": e.fingerprint,
	})
	if c.checkOnDeploy {
		properties[synthesizedAt] = time.Now().UTC().Format(time.RFC3339)
	}
	return awscdk.NewCustomResource(e, jsii.String(id), &awscdk.CustomResourceProps{
		ServiceToken:   e.functions[settings.AttachUserPool].FunctionArn(),
		ResourceType:   jsii.String(contract.AttachmentType),
		ServiceTimeout: awscdk.Duration_Minutes(jsii.Number(attachMinutes)),
		Properties:     &properties,
	})
}

// triggerARNs returns the functions by their names in LambdaConfig.
func (e *emailOTP) triggerARNs() map[string]*string {
	arns := map[string]*string{}
	for _, slot := range e.config.triggers() {
		arns[capital(slot.names[0])] = e.functions[slot.function].FunctionArn()
	}
	return arns
}

// acknowledgeOnDeploy gives the acknowledgements to the custom resource, with the ids that a
// deployment knows in place of construct paths. A path that is no app client of this app is an id
// already.
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
	if e.config.recoveryByEmail {
		marks = append(marks, rules.NewMark(BypassEmailRecovery, contract.AnyResource, ""))
	}
	resource := e.onDeploy.Node().DefaultChild().(awscdk.CfnResource)
	if len(marks) > 0 {
		resource.AddPropertyOverride(jsii.String("AcknowledgedBypasses"), marks)
	}
	if hasEnd && !e.config.checkOnDeploy {
		// A new day is a change, so that the deployment checks the last days again.
		resource.AddPropertyOverride(jsii.String(synthesizedAt), time.Now().UTC().Format(rules.DateLayout))
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

// checkImported reports problems with the place of an imported pool.
func (c *config) checkImported(here awscdk.Stack) []string {
	path := *c.pool.Node().Path()
	if c.pool.Node().Root() != here.Node().Root() {
		return []string{fmt.Sprintf("UserPool %s belongs to another app; import it in stack %s", path, *here.Node().Path())}
	}
	if there := *c.pool.Env().Region; !apptree.MayEqual(there, *here.Region()) {
		return []string{fmt.Sprintf("UserPool %s is in %s, and a pool calls functions of its own Region alone "+
			"(the stack %s is in %s); create the EmailOTP in a stack of %s", path, there, *here.Node().Path(),
			*here.Region(), there)}
	}
	if there := *c.pool.Env().Account; !apptree.MayEqual(there, *here.Account()) {
		return []string{fmt.Sprintf("UserPool %s is of account %s, and the stack %s of account %s; "+
			"create the EmailOTP in a stack of the pool's account", path, there, *here.Node().Path(), *here.Account())}
	}
	return nil
}
