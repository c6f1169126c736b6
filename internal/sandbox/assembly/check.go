package assembly

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// GuardedPool is a user pool that an EmailOTP guards, with the findings of [rules.Check].
type GuardedPool struct {
	// Stack is the path of the pool's stack.
	Stack string `json:"stack"`
	// Pool is the pool's construct path, or its logical id where the template has no paths.
	Pool string        `json:"pool"`
	Mode settings.Mode `json:"mode"`
	// Clients is the number of the pool's app clients in the assembly.
	Clients int `json:"clients"`
	// Open are the findings that the template does not acknowledge, Acknowledged all others.
	Open         []rules.Finding `json:"open"`
	Acknowledged []rules.Finding `json:"acknowledged"`
	// Warnings are findings that stop nothing.
	Warnings []rules.Finding `json:"warnings,omitempty"`
}

// Report has the findings of a whole assembly.
type Report struct {
	Pools []GuardedPool `json:"pools"`
	// Skipped are sentences about what the assembly does not show.
	Skipped []string `json:"skipped"`
}

// Check applies the rules to every pool that an EmailOTP guards. It reads the templates as
// CloudFormation receives them, so it finds property overrides, which the construct can't.
// Conditions and parameters are not trusted: a deployment chooses them. An assembly without a
// guarded pool is an error.
func (a *Assembly) Check() (*Report, error) {
	guarded := a.guardedPools()
	if len(guarded) == 0 {
		return nil, a.noEmailOTP()
	}
	report := &Report{Skipped: append([]string{}, a.set.Missing...)}
	for _, c := range guarded {
		report.Pools = append(report.Pools, a.inspect(c))
		if c.isImported() {
			report.Skipped = append(report.Skipped,
				fmt.Sprintf("user pool %s is imported, so its own settings, and app clients "+
					"outside of this app, are checked by the deployment", c.poolID))
		}
	}
	a.set.All(func(c template.Located) {
		if _, err := poolIDs(c.Stack, c.Properties["UserPoolId"]); err != nil {
			report.Skipped = append(report.Skipped,
				fmt.Sprintf("app client %s was not checked, for its user pool is not known: %v", c.Name(), err))
		}
	}, "AWS::Cognito::UserPoolClient")
	return report, nil
}

// guardedPools returns the pools that call a function of EmailOTP, or that have its app client: one
// whose triggers were all replaced still has the client.
func (a *Assembly) guardedPools() []candidate {
	clientModes := map[string]string{}
	a.set.All(func(c template.Located) {
		if mode, ok := c.Metadata[contract.MetadataClient].(string); ok {
			clientModes[c.Text("UserPoolId")] = mode
		}
	}, "AWS::Cognito::UserPoolClient")
	functions := a.functionsByARN()
	var found []candidate
	a.set.All(func(pool template.Located) {
		mode := clientModes[pool.Ref()]
		rules.LambdaConfig(lambdaConfig(pool), func(arn any) settings.Function {
			fn, folder := ownFunction(functions, arn)
			if folder != "" && mode == "" {
				mode = fn.Variable(modeVariable)
			}
			return folder
		})
		if mode != "" {
			found = append(found, candidate{stack: pool.Stack, id: pool.ID, mode: mode})
		}
	}, "AWS::Cognito::UserPool")
	return append(found, a.importedCandidates()...)
}

// inspect applies the rules to one pool and to every app client of it, wherever its stack is.
func (a *Assembly) inspect(c candidate) GuardedPool {
	functions := a.functionsByARN()
	pool := template.Located{Stack: c.stack, ID: c.id, Resource: c.stack.Template.Resources[c.id]}
	id, name, byID := pool.Ref(), pool.Name(), map[string]template.Located{c.id: pool}
	if c.isImported() {
		id, name = c.poolID, c.poolID
	}
	options := settings.Settings{}
	described := rules.Pool{
		Name: name, ID: c.id, Mode: settings.Mode(c.mode), Properties: pool.AsDeployed(),
		Triggers: rules.LambdaConfig(lambdaConfig(pool), func(arn any) settings.Function {
			fn, folder := ownFunction(functions, arn)
			if folder != "" && !slices.Contains([]string{"", c.mode}, fn.Variable(modeVariable)) {
				return ""
			}
			if folder != "" {
				// What a deployment knows can't be read, and is not needed here.
				_ = options.Merge(folder, func(name string) (string, bool) { v := fn.Variable(name); return v, v != "" })
			}
			return folder
		}),
	}
	described.Optional = rules.OptionalOf(options)
	var clients []rules.Client
	a.set.All(func(client template.Located) {
		if ids, _ := poolIDs(client.Stack, client.Properties["UserPoolId"]); !slices.Contains(ids, id) {
			return
		}
		mark := client.ID
		if client.Stack != c.stack {
			mark = client.Stack.Path + "/" + client.ID
		}
		byID[mark] = client
		clients = append(clients, rules.Client{Name: client.Name(), ID: mark, Properties: client.AsDeployed()})
	}, "AWS::Cognito::UserPoolClient")
	g := GuardedPool{Stack: c.stack.Path, Pool: described.Name, Mode: described.Mode, Clients: len(clients)}
	g.Warnings = rules.Warnings(described, clients...)
	found := rules.CheckClients(described, clients...)
	if !c.isImported() {
		found = rules.Check(described, clients...)
	}
	g.Open, g.Acknowledged = rules.Acknowledge(found, time.Now(), func(f rules.Finding) []string {
		resource := byID[f.ID]
		return slices.Concat(rules.LastDays(marks(pool), f.Kind, f.ID), rules.LastDays(marks(resource), f.Kind, f.ID),
			rules.LastDays(marks(resource), f.Kind, resource.ID))
	})
	return g
}

// poolIDs returns the ids that a property has, in either branch of a condition.
func poolIDs(s *template.Stack, value any) ([]string, error) {
	object, _ := value.(map[string]any)
	if branches, ok := object["Fn::If"].([]any); ok && len(branches) == 3 {
		first, err1 := poolIDs(s, branches[1])
		second, err2 := poolIDs(s, branches[2])
		return append(first, second...), errors.Join(err1, err2)
	}
	id, err := s.ResolveText(value)
	return []string{id}, err
}

// marks returns the acknowledgements in the resource's metadata.
func marks(l template.Located) []string {
	return template.Properties(l.Metadata).Texts(contract.MetadataAcknowledgedBypasses)
}

// ownFunction returns the function of EmailOTP that has the ARN; an empty folder for any other.
func ownFunction(functions map[string]template.Located, arn any) (template.Located, settings.Function) {
	text, _ := arn.(string)
	fn, ok := functions[unqualified(text)]
	if !ok {
		return template.Located{}, ""
	}
	folder, _ := fn.Metadata[contract.MetadataFunction].(string)
	return fn, settings.Function(folder)
}

// lambdaConfig returns the pool's LambdaConfig; a value that can't be resolved stays as it is.
func lambdaConfig(l template.Located) rules.Properties {
	if config, err := l.Stack.ResolveMap(l.Properties["LambdaConfig"]); err == nil {
		return config
	}
	config, _ := l.Properties["LambdaConfig"].(map[string]any)
	return l.Stack.ResolveEach(config)
}
