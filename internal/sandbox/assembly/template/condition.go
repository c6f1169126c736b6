package template

import (
	"errors"
	"fmt"
	"reflect"
)

// logic evaluates the functions of conditions.
func (s *Stack) logic(name string, arg any, depth int) (any, error) {
	args, ok := arg.([]any)
	if !ok {
		return nil, fmt.Errorf("%s takes a list", name)
	}
	if name == "Fn::If" {
		return s.either(args, depth)
	}
	values, err := s.evalList(args, depth)
	if err != nil {
		return nil, err
	}
	if name == "Fn::Equals" {
		if len(values) != 2 {
			return nil, errors.New("Fn::Equals takes two values")
		}
		return equal(values[0], values[1]), nil
	}
	result := name == "Fn::And"
	for _, v := range values {
		b, ok := v.(bool)
		switch {
		case !ok:
			return nil, fmt.Errorf("%s takes conditions", name)
		case name == "Fn::Not":
			return !b, nil
		case name == "Fn::And":
			result = result && b
		default:
			result = result || b
		}
	}
	if name == "Fn::Not" {
		return nil, errors.New("Fn::Not takes a condition")
	}
	return result, nil
}

// either resolves only the branch that its condition selects, as CloudFormation does.
func (s *Stack) either(args []any, depth int) (any, error) {
	if len(args) != 3 {
		return nil, errors.New("Fn::If takes a condition and two values")
	}
	name, ok := args[0].(string)
	if !ok {
		return nil, errors.New("Fn::If takes a condition's name")
	}
	holds, err := s.condition(name, depth)
	if err != nil {
		return nil, err
	}
	if holds {
		return s.eval(args[1], depth+1)
	}
	return s.eval(args[2], depth+1)
}

// equal compares as CloudFormation does: "1" and 1 are equal.
func equal(a, b any) bool {
	x, err1 := Text(a)
	y, err2 := Text(b)
	if err1 == nil && err2 == nil {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

func (s *Stack) condition(name string, depth int) (bool, error) {
	if known, ok := s.conditions[name]; ok && !s.set.strict {
		return known, nil
	}
	expression, ok := s.Template.Conditions[name]
	if !ok {
		return false, fmt.Errorf("the template has no condition %s", name)
	}
	v, err := s.eval(expression, depth+1)
	if err != nil {
		return false, fmt.Errorf("condition %s: %w", name, err)
	}
	holds, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("condition %s is neither true nor false", name)
	}
	if s.conditions == nil {
		s.conditions = map[string]bool{}
	}
	s.conditions[name] = holds
	return holds, nil
}

// Exists reports whether a resource is created.
func (s *Stack) Exists(id string) bool {
	r, ok := s.Template.Resources[id]
	if !ok || r.Condition == "" {
		return ok
	}
	s.set.steps = maxSteps
	holds, err := s.condition(r.Condition, 0)
	return err == nil && holds
}
