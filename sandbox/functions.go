package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Credentials are the keys with which one function signs its calls. They are valid in this sandbox
// only.
type Credentials struct {
	// AccessKeyID, SecretAccessKey and SessionToken are the values of AWS's variables of these
	// names.
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Credentials returns the credentials of a trigger's function. In-process handlers that sign with
// them have the rights of the function's role.
func (s *Sandbox) Credentials(trigger Trigger) (Credentials, error) {
	f, err := s.function(trigger)
	if err != nil {
		return Credentials{}, err
	}
	return s.identity[f.Name], nil
}

// Environment returns the whole environment of a trigger's function: the template's variables,
// Lambda's own, the credentials, and the endpoint variables that the AWS SDKs read. In-process
// handlers read their settings from it.
func (s *Sandbox) Environment(trigger Trigger) (map[string]string, error) {
	f, err := s.function(trigger)
	if err != nil {
		return nil, err
	}
	return runtimeapi.Environment(s.runtimeFunction(f), s.plan.Region, f.Asset), nil
}

// LogOf returns a writer for what a handler in process logs; a line each. `emailotp doctor` reads
// it, as it reads what a function's process writes.
func (s *Sandbox) LogOf(trigger Trigger) io.Writer {
	f, err := s.function(trigger)
	if err != nil {
		return io.Discard
	}
	return s.logs.Of(f.Name)
}

// Brand returns the construct's prop Brand as JSON; empty for none.
func (s *Sandbox) Brand() string {
	f, err := s.function(CreateAuthChallenge)
	if err != nil {
		return ""
	}
	return f.Brand
}

// Triggers lists the pool's triggers, without [MailEvents].
func (s *Sandbox) Triggers() []Trigger {
	var all []Trigger
	for _, f := range s.plan.Functions {
		all = append(all, f.Triggers...)
	}
	slices.Sort(all)
	return all
}

// function finds the function behind a trigger.
func (s *Sandbox) function(trigger Trigger) (assembly.Function, error) {
	for _, f := range s.plan.Functions {
		if slices.Contains(f.Triggers, trigger) || trigger == MailEvents && s.hasRule(f.Name) ||
			s.isChained(f, trigger) || s.isBehindPage(f, trigger) {
			return f, nil
		}
	}
	if trigger == MailEvents {
		return assembly.Function{}, errors.New("the template has no rule that hands SES's events to a function of " +
			"this EmailOTP")
	}
	if trigger == HandOver {
		return assembly.Function{}, errors.New("the template has no sign-in page with this function; " +
			"Options.CallbackURLs adds one")
	}
	if slices.Contains([]Trigger{Chained, ChainedCustomMessage, ChainedPostConfirmation}, trigger) {
		return assembly.Function{}, errors.New("no function of this EmailOTP invokes one of the app's own")
	}
	return assembly.Function{}, fmt.Errorf("the user pool has no trigger %q; it has %v", trigger, s.Triggers())
}

// isChained reports whether the function is the app's own that the name is for.
func (s *Sandbox) isChained(f assembly.Function, trigger Trigger) bool {
	for folder, name := range s.plan.Chained {
		if f.Name == name && chainedBehind[folder] == trigger {
			return true
		}
	}
	return false
}

// hasRule reports whether a rule passes events to the function.
func (s *Sandbox) hasRule(function string) bool {
	return slices.ContainsFunc(s.plan.Rules, func(r assembly.Rule) bool { return r.Function == function })
}

// identify makes an access key for each function, by which the services recognise it.
func (s *Sandbox) identify() gateway.Callers {
	s.identity = map[string]Credentials{}
	callers := gateway.Callers{}
	for _, f := range s.plan.Functions {
		c := Credentials{AccessKeyID: "ASIA" + random.Text(16), SecretAccessKey: random.Text(40), SessionToken: "sandbox"}
		s.identity[f.Name] = c
		callers[c.AccessKeyID] = f.Principal
	}
	return callers
}

func (s *Sandbox) runtimeFunction(f assembly.Function) runtimeapi.Function {
	c := s.identity[f.Name]
	return runtimeapi.Function{
		Name: f.Name, ARN: f.ARN, Folder: f.Folder, Environment: s.variables(f), Asset: f.Asset, AssetHash: f.AssetHash,
		FromSource: f.FromSource,
		Handler:    f.Handler, Runtime: f.Runtime, Architecture: f.Architecture, MemoryMB: f.MemoryMB, Timeout: f.Timeout,
		AccessKeyID: c.AccessKeyID, SecretKey: c.SecretAccessKey, Endpoints: s.endpoints(),
		Inline: f.Inline, Modules: s.opts.Modules,
	}
}

// endpoints are the variables that lead a function's SDK to the sandbox. Calls of other services go
// to the catch-all: by the general variable, and for clients without configuration by a proxy.
func (s *Sandbox) endpoints() map[string]string {
	gateway, catchAll := origin(s.listen.gateway), origin(s.listen.catchAll)
	return map[string]string{
		"AWS_ENDPOINT_URL_SESV2":                     gateway,
		"AWS_ENDPOINT_URL_KMS":                       gateway,
		"AWS_ENDPOINT_URL_DYNAMODB":                  gateway,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": gateway,
		"AWS_ENDPOINT_URL_LAMBDA":                    gateway,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER":           gateway,
		"AWS_ENDPOINT_URL":                           catchAll,
		"HTTPS_PROXY":                                catchAll,
		"HTTP_PROXY":                                 catchAll,
		// Go never uses a proxy for this machine. Python does, and Node uses proxies only with
		// NODE_USE_ENV_PROXY.
		"NO_PROXY":           "127.0.0.1,localhost",
		"NODE_USE_ENV_PROXY": "1",
	}
}

func (s *Sandbox) partition() string { return strings.Split(s.plan.PoolARN, ":")[1] }

// builder returns a function that compiles functions from the module's source. It locates the
// source at the first call.
func (s *Sandbox) builder() func(ctx context.Context, folder, goos, goarch, out string) error {
	var once sync.Once
	dir, err := s.opts.Source, error(nil)
	return func(ctx context.Context, folder, goos, goarch, out string) error {
		once.Do(func() {
			if dir == "" {
				dir, err = build.Locate(ctx)
			}
		})
		if err != nil {
			return fmt.Errorf("%w; name the module's directory in Options.Source, "+
				"or synthesise for the host's architecture", err)
		}
		defer progress.Begin(s.opts.Progress, fmt.Sprintf("building %s for %s/%s", folder, goos, goarch))("")
		return s.build(ctx, dir, folder, build.Target{GOOS: goos, GOARCH: goarch}, out)
	}
}

// buildAll compiles functions of one source for this host, and keeps them in the cache.
func (s *Sandbox) buildAll(ctx context.Context, source string, folders []string, out string) error {
	defer progress.Begin(s.opts.Progress, fmt.Sprintf("building %d functions for this machine, %s/%s",
		len(folders), runtime.GOOS, runtime.GOARCH))("")
	return build.Cache{Dir: s.opts.CacheDir}.Functions(ctx, source,
		build.Target{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}, out, folders...)
}

// Binaries is an [Invoker] that runs the assembly's own functions, with what [Options.Functions]
// and [Options.Stub] put in place of some, for invokers that observe or interfere. It fails unless
// Start has prepared the functions, which it does without Invoker and InProcess.
func (s *Sandbox) Binaries() Invoker { return binaries{s} }

type binaries struct{ s *Sandbox }

func (b binaries) Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	f, err := b.s.function(trigger)
	if err != nil {
		return nil, err
	}
	return b.s.runFunction(ctx, f, event)
}

