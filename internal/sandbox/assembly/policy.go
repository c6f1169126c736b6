package assembly

import (
	"iter"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// policiesOf returns a role's policies: inline ones, attached ones, and managed ones of the
// assembly. One that can't be read is left out with a warning, so the calls that it allows are
// denied.
func (b *builder) policiesOf(roleARN string) []iam.Policy {
	var policies []iam.Policy
	add := func(l template.Located, document any) {
		if document == nil {
			return
		}
		if p, ok := b.policy(l, document); ok {
			policies = append(policies, p)
		}
	}
	var roleName string
	var managed []string
	b.assembly.set.Each(func(l template.Located) {
		if l.ARN() != roleARN {
			return
		}
		roleName = l.Ref()
		for _, p := range template.Properties(l.Properties).Objects("Policies") {
			add(l, p["PolicyDocument"])
		}
		managed = b.managedPolicies(l)
	}, "AWS::IAM::Role")
	if roleName == "" {
		b.warn("role %s is not in the assembly, so its rights are unknown and it has none here", roleARN)
		return nil
	}
	b.assembly.set.Each(func(l template.Located) {
		isManaged := l.Type == "AWS::IAM::ManagedPolicy" && slices.Contains(managed, l.ARN())
		if isManaged || slices.Contains(roleNames(l), roleName) {
			add(l, l.Properties["PolicyDocument"])
		}
	}, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
	return policies
}

// policy reads a policy document; ok is false, with a warning, if that fails.
func (b *builder) policy(l template.Located, document any) (p iam.Policy, ok bool) {
	resolved, err := l.Stack.Resolve(document)
	if err == nil {
		p, err = iam.ParsePolicy(resolved)
	}
	if err != nil {
		b.warn("%s: its policy can't be read and counts as empty: %v", l.ID, err)
	}
	return p, err == nil
}

func roleNames(l template.Located) []string {
	if l.Type == "AWS::IAM::RolePolicy" {
		return []string{l.Text("RoleName")}
	}
	roles, _ := l.Texts("Roles")
	return roles
}

// knownPolicies are AWS's own policies that grant nothing which the sandbox checks.
var knownPolicies = []string{
	"AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSLambdaVPCAccessExecutionRole",
}

// managedPolicies returns the ARNs of the managed policies on a role.
func (b *builder) managedPolicies(role template.Located) []string {
	arns, err := role.Texts("ManagedPolicyArns")
	if err != nil {
		b.warn("role %s: its managed policies can't be read and count as none: %v", role.ID, err)
		return nil
	}
	if role.Properties["PermissionsBoundary"] != nil {
		b.warn("role %s has a permissions boundary, which the sandbox does not apply", role.ID)
	}
	for _, arn := range arns {
		name := arn[strings.LastIndex(arn, "/")+1:]
		if strings.Contains(arn, ":iam::aws:policy/") && !slices.Contains(knownPolicies, name) {
			b.warn("role %s has the AWS managed policy %s, whose rights the sandbox doesn't know and does not grant",
				role.ID, name)
		}
	}
	return arns
}

// allowedResources yields the resource patterns in every statement that allows a function
// something.
func (p *Plan) allowedResources() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range p.Functions {
			for _, policy := range f.Principal.Policies {
				for _, s := range policy.Statements {
					for _, pattern := range s.Resources {
						if s.Effect == "Allow" && !yield(pattern) {
							return
						}
					}
				}
			}
		}
	}
}

// mentions reports whether a function's role is allowed something on a resource by name.
func (p *Plan) mentions(arn string) bool {
	for pattern := range p.allowedResources() {
		if pattern != "*" && iam.Match(pattern, arn) {
			return true
		}
	}
	return false
}
