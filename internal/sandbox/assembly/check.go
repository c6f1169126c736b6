package assembly

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
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
	report := &Report{Skipped: append([]string{}, a.missing...)}
	for _, c := range guarded {
		report.Pools = append(report.Pools, a.inspect(c))
		if c.isImported() {
			report.Skipped = append(report.Skipped,
				fmt.Sprintf("user pool %s is imported, so its own settings, and app clients "+
					"outside of this app, are checked by the deployment", c.poolID))
		}
	}
	a.all(func(c located) {
		if _, err := c.stack.poolIDs(c.Properties["UserPoolId"]); err != nil {
			report.Skipped = append(report.Skipped,
				fmt.Sprintf("app client %s was not checked, for its user pool is not known: %v", c.name(), err))
		}
	}, "AWS::Cognito::UserPoolClient")
	return report, nil
}

// guardedPools returns the pools that call a function of EmailOTP, or that have its app client: one
// whose triggers were all replaced still has the client.
func (a *Assembly) guardedPools() []candidate {
	clientModes := map[string]string{}
	a.all(func(c located) {
		if mode, ok := c.Metadata[contract.MetadataClient].(string); ok {
			clientModes[c.text("UserPoolId")] = mode
		}
	}, "AWS::Cognito::UserPoolClient")
	functions := a.functionsByARN()
	var found []candidate
	a.all(func(pool located) {
		mode := clientModes[pool.ref()]
		rules.LambdaConfig(pool.lambdaConfig(), func(arn any) settings.Function {
			fn, folder := ownFunction(functions, arn)
			if folder != "" && mode == "" {
				mode = fn.variable(modeVariable)
			}
			return folder
		})
		if mode != "" {
			found = append(found, candidate{stack: pool.stack, id: pool.id, mode: mode})
		}
	}, "AWS::Cognito::UserPool")
	return append(found, a.importedCandidates()...)
}

// inspect applies the rules to one pool and to every app client of it, wherever its stack is.
func (a *Assembly) inspect(c candidate) GuardedPool {
	functions := a.functionsByARN()
	pool := located{c.stack, c.id, c.stack.template.Resources[c.id]}
	id, name, byID := pool.ref(), pool.name(), map[string]located{c.id: pool}
	if c.isImported() {
		id, name = c.poolID, c.poolID
	}
	described := rules.Pool{
		Name: name, ID: c.id, Mode: settings.Mode(c.mode), Properties: pool.asDeployed(),
		Triggers: rules.LambdaConfig(pool.lambdaConfig(), func(arn any) settings.Function {
			fn, folder := ownFunction(functions, arn)
			if folder != "" && !slices.Contains([]string{"", c.mode}, fn.variable(modeVariable)) {
				return ""
			}
			return folder
		}),
	}
	var clients []rules.Client
	a.all(func(client located) {
		if ids, _ := client.stack.poolIDs(client.Properties["UserPoolId"]); !slices.Contains(ids, id) {
			return
		}
		mark := client.id
		if client.stack != c.stack {
			mark = client.stack.path + "/" + client.id
		}
		byID[mark] = client
		clients = append(clients, rules.Client{Name: client.name(), ID: mark, Properties: client.asDeployed()})
	}, "AWS::Cognito::UserPoolClient")
	g := GuardedPool{Stack: c.stack.path, Pool: described.Name, Mode: described.Mode, Clients: len(clients)}
	g.Warnings = rules.Warnings(described, clients...)
	found := rules.CheckClients(described, clients...)
	if !c.isImported() {
		found = rules.Check(described, clients...)
	}
	g.Open, g.Acknowledged = rules.Acknowledge(found, time.Now(), func(f rules.Finding) []string {
		resource := byID[f.ID]
		return slices.Concat(rules.LastDays(pool.marks(), f.Kind, f.ID), rules.LastDays(resource.marks(), f.Kind, f.ID),
			rules.LastDays(resource.marks(), f.Kind, resource.id))
	})
	return g
}

// poolIDs returns the ids that a property has, in either branch of a condition.
func (s *stack) poolIDs(value any) ([]string, error) {
	object, _ := value.(map[string]any)
	if branches, ok := object["Fn::If"].([]any); ok && len(branches) == 3 {
		first, err1 := s.poolIDs(branches[1])
		second, err2 := s.poolIDs(branches[2])
		return append(first, second...), errors.Join(err1, err2)
	}
	id, err := s.resolveText(value)
	return []string{id}, err
}

// marks returns the acknowledgements in the resource's metadata.
func (l located) marks() []string {
	return properties(l.Metadata).texts(contract.MetadataAcknowledgedBypasses)
}

// name returns the construct path of a resource; its logical id where the template has no paths.
func (l located) name() string {
	if path, ok := l.Metadata["aws:cdk:path"].(string); ok {
		return strings.TrimSuffix(path, "/Resource")
	}
	return l.id
}

// ownFunction returns the function of EmailOTP that has the ARN; an empty folder for any other.
func ownFunction(functions map[string]located, arn any) (located, settings.Function) {
	text, _ := arn.(string)
	fn, ok := functions[unqualified(text)]
	if !ok {
		return located{}, ""
	}
	folder, _ := fn.Metadata[contract.MetadataFunction].(string)
	return fn, settings.Function(folder)
}

// lambdaConfig returns the pool's LambdaConfig; a value that can't be resolved stays as it is.
func (l located) lambdaConfig() rules.Properties {
	if config, err := l.stack.resolveMap(l.Properties["LambdaConfig"]); err == nil {
		return config
	}
	config, _ := l.Properties["LambdaConfig"].(map[string]any)
	return l.stack.resolveEach(config)
}

// asDeployed resolves the properties without the defaults of parameters, which a deployment may
// replace.
func (l located) asDeployed() rules.Properties {
	l.stack.assembly.strict = true
	defer func() { l.stack.assembly.strict = false }()
	return l.stack.resolveEach(l.Properties)
}

// resolveEach resolves each property by itself; one that can't be resolved stays as it is.
func (s *stack) resolveEach(properties map[string]any) rules.Properties {
	all := rules.Properties{}
	for name, value := range properties {
		resolved, err := s.resolve(value)
		if err != nil {
			resolved = value
		}
		if _, isAbsent := resolved.(noValue); !isAbsent {
			all[name] = resolved
		}
	}
	return all
}
