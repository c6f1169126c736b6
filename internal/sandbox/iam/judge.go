package iam

import (
	"slices"
	"strings"
)

// Principal is a function as AWS sees its calls: a role and what it may do.
type Principal struct {
	// Function is the function's name.
	Function string
	// RoleARN is the role's ARN.
	RoleARN string
	// Policies are all identity policies of the role.
	Policies []Policy
}

// SessionARN is how AWS's error messages name the caller.
func (p Principal) SessionARN() string {
	arn := strings.Replace(p.RoleARN, ":iam:", ":sts:", 1)
	head, name, ok := strings.Cut(arn, ":role/")
	if !ok {
		return arn
	}
	return head + ":assumed-role/" + name[strings.LastIndex(name, "/")+1:] + "/" + p.Function
}

// Request is a call to be judged.
type Request struct {
	// Action such as "kms:GenerateMac".
	Action string
	// Resource is an ARN, or "*" for an action that has none.
	Resource string
	// Context has the condition keys of the call, in lower case. A key that is
	// missing here is absent from the call.
	Context map[string][]string
}

// Allowed says whether the role's own policies allow the call.
func (p Principal) Allowed(r Request) bool { return p.decide(p.Policies, r, false) == allow }

// AllowedWith is Allowed with a resource policy beside, as for a KMS key: the
// resource policy may allow what the role's policies don't mention, if it names
// the role; naming the account only refers to the role's own policies.
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
			if resourcePolicy && !s.names(p.RoleARN) {
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

// names says whether a resource policy's statement is about the role. An
// account's root as principal does not grant by itself, so it doesn't count for
// Allow; for Deny it covers every role of the account.
func (s Statement) names(roleARN string) bool {
	if s.anyPrincipal {
		return false
	}
	if len(s.ExceptPrincipals) > 0 {
		return !slices.Contains(s.ExceptPrincipals, roleARN)
	}
	for _, p := range s.Principals {
		if p == "*" || p == roleARN {
			return true
		}
		if s.Effect == "Deny" && account(p) != "" && account(p) == account(roleARN) && (strings.HasSuffix(p, ":root") || p == account(p)) {
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
	// A resource policy speaks of its own resource, however it writes it.
	if !resourcePolicy {
		if s.anyResource || len(s.Resources) > 0 && !matchesAny(s.Resources, r.Resource) || matchesAny(s.NotResources, r.Resource) {
			return false
		}
	}
	for _, c := range s.Conditions {
		holds, known := c.holds(r.Context)
		if !known {
			// An operator that isn't understood must never widen what is allowed.
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
