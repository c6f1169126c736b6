// Package iam checks calls against the policies of a template's roles. A denial beats an
// allowance; without an allowance a call is denied.
package iam

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Policy is a policy document.
type Policy struct {
	Statements []Statement
}

// Statement is one statement of a document. Its lists hold patterns with * and ?.
type Statement struct {
	Effect                        string // "Allow" or "Deny"
	Actions, NotActions           []string
	Resources, NotResources       []string
	Principals                    []string // ARNs and account ids; "*" is everyone
	ExceptPrincipals              []string // NotPrincipal
	Conditions                    []Condition
	lacksResource, lacksPrincipal bool
}

// Condition compares one key of a call's context with values.
type Condition struct {
	Operator, Key string
	Values        []string
}

// ParsePolicy reads a document in which nothing is left to resolve: what encoding/json makes of it,
// numbers as float64 or json.Number.
func ParsePolicy(document any) (Policy, error) {
	doc, ok := document.(map[string]any)
	if !ok {
		return Policy{}, fmt.Errorf("a policy document must be an object (received: %T)", document)
	}
	var p Policy
	for i, raw := range oneOrMany(doc["Statement"]) {
		fields, ok := raw.(map[string]any)
		if !ok {
			return Policy{}, fmt.Errorf("statement %d must be an object (received: %T)", i+1, raw)
		}
		s, err := parseStatement(fields)
		if err != nil {
			return Policy{}, fmt.Errorf("statement %d: %w", i+1, err)
		}
		p.Statements = append(p.Statements, s)
	}
	return p, nil
}

func parseStatement(fields map[string]any) (Statement, error) {
	var s Statement
	s.Effect, _ = fields["Effect"].(string)
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return s, fmt.Errorf(`Effect must be "Allow" or "Deny" (received: %q)`, s.Effect)
	}
	s.Actions, s.NotActions = texts(fields["Action"]), texts(fields["NotAction"])
	s.Resources, s.NotResources = texts(fields["Resource"]), texts(fields["NotResource"])
	s.Principals, s.ExceptPrincipals = principals(fields["Principal"]), principals(fields["NotPrincipal"])
	s.lacksResource = fields["Resource"] == nil && fields["NotResource"] == nil
	s.lacksPrincipal = fields["Principal"] == nil && fields["NotPrincipal"] == nil
	conditions, _ := fields["Condition"].(map[string]any)
	for operator, keys := range conditions {
		byKey, ok := keys.(map[string]any)
		if !ok {
			return s, fmt.Errorf("condition %s must be an object (received: %T)", operator, keys)
		}
		for key, values := range byKey {
			s.Conditions = append(s.Conditions, Condition{Operator: operator, Key: key, Values: texts(values)})
		}
	}
	return s, nil
}

// principals flattens {"AWS": …, "Service": …} and "*".
func principals(v any) []string {
	byKind, ok := v.(map[string]any)
	if !ok {
		return texts(v)
	}
	var all []string
	for _, names := range byKind {
		all = append(all, texts(names)...)
	}
	return all
}

func oneOrMany(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// texts reads a string or a list of them; numbers and booleans as they are written.
func texts(v any) []string {
	var all []string
	for _, item := range oneOrMany(v) {
		switch item := item.(type) {
		case string:
			all = append(all, item)
		case bool, float64, json.Number:
			all = append(all, fmt.Sprint(item))
		}
	}
	return all
}

// Match reports whether s fits a pattern in which * is any text and ? any character.
func Match(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
