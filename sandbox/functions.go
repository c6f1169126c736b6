package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsfront"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Credentials are what one function signs its calls with. They mean nothing
// outside this sandbox and this run of it.
type Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Credentials gives a trigger's function's own, for in-process handlers whose
// rights are to be judged as the function's would be.
func (s *Sandbox) Credentials(trigger Trigger) (Credentials, error) {
	f, err := s.function(trigger)
	if err != nil {
		return Credentials{}, err
	}
	return s.identity[f.Name], nil
}

// Environment gives a trigger's function's whole environment: the template's
// variables, Lambda's own, the credentials, and the endpoint variables that lead
// the AWS SDKs here. In-process handlers read their settings from it.
func (s *Sandbox) Environment(trigger Trigger) (map[string]string, error) {
	f, err := s.function(trigger)
	if err != nil {
		return nil, err
	}
	return runtimeapi.Environment(s.runtimeFunction(f), s.plan.Region, f.Asset), nil
}

// Triggers lists the triggers that the pool has. [MailEvents] isn't among them.
func (s *Sandbox) Triggers() []Trigger {
	var all []Trigger
	for _, f := range s.plan.Functions {
		for _, t := range f.Triggers {
			all = append(all, Trigger(t))
		}
	}
	slices.Sort(all)
	return all
}

// function finds the function behind a trigger.
func (s *Sandbox) function(trigger Trigger) (assembly.Function, error) {
	for _, f := range s.plan.Functions {
		if slices.Contains(f.Triggers, userpool.Trigger(trigger)) || trigger == MailEvents && s.hearsEvents(f.Name) {
			return f, nil
		}
	}
	if trigger == MailEvents {
		return assembly.Function{}, errors.New("the template has no rule that hands SES's events to a function of this EmailOTP")
	}
	return assembly.Function{}, fmt.Errorf("the user pool has no trigger %q; it has %v", trigger, s.Triggers())
}

func (s *Sandbox) hearsEvents(function string) bool {
	return slices.ContainsFunc(s.plan.Rules, func(r assembly.Rule) bool { return r.Function == function })
}

// identify gives each function a key of its own, by which the services know it.
func (s *Sandbox) identify() awsfront.Callers {
	s.identity = map[string]Credentials{}
	callers := awsfront.Callers{}
	for _, f := range s.plan.Functions {
		c := Credentials{AccessKeyID: "ASIA" + randomText(16), SecretAccessKey: randomText(40), SessionToken: "sandbox"}
		s.identity[f.Name] = c
		callers[c.AccessKeyID] = f.Principal
	}
	return callers
}

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base32.StdEncoding.EncodeToString(b)[:n]
}

func (s *Sandbox) runtimeFunction(f assembly.Function) runtimeapi.Function {
	c := s.identity[f.Name]
	return runtimeapi.Function{
		Name: f.Name, ARN: f.ARN, Folder: f.Folder, Environment: f.Environment, Asset: f.Asset, AssetHash: f.AssetHash,
		Handler: f.Handler, Runtime: f.Runtime, Architecture: f.Architecture, MemoryMB: f.MemoryMB, Timeout: f.Timeout,
		AccessKeyID: c.AccessKeyID, SecretKey: c.SecretAccessKey, Endpoints: s.endpoints(),
	}
}

// endpoints lead a function's SDK to the sandbox. All services that it lacks
// lead to the fence, by the general variable and, for clients that read no
// configuration, by a proxy; loopback addresses need none.
func (s *Sandbox) endpoints() map[string]string {
	front, fence := origin(s.listen.front), origin(s.listen.fence)
	return map[string]string{
		"AWS_ENDPOINT_URL_SESV2":                     front,
		"AWS_ENDPOINT_URL_KMS":                       front,
		"AWS_ENDPOINT_URL_DYNAMODB":                  front,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": front,
		"AWS_ENDPOINT_URL":                           fence,
		"HTTPS_PROXY":                                fence,
		"HTTP_PROXY":                                 fence,
	}
}

func (s *Sandbox) partition() string { return strings.Split(s.plan.PoolARN, ":")[1] }

// builder compiles functions from the module's source, which is looked for when
// the first one has to be.
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
			return fmt.Errorf("%w; name the module's directory in Options.Source, or synthesise for the host's architecture", err)
		}
		s.opts.Progress(fmt.Sprintf("building %s for %s/%s", folder, goos, goarch))
		return build.Function(ctx, dir, folder, build.Target{GOOS: goos, GOARCH: goarch}, out)
	}
}

// Binaries is an [Invoker] that runs the assembly's own functions, for invokers
// that only look on or interfere. It fails unless Start prepared the functions,
// which it does when the options have neither Invoker nor InProcess.
func (s *Sandbox) Binaries() Invoker { return binaries{s} }

type binaries struct{ s *Sandbox }

func (b binaries) Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	f, err := b.s.function(trigger)
	if err != nil {
		return nil, err
	}
	out, err := b.s.host.Invoke(ctx, f.Name, event)
	var failed *runtimeapi.Error
	if errors.As(err, &failed) {
		return nil, &FunctionError{Failure: Failure(failed.Failure), Type: failed.Type, Message: failed.Message}
	}
	return out, err
}

// invoker is what the pool calls.
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
	return userpool.InvokerFunc(func(ctx context.Context, trigger userpool.Trigger, event []byte) ([]byte, error) {
		out, err := s.call(ctx, Trigger(trigger), event)
		return out, poolError(ctx, err)
	}), nil
}

// call counts a call and passes it on.
func (s *Sandbox) call(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	s.mu.Lock()
	s.calls[trigger]++
	chosen := s.chosen
	s.mu.Unlock()
	if chosen == nil {
		return nil, errors.New("the sandbox is still starting")
	}
	return chosen.Invoke(ctx, trigger, event)
}

// poolError puts a function's failure into the pool's words.
func poolError(ctx context.Context, err error) error {
	var failed *FunctionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		kind := map[Failure]userpool.FunctionErrorKind{Handled: userpool.Handled, Exited: userpool.Exited, TimedOut: userpool.TimedOut}[failed.Failure]
		return &userpool.FunctionError{Kind: kind, Type: failed.Type, Message: failed.Message}
	case ctx.Err() != nil:
		return err // the pool stopped waiting
	}
	return &userpool.FunctionError{Kind: userpool.Handled, Type: "errorString", Message: err.Error()}
}

// Counts says how often each operation of a service was called by anybody
// ("dynamodb:UpdateItem"), each trigger by the pool ("lambda:CreateAuthChallenge"),
// and the function of SES's events by its rule ("lambda:MailEvents").
func (s *Sandbox) Counts() map[string]int {
	all := s.front.Counts()
	s.mu.Lock()
	defer s.mu.Unlock()
	for trigger, n := range s.calls {
		all["lambda:"+string(trigger)] = n
	}
	return all
}

// CountsOf says how often a trigger's function called each operation.
func (s *Sandbox) CountsOf(trigger Trigger) (map[string]int, error) {
	c, err := s.Credentials(trigger)
	if err != nil {
		return nil, err
	}
	return maps.Clone(s.front.CountsOf(c.AccessKeyID)), nil
}
