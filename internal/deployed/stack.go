package deployed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// Template is a stack's template with what CloudFormation made of it.
type Template struct {
	// Stack is the stack's name, Status its state, such as "UPDATE_COMPLETE".
	Stack, Status string
	// Updated is when the stack's last deployment began; zero where it is not known.
	Updated time.Time
	// Resources are all resources of the stack by logical id, also of other constructs.
	Resources map[string]Resource

	outputs map[string]output
	// parent is the ARN of the stack that this one is nested in, root that of the outermost; empty
	// for none.
	parent, root string
	problems     []error
	// prefixes are the parts of logical ids that all marked constructs of the stack are.
	prefixes []string
}

// Resource is a resource of a stack.
type Resource struct {
	Type, PhysicalID, Status string
	// Updated is when CloudFormation was done with it last; zero where it is not known.
	Updated    time.Time
	Metadata   map[string]any
	Properties map[string]any
}

type output struct {
	Value  any
	Export struct{ Name any }
}

type summary struct {
	LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus string
	LastUpdatedTimestamp                                                string
}

// read reads a stack's status, template and resources at once. Without a template there is nothing
// to find; without the rest there is a problem.
func read(ctx context.Context, api *awsapi.Client, name string) (*Template, error) {
	s := &Template{Stack: name}
	var body string
	var members []summary
	var errTemplate, errResources, errStatus error
	var wg sync.WaitGroup
	wg.Go(func() { body, errTemplate = template(ctx, api, name) })
	wg.Go(func() { members, errResources = list(ctx, api, name) })
	wg.Go(func() { errStatus = s.describeStack(ctx, api) })
	wg.Wait()
	if errTemplate != nil {
		if awsapi.IsNotFound(errTemplate) {
			return nil, fmt.Errorf("there is no stack %s in the Region %s; give another --stack, --region or --profile",
				name, api.Region())
		}
		return nil, errTemplate
	}
	if err := s.parse(body); err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	for _, problem := range []error{errResources, errStatus} {
		if problem != nil {
			s.problems = append(s.problems, problem)
		}
	}
	for _, m := range members {
		r := s.Resources[m.LogicalResourceId]
		r.Type, r.PhysicalID, r.Status = m.ResourceType, m.PhysicalResourceId, m.ResourceStatus
		r.Updated, _ = time.Parse(time.RFC3339, m.LastUpdatedTimestamp) // zero where there is none
		s.Resources[m.LogicalResourceId] = r
	}
	s.prefixes = slices.Collect(maps.Keys(s.constructs()))
	return s, nil
}

var errNotJSON = errors.New("the stack's template is no JSON, so the CDK did not make it")

// parse reads the template's body, which CloudFormation returns as it was sent.
func (s *Template) parse(body string) error {
	var t struct {
		Resources map[string]Resource
		Outputs   map[string]output
	}
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return errNotJSON
	}
	s.Resources, s.outputs = t.Resources, t.Outputs
	return nil
}

func template(ctx context.Context, api *awsapi.Client, name string) (string, error) {
	var answer struct {
		Body string `xml:"GetTemplateResult>TemplateBody"`
	}
	err := api.Query(ctx, awsapi.CloudFormation, "GetTemplate",
		url.Values{"StackName": {name}, "TemplateStage": {"Processed"}}, &answer)
	return answer.Body, err
}

// list lists all pages of the stack's resources.
func list(ctx context.Context, api *awsapi.Client, name string) (all []summary, err error) {
	params := url.Values{"StackName": {name}}
	for {
		var page struct {
			Members []summary `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
			Next    string    `xml:"ListStackResourcesResult>NextToken"`
		}
		if err := api.Query(ctx, awsapi.CloudFormation, "ListStackResources", params, &page); err != nil {
			return all, err
		}
		all = append(all, page.Members...)
		if page.Next == "" {
			return all, nil
		}
		params.Set("NextToken", page.Next)
	}
}

// IsListed reports whether CloudFormation's answers about the stack are whole.
func (s *Template) IsListed() bool { return len(s.problems) == 0 }

// Deploy returns the command that deploys the stack; a nested one with the outermost.
func (s *Template) Deploy() string {
	return "cdk deploy " + append(appendStack(nil, s.root), s.Stack)[0]
}

// describeStack reads the stack's state, when its last deployment began, and what it is nested in.
func (s *Template) describeStack(ctx context.Context, api *awsapi.Client) error {
	var answer struct {
		Status  string `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
		Created string `xml:"DescribeStacksResult>Stacks>member>CreationTime"`
		Updated string `xml:"DescribeStacksResult>Stacks>member>LastUpdatedTime"`
		Parent  string `xml:"DescribeStacksResult>Stacks>member>ParentId"`
		Root    string `xml:"DescribeStacksResult>Stacks>member>RootId"`
	}
	err := api.Query(ctx, awsapi.CloudFormation, "DescribeStacks", url.Values{"StackName": {s.Stack}}, &answer)
	s.Status, s.parent, s.root = answer.Status, answer.Parent, answer.Root
	s.Updated, _ = time.Parse(time.RFC3339, cmp.Or(answer.Updated, answer.Created)) // zero where there is none
	return err
}

// nested returns the names of the nested stacks that a function accepts, in order.
func (s *Template) nested(accept func(Resource) bool) (names []string) {
	for _, r := range s.Resources {
		if r.Type == "AWS::CloudFormation::Stack" && accept(r) {
			names = appendStack(names, r.PhysicalID)
		}
	}
	slices.Sort(names)
	return names
}

// appendStack appends the name in a stack's ARN, if there is one.
func appendStack(names []string, arn string) []string {
	if parts := strings.Split(arn, "/"); len(parts) > 1 {
		names = append(names, parts[1])
	}
	return names
}

func (s *Template) owner(id string) (owner string) {
	for _, prefix := range s.prefixes {
		if strings.HasPrefix(id, prefix) && len(prefix) > len(owner) {
			owner = prefix
		}
	}
	return owner
}

// find returns the resources of one of the stack's constructs of a type, by logical id in order.
func (s *Template) find(construct string, kinds ...string) (ids []string) {
	for id, r := range s.Resources {
		if s.owner(id) == construct && slices.Contains(kinds, r.Type) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Resolve returns a value of the template as it is deployed. With false it is a part of that, or
// nothing: only AWS knows all attributes of a resource.
func (s *Template) Resolve(value any) (text string, isExact bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case map[string]any:
		if id, ok := v["Ref"].(string); ok {
			r := s.Resources[id]
			return r.PhysicalID, r.PhysicalID != ""
		}
		if list, ok := v["Fn::GetAtt"].([]any); ok && len(list) == 2 && list[1] == "Arn" {
			id, _ := list[0].(string)
			return s.Resources[id].PhysicalID, false
		}
		if list, ok := v["Fn::Join"].([]any); ok && len(list) == 2 {
			return s.join(list[0], list[1])
		}
	}
	return "", false
}

func (s *Template) join(separator, values any) (string, bool) {
	between, isText := separator.(string)
	list, isList := values.([]any)
	if !isText || !isList {
		return "", false
	}
	var parts []string
	for _, value := range list {
		part, isExact := s.Resolve(value)
		if !isExact {
			return "", false
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, between), true
}
