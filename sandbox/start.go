package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/control"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/keys"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/runtimeapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// start starts the parts. The listeners come first, since functions need their addresses. The slow
// parts (table engine, signing keys, rebuilt functions) start in parallel. The pool answers when
// all others do.
func (s *Sandbox) start(ctx context.Context) error {
	if err := s.openListeners(ctx); err != nil {
		return err
	}
	callers := s.identify()
	s.host = s.functionHost()
	s.onClose(s.host.Close)
	signing, err := s.slowParts(ctx, callers)
	if err != nil {
		return err
	}
	var pool atomic.Pointer[userpool.Pool] // the gateway serves before the pool exists
	if err := s.startServices(callers, &pool); err != nil {
		return err
	}
	invoker, err := s.invoker(ctx)
	if err != nil {
		return err
	}
	if s.pool, err = s.newPool(invoker, callers, signing); err != nil {
		return err
	}
	pool.Store(s.pool)
	if err := s.attachPool(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.config.Issuer = s.pool.Issuer()
	s.mu.Unlock()
	s.serve(s.listen.api, loopback.Guard(s.pool))
	if err := s.servePage(); err != nil {
		return err
	}
	for _, u := range s.opts.Users {
		if _, err := s.CreateUser(ctx, u); err != nil {
			return err
		}
	}
	for _, f := range s.opts.Faults {
		if _, err := s.Inject(f); err != nil {
			return err
		}
	}
	return nil
}

// listeners are open before servers start on them.
type listeners struct{ api, inbox, gateway, catchAll, page, tls net.Listener }

func (s *Sandbox) openListeners(ctx context.Context) error {
	l := &listeners{}
	var errs []error
	type listener struct {
		to         *net.Listener
		port       int
		what, flag string
	}
	all := []listener{
		{&l.api, s.opts.Port, "the user-pool API", "--port (Options.Port)"},
		{&l.inbox, s.opts.InboxPort, "the inbox", "--inbox-port (Options.InboxPort)"},
		{&l.gateway, 0, "the AWS services", ""},
		{&l.catchAll, 0, "the catch-all for other AWS services", ""},
	}
	if s.plan.Page != nil {
		all = append(all, listener{&l.page, s.opts.PagePort, "the sign-in page", "Options.PagePort"})
		if s.opts.TLS {
			all = append(all, listener{&l.tls, s.opts.TLSPort, "the sign-in page by https", "Options.TLSPort"})
		}
	}
	for _, open := range all {
		listener, err := loopback.Listen(ctx, open.port, open.what, open.flag)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		*open.to = listener
		s.onClose(func() error { _ = listener.Close(); return nil }) // a server may have closed it
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.listen = l
	s.config = Config{
		Endpoint: origin(l.api), InboxURL: origin(l.inbox), SESEndpoint: origin(l.gateway), KMSEndpoint: origin(l.gateway),
		Region: s.plan.Region, UserPoolID: s.plan.Pool.ID, UserPoolClientID: s.plan.ClientID,
		Mode: Mode(s.plan.Mode), Stack: s.plan.Stack,
	}
	s.configureHelp()
	if len(s.plan.Tables) > 0 {
		s.config.DynamoDBEndpoint = origin(l.gateway)
	}
	return nil
}

func origin(l net.Listener) string { return "http://" + l.Addr().String() }

func (s *Sandbox) serve(l net.Listener, h http.Handler) {
	server := loopback.Serve(l, h, s.logger)
	s.onClose(server.Close)
}

// slowParts starts the slow parts in parallel.
func (s *Sandbox) slowParts(ctx context.Context, callers gateway.Callers) (*userpool.SigningKeys, error) {
	var signing *userpool.SigningKeys
	var errSigning, errTables, errFunctions error
	var wg sync.WaitGroup
	wg.Go(func() { signing, errSigning = userpool.GenerateKeys() })
	if len(s.plan.Tables) > 0 {
		wg.Go(func() { errTables = s.startTables(ctx, callers) })
	}
	if s.opts.Invoker == nil && s.opts.InProcess == nil {
		wg.Go(func() { errFunctions = s.prepareFunctions(ctx) })
	}
	wg.Wait()
	return signing, errors.Join(errSigning, errTables, errFunctions)
}

func (s *Sandbox) startTables(ctx context.Context, callers gateway.Callers) error {
	cfg := tables.Config{
		Region: s.plan.Region, Account: s.plan.Account, Partition: s.partition(),
		CacheDir: s.opts.CacheDir, Path: s.opts.TablePath, Callers: callers, Logger: s.logger, Progress: s.opts.Progress,
	}
	for _, t := range s.plan.Tables {
		cfg.Tables = append(cfg.Tables, tables.Table{Name: t.Name, ARN: t.ARN, Definition: t.Definition})
		if t.TTLAttribute != "" {
			s.addToReport(fmt.Sprintf("table %s: items don't expire by their %s here; DynamoDB deletes them within days",
				t.Name, t.TTLAttribute))
		}
	}
	defer progress.Begin(s.opts.Progress, "starting the tables")("")
	service, err := tables.Start(ctx, cfg)
	if err != nil {
		return err
	}
	s.table = service
	s.onClose(service.Close)
	return nil
}

func (s *Sandbox) prepareFunctions(ctx context.Context) error {
	lines, failures := s.host.Prepare(ctx)
	s.addToReport(lines...)
	for _, f := range s.plan.Functions {
		if f.CodeError != nil && s.replacements[f.Name] == nil {
			failures[f.Name] = f.CodeError
		}
	}
	return s.replaceFailed(failures)
}

// startServices serves the services that the functions call, and the inbox.
func (s *Sandbox) startServices(callers gateway.Callers, pool *atomic.Pointer[userpool.Pool]) error {
	s.store = mailbox.NewStore(s.opts.InboxSize)
	s.inbox = mailbox.NewInbox(s.store, s.logger)
	s.bus = s.eventBus()
	s.onClose(s.bus.Close)
	s.mail = mailbox.New(s.mailConfig(), callers, s.store)
	kms, err := s.keyService(callers)
	if err != nil {
		return err
	}
	services := map[string]gateway.Service{gateway.SES: s.mail, gateway.KMS: kms,
		gateway.Lambda:         control.Service{Plan: s.plan, Callers: callers, Next: lambdaService{s, callers}},
		gateway.CloudFormation: control.Service{Plan: s.plan, Callers: callers},
		gateway.EventBridge:    control.Service{Plan: s.plan, Callers: callers},
		gateway.Logs:           control.Service{Plan: s.plan, Callers: callers, Logs: &s.logs},
		gateway.Secrets:        secretService{s.plan.Secrets, callers}}
	if s.table != nil {
		services[gateway.DynamoDB] = control.Service{Plan: s.plan, Callers: callers, Next: s.table}
	}
	cognito := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := pool.Load(); p != nil {
			p.ServeHTTP(w, r)
			return
		}
		http.Error(w, "the user pool is still starting", http.StatusServiceUnavailable)
	})
	s.gateway = gateway.New(services, cognito, s.logger)
	s.serve(s.listen.gateway, loopback.Guard(s.gateway))
	s.serve(s.listen.catchAll, gateway.CatchAll(s.logger))
	s.serve(s.listen.inbox, loopback.Guard(s.inbox))
	return nil
}

