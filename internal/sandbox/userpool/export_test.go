package userpool

// SpentSessions returns how many spent Session ids the pool remembers.
func (p *Pool) SpentSessions() int { return p.sessions.size() }

// Grants returns how many grants the pool remembers.
func (p *Pool) Grants() int { return p.grants.size() }

// OperationNames lists what the pool answers.
func OperationNames() []string {
	var names []string
	for name := range operations() {
		names = append(names, name)
	}
	return names
}
