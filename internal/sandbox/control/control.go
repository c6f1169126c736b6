// Package control answers the calls by which an operator looks at a deployed stack: what
// CloudFormation, Lambda, EventBridge and DynamoDB report about the stack that the sandbox runs. It
// changes nothing.
package control

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// Service answers for the plan's stack. Next answers the service's other calls; nil refuses them.
type Service struct {
	Plan    *assembly.Plan
	Callers gateway.Callers
	Next    gateway.Service
	// Logs are the functions' lines; nil for none.
	Logs *Logs
}

// ServeCall answers an operator's call, and a function's where its role allows it everywhere.
func (s Service) ServeCall(ctx context.Context, c gateway.Call) gateway.Answer {
	answer, found := s.answer(c)
	switch look := (iam.Request{Action: c.Service + ":" + c.Operation, Resource: "*"}); {
	case found && !s.Callers.Allowed(c.AccessKeyID, look):
		return s.Callers.Denied(c.Service, c.AccessKeyID, look)
	case found:
		return answer
	case s.Next != nil:
		return s.Next.ServeCall(ctx, c)
	}
	return gateway.NotEmulated(c)
}

func (s Service) answer(c gateway.Call) (answer gateway.Answer, found bool) {
	switch c.Service {
	case gateway.CloudFormation:
		return s.cloudFormation(c)
	case gateway.Lambda:
		return s.lambda(c)
	case gateway.EventBridge:
		return s.eventBridge(c)
	case gateway.Logs:
		return s.filterLogs(c)
	case gateway.DynamoDB:
		return s.timeToLive(c)
	}
	return gateway.Answer{}, false
}

// stackID is the ARN of the plan's stack.
func (s Service) stackID() string {
	return "arn:" + partition.Name(s.Plan.Region) + ":cloudformation:" +
		s.Plan.Region + ":" + s.Plan.Account + ":stack/" + s.Plan.Stack + "/sandbox"
}

