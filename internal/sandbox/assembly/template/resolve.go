package template

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxSteps   = 200_000 // of one value, far above a real template's
	maxNesting = 400
	maxText    = 4 << 20
)

// noValue is the value of AWS::NoValue; lists and objects leave it out.
type noValue struct{}

// Resolve replaces every intrinsic in a value of this stack's template.
func (s *Stack) Resolve(v any) (any, error) {
	s.set.steps = maxSteps
	return s.eval(v, 0)
}

// ResolveMap is resolve for an object; an absent one is empty.
func (s *Stack) ResolveMap(v any) (map[string]any, error) {
	out, err := s.Resolve(v)
	if err != nil {
		return nil, err
	}
	switch out := out.(type) {
	case map[string]any:
		return out, nil
	case nil, noValue:
		return map[string]any{}, nil
	}
	return nil, fmt.Errorf("expected an object where the template has %T", out)
}

// ResolveText is resolve for a scalar; an absent one is "".
func (s *Stack) ResolveText(v any) (string, error) {
	out, err := s.Resolve(v)
	if err != nil {
		return "", err
	}
	if _, absent := out.(noValue); absent || out == nil {
		return "", nil
	}
	return Text(out)
}

// Text returns a resolved scalar as text.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("expected text where the template has %T", v)
}

func (s *Stack) eval(v any, depth int) (any, error) {
	if s.set.steps--; s.set.steps < 0 || depth > maxNesting {
		return nil, errors.New("a value of the template refers to itself, or is too large to resolve")
	}
	switch v := v.(type) {
	case []any:
		return s.evalList(v, depth)
	case map[string]any:
		if len(v) == 1 {
			for key, arg := range v {
				if key == "Ref" || key == "Condition" || strings.HasPrefix(key, "Fn::") {
					// An IAM statement's Condition is an object; a condition's name is text.
					if _, name := arg.(string); key != "Condition" || name {
						return s.intrinsic(key, arg, depth+1)
					}
				}
			}
		}
		out := make(map[string]any, len(v))
		for _, key := range SortedKeys(v) {
			item, err := s.eval(v[key], depth+1)
			if err != nil {
				return nil, err
			}
			if _, drop := item.(noValue); !drop {
				out[key] = item
			}
		}
		return out, nil
	}
	return v, nil
}

func (s *Stack) evalList(list []any, depth int) ([]any, error) {
	out := make([]any, 0, len(list))
	for _, item := range list {
		item, err := s.eval(item, depth+1)
		if err != nil {
			return nil, err
		}
		if _, drop := item.(noValue); !drop {
			out = append(out, item)
		}
	}
	return out, nil
}

func (s *Stack) intrinsic(name string, arg any, depth int) (any, error) {
	var out any
	var err error
	switch name {
	case "Ref":
		out, err = s.ref(arg, depth)
	case "Condition":
		out, err = s.condition(arg.(string), depth)
	case "Fn::GetAtt":
		out, err = s.getAtt(arg, depth)
	case "Fn::Sub":
		out, err = s.sub(arg, depth)
	case "Fn::Join":
		out, err = s.join(arg, depth)
	case "Fn::Select":
		out, err = s.selectItem(arg, depth)
	case "Fn::Split":
		out, err = s.split(arg, depth)
	case "Fn::FindInMap":
		out, err = s.findInMap(arg, depth)
	case "Fn::If", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		out, err = s.logic(name, arg, depth)
	case "Fn::ImportValue":
		out, err = s.importValue(arg, depth)
	case "Fn::GetStackOutput":
		out, err = s.stackOutput(arg, depth)
	case "Fn::Base64":
		var plain string
		if plain, err = s.evalText(arg, depth); err == nil {
			out = base64.StdEncoding.EncodeToString([]byte(plain))
		}
	case "Fn::GetAZs":
		out = []any{s.Region + "a", s.Region + "b", s.Region + "c"}
	case "Fn::Length":
		var list []any
		if list, err = s.evalArgs(arg, depth); err == nil {
			out = json.Number(strconv.Itoa(len(list)))
		}
	case "Fn::ToJsonString":
		out, err = s.toJSON(arg, depth)
	default:
		err = fmt.Errorf("the sandbox can't resolve %s", name)
	}
	if err != nil {
		return nil, err
	}
	if t, ok := out.(string); ok {
		s.set.steps -= len(t) / 64 // long texts count as more steps
	}
	return out, nil
}

func (s *Stack) evalText(v any, depth int) (string, error) {
	out, err := s.eval(v, depth+1)
	if err != nil {
		return "", err
	}
	return Text(out)
}

// evalArgs resolves a list of arguments; a list may itself be an intrinsic.
func (s *Stack) evalArgs(v any, depth int) ([]any, error) {
	out, err := s.eval(v, depth+1)
	if err != nil {
		return nil, err
	}
	list, ok := out.([]any)
	if !ok {
		return nil, fmt.Errorf("expected a list where the template has %T", out)
	}
	return list, nil
}