func (s *Sandbox) mailConfig() mailbox.Config {
	cfg := mailbox.Config{Region: s.plan.Region, Account: s.plan.Account, Partition: s.partition(),
		InSandbox: s.opts.SESSandbox != nil}
	cfg.Identities = s.opts.SESSandbox.identities(cfg.IdentityARN)
	for _, i := range s.plan.Identities {
		cfg.Identities = append(cfg.Identities,
			mailbox.Identity{Name: i.Name, ARN: i.ARN, ConfigurationSet: i.ConfigurationSet})
	}
	for _, c := range s.plan.ConfigurationSets {
		cfg.ConfigurationSets = append(cfg.ConfigurationSets, mailbox.ConfigurationSet{Name: c.Name, ARN: c.ARN,
			SendingDisabled: c.SendingDisabled, BusEvents: c.BusEvents})
	}
	cfg.Publish = func(e eventbus.Event) {
		if err := s.bus.Publish(e); err != nil {
			s.logger.Error("an event was lost", "error", err)
		}
	}
	return cfg
}

// eventBus makes the event bus with the template's rules.
func (s *Sandbox) eventBus() *eventbus.Bus {
	cfg := eventbus.Config{Account: s.plan.Account, Region: s.plan.Region, Logger: s.logger}
	for _, r := range s.plan.Rules {
		cfg.Rules = append(cfg.Rules, eventbus.Rule{Name: r.LogicalID, Pattern: r.Pattern, Function: r.Function})
	}
	cfg.Invoke = func(ctx context.Context, _ string, event []byte) error {
		_, err := s.call(ctx, MailEvents, event)
		return err
	}
	return eventbus.New(cfg)
}

