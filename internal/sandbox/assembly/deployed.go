package assembly

// Resource is a resource of the plan's stack as CloudFormation lists it.
type Resource struct{ LogicalID, PhysicalID, Type string }

// deployed adds the template of the plan's stack, its resources and its outputs.
func (b *builder) deployed() {
	s := b.candidate.stack
	b.plan.Template = s.file
	for _, id := range sortedKeys(s.template.Resources) {
		if r := s.template.Resources[id]; s.exists(id) {
			b.plan.Resources = append(b.plan.Resources, Resource{id, located{s, id, r}.ref(), r.Type})
		}
	}
	b.plan.Outputs = map[string]string{}
	for id, o := range s.template.Outputs {
		if value, err := s.resolveText(o.Value); err == nil {
			b.plan.Outputs[id] = value
		}
	}
}
