// Package apptree reads the construct tree of a whole app as CloudFormation gets it: a user pool,
// the app clients that refer to it from anywhere in the app, and SES identities. It creates
// nothing.
package apptree

import (
	"reflect"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A Pool is a user pool and the stack that uses it.
type Pool struct {
	awscognito.IUserPool
	Stack awscdk.Stack
}

// IsImported reports whether CloudFormation does not manage the pool. Only a deployment then sees
// its settings.
func (p Pool) IsImported() bool { return p.Own() == nil }

// Own returns the pool of the app; nil for an imported one.
func (p Pool) Own() awscognito.UserPool {
	pool, _ := p.IUserPool.(awscognito.UserPool)
	return pool
}

// Resource returns the pool of the app as CloudFormation gets it.
func (p Pool) Resource() awscognito.CfnUserPool {
	return p.Node().DefaultChild().(awscognito.CfnUserPool)
}

// LambdaConfig returns the triggers of the app's pool by their names in LambdaConfig, such as
// "preSignUp".
func (p Pool) LambdaConfig() map[string]any {
	resource := p.Resource()
	config, _ := Resolver(resource.Stack())(resource.LambdaConfig()).(map[string]any)
	return config
}

// IsCaseSensitive reports whether "Ann" and "ann" are two user names in the app's pool, which is
// Cognito's default.
func (p Pool) IsCaseSensitive() bool {
	names, _ := Resolver(p.Stack)(p.Resource().UsernameConfiguration()).(map[string]any)
	sensitive, known := names["caseSensitive"].(bool)
	return !known || sensitive
}

// Clients returns the pool's app clients in the whole app.
func (p Pool) Clients() []Client {
	refs := p.references()
	return slices.DeleteFunc(refs.clients, func(c Client) bool {
		if p.IsImported() {
			return !p.isOfImported(c)
		}
		return !refs.leadToPool(c.Stack(), Resolver(c.Stack())(c.properties["UserPoolId"]))
	})
}

// isOfImported reports whether a client is one of the imported pool. Only a pool id that is a text
// can be compared across stacks.
func (p Pool) isOfImported(c Client) bool {
	id := p.Stack.Resolve(p.UserPoolId())
	if _, isText := id.(string); !isText && *c.Stack().Node().Addr() != *p.Stack.Node().Addr() {
		return false
	}
	property := Resolver(c.Stack())(c.properties["UserPoolId"])
	return plain(c.Stack(), property) == plain(p.Stack, id)
}

// Warnings returns what [rules.Warnings] does for the pool's app clients.
func (p Pool) Warnings(clients []Client) []rules.Finding {
	var described []rules.Client
	for _, c := range clients {
		described = append(described, p.describe(c))
	}
	return rules.Warnings(rules.Pool{Name: *p.Node().Path()}, described...)
}

// Findings applies the rules to the pool of an EmailOTP with the settings, and to its app clients.
// arns are the resolved ARNs of the functions that belong behind the pool's triggers.
func (p Pool) Findings(s settings.Settings, arns map[settings.Function]any, clients []Client) []rules.Finding {
	var described []rules.Client
	for _, c := range clients {
		described = append(described, p.describe(c))
	}
	if p.IsImported() {
		path := *p.Node().Path()
		return rules.CheckClients(rules.Pool{Name: path, ID: path, Mode: s.Mode}, described...)
	}
	resource := p.Resource()
	return rules.Check(rules.Pool{
		Name: *p.Node().Path(), ID: p.LogicalID(resource), Mode: s.Mode, Optional: rules.OptionalOf(s),
		Triggers: rules.LambdaConfig(p.LambdaConfig(), func(arn any) settings.Function {
			for f, known := range arns {
				if reflect.DeepEqual(arn, known) {
					return f
				}
			}
			return ""
		}),
		Properties: resolved(resource.Stack(), map[string]any{
			"AccountRecoverySetting": resource.AccountRecoverySetting(), "MfaConfiguration": resource.MfaConfiguration(),
			"AliasAttributes": resource.AliasAttributes(), "Schema": resource.Schema(),
			"EmailConfiguration": resource.EmailConfiguration(),
		}),
	}, described...)
}
