package assembly

import (
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// policiesOf collects what a role may do: inline policies, attached ones, and
// managed ones of the assembly. What can't be read is left out with a warning,
// which errs towards denying.
func (b *builder) policiesOf(roleARN string) []iam.Policy {
	var policies []iam.Policy
	add := func(l located, document any) {
		if document == nil {
			return
		}
		resolved, err := l.stack.resolve(document)
		if err != nil {
			b.warn("%s: its policy can't be judged and counts as empty: %v", l.id, err)
			return
		}
		p, err := iam.ParsePolicy(resolved)
		if err != nil {
			b.warn("%s: its policy can't be judged and counts as empty: %v", l.id, err)
			return
		}
		policies = append(policies, p)
	}
	var roleName string
	var managed []string
	b.assembly.each(func(l located) {
		if l.arn() != roleARN {
			return
		}
		roleName = l.ref()
		inline, _ := l.Properties["Policies"].([]any)
		for _, item := range inline {
			if p, ok := item.(map[string]any); ok {
				add(l, p["PolicyDocument"])
			}
		}
		managed = b.managedPolicies(l)
	}, "AWS::IAM::Role")
	if roleName == "" {
		b.warn("role %s is not in the assembly, so nothing is known of its rights and it counts as having none", roleARN)
		return nil
	}
	b.assembly.each(func(l located) {
		roles := b.roleNames(l)
		attached := slices.Contains(roles, roleName)
		if l.Type == "AWS::IAM::ManagedPolicy" {
			attached = attached || slices.Contains(managed, l.arn())
		}
		if attached {
			add(l, l.Properties["PolicyDocument"])
		}
	}, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
	return policies
}

func (b *builder) roleNames(l located) []string {
	if l.Type == "AWS::IAM::RolePolicy" {
		return []string{l.text("RoleName")}
	}
	roles, err := l.stack.resolveMap(map[string]any{"Roles": l.Properties["Roles"]})
	if err != nil {
		return nil
	}
	return properties(roles).texts("Roles")
}

// managedPolicies gives the ARNs on a role. AWS's own policies have no document
// here; those for logs and tracing grant nothing that the sandbox judges.
func (b *builder) managedPolicies(role located) []string {
	resolved, err := role.stack.resolveMap(map[string]any{"ARNs": role.Properties["ManagedPolicyArns"]})
	if err != nil {
		b.warn("role %s: its managed policies can't be read and count as none: %v", role.id, err)
		return nil
	}
	if role.Properties["PermissionsBoundary"] != nil {
		b.warn("role %s has a permissions boundary, which the sandbox does not judge", role.id)
	}
	arns := properties(resolved).texts("ARNs")
	for _, arn := range arns {
		name := arn[strings.LastIndex(arn, "/")+1:]
		if strings.Contains(arn, ":iam::aws:policy/") && name != "AWSLambdaBasicExecutionRole" && name != "AWSXRayDaemonWriteAccess" && name != "AWSLambdaVPCAccessExecutionRole" {
			b.warn("role %s has the AWS managed policy %s, whose rights the sandbox doesn't know and does not grant", role.id, name)
		}
	}
	return arns
}

// mentions says whether a trigger's role names a resource in an allowing statement.
func (p *Plan) mentions(arn string) bool {
	for _, f := range p.Functions {
		for _, policy := range f.Principal.Policies {
			for _, s := range policy.Statements {
				for _, pattern := range s.Resources {
					if s.Effect == "Allow" && pattern != "*" && iam.Match(pattern, arn) {
						return true
					}
				}
			}
		}
	}
	return false
}
