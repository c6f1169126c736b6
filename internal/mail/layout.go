package mail

import (
	"fmt"
	"strings"
)

// A layout is a parsed template of the built-in mail. Layouts are Go templates of the few actions
// below, so that a mail needs no template engine: engines find methods by name at run time, which
// keeps every operation of every AWS client in the Lambda's binary.
//
//	{{.Field}}  {{if .Field}} … {{else}} … {{end}}  {{if not .Field}}  {{- and -}}
//
// Values are written unchanged: the caller escapes them.
type layout []node

// A node is literal text, a value, or a condition.
type node struct {
	kind            kind
	text            string
	value           int // the index in values
	then, otherwise layout
}

type kind int

const (
	literal kind = iota
	field
	condition
)

// render returns l with the values filled in. Its buffer has size bytes at first.
func (l layout) render(all []value, size int) string {
	var b strings.Builder
	b.Grow(size)
	l.write(&b, all)
	return b.String()
}

func (l layout) write(b *strings.Builder, all []value) {
	for i := range l {
		switch n := &l[i]; {
		case n.kind == literal:
			b.WriteString(n.text)
		case n.kind == field:
			b.WriteString(all[n.value].text)
		case all[n.value].text != "":
			n.then.write(b, all)
		default:
			n.otherwise.write(b, all)
		}
	}
}

// parseLayout reads a layout. Its error continues the layout's name.
func parseLayout(source string) (layout, error) {
	p := layoutParser{rest: source}
	l, end, err := p.list()
	if err == nil && end != "" {
		err = fmt.Errorf("unexpected {{%s}}", end)
	}
	if err != nil {
		line := 1 + strings.Count(source[:len(source)-len(p.rest)], "\n")
		return nil, fmt.Errorf("%d: %w", line, err)
	}
	return l, nil
}

type layoutParser struct {
	rest string
	trim bool // whether the action before ended with -}}
}

// list reads up to the end of the layout or the action that ends the list, which it returns.
func (p *layoutParser) list() (l layout, end string, err error) {
	for {
		text, action, found, err := p.next()
		if err != nil {
			return nil, "", err
		}
		if text != "" {
			l = append(l, node{text: text})
		}
		if !found || action == "else" || action == "end" {
			return l, action, nil
		}
		n, err := p.node(action)
		if err != nil {
			return nil, "", err
		}
		l = append(l, n)
	}
}

func (p *layoutParser) next() (text, action string, found bool, err error) {
	text, after, found := strings.Cut(p.rest, "{{")
	if p.trim {
		text, p.trim = strings.TrimLeft(text, spaces), false
	}
	if !found {
		p.rest = ""
		return text, "", false, nil
	}
	action, rest, closed := strings.Cut(after, "}}")
	if !closed {
		p.rest = after
		return "", "", false, fmt.Errorf("unclosed action")
	}
	p.rest = rest
	if left, ok := strings.CutPrefix(action, "- "); ok {
		action, text = left, strings.TrimRight(text, spaces)
	}
	if right, ok := strings.CutSuffix(action, " -"); ok {
		action, p.trim = right, true
	}
	return text, action, true, nil
}

// spaces are what {{- and -}} trim.
const spaces = " \t\r\n"

func (p *layoutParser) node(action string) (node, error) {
	name, conditional := strings.CutPrefix(action, "if ")
	name, negated := strings.CutPrefix(name, "not ")
	n := node{kind: field, value: valueIndex(name)}
	if n.value < 0 || negated && !conditional {
		return n, fmt.Errorf("a layout can't have {{%s}}", action)
	}
	if !conditional {
		return n, nil
	}
	n.kind = condition
	var end string
	var err error
	if n.then, end, err = p.list(); err == nil && end == "else" {
		n.otherwise, end, err = p.list()
	}
	if err == nil && end != "end" {
		err = fmt.Errorf("{{%s}} has no {{end}}", action)
	}
	if negated {
		n.then, n.otherwise = n.otherwise, n.then
	}
	return n, err
}
