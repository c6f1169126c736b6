package assembly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// maxEnvironment is Lambda's limit for all variables of a function, in bytes.
const maxEnvironment = 4096

// functions describes the functions that the pool's triggers call.
func (b *builder) functions() {
	c := b.candidate
	config, err := c.stack.resolveMap(c.stack.template.Resources[c.id].Properties["LambdaConfig"])
	if err != nil {
		b.fail("user pool %s: LambdaConfig: %w", c.id, err)
		return
	}
	if c.isImported() {
		config = b.attachment()
	}
	byARN := b.assembly.functionsByARN()
	triggersOf := map[string][]userpool.Trigger{}
	for trigger, arn := range b.triggers(config) {
		triggersOf[arn] = append(triggersOf[arn], trigger)
	}
	for _, arn := range sortedKeys(triggersOf) {
		triggers := triggersOf[arn]
		slices.Sort(triggers)
		fn, ok := byARN[unqualified(arn)]
		if !ok {
			b.fail("trigger %s of user pool %s is the function %s, which is not in the assembly; "+
				"synthesise its stack with it, or %s", triggers[0], c.id, arn, remedy)
			continue
		}
		f, err := b.function(fn)
		if err != nil {
			b.errs = append(b.errs, err)
			continue
		}
		f.Triggers = triggers
		if !b.isInvocable(f, "cognito-idp.amazonaws.com", b.plan.PoolARN) {
			b.warn("function %s: no AWS::Lambda::Permission lets user pool %s invoke it, so on AWS its trigger fails",
				f.LogicalID, c.id)
		}
		b.plan.Functions = append(b.plan.Functions, f)
	}
}

// isInvocable reports whether a permission lets a service invoke the function for a resource.
func (b *builder) isInvocable(f Function, service, arn string) bool {
	found := false
	b.assembly.each(func(l located) {
		name, source := l.text("FunctionName"), l.text("SourceArn")
		found = found || (unqualified(name) == f.ARN || name == f.Name) && l.text("Principal") == service &&
			(source == "" || iam.Match(source, arn))
	}, "AWS::Lambda::Permission")
	return found
}

// triggers returns the ARNs of a LambdaConfig by trigger. It warns of what is not emulated.
func (b *builder) triggers(config properties) map[userpool.Trigger]string {
	found := map[userpool.Trigger]string{}
	for _, key := range sortedKeys(config) {
		arn := config.text(key)
		if key == "PreTokenGenerationConfig" {
			versioned := config.object(key)
			if v := versioned.text("LambdaVersion"); v != "V1_0" {
				b.warn("user pool %s has a PreTokenGeneration trigger of version %s; the sandbox sends it V1_0 events",
					b.candidate.id, v)
			}
			key, arn = string(userpool.PreTokenGeneration), versioned.text("LambdaArn")
		}
		trigger := userpool.Trigger(key)
		if !slices.Contains(userpool.Triggers(), trigger) {
			b.warn("user pool %s has the trigger setting %s, which is not emulated", b.candidate.id, key)
			continue
		}
		if arn != "" {
			found[trigger] = arn
			b.plan.Pool.Triggers[trigger] = true
		}
	}
	return found
}

func (b *builder) function(l located) (Function, error) {
	f := Function{LogicalID: l.id, ARN: l.arn()}
	f.Folder, _ = l.Metadata[contract.MetadataFunction].(string)
	p, err := l.stack.resolveMap(without(l.Properties, "Code", "Environment"))
	if err != nil {
		return f, fmt.Errorf("function %s: %w", l.id, err)
	}
	props := properties(p)
	f.Name = f.ARN[strings.LastIndex(f.ARN, ":")+1:]
	f.Handler, f.Runtime = props.text("Handler"), props.text("Runtime")
	f.Architecture = "x86_64" // Lambda's default
	if names := props.texts("Architectures"); len(names) > 0 {
		f.Architecture = names[0]
	}
	f.MemoryMB = cmp.Or(props.number("MemorySize"), 128)
	f.Timeout = time.Duration(cmp.Or(props.number("Timeout"), 3)) * time.Second
	if f.Environment, err = b.environment(l); err != nil {
		return f, err
	}
	code, err := l.stack.codeOf(l.id)
	f.Asset, f.AssetHash, f.CodeError = code.path, code.hash, err
	f.Principal = iam.Principal{Function: f.Name, RoleARN: props.text("Role")}
	f.Principal.Policies = b.policiesOf(f.Principal.RoleARN)
	return f, nil
}

func without(props map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for k, v := range props {
		if !slices.Contains(names, k) {
			out[k] = v
		}
	}
	return out
}

// environment resolves a function's variables. An unresolved one is an error, or the function would
// treat a placeholder as a value.
func (b *builder) environment(l located) (map[string]string, error) {
	l.stack.invented = nil
	resolved, err := l.stack.resolveMap(l.Properties["Environment"])
	if err != nil {
		return nil, fmt.Errorf("function %s: Environment: %w", l.id, err)
	}
	variables := map[string]string{}
	size := 0
	raw := properties(resolved).object("Variables")
	for _, name := range sortedKeys(raw) {
		value, err := text(raw[name])
		if err != nil {
			return nil, fmt.Errorf("function %s: environment variable %s: %w", l.id, name, err)
		}
		if strings.Contains(value, "{{resolve:") {
			return nil, fmt.Errorf("function %s: environment variable %s is a dynamic reference, which only a deployment "+
				"can resolve; give the value itself", l.id, name)
		}
		if strings.ContainsRune(name+value, 0) || strings.Contains(name, "=") {
			return nil, fmt.Errorf("function %s: environment variable %q holds a character that no environment can", l.id, name)
		}
		variables[name] = value
		size += len(name) + len(value)
	}
	if size > maxEnvironment {
		return nil, fmt.Errorf("function %s: its environment has %d bytes; Lambda allows %d, so it can't be deployed; "+
			"shorten the values", l.id, size, maxEnvironment)
	}
	for _, name := range sortedKeys(l.stack.invented) {
		b.warn("function %s has %s in its environment, which only AWS knows; the sandbox invented a value", l.id, name)
	}
	return variables, nil
}
