package sandbox

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// lambdaService runs functions of the assembly for other functions, by Lambda's operation Invoke.
type lambdaService struct {
	s       *Sandbox
	callers gateway.Callers
}

// maxInvocation is Lambda's limit for an event and for an answer, in bytes.
const maxInvocation = 6 << 20

// ServeCall answers Invoke and waits for the function. Lambda checks the caller's rights before it
// looks for the function.
func (l lambdaService) ServeCall(ctx context.Context, c gateway.Call) gateway.Answer {
	kind := c.Request.Header.Get("X-Amz-Invocation-Type")
	if c.Operation != "Invoke" || kind != "" && kind != "RequestResponse" {
		return gateway.NotEmulated(c)
	}
	arn := l.arn(c.Request)
	call := iam.Request{Action: "lambda:InvokeFunction", Resource: arn}
	if !l.callers.Allowed(c.AccessKeyID, call) {
		return l.callers.Denied(gateway.Lambda, c.AccessKeyID, call)
	}
	i := slices.IndexFunc(l.s.plan.Functions, func(f assembly.Function) bool {
		return arn == f.ARN || strings.HasPrefix(arn, f.ARN+":")
	})
	if i < 0 {
		return gateway.Error(gateway.Lambda, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+arn)
	}
	if len(c.Body) > maxInvocation {
		return gateway.Error(gateway.Lambda, http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			"Request must be smaller than 6291456 bytes for the InvokeFunction operation")
	}
	out, err := l.s.invokeFunction(ctx, l.s.plan.Functions[i], c.AccessKeyID, c.Body)
	return invocation(out, err)
}

// arn returns the function's ARN in the request's path, in which it may have its name alone, and
// its alias or version as a parameter.
func (l lambdaService) arn(r *http.Request) string {
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/invocations")
	if !strings.HasPrefix(name, "arn:") {
		name = strings.Join([]string{"arn", l.s.partition(), "lambda", l.s.plan.Region, l.s.plan.Account, "function", name},
			":")
	}
	if q := r.URL.Query().Get("Qualifier"); q != "" {
		name += ":" + q
	}
	return name
}

// invokeFunction runs a function that the owner of the access key invokes: another function, or a
// developer.
func (s *Sandbox) invokeFunction(ctx context.Context, f assembly.Function, accessKey string, event []byte) (
	[]byte, error) {
	if trigger := s.chainedFor(f, accessKey); trigger != "" {
		out, err := s.call(ctx, trigger, event)
		return out, poolError(ctx, err)
	}
	return s.runFunction(ctx, f, event)
}

// chainedFor returns the name of the app's own function for the caller. One function may be behind
// several of EmailOTP's; a developer's call counts for the first of them.
func (s *Sandbox) chainedFor(f assembly.Function, accessKey string) (trigger Trigger) {
	for _, caller := range s.plan.Functions {
		if s.plan.Chained[caller.Folder] != f.Name {
			continue
		}
		if s.identity[caller.Name].AccessKeyID == accessKey {
			return chainedBehind[caller.Folder]
		}
		trigger = cmp.Or(trigger, chainedBehind[caller.Folder])
	}
	return trigger
}

// invocation is Lambda's answer: a failed function has the status 200 and a header.
func invocation(out []byte, err error) gateway.Answer {
	var failed *FunctionError
	switch {
	case errors.As(err, &failed):
		a := gateway.JSON(gateway.Lambda, http.StatusOK,
			map[string]string{"errorType": failed.Type, "errorMessage": failed.Message})
		a.Header.Set("X-Amz-Function-Error", "Unhandled")
		return a
	case err != nil:
		return gateway.Error(gateway.Lambda, http.StatusInternalServerError, "ServiceException", err.Error())
	}
	return gateway.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"},
		"X-Amz-Executed-Version": {"$LATEST"}}, Body: out}
}
