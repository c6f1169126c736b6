package assembly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// maxEnvironment is Lambda's limit for all variables of a function, in bytes.
const maxEnvironment = 4096

// functions describes the functions that the pool's triggers call.
func (b *builder) functions() {
	c := b.candidate
	config, err := c.stack.ResolveMap(c.stack.Template.Resources[c.id].Properties["LambdaConfig"])
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
	for _, arn := range template.SortedKeys(triggersOf) {
		triggers := triggersOf[arn]
		slices.Sort(triggers)
		fn, ok := byARN[unqualified(arn)]
		if !ok {
			b.absent(arn, triggers)
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

// absent adds a function that the assembly does not have. The sign-in itself can't do without.
func (b *builder) absent(arn string, triggers []userpool.Trigger) {
	problem := fmt.Errorf("the function %s is not in the assembly; synthesise its stack with it, or %s", arn,
		template.Remedy)
	for _, trigger := range triggers {
		if slices.Contains(challengeTriggers, trigger) {
			b.fail("trigger %s of user pool %s: %w", trigger, b.candidate.id, problem)
			return
		}
	}
	arn = unqualified(arn)
	name := arn[strings.LastIndex(arn, ":")+1:]
	b.plan.Functions = append(b.plan.Functions, Function{
		LogicalID: name, Name: name, ARN: arn, Triggers: triggers, CodeError: problem,
		Principal: iam.Principal{Function: name},
	})
}

// challengeTriggers are an EmailOTP's in every mode.
var challengeTriggers = []userpool.Trigger{
	userpool.DefineAuthChallenge, userpool.CreateAuthChallenge, userpool.VerifyAuthChallengeResponse,
}

// isInvocable reports whether a permission lets a service invoke the function for a resource.
func (b *builder) isInvocable(f Function, service, arn string) bool {
	found := false
	b.assembly.set.Each(func(l template.Located) {
		name, source := l.Text("FunctionName"), l.Text("SourceArn")
		found = found || (unqualified(name) == f.ARN || name == f.Name) && l.Text("Principal") == service &&
			(source == "" || iam.Match(source, arn))
	}, "AWS::Lambda::Permission")
	return found
}

// triggers returns the ARNs of a LambdaConfig by trigger. It warns of what is not emulated.
func (b *builder) triggers(config template.Properties) map[userpool.Trigger]string {
	found := map[userpool.Trigger]string{}
	for _, key := range template.SortedKeys(config) {
		arn := config.Text(key)
		if key == tokenConfig {
			versioned := config.Object(key)
			b.plan.Pool.TokenVersion = versioned.Text("LambdaVersion")
			key, arn = string(userpool.PreTokenGeneration), versioned.Text("LambdaArn")
		}
		trigger := userpool.Trigger(key)
		if !slices.Contains(userpool.Triggers(), trigger) {
			b.warn("user pool %s has the trigger setting %s, which is not emulated", b.candidate.id, key)
			continue
		}
		if arn != "" {
			found[trigger] = arn
			b.plan.Pool.TriggerARNs[trigger] = arn
			b.plan.Pool.Triggers[trigger] = true
		}
	}
	b.plan.Pool.TriggerARNs = found
	return found
}

// function describes a function. An error means that the sign-in can't run; a function of the app
// that can't has a CodeError.
func (b *builder) function(l template.Located) (Function, error) {
	f := Function{LogicalID: l.ID, ARN: l.ARN(), Architecture: "x86_64"} // Lambda's default
	f.Name = f.ARN[strings.LastIndex(f.ARN, ":")+1:]
	f.Principal = iam.Principal{Function: f.Name}
	f.Folder, _ = l.Metadata[contract.MetadataFunction].(string)
	f.Brand, _ = l.Metadata[contract.MetadataBrand].(string)
	f.IsOwn = f.Folder != "" || l.Variable(modeVariable) != ""
	err := b.describe(&f, l)
	if err != nil && f.IsOwn {
		return f, fmt.Errorf("function %s: %w", l.ID, err)
	}
	code, missing := l.Stack.CodeOf(l.ID)
	f.Asset, f.AssetHash, f.Inline = code.Path, code.Hash, code.Inline
	f.CodeError = cmp.Or(err, missing)
	return f, nil
}

// describe sets what the template configures of a function.
func (b *builder) describe(f *Function, l template.Located) error {
	p, err := l.Stack.ResolveMap(without(l.Properties, "Code", "Environment"))
	if err != nil {
		return err
	}
	props := template.Properties(p)
	f.Handler, f.Runtime = props.Text("Handler"), props.Text("Runtime")
	if names := props.Texts("Architectures"); len(names) > 0 {
		f.Architecture = names[0]
	}
	f.MemoryMB = cmp.Or(props.Number("MemorySize"), 128)
	f.Timeout = time.Duration(cmp.Or(props.Number("Timeout"), 3)) * time.Second
	f.LogGroup = cmp.Or(props.Object("LoggingConfig").Text("LogGroup"), "/aws/lambda/"+f.Name)
	f.Principal.RoleARN = props.Text("Role")
	f.Principal.Policies = b.policiesOf(f.Principal.RoleARN)
	if len(props.Texts("Layers")) > 0 {
		b.warn("function %s: its layers are not unpacked, so what it takes from /opt is missing", l.ID)
	}
	f.Environment, err = b.environment(l)
	return err
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
func (b *builder) environment(l template.Located) (map[string]string, error) {
	l.Stack.Invented = nil
	resolved, err := l.Stack.ResolveMap(l.Properties["Environment"])
	if err != nil {
		return nil, fmt.Errorf("Environment: %w", err)
	}
	variables := map[string]string{}
	size := 0
	raw := template.Properties(resolved).Object("Variables")
	for _, name := range template.SortedKeys(raw) {
		value, err := template.Text(raw[name])
		if err != nil {
			return nil, fmt.Errorf("environment variable %s: %w", name, err)
		}
		if strings.Contains(value, "{{resolve:") {
			return nil, fmt.Errorf("environment variable %s is a dynamic reference, which only a deployment can resolve; "+
				"give the value itself", name)
		}
		if strings.ContainsRune(name+value, 0) || strings.Contains(name, "=") {
			return nil, fmt.Errorf("environment variable %q holds a character that no environment can", name)
		}
		variables[name] = value
		size += len(name) + len(value)
	}
	if size > maxEnvironment {
		return nil, fmt.Errorf("its environment has %d bytes; Lambda allows %d, so it can't be deployed; shorten the values",
			size, maxEnvironment)
	}
	for _, name := range template.SortedKeys(l.Stack.Invented) {
		b.warn("function %s has %s in its environment, which only AWS knows; the sandbox invented a value", l.ID, name)
	}
	return variables, nil
}
