package awsapi

import (
	"encoding/json"
	"slices"
	"strings"
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

// isNamed reports whether the names of all resources are known: an ARN without one is empty or ends
// in a slash.
func (s Statement) isNamed() bool {
	return !slices.ContainsFunc(s.Resource, func(arn string) bool { return arn == "" || strings.HasSuffix(arn, "/") })
}

// Policy returns the document of a policy, as IAM accepts it: without the statements about
// resources whose names are not known. isWhole is false where it leaves one out.
func Policy(statements ...Statement) (document []byte, isWhole bool, err error) {
	named := slices.DeleteFunc(slices.Clone(statements), func(s Statement) bool { return !s.isNamed() })
	document, err = json.MarshalIndent(map[string]any{"Version": "2012-10-17", "Statement": named}, "", "  ")
	return document, len(named) == len(statements), err
}
