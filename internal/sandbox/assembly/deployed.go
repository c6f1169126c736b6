package assembly

import (
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
)

// Resource is a resource of the plan's stack as CloudFormation lists it.
type Resource struct{ LogicalID, PhysicalID, Type string }

// deployed adds the template of the plan's stack, its resources and its outputs.
func (b *builder) deployed() {
	s := b.candidate.stack
	b.plan.Template = s.File
	for _, id := range template.SortedKeys(s.Template.Resources) {
		if r := s.Template.Resources[id]; s.Exists(id) {
			b.plan.Resources = append(b.plan.Resources, Resource{id, template.Located{Stack: s, ID: id, Resource: r}.Ref(),
				r.Type})
		}
	}
	b.plan.Outputs = map[string]string{}
	for id, o := range s.Template.Outputs {
		if value, err := s.ResolveText(o.Value); err == nil {
			b.plan.Outputs[id] = value
		}
	}
}
