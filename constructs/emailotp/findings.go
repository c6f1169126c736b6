package emailotp

import (
	"reflect"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// findings applies the rules to the pool and to its app clients.
func (e *emailOTP) findings(clients []appClient) []rules.Finding {
	var described []rules.Client
	for _, c := range clients {
		described = append(described, e.describeClient(c))
	}
	if e.config.imported {
		// Only the deployment sees the pool itself.
		path := *e.pool.Node().Path()
		return rules.CheckClients(rules.Pool{Name: path, ID: path, Mode: settings.Mode(e.config.settings.Mode)}, described...)
	}
	return rules.Check(e.describePool(), described...)
}

// clients returns the pool's app clients in the whole app.
func (e *emailOTP) clients() []appClient {
	refs := e.references()
	return slices.DeleteFunc(refs.clients, func(c appClient) bool {
		if e.config.imported {
			return !e.isOfImported(c)
		}
		return !refs.leadToPool(c.Stack(), resolver(c.Stack())(c.properties["UserPoolId"]))
	})
}

// poolResource returns the pool of the stack as CloudFormation gets it.
func (e *emailOTP) poolResource() awscognito.CfnUserPool {
	return e.pool.Node().DefaultChild().(awscognito.CfnUserPool)
}

func (e *emailOTP) describePool() rules.Pool {
	pool := e.poolResource()
	own := map[settings.Function]any{}
	for f, function := range e.functions {
		own[f] = e.stack().Resolve(function.FunctionArn())
	}
	return rules.Pool{
		Name: *e.pool.Node().Path(), ID: e.logicalID(pool), Mode: settings.Mode(e.config.settings.Mode),
		Triggers: rules.LambdaConfig(lambdaConfig(e.ownPool()), func(arn any) settings.Function {
			for f, known := range own {
				if reflect.DeepEqual(arn, known) {
					return f
				}
			}
			return ""
		}),
		Properties: resolved(pool.Stack(), map[string]any{
			"AccountRecoverySetting": pool.AccountRecoverySetting(), "MfaConfiguration": pool.MfaConfiguration(),
			"AliasAttributes": pool.AliasAttributes(), "Schema": pool.Schema(),
		}),
	}
}

// An appClient is an app client as CloudFormation gets it, whichever class it has.
type appClient struct {
	awscdk.CfnResource
	properties map[string]any
}

// appClientOf returns the construct as an app client, if it is one.
func appClientOf(c constructs.IConstruct) (appClient, bool) {
	if client, ok := c.(awscognito.CfnUserPoolClient); ok {
		return appClient{client, map[string]any{
			"UserPoolId":                      client.UserPoolId(),
			"ExplicitAuthFlows":               client.ExplicitAuthFlows(),
			"AllowedOAuthFlowsUserPoolClient": client.AllowedOAuthFlowsUserPoolClient(),
			"AllowedOAuthFlows":               client.AllowedOAuthFlows(),
			"WriteAttributes":                 client.WriteAttributes(),
		}}, true
	}
	// Every resource with a class of its own can be inspected; all others have their type as a
	// text.
	resource, ok := c.(awscdk.CfnResource)
	_, hasClass := c.(awscdk.IInspectable)
	if !ok || hasClass || *resource.CfnResourceType() != "AWS::Cognito::UserPoolClient" {
		return appClient{}, false
	}
	return appClient{resource, *resource.CfnProperties()}, true
}

func (e *emailOTP) describeClient(c appClient) rules.Client {
	return rules.Client{
		Name: c.path(), ID: e.logicalID(c),
		Properties: resolved(c.Stack(), c.properties),
	}
}

// logicalID returns what acknowledges a resource in the pool's metadata: its logical id, below the
// path of its stack if that is not the pool's.
func (e *emailOTP) logicalID(resource awscdk.CfnResource) string {
	id, _ := resource.Stack().Resolve(resource.LogicalId()).(string)
	if *resource.Stack().Node().Addr() == *e.stack().Node().Addr() {
		return id
	}
	return templatePath(resource.Stack()) + "/" + id
}

// templatePath returns the path by which tools name a template: a nested stack is named by its
// logical id in its parent.
func templatePath(stack awscdk.Stack) string {
	parent := stack.NestedStackParent()
	if parent == nil {
		return *stack.Node().Path()
	}
	id, _ := parent.Resolve(stack.NestedStackResource().LogicalId()).(string)
	return templatePath(parent) + "/" + id
}

func resolved(stack awscdk.Stack, properties map[string]any) rules.Properties {
	resolve, all := resolver(stack), rules.Properties{}
	for name, value := range properties {
		all[name] = resolve(value)
	}
	return all
}

// resolver returns the stack's Resolve for properties that may be absent, which Resolve refuses.
func resolver(stack awscdk.Stack) func(any) any {
	return func(property any) any {
		if isNil(property) {
			return nil
		}
		return stack.Resolve(property)
	}
}
