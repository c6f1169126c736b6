package template

import "strconv"

// Properties are the resolved properties of a resource. One of an unexpected type counts as absent.
type Properties map[string]any

// Object returns a member that is an object; nil for none.
func (p Properties) Object(name string) Properties {
	o, _ := p[name].(map[string]any)
	return o
}

// Objects returns the objects of a member that is a list.
func (p Properties) Objects(name string) []Properties {
	var all []Properties
	list, _ := p[name].([]any)
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// Text returns a scalar member as text; "" for none.
func (p Properties) Text(name string) string {
	t, _ := Text(p[name])
	return t
}

// Is reports whether a member is true.
func (p Properties) Is(name string) bool { return p.Text(name) == "true" }

// Number returns a member that is a whole number; 0 for none.
func (p Properties) Number(name string) int {
	n, _ := strconv.Atoi(p.Text(name))
	return n
}

// Texts returns nil for an absent list, and an empty list for an empty one.
func (p Properties) Texts(name string) []string {
	list, ok := p[name].([]any)
	if !ok {
		return nil
	}
	all := []string{}
	for _, item := range list {
		if t, err := Text(item); err == nil {
			all = append(all, t)
		}
	}
	return all
}
