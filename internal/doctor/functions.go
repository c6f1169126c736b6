package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// named is a function of the EmailOTP or of its page, with what may invoke it: a service for one
// source. Both are empty where the source is not known.
type named struct {
	deployed.Function
	name              settings.Function
	in                *deployed.Template
	principal, source string
}

// present returns the functions that there are, those of the sign-in page after the EmailOTP's own.
func (e *exam) present() (all []named) {
	d := e.EmailOTP
	for _, name := range settings.Functions(d.Mode) {
		f := named{Function: d.Functions[name], name: name, in: &d.Template}
		if d.PoolID != "" {
			f.principal, f.source = "cognito-idp.amazonaws.com", d.ARN("cognito-idp", "userpool/"+d.PoolID)
		}
		if name == settings.MailEvents {
			f.principal, f.source = "events.amazonaws.com", ""
			if arn, isThere := ruleARN(d); isThere {
				f.source = arn
			}
		}
		all = append(all, f)
	}
	if f, ok := d.Functions[settings.AttachUserPool]; ok {
		// CloudFormation invokes it by the stack's rights.
		all = append(all, named{Function: f, name: settings.AttachUserPool, in: &d.Template})
	}
	if d.Page != nil {
		for _, name := range []settings.Function{settings.HandOver, settings.ChangeAddress} {
			f := named{Function: d.Page.Functions[name], name: name, in: &d.Page.Template,
				principal: "apigateway.amazonaws.com"}
			if id := e.pageAPI(); id != "" {
				f.source = d.ARN("execute-api", id+"/*")
			}
			all = append(all, f)
		}
	}
	return slices.DeleteFunc(all, func(f named) bool { return f.Name == "" && f.Err == nil })
}

// functions looks at each function's state, and at its environment against the template's.
func functions(_ context.Context, e *exam) {
	d := e.EmailOTP
	redeploy := d.Deploy()
	sound := 0
	architectures := map[string][]string{}
	for _, name := range settings.Functions(d.Mode) {
		if _, isThere := d.Functions[name]; !isThere {
			e.add(Finding{ID: "function-missing", Level: Broken, Area: "functions",
				What: fmt.Sprintf("the stack has no function %s, which %s mode needs", name, d.Mode), Command: redeploy,
				Remedy: "deploy the stack with this version of the construct"})
			sound--
		}
	}
	all := e.present()
	for _, f := range all {
		switch {
		case awsapi.IsNotFound(f.Err):
			e.add(Finding{ID: "function-missing", Level: Broken, Area: "functions",
				What: fmt.Sprintf("the function %s (%s) does not exist", f.name, f.Name), Command: f.in.Deploy(),
				Remedy: "restore it: delete the stack's record of it by a deployment without the function, or import it"})
			continue
		case e.fails("functions", f.Err):
			continue
		}
		if e.function(f) {
			sound++
		}
		processor := strings.Join(f.Lambda.Architectures, ",")
		architectures[processor] = append(architectures[processor], string(f.name))
	}
	if len(architectures) > 1 {
		e.add(Finding{ID: "architectures", Level: Doubtful, Area: "functions", Command: redeploy,
			What:   fmt.Sprintf("the functions have different processors: %v", architectures),
			Remedy: "deploy the stack again: the construct gives all of them one architecture"})
	}
	if sound == len(all) {
		e.right("functions", "functions", "all %d functions are active, with the template's code and settings", sound)
	}
	create, verify := d.Functions[settings.CreateAuthChallenge], d.Functions[settings.VerifyAuthChallenge]
	for _, v := range []string{"EMAILOTP_KEY_ARN", "EMAILOTP_TABLE"} {
		a, b := create.Lambda.Environment.Variables[v], verify.Lambda.Environment.Variables[v]
		if a != "" && b != "" && a != b {
			e.add(Finding{ID: "functions-disagree", Level: Broken, Area: "functions", Command: redeploy,
				What:   fmt.Sprintf("create and verify have different values of %s, so no code is ever right", v),
				Remedy: "deploy the stack again"})
		}
	}
}

const (
	// settled is longer than Lambda's clock and CloudFormation's differ at the end of an update.
	settled = 5 * time.Minute
	// deployment is longer than a deployment of a stack takes.
	deployment = 2 * time.Hour
)

