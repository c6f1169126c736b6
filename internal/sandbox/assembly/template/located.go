package template

import (
	"slices"
	"strings"
)

// Located is a resource with its stack and its logical id.
type Located struct {
	Stack *Stack
	ID    string
	*Resource
}

// Each visits the resources of some types that are created, in all stacks, in a fixed order.
func (a *Set) Each(visit func(Located), types ...string) {
	a.All(func(l Located) {
		if l.Stack.Exists(l.ID) {
			visit(l)
		}
	}, types...)
}

// All visits the resources of some types, whatever their conditions.
func (a *Set) All(visit func(Located), types ...string) {
	for _, s := range a.Stacks {
		for _, id := range SortedKeys(s.Template.Resources) {
			if r := s.Template.Resources[id]; slices.Contains(types, r.Type) {
				visit(Located{s, id, r})
			}
		}
	}
}

// Text returns a property as text; "" if it is absent or can't be resolved.
func (l Located) Text(property string) string {
	t, _ := l.Stack.ResolveText(l.Properties[property])
	return t
}

// Texts returns a property that holds a list of texts.
func (l Located) Texts(property string) ([]string, error) {
	list, err := l.Stack.ResolveMap(map[string]any{property: l.Properties[property]})
	return Properties(list).Texts(property), err
}

// ARN returns the resource's own ARN; "" if it can't be resolved.
func (l Located) ARN() string {
	l.Stack.set.steps = maxSteps
	arn, err := l.Stack.resourceARN(l.ID, l.Resource, 0)
	if err != nil {
		return ""
	}
	return arn
}

// Ref returns the value of Ref for the resource; "" if it can't be resolved.
func (l Located) Ref() string {
	t, _ := l.Stack.ResolveText(map[string]any{"Ref": l.ID})
	return t
}

// Variable returns a function's environment variable; "" if it is absent or can't be resolved.
func (l Located) Variable(name string) string {
	v, _ := l.Stack.ResolveText(Properties(l.Properties).Object("Environment").Object("Variables")[name])
	return v
}

// Name returns the construct path of a resource; its logical id where the template has no paths.
func (l Located) Name() string {
	if path, ok := l.Metadata["aws:cdk:path"].(string); ok {
		return strings.TrimSuffix(path, "/Resource")
	}
	return l.ID
}

// AsDeployed resolves the properties without the defaults of parameters, which a deployment may
// replace.
func (l Located) AsDeployed() map[string]any {
	l.Stack.set.strict = true
	defer func() { l.Stack.set.strict = false }()
	return l.Stack.ResolveEach(l.Properties)
}
