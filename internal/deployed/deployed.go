// Package deployed finds an EmailOTP in a deployed stack: its pool, its functions with the settings
// that they run by, its table and its key. It reads CloudFormation and Lambda, never a cloud
// assembly, so it shows what runs and works for every app that imports the construct.
package deployed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// EmailOTP is a deployed EmailOTP.
type EmailOTP struct {
	// Stack is the name of its stack, Construct the part of its logical ids that the construct's
	// path is, such as "SignIn".
	Stack, Construct string
	// Status is the stack's, such as "UPDATE_COMPLETE".
	Status string
	// Updated is when the stack's last deployment began; zero where it is not known.
	Updated time.Time
	Mode    settings.Mode
	PoolID  string
	// ClientID is the app client that the construct created.
	ClientID string
	// Functions are its functions.
	Functions map[settings.Function]Function
	// Page is the sign-in page of its pool in the same stack; nil for none.
	Page *Page
	// Settings are what create, verify and mail-events run by; those of a function that can't be
	// read are zero.
	Settings settings.Settings
	// Resources are all resources of the stack by logical id, also of other constructs.
	Resources map[string]Resource
	// Acknowledged are the bypasses that the template accepts, as [rules.Finding.Mark] writes them.
	Acknowledged []string
	// Problems are what could not be read.
	Problems []error

	// prefixes are the parts of logical ids that all marked constructs of the stack are, this one's
	// included.
	prefixes []string
}

// Page is a deployed sign-in page.
type Page struct {
	// Construct is the part of its logical ids that the page's path is.
	Construct string
	// Functions are [settings.HandOver] and, where users may change their address,
	// [settings.ChangeAddress].
	Functions map[settings.Function]Function
	// CodesTable is the table of authorization codes, OriginSecret the ARN of the secret that the
	// distribution sends.
	CodesTable, OriginSecret string
}

// Resource is a resource of the stack.
type Resource struct {
	Type, PhysicalID, Status string
	// Updated is when CloudFormation was done with it last; zero where it is not known.
	Updated    time.Time
	Metadata   map[string]any
	Properties map[string]any
}

// BadSettings is a function of which the settings can't be read.
type BadSettings struct {
	Function settings.Function
	Name     string // on Lambda
	Err      error
}

// Error returns the problems, each on a line.
func (e *BadSettings) Error() string { return "function " + e.Name + ": " + e.Err.Error() }

// Unwrap returns the problems.
func (e *BadSettings) Unwrap() error { return e.Err }

// Function is a deployed function of EmailOTP.
type Function struct {
	// LogicalID is in the template, Name on Lambda.
	LogicalID, Name string
	// Lambda is Lambda's description; zero with Err.
	Lambda Configuration
	// Reserved is the function's reserved concurrency; nil for none.
	Reserved *int
	Err      error
}

// LogGroup returns the name of the function's log group.
func (f Function) LogGroup() string {
	return cmp.Or(f.Lambda.LoggingConfig.LogGroup, "/aws/lambda/"+f.Name)
}

// Configuration is the part of Lambda's FunctionConfiguration that is read.
type Configuration struct {
	Description, FunctionName, FunctionArn string

	Runtime, State, StateReason, LastUpdateStatus, LastUpdateStatusReason string

	CodeSha256, Role    string
	Architectures       []string
	MemorySize, Timeout int
	Environment         struct{ Variables map[string]string }
	LoggingConfig       struct{ LogGroup string }
	LastModified        string
}

// Version returns the version of the module that the function's program was built from, as the
// construct wrote it; empty where it is not known.
func (c Configuration) Version() string {
	_, version, _ := strings.Cut(c.Description, contract.VersionMark)
	return version
}

