package deployed

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// stack is what CloudFormation reports about a stack.
type stack struct {
	name, status string
	updated      time.Time // zero if it is not known
	resources    map[string]Resource
	problems     []error
}

type summary struct {
	LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus string
	LastUpdatedTimestamp                                                string
}

// read reads a stack's status, template and resources at once. Without a template there is nothing
// to find; without the rest there is a problem.
func read(ctx context.Context, api *awsapi.Client, name string) (*stack, error) {
	s := &stack{name: name}
	var body string
	var members []summary
	var errTemplate, errResources, errStatus error
	var wg sync.WaitGroup
	wg.Go(func() { body, errTemplate = template(ctx, api, name) })
	wg.Go(func() { members, errResources = list(ctx, api, name) })
	wg.Go(func() { s.status, s.updated, errStatus = status(ctx, api, name) })
	wg.Wait()
	if errTemplate != nil {
		if awsapi.IsNotFound(errTemplate) {
			return nil, fmt.Errorf("there is no stack %s in the Region %s; give another --stack, --region or --profile",
				name, api.Region())
		}
		return nil, errTemplate
	}
	var err error
	if s.resources, err = templateOf(body); err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	for _, problem := range []error{errResources, errStatus} {
		if problem != nil {
			s.problems = append(s.problems, problem)
		}
	}
	for _, m := range members {
		r := s.resources[m.LogicalResourceId]
		r.Type, r.PhysicalID, r.Status = m.ResourceType, m.PhysicalResourceId, m.ResourceStatus
		r.Updated, _ = time.Parse(time.RFC3339, m.LastUpdatedTimestamp) // zero where there is none
		s.resources[m.LogicalResourceId] = r
	}
	return s, nil
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

// status returns the stack's state, and when its last deployment began.
func status(ctx context.Context, api *awsapi.Client, name string) (string, time.Time, error) {
	var answer struct {
		Status  string `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
		Created string `xml:"DescribeStacksResult>Stacks>member>CreationTime"`
		Updated string `xml:"DescribeStacksResult>Stacks>member>LastUpdatedTime"`
	}
	err := api.Query(ctx, awsapi.CloudFormation, "DescribeStacks", url.Values{"StackName": {name}}, &answer)
	began, _ := time.Parse(time.RFC3339, cmp.Or(answer.Updated, answer.Created)) // zero where there is none
	return answer.Status, began, err
}
