package template

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

func (s *Stack) ref(arg any, depth int) (any, error) {
	name, ok := arg.(string)
	if !ok {
		return nil, errors.New("Ref takes a name")
	}
	switch name {
	case "AWS::Region":
		return s.Region, nil
	case "AWS::AccountId":
		return s.Account, nil
	case "AWS::Partition":
		return s.Partition(), nil
	case "AWS::URLSuffix":
		return partition.Domain(s.Region), nil
	case "AWS::StackName":
		return s.Name, nil
	case "AWS::StackId":
		return s.ARN("cloudformation", "stack/"+s.Name+"/"+uuid(s.digest("stack"))), nil
	case "AWS::NoValue":
		return noValue{}, nil
	case "AWS::NotificationARNs":
		return []any{}, nil
	}
	if p, ok := s.Template.Parameters[name]; ok {
		return s.parameter(name, p, depth)
	}
	r, ok := s.Template.Resources[name]
	if !ok {
		return nil, fmt.Errorf("template of stack %s refers to %s, which it doesn't have", s.Path, name)
	}
	return s.resourceRef(name, r, depth)
}

// parameter returns the value that the parent stack passes, or the default.
func (s *Stack) parameter(name string, p Parameter, depth int) (any, error) {
	if s.parent != nil {
		passed, _ := s.parent.Template.Resources[s.parentID].Properties["Parameters"].(map[string]any)
		if v, ok := passed[name]; ok {
			return s.parent.eval(v, depth+1)
		}
	}
	if p.Default == nil || s.set.strict && s.parent == nil {
		return nil, fmt.Errorf("stack %s has a parameter %s, whose value a deployment sets", s.Path, name)
	}
	if strings.HasPrefix(p.Type, "AWS::SSM::Parameter") {
		return nil, fmt.Errorf("stack %s reads its parameter %s from SSM (%v), which only a deployment can",
			s.Path, name, p.Default)
	}
	if list, ok := p.Default.(string); ok && (p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")) {
		var out []any
		for _, item := range strings.Split(list, ",") {
			out = append(out, strings.TrimSpace(item))
		}
		return out, nil
	}
	return p.Default, nil
}

func (s *Stack) getAtt(arg any, depth int) (any, error) {
	var id, attribute string
	switch arg := arg.(type) {
	case string:
		id, attribute, _ = strings.Cut(arg, ".")
	case []any:
		if len(arg) == 2 {
			id, _ = arg[0].(string)
			var err error
			if attribute, err = s.evalText(arg[1], depth); err != nil {
				return nil, err
			}
		}
	}
	if id == "" || attribute == "" {
		return nil, errors.New("Fn::GetAtt takes a resource and an attribute")
	}
	r, ok := s.Template.Resources[id]
	if !ok {
		return nil, fmt.Errorf("template of stack %s refers to %s, which it doesn't have", s.Path, id)
	}
	if name, ok := strings.CutPrefix(attribute, "Outputs."); ok {
		nested := s.nested[id]
		if nested == nil {
			return nil, fmt.Errorf("stack %s refers to the output %s of the nested stack %s, whose template is not in the "+
				"assembly", s.Path, name, id)
		}
		o, ok := nested.Template.Outputs[name]
		if !ok {
			return nil, fmt.Errorf("nested stack %s has no output %s", nested.Path, name)
		}
		return nested.eval(o.Value, depth+1)
	}
	return s.attribute(id, r, attribute, depth)
}

// importValue follows an export by its name.
func (s *Stack) importValue(arg any, depth int) (any, error) {
	name, err := s.evalText(arg, depth)
	if err != nil {
		return nil, err
	}
	return s.foreignOutput(depth, fmt.Sprintf("imports %q", name), func(other *Stack, _ string, o Output) bool {
		if o.Export.Name == nil || other.Account != s.Account || other.Region != s.Region {
			return false
		}
		exported, err := other.evalText(o.Export.Name, depth)
		return err == nil && exported == name
	})
}

// stackOutput follows Fn::GetStackOutput, the CDK's weak reference, which may cross Regions.
func (s *Stack) stackOutput(arg any, depth int) (any, error) {
	from, _ := arg.(map[string]any)
	stackName, err1 := s.evalText(from["StackName"], depth)
	name, err2 := s.evalText(from["OutputName"], depth)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("Fn::GetStackOutput: %w", err)
	}
	return s.foreignOutput(depth, fmt.Sprintf("reads the output %s of stack %s",
		name, stackName), func(other *Stack, id string, _ Output) bool {
		return id == name && (other.Name == stackName || strings.Contains(stackName, ":stack/"+other.Name+"/"))
	})
}

// foreignOutput returns the output that matches. Stages deploy one app to several environments
// under the same names, so a stack of the same stage comes first.
func (s *Stack) foreignOutput(depth int, what string, isMatch func(*Stack, string, Output) bool) (any, error) {
	for _, inStage := range []bool{true, false} {
		for _, other := range s.set.Stacks {
			for _, id := range SortedKeys(other.Template.Outputs) {
				if o := other.Template.Outputs[id]; (other.dir == s.dir) == inStage && isMatch(other, id, o) {
					return other.eval(o.Value, depth+1)
				}
			}
		}
	}
	return nil, fmt.Errorf("stack %s %s, which no stack of the assembly has; synthesise the exporting stack with it",
		s.Path, what)
}