// Slot returns the part of a function's logical id that names it, such as "CreateAuthChallenge".
func Slot(f settings.Function) string {
	var b strings.Builder
	for part := range strings.SplitSeq(string(f), "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// Find reads the EmailOTP of a stack. Construct chooses among several; empty takes the only one. An
// error means that there is none to be found; what else fails stands in Problems.
func Find(ctx context.Context, api *awsapi.Client, stack, construct string) (*EmailOTP, error) {
	s, err := read(ctx, api, stack)
	if err != nil {
		return nil, err
	}
	found := s.constructs()
	prefixes, pages := slices.Collect(maps.Keys(found)), maps.Clone(found)
	// The functions of a sign-in page have the mark, too, and no sign-in of their own.
	maps.DeleteFunc(pages, func(_ string, of map[settings.Function]string) bool { return of[settings.HandOver] == "" })
	maps.DeleteFunc(found, func(_ string, of map[settings.Function]string) bool {
		return of[settings.CreateAuthChallenge] == "" && of[settings.DefineAuthChallenge] == ""
	})
	names := slices.Sorted(maps.Keys(found))
	switch {
	case len(names) == 0:
		return nil, s.without(ctx, api, construct)
	case construct == "" && len(names) > 1:
		return nil, fmt.Errorf("stack %s has several EmailOTPs; choose one by --construct: %s", stack,
			strings.Join(names, ", "))
	case construct == "":
		construct = names[0]
	case found[construct] == nil:
		return nil, fmt.Errorf("stack %s has no EmailOTP %s; it has: %s", stack, construct, strings.Join(names, ", "))
	}
	e := &EmailOTP{Stack: s.name, Status: s.status, Updated: s.updated, Construct: construct,
		Resources: s.resources, Problems: s.problems, prefixes: prefixes}
	e.readFunctions(ctx, api, found[construct], pages)
	return e, nil
}

// readFunctions reads the functions of the construct and of the stack's sign-in pages at once, and
// what the EmailOTP is by them.
func (e *EmailOTP) readFunctions(ctx context.Context, api *awsapi.Client, own map[settings.Function]string,
	pages map[string]map[settings.Function]string) {
	var wg sync.WaitGroup
	of := map[string]map[settings.Function]Function{}
	var mu sync.Mutex
	for page, ids := range pages {
		wg.Go(func() {
			functions := e.describe(ctx, api, ids)
			mu.Lock()
			defer mu.Unlock()
			of[page] = functions
		})
	}
	e.Functions = e.describe(ctx, api, own)
	wg.Wait()
	e.identify()
	for _, page := range slices.Sorted(maps.Keys(of)) {
		variables := of[page][settings.HandOver].Lambda.Environment.Variables
		if e.Page == nil && (variables[settings.PoolVariable] == e.PoolID || len(of) == 1 && variables == nil) {
			e.Page = &Page{Construct: page, Functions: of[page], CodesTable: variables[settings.CodesVariable],
				OriginSecret: variables[settings.OriginSecretVariable]}
		}
	}
}

// constructs groups the functions with EmailOTP's mark by the logical id's part before the
// function's own name.
func (s *stack) constructs() map[string]map[settings.Function]string {
	found := map[string]map[settings.Function]string{}
	for id, r := range s.resources {
		name, _ := r.Metadata[contract.MetadataFunction].(string)
		if name == "" || r.Type != "AWS::Lambda::Function" {
			continue
		}
		prefix, _, _ := strings.Cut(id, Slot(settings.Function(name)))
		if found[prefix] == nil {
			found[prefix] = map[settings.Function]string{}
		}
		found[prefix][settings.Function(name)] = id
	}
	return found
}

// without is the error of a stack without an EmailOTP. It names the nested stacks that may have it.
func (s *stack) without(ctx context.Context, api *awsapi.Client, construct string) error {
	var nested []string
	for _, r := range s.resources {
		if r.Type == "AWS::CloudFormation::Stack" && r.PhysicalID != "" {
			if parts := strings.Split(r.PhysicalID, "/"); len(parts) > 1 {
				nested = append(nested, parts[1])
			}
		}
	}
	slices.Sort(nested)
	problem := fmt.Errorf("stack %s has no function with the mark %s, so no EmailOTP", s.name, contract.MetadataFunction)
	if len(nested) > 0 {
		problem = fmt.Errorf("%w; it may be in one of its nested stacks: --stack %s", problem,
			strings.Join(nested, ", --stack "))
	}
	return errors.Join(append([]error{problem}, s.problems...)...)
}

// describe asks Lambda for functions, all at once.
func (e *EmailOTP) describe(ctx context.Context, api *awsapi.Client, ids map[settings.Function]string,
) map[settings.Function]Function {
	all := map[settings.Function]Function{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, id := range ids {
		wg.Go(func() {
			f := Function{LogicalID: id, Name: e.Resources[id].PhysicalID}
			var answer struct {
				Configuration Configuration
				Concurrency   struct{ ReservedConcurrentExecutions *int }
			}
			if f.Name == "" {
				f.Err = fmt.Errorf("function %s was not created (%s)", id, cmp.Or(e.Resources[id].Status, "no status"))
			} else {
				f.Err = api.REST(ctx, awsapi.Lambda, "GetFunction", http.MethodGet,
					"/2015-03-31/functions/"+url.PathEscape(f.Name), &answer)
			}
			f.Lambda, f.Reserved = answer.Configuration, answer.Concurrency.ReservedConcurrentExecutions
			mu.Lock()
			defer mu.Unlock()
			all[name] = f
		})
	}
	wg.Wait()
	return all
}

// identify reads the functions' settings, the pool and the client.
func (e *EmailOTP) identify() {
	for _, name := range []settings.Function{settings.CreateAuthChallenge, settings.VerifyAuthChallenge,
		settings.MailEvents, settings.DefineAuthChallenge} {
		f, isThere := e.Functions[name]
		if !isThere || f.Err != nil {
			continue
		}
		lookup := func(variable string) (string, bool) { v, ok := f.Lambda.Environment.Variables[variable]; return v, ok }
		if err := e.Settings.Merge(name, lookup); err != nil {
			e.Problems = append(e.Problems, &BadSettings{name, f.Name, err})
		}
	}
	e.Mode, e.PoolID = e.Settings.Mode, e.Settings.UserPoolID
	for id, r := range e.Resources {
		switch {
		case r.Metadata[contract.MetadataClient] != nil && e.isClient(id, r):
			e.ClientID = r.PhysicalID
			if mode, _ := r.Metadata[contract.MetadataClient].(string); e.Mode == "" {
				e.Mode = settings.Mode(mode)
			}
		case r.Type == "AWS::Cognito::UserPool" && e.PoolID == "" && e.Owns(id):
			e.PoolID = r.PhysicalID
		}
	}
	for _, r := range e.Resources {
		marks, _ := r.Metadata[contract.MetadataAcknowledgedBypasses].([]any)
		if r.Type == contract.AttachmentType {
			marks, _ = r.Properties["AcknowledgedBypasses"].([]any)
		}
		for _, mark := range marks {
			if text, isExact := e.Resolve(mark); isExact {
				e.Acknowledged = append(e.Acknowledged, text)
			}
		}
	}
	slices.Sort(e.Acknowledged)
	e.Acknowledged = slices.Compact(e.Acknowledged)
}

// Owns reports whether the resource with this logical id is the construct's. The logical id begins
// with the construct's; of several such constructs the longest one owns the resource, so "SignIn"
// has nothing of "SignInAdmins".
func (e *EmailOTP) Owns(id string) bool { return e.owner(id) == e.Construct }

// OwnsPage reports the same about the sign-in page.
func (e *EmailOTP) OwnsPage(id string) bool { return e.Page != nil && e.owner(id) == e.Page.Construct }

func (e *EmailOTP) owner(id string) (owner string) {
	for _, prefix := range e.prefixes {
		if strings.HasPrefix(id, prefix) && len(prefix) > len(owner) {
			owner = prefix
		}
	}
	return owner
}

// isClient reports whether a client with EmailOTP's mark is this construct's: by its user pool, or
// by its logical id where the template does not show the pool.
func (e *EmailOTP) isClient(id string, r Resource) bool {
	if pool, isExact := e.Resolve(r.Properties["UserPoolId"]); isExact && e.PoolID != "" {
		return pool == e.PoolID
	}
	return e.Owns(id)
}

// Resolve returns a value of the template as it is deployed. With false it is a part of that, or
// nothing: only AWS knows all attributes of a resource.
func (e *EmailOTP) Resolve(value any) (text string, isExact bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case map[string]any:
		if id, ok := v["Ref"].(string); ok {
			r := e.Resources[id]
			return r.PhysicalID, r.PhysicalID != ""
		}
		if list, ok := v["Fn::GetAtt"].([]any); ok && len(list) == 2 && list[1] == "Arn" {
			id, _ := list[0].(string)
			return e.Resources[id].PhysicalID, false
		}
		if list, ok := v["Fn::Join"].([]any); ok && len(list) == 2 {
			return e.join(list[0], list[1])
		}
	}
	return "", false
}

func (e *EmailOTP) join(separator, values any) (string, bool) {
	between, isText := separator.(string)
	list, isList := values.([]any)
	if !isText || !isList {
		return "", false
	}
	var parts []string
	for _, value := range list {
		part, isExact := e.Resolve(value)
		if !isExact {
			return "", false
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, between), true
}

// Find returns the resources of the construct of a type, by logical id in order.
func (e *EmailOTP) Find(kinds ...string) []string { return e.FindIn(e.Construct, kinds...) }

// FindIn returns the resources of one of the stack's constructs of a type, by logical id in order.
func (e *EmailOTP) FindIn(construct string, kinds ...string) (ids []string) {
	for id, r := range e.Resources {
		if e.owner(id) == construct && slices.Contains(kinds, r.Type) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// templateOf reads a template's body, which CloudFormation returns as it was sent.
func templateOf(body string) (map[string]Resource, error) {
	var t struct {
		Resources map[string]Resource
	}
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return nil, errors.New("the stack's template is no JSON, so the CDK did not make it")
	}
	return t.Resources, nil
}
