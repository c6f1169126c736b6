package apptree

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
)

// A Client is an app client as CloudFormation gets it, whichever class it has.
type Client struct {
	awscdk.CfnResource
	properties map[string]any
}

// Path returns what errors and acknowledgements call the client.
func (c Client) Path() string { return strings.TrimSuffix(*c.Node().Path(), "/Resource") }

// clientOf returns the construct as an app client, if it is one.
func clientOf(c constructs.IConstruct) (Client, bool) {
	if client, ok := c.(awscognito.CfnUserPoolClient); ok {
		return Client{client, map[string]any{
			"UserPoolId":                      client.UserPoolId(),
			"ExplicitAuthFlows":               client.ExplicitAuthFlows(),
			"AllowedOAuthFlowsUserPoolClient": client.AllowedOAuthFlowsUserPoolClient(),
			"AllowedOAuthFlows":               client.AllowedOAuthFlows(),
			"WriteAttributes":                 client.WriteAttributes(),
			"PreventUserExistenceErrors":      client.PreventUserExistenceErrors(),
			"GenerateSecret":                  client.GenerateSecret(),
		}}, true
	}
	// Every resource with a class of its own can be inspected; all others have their type as a
	// text.
	resource, ok := c.(awscdk.CfnResource)
	_, hasClass := c.(awscdk.IInspectable)
	if !ok || hasClass || *resource.CfnResourceType() != "AWS::Cognito::UserPoolClient" {
		return Client{}, false
	}
	return Client{resource, *resource.CfnProperties()}, true
}

// describe returns a client as the rules read it.
func (p Pool) describe(c Client) rules.Client {
	return rules.Client{
		Name: c.Path(), ID: p.LogicalID(c),
		Properties: resolved(c.Stack(), c.properties),
	}
}

// LogicalID returns what acknowledges a resource in the pool's metadata: its logical id, below the
// path of its stack if that is not the pool's.
func (p Pool) LogicalID(resource awscdk.CfnResource) string {
	id, _ := resource.Stack().Resolve(resource.LogicalId()).(string)
	if *resource.Stack().Node().Addr() == *p.Stack.Node().Addr() {
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
	resolve, all := Resolver(stack), rules.Properties{}
	for name, value := range properties {
		all[name] = resolve(value)
	}
	return all
}

// Resolver returns the stack's Resolve for properties that may be absent, which Resolve refuses.
func Resolver(stack awscdk.Stack) func(any) any {
	return func(property any) any {
		if propread.IsNil(property) {
			return nil
		}
		return stack.Resolve(property)
	}
}
