package awsapi

import (
	"encoding/json"
	"slices"
)

// Statement is one statement of an IAM policy that allows actions on resources.
type Statement struct {
	Sid      string   `json:"Sid,omitempty"`
	Effect   string   `json:"Effect"`
	Action   []string `json:"Action"`
	Resource []string `json:"Resource"`
}

// Allow returns a statement with its lists sorted and without duplicates.
func Allow(resources []string, actions ...string) Statement {
	return Statement{Effect: "Allow", Action: sorted(actions), Resource: sorted(resources)}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Policy returns the document of a policy, as IAM accepts it.
func Policy(statements ...Statement) ([]byte, error) {
	return json.MarshalIndent(map[string]any{"Version": "2012-10-17", "Statement": statements}, "", "  ")
}
