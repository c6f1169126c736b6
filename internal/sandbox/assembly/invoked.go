package assembly

import (
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// chainedVariable holds the ARN of the adopter's function, in EmailOTP's function that invokes it.
const chainedVariable = "EMAILOTP_CHAINED"

// invoked adds the functions that the plan's functions may invoke, and those that these may.
func (b *builder) invoked() {
	functions := b.assembly.functionsByARN()
	for i := 0; i < len(b.plan.Functions); i++ { // it grows
		caller := b.plan.Functions[i]
		for _, arn := range template.SortedKeys(functions) {
			isPlanned := slices.ContainsFunc(b.plan.Functions, func(f Function) bool { return f.ARN == arn })
			if isPlanned || !mayInvoke(caller, arn) {
				continue
			}
			f, err := b.function(functions[arn])
			if err != nil {
				b.errs = append(b.errs, err)
				continue
			}
			b.plan.Functions = append(b.plan.Functions, f)
		}
		b.chain(caller)
	}
	slices.SortFunc(b.plan.Functions, func(a, c Function) int { return strings.Compare(a.ARN, c.ARN) })
}

// mayInvoke reports whether the caller's role names the function, or a version or an alias of it. A
// pattern that fits many functions names none.
func mayInvoke(caller Function, arn string) bool {
	for _, policy := range caller.Principal.Policies {
		for _, s := range policy.Statements {
			for _, pattern := range s.Resources {
				if s.Effect == "Allow" && unqualified(pattern) == arn && slices.ContainsFunc(s.Actions, isInvoke) {
					return true
				}
			}
		}
	}
	return false
}

// isInvoke reports whether an action of a policy covers the invocation of a function.
func isInvoke(action string) bool { return iam.Match(strings.ToLower(action), "lambda:invokefunction") }

// chain notes in the plan the adopter's function that EmailOTP's own invokes.
func (b *builder) chain(caller Function) {
	arn := caller.Environment[chainedVariable]
	if caller.Folder == "" || arn == "" {
		return
	}
	for _, f := range b.plan.Functions {
		if f.ARN == unqualified(arn) {
			if b.plan.Chained == nil {
				b.plan.Chained = map[string]string{}
			}
			b.plan.Chained[caller.Folder] = f.Name
			return
		}
	}
	b.warn("function %s invokes %s, which is not in the assembly or which its role may not invoke, so it fails closed",
		caller.LogicalID, arn)
}
