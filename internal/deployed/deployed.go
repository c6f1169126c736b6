// Package deployed finds an EmailOTP in a deployed stack: its pool, its functions with the settings
// that they run by, its table and its key. It reads CloudFormation and Lambda, never a cloud
// assembly, so it shows what runs and works for every app that imports the construct.
package deployed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// EmailOTP is a deployed EmailOTP.
type EmailOTP struct {
	Template // of its stack
	// Construct is the part of its logical ids that the construct's path is, such as "SignIn".
	Construct string
	Mode      settings.Mode
	PoolID    string
	// ClientID is the app client that the construct created.
	ClientID string
	// Functions are its functions.
	Functions map[settings.Function]Function
	// Page is the sign-in page of its pool; nil for none. [EmailOTP.FindPage] looks for one in
	// other stacks.
	Page *Page
	// Settings are what create, verify and mail-events run by; those of a function that can't be
	// read are zero.
	Settings settings.Settings
	// Acknowledged are the bypasses that the template accepts, as [rules.Finding.Mark] writes them.
	Acknowledged []string
	// Problems are what could not be read.
	Problems []error

	region string
	// exports are the names under which the stack exports the app client's id, neighbors the other
	// stacks that may have the page.
	exports, neighbors []string
	clientLogicalID    string
	isPageUnknown      bool // since the importers or their stacks could not be read
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
	// The functions of a sign-in page have the mark, too, and no sign-in of their own.
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
	e := &EmailOTP{Template: *s, Construct: construct, Problems: s.problems, region: api.Region()}
	var pages map[string]map[settings.Function]Function
	var wg sync.WaitGroup
	wg.Go(func() { pages = s.describePages(ctx, api) })
	e.Functions = s.describe(ctx, api, found[construct])
	wg.Wait()
	e.identify()
	e.takePage(s, pages)
	return e, nil
}

// constructs groups the functions with EmailOTP's mark by the logical id's part before the
// function's own name.
func (s *Template) constructs() map[string]map[settings.Function]string {
	found := map[string]map[settings.Function]string{}
	for id, r := range s.Resources {
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
func (s *Template) without(ctx context.Context, api *awsapi.Client, construct string) error {
	nested := s.nested(func(Resource) bool { return true })
	problem := fmt.Errorf("stack %s has no function with the mark %s, so no EmailOTP", s.Stack, contract.MetadataFunction)
	if len(nested) > 0 {
		problem = fmt.Errorf("%w; it may be in one of its nested stacks: --stack %s", problem,
			strings.Join(nested, ", --stack "))
	}
	return errors.Join(append([]error{problem}, s.problems...)...)
}

// describe asks Lambda for functions, all at once.
func (s *Template) describe(ctx context.Context, api *awsapi.Client, ids map[settings.Function]string,
) map[settings.Function]Function {
	all := map[settings.Function]Function{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, id := range ids {
		wg.Go(func() {
			f := Function{LogicalID: id, Name: s.Resources[id].PhysicalID}
			var answer struct {
				Configuration Configuration
				Concurrency   struct{ ReservedConcurrentExecutions *int }
			}
			if f.Name == "" {
				f.Err = fmt.Errorf("function %s was not created (%s)", id, cmp.Or(s.Resources[id].Status, "no status"))
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
			e.ClientID, e.clientLogicalID = r.PhysicalID, id
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

// isClient reports whether a client with EmailOTP's mark is this construct's: by its user pool, or
// by its logical id where the template does not show the pool.
func (e *EmailOTP) isClient(id string, r Resource) bool {
	if pool, isExact := e.Resolve(r.Properties["UserPoolId"]); isExact && e.PoolID != "" {
		return pool == e.PoolID
	}
	return e.Owns(id)
}

// Find returns the resources of the construct of a type, by logical id in order.
func (e *EmailOTP) Find(kinds ...string) []string { return e.find(e.Construct, kinds...) }
