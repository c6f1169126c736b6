package userpool

// SpentSessions returns how many spent Session ids the pool remembers.
func (p *Pool) SpentSessions() int { return p.sessions.Size() }

// Grants returns how many grants the pool remembers.
func (p *Pool) Grants() int { return p.tokens.Size() }

// OperationNames lists what the pool answers.
func OperationNames() []string {
	var names []string
	for _, o := range Operations() {
		names = append(names, o.Name)
	}
	return names
}

// HasRule reports whether the API model has the rule.
func HasRule(name string) bool {
	_, ok := model.Rules[name]
	return ok
}
