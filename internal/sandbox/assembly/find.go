package assembly

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
)

// modeVariable marks a function of an EmailOTP and holds its mode.
const modeVariable = "EMAILOTP_MODE"

// candidate is a user pool that an EmailOTP guards.
type candidate struct {
	stack *template.Stack
	id    string
	mode  string
	// poolID is the id of an imported pool; empty for one of the template.
	poolID string
}

func (c candidate) String() string {
	return fmt.Sprintf("--stack %s --pool %s --mode %s", c.stack.Name, c.id, c.mode)
}

func (c candidate) fits(choice Choice) bool {
	isStack := slices.Contains([]string{"", c.stack.Name, c.stack.Path, c.stack.ID}, choice.Stack)
	return isStack && (choice.Pool == "" || choice.Pool == c.id) && (choice.Mode == "" || choice.Mode == c.mode)
}

// candidates returns the pools whose CreateAuthChallenge trigger is an EmailOTP's.
func (a *Assembly) candidates() []candidate {
	var found []candidate
	functions := a.functionsByARN()
	a.set.Each(func(pool template.Located) {
		triggers, err := pool.Stack.ResolveMap(pool.Properties["LambdaConfig"])
		if err != nil {
			return
		}
		arn, _ := triggers["CreateAuthChallenge"].(string)
		fn, ok := functions[unqualified(arn)]
		if !ok {
			return
		}
		if mode := fn.Variable(modeVariable); mode != "" {
			found = append(found, candidate{stack: pool.Stack, id: pool.ID, mode: mode})
		}
	}, "AWS::Cognito::UserPool")
	return append(found, a.importedCandidates()...)
}

func (a *Assembly) functionsByARN() map[string]template.Located {
	functions := map[string]template.Located{}
	a.set.Each(func(l template.Located) {
		if arn := l.ARN(); arn != "" {
			functions[arn] = l
		}
	}, "AWS::Lambda::Function")
	return functions
}

// unqualified cuts a version or an alias off a function's ARN.
func unqualified(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) > 7 {
		parts = parts[:7]
	}
	return strings.Join(parts, ":")
}

func (a *Assembly) choose(choice Choice) (candidate, error) {
	all := a.candidates()
	if len(all) == 0 {
		return candidate{}, a.noEmailOTP()
	}
	var fitting []candidate
	for _, c := range all {
		if c.fits(choice) {
			fitting = append(fitting, c)
		}
	}
	switch len(fitting) {
	case 1:
		return fitting[0], nil
	case 0:
		return candidate{}, fmt.Errorf("no EmailOTP in cloud assembly %s has %s; it holds:\n%s", a.set.Dir, choice, list(all))
	}
	return candidate{}, fmt.Errorf("cloud assembly %s holds several EmailOTPs; choose one by stack, pool or mode:\n%s",
		a.set.Dir, list(fitting))
}

// noEmailOTP returns the error of an assembly without an EmailOTP. It names the nested stacks whose
// templates are missing, for one of them may have it.
func (a *Assembly) noEmailOTP() error {
	missing := ""
	for _, sentence := range a.set.Missing {
		missing += sentence + "; "
	}
	return fmt.Errorf("cloud assembly %s has no EmailOTP: none of its stacks (%s) has a user pool whose "+
		"CreateAuthChallenge trigger is a function with %s in its environment, and none attaches to an imported pool; "+
		"%sgive the directory of an app that uses the construct, or %s",
		a.set.Dir, a.stackNames(), modeVariable, missing, template.Remedy)
}

func (c Choice) String() string {
	var parts []string
	for _, part := range [][2]string{{"stack", c.Stack}, {"pool", c.Pool}, {"mode", c.Mode}} {
		if part[1] != "" {
			parts = append(parts, fmt.Sprintf("%s %q", part[0], part[1]))
		}
	}
	return strings.Join(parts, ", ")
}

func list(cs []candidate) string {
	lines := make([]string, len(cs))
	for i, c := range cs {
		lines[i] = "  " + c.String()
	}
	return strings.Join(lines, "\n")
}

func (a *Assembly) stackNames() string {
	var names []string
	for _, s := range a.set.Stacks {
		if len(names) == 10 {
			names = append(names, "…")
			break
		}
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
