package compile

import (
	"fmt"
	"slices"
	"text/template/parse"
)

// uses is where a template uses what isn't known until a mail is written: the first place that does
// more than print it, else the first at all. By "code" and "time".
type uses map[string]use

type use struct {
	location string
	computes bool
}

// unknown are the values in question, by what they depend on. The subject and the preview line have
// the code only with CodeInSubject.
func unknown(name []string) string {
	switch name[0] {
	case "Code", "Groups", "Grouped":
		return "code"
	case "Time", "Zone":
		return "time"
	case "Text":
		if len(name) > 1 && (name[1] == "Subject" || name[1] == "Preview") {
			return "code"
		}
		if len(name) == 1 || name[1] == "Requested" {
			return "time"
		}
	}
	return ""
}

// computes is the error for a template that changes with one of these values.
func (u uses) computes(file, what string) error {
	where := file
	if at, ok := u[what]; ok {
		where = at.location
	}
	if what == "time" {
		return fmt.Errorf("%s: the template changes with the time of the request or its zone, which aren't known "+
			"until a mail is written; print .Text.Requested, .Time or .Zone as they are, and as text", where)
	}
	return fmt.Errorf("%s: the template changes with the code's digits, which aren't known until a mail is "+
		"written; print .Grouped, .Groups or .Code as they are", where)
}

// usesOf looks through trees, the first one first.
func usesOf(trees ...*parse.Tree) uses {
	u := uses{}
	for _, t := range trees {
		if t != nil && t.Root != nil {
			u.list(t, t.Root)
		}
	}
	return u
}

func (u uses) list(t *parse.Tree, l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			u.pipe(t, n.Pipe, len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds) > 1 || len(n.Pipe.Cmds[0].Args) > 1)
		case *parse.TemplateNode:
			u.pipe(t, n.Pipe, true)
		case *parse.IfNode:
			u.branch(t, &n.BranchNode)
		case *parse.WithNode:
			u.branch(t, &n.BranchNode)
		case *parse.RangeNode:
			u.branch(t, &n.BranchNode)
		}
	}
}

func (u uses) branch(t *parse.Tree, n *parse.BranchNode) {
	u.pipe(t, n.Pipe, true)
	u.list(t, n.List)
	u.list(t, n.ElseList)
}

func (u uses) pipe(t *parse.Tree, p *parse.PipeNode, computes bool) {
	if p == nil {
		return
	}
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			u.argument(t, arg, computes)
		}
	}
}

func (u uses) argument(t *parse.Tree, n parse.Node, computes bool) {
	var name []string
	switch n := n.(type) {
	case *parse.PipeNode:
		u.pipe(t, n, true)
	case *parse.ChainNode:
		u.argument(t, n.Node, true)
	case *parse.FieldNode:
		name = n.Ident
	case *parse.VariableNode:
		name = slices.DeleteFunc(slices.Clone(n.Ident), func(s string) bool { return s == "$" })
	}
	if len(name) == 0 {
		return
	}
	what := unknown(name)
	if known, ok := u[what]; what == "" || ok && (known.computes || !computes) {
		return
	}
	location, _ := t.ErrorContext(n)
	u[what] = use{location, computes}
}
