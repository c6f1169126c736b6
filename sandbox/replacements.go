package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

// passThrough answers with the event as it came: Cognito goes on as without the trigger.
var passThrough = HandlerFunc(func(_ context.Context, event []byte) ([]byte, error) { return event, nil })

// chooseReplacements sets what runs in place of functions by the options. It refuses names that fit
// no function, and to leave out a function without which there is no sign-in.
func (s *Sandbox) chooseReplacements() error {
	s.replacements = map[string]Handler{}
	var errs []error
	for name, handler := range s.opts.Functions {
		errs = append(errs, s.named("Options.Functions", name, func(f assembly.Function) error {
			s.replacements[f.Name] = handler
			return nil
		}))
	}
	for _, name := range s.opts.Stub {
		errs = append(errs, s.named("--stub (Options.Stub)", name, func(f assembly.Function) error {
			if f.IsOwn {
				return fmt.Errorf("--stub (Options.Stub): function %s is EmailOTP's own, and without it there is no sign-in",
					name)
			}
			s.replacements[f.Name] = passThrough
			s.addToReport(passing(f) + ", as --stub (Options.Stub) asks")
			return nil
		}))
	}
	for _, name := range s.opts.Require {
		errs = append(errs, s.named("--require (Options.Require)", name, func(assembly.Function) error { return nil }))
	}
	return errors.Join(errs...)
}

// named applies do to the functions that a name in the options means.
func (s *Sandbox) named(option, name string, do func(assembly.Function) error) error {
	var errs []error
	var others []string
	isFound := false
	for _, f := range s.plan.Functions {
		others = append(others, f.LogicalID)
		if isNamed(f, name) {
			isFound = true
			errs = append(errs, do(f))
		}
	}
	if !isFound {
		return fmt.Errorf("%s: the sign-in has no function %q; it has %s", option, name, strings.Join(others, ", "))
	}
	return errors.Join(errs...)
}

func isNamed(f assembly.Function, name string) bool { return name == f.LogicalID || name == f.Name }

// replaceFailed makes functions of the app that can't run here pass their events through. It
// reports each. Functions of EmailOTP, and those in Options.Require, are errors: one for each
// cause, since one build makes several functions.
func (s *Sandbox) replaceFailed(failures map[string]error) error {
	var causes []error
	names := map[string][]string{}
	for _, f := range s.plan.Functions {
		why := failures[f.Name]
		if why == nil {
			continue
		}
		isRequired := slices.ContainsFunc(s.opts.Require, func(name string) bool { return isNamed(f, name) })
		if f.IsOwn || isRequired {
			if names[why.Error()] == nil {
				causes = append(causes, why)
			}
			names[why.Error()] = append(names[why.Error()], f.LogicalID)
			continue
		}
		s.replacements[f.Name] = passThrough
		s.addToReport(fmt.Sprintf("%s, because %v; Options.Functions can run a handler in its place", passing(f), why))
	}
	for i, why := range causes {
		causes[i] = fmt.Errorf("function %s: %w", strings.Join(names[why.Error()], ", "), why)
	}
	return errors.Join(causes...)
}

// passing is the beginning of a line of the report.
func passing(f assembly.Function) string {
	var triggers []string
	for _, t := range f.Triggers {
		triggers = append(triggers, string(t))
	}
	what := "trigger " + strings.Join(triggers, ", ") + " passes"
	switch len(triggers) {
	case 0:
		what = "it passes"
	case 1:
	default:
		what = "triggers " + strings.Join(triggers, ", ") + " pass"
	}
	return "WARNING: function " + f.LogicalID + ": " + what + " each event through unchanged"
}

// runFunction runs a function of the plan, or what is in its place.
func (s *Sandbox) runFunction(ctx context.Context, f assembly.Function, event []byte) ([]byte, error) {
	if handler, ok := s.replacements[f.Name]; ok {
		return runHandler(ctx, handler, event)
	}
	return s.host.Invoke(ctx, f.Name, event)
}
