package apptree

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
)

// maxReferences bounds the way from a property to the pool, over exports and nested stacks.
const maxReferences = 20

// references follow what a property refers to in the whole app: over Ref and Fn::GetAtt, a nested
// stack's parameters and outputs, exports of any name and other stacks' outputs.
type references struct {
	clients []Client
	outputs []awscdk.CfnOutput
	nested  []awscdk.Stack
	stack   string // the address of the pool's stack
	id      string // the pool's logical id
}

// references reads the app's tree.
func (p Pool) references() *references {
	r := &references{stack: *p.Stack.Node().Addr()}
	if !p.IsImported() {
		r.id, _ = p.Stack.Resolve(p.Resource().LogicalId()).(string)
	}
	for _, c := range *p.Stack.Node().Root().Node().FindAll("") {
		if client, ok := clientOf(c); ok {
			r.clients = append(r.clients, client)
		} else if output, ok := c.(awscdk.CfnOutput); ok {
			r.outputs = append(r.outputs, output)
		} else if nested, ok := c.(awscdk.NestedStack); ok {
			r.nested = append(r.nested, nested)
		}
	}
	return r
}

// leadToPool reports whether a resolved property of the stack is derived from the pool.
func (r *references) leadToPool(stack awscdk.Stack, property any) bool {
	return r.follow(stack, property, 0)
}

func (r *references) follow(stack awscdk.Stack, property any, depth int) bool {
	if depth > maxReferences {
		return false
	}
	switch v := property.(type) {
	case []any:
		for _, item := range v {
			if r.follow(stack, item, depth) {
				return true
			}
		}
	case map[string]any:
		for name, arg := range v {
			if r.followFunction(stack, name, arg, depth) {
				return true
			}
		}
	}
	return false
}

func (r *references) followFunction(stack awscdk.Stack, name string, arg any, depth int) bool {
	switch name {
	case "Ref":
		id, _ := arg.(string)
		return r.followRef(stack, id, depth)
	case "Fn::GetAtt":
		id, attribute, _ := strings.Cut(attributeText(arg), ".")
		if output, ok := strings.CutPrefix(attribute, "Outputs."); ok {
			return r.followOutput(r.nestedStack(stack, id), output, depth)
		}
		return r.followRef(stack, id, depth)
	case "Fn::Sub":
		for _, variable := range variables(arg) {
			id, attribute, isAttribute := strings.Cut(variable, ".")
			if r.followRef(stack, id, depth) ||
				isAttribute && r.followFunction(stack, "Fn::GetAtt", []any{id, attribute}, depth) {
				return true
			}
		}
	case "Fn::ImportValue":
		exportName := plain(stack, arg)
		return r.followOutputs(stack, depth, func(o awscdk.CfnOutput) bool {
			return o.ExportName() != nil && plain(o.Stack(), o.Stack().Resolve(o.ExportName())) == exportName
		})
	case "Fn::GetStackOutput":
		from, _ := arg.(map[string]any)
		stackName, id := plain(stack, from["StackName"]), plain(stack, from["OutputName"])
		return r.followOutputs(stack, depth, func(o awscdk.CfnOutput) bool {
			return *o.Stack().StackName() == stackName && outputID(o) == id
		})
	}
	return r.follow(stack, arg, depth)
}

// followRef follows a logical id of the stack, or a parameter if the stack is nested.
func (r *references) followRef(stack awscdk.Stack, id string, depth int) bool {
	if *stack.Node().Addr() == r.stack && id == r.id {
		return true
	}
	parent := stack.NestedStackParent()
	if parent == nil {
		return false
	}
	resource, ok := stack.NestedStackResource().(awscdk.CfnStack)
	if !ok {
		return false
	}
	parameters, _ := Resolver(parent)(resource.Parameters()).(map[string]any)
	return r.follow(parent, parameters[id], depth+1)
}

// nestedStack returns the nested stack that has the logical id in its parent; nil if there is none.
func (r *references) nestedStack(parent awscdk.Stack, id string) awscdk.Stack {
	for _, nested := range r.nested {
		if *nested.NestedStackParent().Node().Addr() == *parent.Node().Addr() &&
			parent.Resolve(nested.NestedStackResource().LogicalId()) == id {
			return nested
		}
	}
	return nil
}

func (r *references) followOutput(stack awscdk.Stack, id string, depth int) bool {
	for _, o := range r.outputs {
		if stack != nil && *o.Stack().Node().Addr() == *stack.Node().Addr() && outputID(o) == id {
			return r.follow(stack, o.Stack().Resolve(o.Value()), depth+1)
		}
	}
	return false
}

// followOutputs follows the outputs that match. Stages deploy one app to several environments under
// the same names, so outputs of the stack's own stage hide those of others.
func (r *references) followOutputs(stack awscdk.Stack, depth int, isMatch func(awscdk.CfnOutput) bool) bool {
	own, other := false, false
	stage := *awscdk.Stage_Of(stack).Node().Addr()
	isFound := false
	for _, o := range r.outputs {
		if !mayShareEnvironment(o.Stack(), stack) || !isMatch(o) {
			continue
		}
		leads := r.follow(o.Stack(), o.Stack().Resolve(o.Value()), depth+1)
		if *awscdk.Stage_Of(o).Node().Addr() == stage {
			isFound, own = true, own || leads
		} else {
			other = other || leads
		}
	}
	return own || other && !isFound
}

// mayShareEnvironment reports whether two stacks may be deployed to one account and Region.
func mayShareEnvironment(a, b awscdk.Stack) bool {
	return mayEqual(*a.Account(), *b.Account()) && mayEqual(*a.Region(), *b.Region())
}

// mayEqual reports whether two names are equal, or one is a token.
func mayEqual(a, b string) bool { return a == b || propread.IsToken(a) || propread.IsToken(b) }

func outputID(o awscdk.CfnOutput) string {
	id, _ := o.Stack().Resolve(o.LogicalId()).(string)
	return id
}

// attributeText returns the argument of Fn::GetAtt in its short form, such as "Pool.Arn".
func attributeText(arg any) string {
	parts, isList := arg.([]any)
	if !isList {
		text, _ := arg.(string)
		return text
	}
	var texts []string
	for _, part := range parts {
		text, _ := part.(string)
		texts = append(texts, text)
	}
	return strings.Join(texts, ".")
}

var subVariable = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// variables returns the names in Fn::Sub's text.
func variables(arg any) []string {
	if list, ok := arg.([]any); ok && len(list) > 0 {
		arg = list[0]
	}
	text, _ := arg.(string)
	var names []string
	for _, match := range subVariable.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.TrimSpace(match[1]))
	}
	return names
}

// plain writes the name of an export or stack as a text, with the stack's name filled in, so that
// names from two stacks can be compared. What only a deployment resolves stays as JSON.
func plain(stack awscdk.Stack, value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if v["Ref"] == "AWS::StackName" {
			return *stack.StackName()
		}
		if join, ok := v["Fn::Join"].([]any); ok && len(join) == 2 {
			separator, isText := join[0].(string)
			if items, isList := join[1].([]any); isText && isList {
				texts := make([]string, len(items))
				for i, item := range items {
					texts[i] = plain(stack, item)
				}
				return strings.Join(texts, separator)
			}
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return strings.ReplaceAll(text, "${AWS::StackName}", *stack.StackName())
		}
	}
	b, _ := json.Marshal(value)
	return string(b)
}