func (s *Sandbox) invoker(ctx context.Context) (userpool.Invoker, error) {
	chosen := s.opts.Invoker
	if s.opts.InProcess != nil {
		var err error
		if chosen, err = s.opts.InProcess(ctx, s); err != nil {
			return nil, fmt.Errorf("making the in-process handlers: %w", err)
		}
		if chosen == nil {
			return nil, errors.New("Options.InProcess returned no Invoker")
		}
	}
	if chosen == nil {
		chosen = s.Binaries()
	}
	s.mu.Lock()
	s.chosen = chosen
	s.mu.Unlock()
	return userpool.InvokerFunc(func(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
		out, err := s.call(ctx, trigger, event)
		return out, poolError(ctx, err)
	}), nil
}

// call counts a call of a trigger and runs it.
func (s *Sandbox) call(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	s.mu.Lock()
	s.calls[trigger]++
	chosen := s.chosen
	s.mu.Unlock()
	if chosen == nil {
		return nil, errors.New("the sandbox is still starting")
	}
	defer s.logDuration(trigger, time.Now())
	return chosen.Invoke(ctx, trigger, event)
}

// logDuration writes the line that Lambda writes after a call, as far as `emailotp doctor` reads
// it.
func (s *Sandbox) logDuration(trigger Trigger, began time.Time) {
	fmt.Fprintf(s.LogOf(trigger), `{"type":"platform.report","record":{"metrics":{"durationMs":%.3f}}}`+"\n",
		float64(time.Since(began).Microseconds())/1000)
}

// poolError makes an error that a handler returned a [FunctionError].
func poolError(ctx context.Context, err error) error {
	var failed *FunctionError
	if err == nil || errors.As(err, &failed) || ctx.Err() != nil {
		return err
	}
	return &FunctionError{Failure: Handled, Type: "errorString", Message: err.Error()}
}

// Counts returns how often each operation of a service was called ("dynamodb:UpdateItem"), each
// trigger by the pool ("lambda:CreateAuthChallenge"), the function of SES's events by its rule
// ("lambda:MailEvents"), and the app's own by EmailOTP's ("lambda:Chained" and the like).
func (s *Sandbox) Counts() map[string]int {
	all := s.gateway.Counts()
	s.mu.Lock()
	defer s.mu.Unlock()
	for trigger, n := range s.calls {
		all["lambda:"+string(trigger)] = n
	}
	return all
}

// CountsOf returns how often a trigger's function called each operation.
func (s *Sandbox) CountsOf(trigger Trigger) (map[string]int, error) {
	c, err := s.Credentials(trigger)
	if err != nil {
		return nil, err
	}
	return s.gateway.CountsOf(c.AccessKeyID), nil
}