// cloudFormation answers DescribeStacks, ListStackResources and GetTemplate, in the query protocol.
func (s Service) cloudFormation(c gateway.Call) (gateway.Answer, bool) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return gateway.Answer{}, false
	}
	action, name := form.Get("Action"), form.Get("StackName")
	if !slices.Contains([]string{"DescribeStacks", "ListStackResources", "GetTemplate"}, action) {
		c.Operation = action
		return gateway.NotEmulated(c), true
	}
	if name != s.Plan.Stack && name != s.stackID() {
		return answerXML(http.StatusBadRequest, "ErrorResponse", struct {
				Error struct{ Type, Code, Message string }
			}{struct{ Type, Code, Message string }{"Sender", "ValidationError", "Stack with id " + name + " does not exist"}}),
			true
	}
	type member struct {
		LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus string
	}
	type output struct{ OutputKey, OutputValue string }
	switch action {
	case "DescribeStacks":
		var outputs []output
		for key, value := range s.Plan.Outputs {
			outputs = append(outputs, output{key, value})
		}
		slices.SortFunc(outputs, func(a, b output) int { return strings.Compare(a.OutputKey, b.OutputKey) })
		return answerXML(http.StatusOK, action+"Response", struct {
			StackName   string   `xml:"DescribeStacksResult>Stacks>member>StackName"`
			StackId     string   `xml:"DescribeStacksResult>Stacks>member>StackId"`
			StackStatus string   `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
			Outputs     []output `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
		}{s.Plan.Stack, s.stackID(), "CREATE_COMPLETE", outputs}), true
	case "ListStackResources":
		var all []member
		for _, r := range s.Plan.Resources {
			all = append(all, member{r.LogicalID, r.PhysicalID, r.Type, "CREATE_COMPLETE"})
		}
		return answerXML(http.StatusOK, action+"Response", struct {
			Members []member `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
		}{all}), true
	}
	template, err := os.ReadFile(s.Plan.Template)
	if err != nil {
		return gateway.Answer{}, false
	}
	return answerXML(http.StatusOK, action+"Response", struct {
		Body string `xml:"GetTemplateResult>TemplateBody"`
	}{string(template)}), true
}

func answerXML(status int, name string, v any) gateway.Answer {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	if err := e.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
		return awsjson.Internal().Response("text/xml")
	}
	return gateway.Answer{Status: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: []byte(b.String())}
}

// lambda answers GetFunction.
func (s Service) lambda(c gateway.Call) (gateway.Answer, bool) {
	name, found := strings.CutPrefix(c.Request.URL.Path, "/2015-03-31/functions/")
	if c.Request.Method != http.MethodGet || !found || strings.Contains(name, "/") {
		return gateway.Answer{}, false
	}
	i := slices.IndexFunc(s.Plan.Functions, func(f assembly.Function) bool { return f.Name == name || f.ARN == name })
	if i < 0 {
		return gateway.Error(gateway.Lambda, http.StatusNotFound, "ResourceNotFoundException",
			"Function not found: "+name), true
	}
	f := s.Plan.Functions[i]
	return gateway.JSON(gateway.Lambda, http.StatusOK, map[string]any{"Configuration": map[string]any{
		"FunctionName": f.Name, "FunctionArn": f.ARN, "Runtime": f.Runtime, "Handler": f.Handler,
		"State": "Active", "LastUpdateStatus": "Successful", "Architectures": []string{f.Architecture},
		"MemorySize": f.MemoryMB, "Timeout": int(f.Timeout.Seconds()), "CodeSha256": f.AssetHash,
		"LoggingConfig": map[string]any{"LogGroup": f.LogGroup}, "Role": f.Principal.RoleARN,
		"Environment": map[string]any{"Variables": f.Environment},
	}}), true
}

// timeToLive answers DescribeTimeToLive as the template has it: the engine knows no expiry.
func (s Service) timeToLive(c gateway.Call) (gateway.Answer, bool) {
	var in struct{ TableName string }
	if c.Operation != "DescribeTimeToLive" || awsjson.Unmarshal(c.Body, &in) != nil {
		return gateway.Answer{}, false
	}
	description := map[string]string{"TimeToLiveStatus": "DISABLED"}
	for _, t := range s.Plan.Tables {
		if t.TTLAttribute != "" && (t.Name == in.TableName || t.ARN == in.TableName) {
			description = map[string]string{"TimeToLiveStatus": "ENABLED", "AttributeName": t.TTLAttribute}
		}
	}
	return gateway.JSON(gateway.DynamoDB, http.StatusOK, map[string]any{"TimeToLiveDescription": description}), true
}

// eventBridge answers DescribeRule and ListTargetsByRule for the rules that invoke a function.
func (s Service) eventBridge(c gateway.Call) (gateway.Answer, bool) {
	var in struct{ Name, Rule string }
	if err := awsjson.Unmarshal(c.Body, &in); err != nil {
		return gateway.Answer{}, false
	}
	for _, r := range s.Plan.Rules {
		i := slices.IndexFunc(s.Plan.Resources, func(x assembly.Resource) bool { return x.LogicalID == r.LogicalID })
		if i < 0 || in.Name+in.Rule != s.Plan.Resources[i].PhysicalID {
			continue
		}
		switch c.Operation {
		case "DescribeRule":
			return gateway.JSON(c.Service, http.StatusOK, map[string]any{"Name": in.Name, "State": "ENABLED"}), true
		case "ListTargetsByRule":
			f := slices.IndexFunc(s.Plan.Functions, func(f assembly.Function) bool { return f.Name == r.Function })
			return gateway.JSON(c.Service, http.StatusOK, map[string]any{"Targets": []any{
				map[string]any{"Id": "MailEvents", "Arn": s.Plan.Functions[max(0, f)].ARN}}}), true
		}
	}
	return gateway.NotEmulated(c), true
}