func (s *Stack) join(arg any, depth int) (any, error) {
	args, err := s.evalArgs(arg, depth)
	if err != nil {
		return nil, err
	}
	if len(args) != 2 {
		return nil, errors.New("Fn::Join takes a delimiter and a list")
	}
	delimiter, isText := args[0].(string)
	items, isList := args[1].([]any)
	if !isText || !isList {
		return nil, errors.New("Fn::Join takes a delimiter and a list")
	}
	var b strings.Builder
	for i, item := range items {
		t, err := Text(item)
		if err != nil {
			return nil, fmt.Errorf("Fn::Join: %w", err)
		}
		if i > 0 {
			b.WriteString(delimiter)
		}
		if b.WriteString(t); b.Len() > maxText {
			return nil, errors.New("a value of the template is too large to resolve")
		}
	}
	return b.String(), nil
}

func (s *Stack) selectItem(arg any, depth int) (any, error) {
	args, err := s.evalArgs(arg, depth)
	if err != nil {
		return nil, err
	}
	if len(args) == 2 {
		index, err := Text(args[0])
		items, ok := args[1].([]any)
		i, bad := strconv.Atoi(index)
		if err == nil && ok && bad == nil && i >= 0 && i < len(items) {
			return items[i], nil
		}
	}
	return nil, errors.New("Fn::Select takes an index and a list that has it")
}

func (s *Stack) split(arg any, depth int) (any, error) {
	args, err := s.evalArgs(arg, depth)
	if err != nil {
		return nil, err
	}
	if len(args) == 2 {
		delimiter, ok1 := args[0].(string)
		source, ok2 := args[1].(string)
		if ok1 && ok2 && delimiter != "" {
			var out []any
			for _, part := range strings.Split(source, delimiter) {
				out = append(out, part)
			}
			return out, nil
		}
	}
	return nil, errors.New("Fn::Split takes a delimiter and a text")
}

func (s *Stack) findInMap(arg any, depth int) (any, error) {
	args, err := s.evalArgs(arg, depth)
	if err != nil {
		return nil, err
	}
	if len(args) >= 3 {
		name, err1 := Text(args[0])
		top, err2 := Text(args[1])
		second, err3 := Text(args[2])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("Fn::FindInMap: %w", err)
		}
		if found, ok := s.Template.Mappings[name][top][second]; ok {
			return found, nil
		}
		if len(args) == 4 {
			if options, ok := args[3].(map[string]any); ok && options["DefaultValue"] != nil {
				return options["DefaultValue"], nil
			}
		}
		return nil, fmt.Errorf("Fn::FindInMap: mapping %s has no %s, %s", name, top, second)
	}
	return nil, errors.New("Fn::FindInMap takes a mapping and two keys")
}

func (s *Stack) toJSON(arg any, depth int) (any, error) {
	out, err := s.eval(arg, depth+1)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(out)
	return string(data), err
}

// sub replaces ${Name}, ${Resource.Attribute} and its own variables; ${!Name} is literal.
func (s *Stack) sub(arg any, depth int) (any, error) {
	pattern, isText := arg.(string)
	variables := map[string]any{}
	if !isText {
		args, ok := arg.([]any)
		if !ok || len(args) != 2 {
			return nil, errors.New("Fn::Sub takes a text, or a text and variables")
		}
		pattern, isText = args[0].(string)
		variables, ok = args[1].(map[string]any)
		if !isText || !ok {
			return nil, errors.New("Fn::Sub takes a text, or a text and variables")
		}
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "${")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found {
			return b.String(), nil
		}
		if !closed {
			return nil, errors.New("Fn::Sub has a ${ without its }")
		}
		pattern = after
		value, err := s.substitute(name, variables, depth)
		if err != nil {
			return nil, err
		}
		if b.WriteString(value); b.Len() > maxText {
			return nil, errors.New("a value of the template is too large to resolve")
		}
	}
}

func (s *Stack) substitute(name string, variables map[string]any, depth int) (string, error) {
	if literal, ok := strings.CutPrefix(name, "!"); ok {
		return "${" + literal + "}", nil
	}
	name = strings.TrimSpace(name)
	if v, ok := variables[name]; ok {
		return s.evalText(v, depth)
	}
	if strings.Contains(name, ".") {
		return s.evalText(map[string]any{"Fn::GetAtt": name}, depth)
	}
	return s.evalText(map[string]any{"Ref": name}, depth)
}

// ResolveEach resolves each property by itself; one that can't be resolved stays as it is.
func (s *Stack) ResolveEach(properties map[string]any) map[string]any {
	all := map[string]any{}
	for name, value := range properties {
		resolved, err := s.Resolve(value)
		if err != nil {
			resolved = value
		}
		if _, isAbsent := resolved.(noValue); !isAbsent {
			all[name] = resolved
		}
	}
	return all
}