// function looks at one function and reports whether it is as it should be.
func (e *exam) function(f named) (isSound bool) {
	c, redeploy := f.Lambda, f.in.Deploy()
	isSound = true
	broken := func(id, what, remedy, command string) {
		isSound = false
		e.add(Finding{ID: id, Level: Broken, Area: "functions", What: fmt.Sprintf("%s: %s", f.name, what), Remedy: remedy,
			Command: command})
	}
	if c.State != "Active" && c.State != "" {
		broken("function-state", fmt.Sprintf("its state is %s %s", c.State, c.StateReason),
			"deploy the stack again; a function that Lambda made inactive starts by an invocation",
			redeploy)
	}
	if c.LastUpdateStatus == "Failed" {
		broken("function-update", "its last update failed: "+c.LastUpdateStatusReason, "mend the cause and deploy again",
			redeploy)
	}
	if c.Runtime != "" && !strings.HasPrefix(c.Runtime, "provided.") {
		broken("function-runtime", "its runtime is "+c.Runtime+", and its program needs provided.al2023",
			"deploy the stack again", redeploy)
	}
	if f.Reserved != nil && *f.Reserved == 0 {
		broken("function-stopped", "its reserved concurrency is 0, so Lambda refuses every call",
			"remove the reservation", "aws lambda delete-function-concurrency --function-name "+f.Name)
	}
	resource := f.in.Resources[f.LogicalID]
	if role, isExact := f.in.Resolve(resource.Properties["Role"]); role != "" && c.Role != "" &&
		(isExact && c.Role != role || !isExact && !strings.HasSuffix(c.Role, "/"+role)) {
		broken("function-role", fmt.Sprintf("it runs with the role %s, and the template has %s", c.Role, role),
			"deploy the stack again: the role was changed outside of it", redeploy)
	}
	deadline, last := resource.Updated.Add(settled), resource.Updated
	if last.IsZero() && !f.in.Updated.IsZero() {
		deadline, last = f.in.Updated.Add(deployment), f.in.Updated
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000-0700", c.LastModified); err == nil && !last.IsZero() &&
		at.After(deadline) {
		isSound = false
		e.add(Finding{ID: "function-changed", Level: Doubtful, Area: "functions", Command: redeploy,
			What: fmt.Sprintf("%s was changed on %s, outside of the stack's deployments (the last on %s), so its code may be "+
				"another than its version's", f.name, at.UTC().Format(time.DateTime), last.UTC().Format(time.DateTime)),
			Remedy: "find who changed it (CloudTrail, UpdateFunctionCode and UpdateFunctionConfiguration), and deploy the " +
				"stack again with a change, such as another Description"})
	}
	for _, difference := range environment(f.in, f.Function) {
		broken("environment", difference, "deploy the stack again: the value was changed outside of it",
			redeploy)
	}
	return isSound
}

// environment compares a function's variables with the template's. A value that the template
// composes is compared as far as it can be: a reference by the resource's name in it.
func environment(in *deployed.Template, f deployed.Function) (differences []string) {
	properties := in.Resources[f.LogicalID].Properties
	outer, _ := properties["Environment"].(map[string]any)
	want, _ := outer["Variables"].(map[string]any)
	have := f.Lambda.Environment.Variables
	for name, value := range want {
		got, isSet := have[name]
		expected, isExact := in.Resolve(value)
		switch {
		case !isSet:
			differences = append(differences, fmt.Sprintf("the variable %s is not set", name))
		case isExact && got != expected, !isExact && expected != "" && !strings.Contains(got, expected):
			differences = append(differences, fmt.Sprintf("the variable %s is %q, in the template %q", name, got, expected))
		}
	}
	for name := range have {
		if _, known := want[name]; !known && strings.HasPrefix(name, "EMAILOTP_") {
			differences = append(differences, fmt.Sprintf("the variable %s is set, and not in the template", name))
		}
	}
	slices.Sort(differences)
	return differences
}

// permissions looks whether the pool may invoke its triggers and EventBridge the last function, and
// whether anything else may.
func permissions(ctx context.Context, e *exam) {
	all := e.present()
	isLacking, others, errs := make([]bool, len(all)), make([][]statement, len(all)), make([]error, len(all))
	var wg sync.WaitGroup
	for i, f := range all {
		if f.Err != nil || f.source == "" && f.principal != "" {
			continue // that is a finding already
		}
		wg.Go(func() {
			allowed, more, err := e.invokers(ctx, f.Name, f.principal, f.source)
			if others[i] = more; err != nil && !awsapi.IsNotFound(err) {
				errs[i] = err
			} else {
				isLacking[i] = !allowed && f.principal != ""
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if e.fails("functions", err) {
			return
		}
	}
	isOpen := false
	lacking := map[string][]string{} // by the command that mends it
	for i, f := range all {
		if isLacking[i] {
			lacking[f.in.Deploy()] = append(lacking[f.in.Deploy()], fmt.Sprintf("%s by %s", f.name, f.principal))
		}
		for _, s := range others[i] {
			isOpen = true
			e.add(Finding{ID: "invoke-open", Level: Broken, Area: "functions",
				What: fmt.Sprintf("%s may also be used by another caller: %s", f.name, s),
				Remedy: "remove the statement: this user pool, the rule for bounces and complaints, or the page's API alone may " +
					"invoke it",
				Command: fmt.Sprintf("aws lambda remove-permission --function-name %s --statement-id %s", f.Name, s.Sid)})
		}
	}
	for redeploy, functions := range lacking {
		e.add(Finding{ID: "invoke-permission", Level: Broken, Area: "functions",
			What:   "functions may not be invoked: " + strings.Join(functions, ", "),
			Remedy: "deploy the stack again; its AWS::Lambda::Permission was removed", Command: redeploy})
	}
	if !isOpen && len(lacking) == 0 {
		e.right("functions", "invoke-permissions", "what must invoke the functions may, and nothing else may")
	}
}

// statement is a statement of a function's policy.
type statement struct {
	Sid, Effect       string
	Principal, Action any
	Condition         map[string]map[string]any
}

// String returns what the statement allows, and to whom.
func (s statement) String() string {
	text, _ := json.Marshal(map[string]any{"Principal": s.Principal, "Action": s.Action, "Condition": s.Condition})
	return fmt.Sprintf("statement %q, %s", s.Sid, text)
}

// allows reports whether the statement lets a service invoke the function for one source alone.
func (s statement) allows(principal, source string) bool {
	service, _ := s.Principal.(map[string]any)
	if s.Action != "lambda:InvokeFunction" || len(service) != 1 || service["Service"] != principal {
		return false
	}
	for operator, condition := range s.Condition {
		if !slices.Contains([]string{"ArnEquals", "ArnLike", "StringEquals", "StringLike"}, operator) {
			continue
		}
		for name, value := range condition {
			if strings.EqualFold(name, "aws:SourceArn") && value == source {
				return true
			}
		}
	}
	return false
}

// invokers reports whether a function's policy lets the service invoke it for the source, and which
// other statements allow anything.
func (e *exam) invokers(ctx context.Context, function, principal,
	source string) (allowed bool, others []statement, err error) {
	var answer struct{ Policy string }
	if err := e.API.REST(ctx, awsapi.Lambda, "GetPolicy", http.MethodGet,
		"/2015-03-31/functions/"+url.PathEscape(function)+"/policy", &answer); err != nil {
		return false, nil, err
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(answer.Policy), &policy); err != nil {
		return false, nil, fmt.Errorf("the policy of function %s is malformed", function)
	}
	for _, s := range policy.Statement {
		switch {
		case s.Effect != "Allow":
		case s.allows(principal, source):
			allowed = true
		default:
			others = append(others, s)
		}
	}
	return allowed, others, nil
}

// scarce is the unreserved concurrency below which sign-ins of many users at once are at risk. A
// function runs for some 0.2 s, so 50 at a time are about 80 sign-ins a second.
const scarce = 50

func concurrency(ctx context.Context, e *exam) {
	var answer struct {
		AccountLimit struct{ ConcurrentExecutions, UnreservedConcurrentExecutions *int }
	}
	err := e.API.REST(ctx, awsapi.Lambda, "GetAccountSettings", http.MethodGet, "/2016-08-19/account-settings/", &answer)
	if e.fails("functions", err) || answer.AccountLimit.UnreservedConcurrentExecutions == nil {
		return
	}
	left := *answer.AccountLimit.UnreservedConcurrentExecutions
	reserved := e.EmailOTP.Functions[settings.CreateAuthChallenge].Reserved
	if left >= scarce || reserved != nil && *reserved > 0 {
		e.right("functions", "concurrency", "the account has %d unreserved concurrent executions of Lambda", left)
		return
	}
	e.add(Finding{ID: "concurrency", Level: Doubtful, Area: "functions",
		What: fmt.Sprintf("the account has %d unreserved concurrent executions of Lambda, which all its functions share",
			left),
		Remedy: fmt.Sprintf("request %d or more (Service Quotas, AWS Lambda, Concurrent executions), or set "+
			"ReservedConcurrentExecutions", 1000),
		Command: "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 " +
			"--desired-value 1000"})
}