func (s *Sandbox) keyService(callers gateway.Callers) (*keys.Service, error) {
	var all []keys.Key
	for _, k := range s.plan.Keys {
		all = append(all, keys.Key{ID: k.ID, ARN: k.ARN, Aliases: k.Aliases, Spec: k.Spec,
			Usage: k.Usage, Disabled: k.Disabled, Policy: k.Policy})
	}
	return keys.New(all, callers, rand.Reader)
}

// newPool makes the pool. A call with a function's key has the rights of the function's role; other
// calls are the developer's, who may do everything.
func (s *Sandbox) newPool(invoker userpool.Invoker, callers gateway.Callers,
	signing *userpool.SigningKeys) (*userpool.Pool, error) {
	opts := userpool.Options{
		Invoker: invoker, Mailer: cognitoMail{s.mail}, Now: s.Now, Keys: signing, Logger: s.logger,
		TriggerTimeout: s.opts.TriggerTimeout, TriggerAttempts: s.opts.TriggerAttempts,
		NewPasswordIssuesTokens: s.opts.NewPasswordIssuesTokens, CustomChallengeEntryRow: s.opts.CustomChallengeEntryRow,
		CreateSeesNoClientMetadata: s.opts.CreateSeesNoClientMetadata,
		UnknownUserNameIsDummy:     s.opts.UnknownUserNameIsDummy, SessionOverhead: s.opts.SessionOverhead,
		AllowedOrigins: s.opts.isAllowedOrigin,
		Authorize: func(r *http.Request, action, _ string) error {
			key, call := gateway.AccessKeyID(r), iam.Request{Action: action, Resource: s.plan.PoolARN}
			if callers.Allowed(key, call) {
				return nil
			}
			return errors.New(callers.Denial(key, call))
		},
	}
	if s.opts.LocalIssuer {
		opts.Issuer = s.config.Endpoint + "/" + s.plan.Pool.ID
	}
	return userpool.New(s.plan.Pool, opts)
}

// cognitoMail puts Cognito's own mails into the inbox.
type cognitoMail struct{ mail *mailbox.Service }

func (c cognitoMail) Deliver(_ context.Context, m userpool.CognitoMail) error {
	c.mail.Deliver(m.To, m.Subject, m.Text, m.HTML)
	return nil
}

// functionHost makes the host of the functions.
func (s *Sandbox) functionHost() *runtimeapi.Host {
	var all []runtimeapi.Function
	for _, f := range s.plan.Functions {
		if f.CodeError == nil && s.replacements[f.Name] == nil {
			all = append(all, s.runtimeFunction(f))
		}
	}
	return runtimeapi.New(all, runtimeapi.Options{
		Region: s.plan.Region, Build: s.builder(), BuildAll: s.buildAll, CacheDir: s.opts.CacheDir,
		Log: io.MultiWriter(s.opts.FunctionLog, &s.logs), Logger: s.logger,
	})
}
