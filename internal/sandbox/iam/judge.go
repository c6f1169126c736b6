package iam

import (
	"slices"
	"strings"
)

// Principal is a function as the caller of AWS services: a role with its policies.
type Principal struct {
	// Function is the function's name.
	Function string
	// RoleARN is the role's ARN.
	RoleARN string
	// Policies are all identity policies of the role.
	Policies []Policy
}

// SessionARN is the caller's ARN in AWS's error messages.
func (p Principal) SessionARN() string {
	arn := strings.Replace(p.RoleARN, ":iam:", ":sts:", 1)
	head, name, ok := strings.Cut(arn, ":role/")
	if !ok {
		return arn
	}
	return head + ":assumed-role/" + name[strings.LastIndex(name, "/")+1:] + "/" + p.Function
}

// Request is a call to check.
type Request struct {
	// Action such as "kms:GenerateMac".
	Action string
	// Resource is an ARN, or "*" for an action that has none.
	Resource string
	// Context holds the condition keys of the call, in lower case.
	Context map[string][]string
}

// Allowed reports whether the role's own policies allow the call.
func (p Principal) Allowed(r Request) bool { return p.decide(p.Policies, r, false) == allow }

// AllowedWith is Allowed with a resource policy, as for a KMS key. The resource policy may allow
// what the role's policies don't mention, if it names the role. If it names the account, the role's
// policies decide.
func (p Principal) AllowedWith(resource Policy, r Request) bool {
	own := p.decide(p.Policies, r, false)
	theirs := p.decide([]Policy{resource}, r, true)
	return own != deny && theirs != deny && (own == allow || theirs == allow)
}

type decision int

const (
	silent decision = iota
	allow
	deny
)

func (p Principal) decide(policies []Policy, r Request, resourcePolicy bool) decision {
	result := silent
	for _, policy := range policies {
		for _, s := range policy.Statements {
			if resourcePolicy && !s.isFor(p.RoleARN) {
				continue
			}
			if !s.applies(r, resourcePolicy) {
				continue
			}
			if s.Effect == "Deny" {
				return deny
			}
			result = allow
		}
	}
	return result
}

// isFor reports whether a statement of a resource policy applies to the role. The account as
// principal allows nothing by itself; it denies for every role of the account.
func (s Statement) isFor(roleARN string) bool {
	if s.lacksPrincipal {
		return false
	}
	if len(s.ExceptPrincipals) > 0 {
		return !slices.Contains(s.ExceptPrincipals, roleARN)
	}
	for _, p := range s.Principals {
		if p == "*" || p == roleARN {
			return true
		}
		isAccount := strings.HasSuffix(p, ":root") || p == account(p)
		if s.Effect == "Deny" && isAccount && account(p) != "" && account(p) == account(roleARN) {
			return true
		}
	}
	return false
}

func account(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return arn
}

func (s Statement) applies(r Request, resourcePolicy bool) bool {
	if len(s.Actions) == 0 && len(s.NotActions) == 0 {
		return false
	}
	if len(s.Actions) > 0 && !matchesAction(s.Actions, r.Action) || matchesAction(s.NotActions, r.Action) {
		return false
	}
	// A resource policy is about its own resource, whatever it names.
	if !resourcePolicy {
		isOther := len(s.Resources) > 0 && !matchesAny(s.Resources, r.Resource)
		if s.lacksResource || isOther || matchesAny(s.NotResources, r.Resource) {
			return false
		}
	}
	for _, c := range s.Conditions {
		holds, known := c.holds(r.Context)
		if !known {
			// An unknown operator must never allow more.
			return s.Effect == "Deny"
		}
		if !holds {
			return false
		}
	}
	return true
}

func matchesAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if Match(strings.ToLower(p), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

func matchesAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if Match(p, s) {
			return true
		}
	}
	return false
}
