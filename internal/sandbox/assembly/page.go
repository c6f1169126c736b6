package assembly

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Page is the HTTP API behind the sign-in page's distribution.
type Page struct {
	// Routes lead to functions of this EmailOTP.
	Routes []Route
	// HandOver is the name of the function that speaks OAuth 2.0.
	HandOver string
	// Clients are the app clients with an address to return to.
	Clients []settings.Client
	// OriginSecret is the text that the distribution sends with each request.
	OriginSecret string
	// ChangesAddresses is true where a route leads to the function of [settings.ChangeAddress].
	ChangesAddresses bool
}

// Route is a route of an HTTP API.
type Route struct {
	// Method is an HTTP method or "ANY"; Path ends in "{proxy+}" for all paths below it.
	Method, Path string
	// Function is the name of the function.
	Function string
}

// Matches reports whether a request has the route.
func (r Route) Matches(method, path string) bool {
	if r.Method != "ANY" && r.Method != method {
		return false
	}
	if prefix, ok := strings.CutSuffix(r.Path, "{proxy+}"); ok {
		return strings.HasPrefix(path, prefix) && len(path) > len(prefix)
	}
	return r.Path == path
}

// Secret is a secret of Secrets Manager with a text that the sandbox invents.
type Secret struct{ ARN, Text string }

// page describes the template's sign-in page, or makes one where the choice has callback URLs or
// ChangeAddress. It adds a public client with these URLs.
func (b *builder) page(choice Choice) {
	b.secrets()
	b.routes()
	isOwn := b.plan.Page == nil && (len(choice.CallbackURLs) > 0 || choice.ChangeAddress)
	if isOwn {
		b.ownPage()
	}
	p := b.plan.Page
	if p == nil {
		return
	}
	i := slices.IndexFunc(b.plan.Functions, func(f Function) bool { return f.Folder == string(settings.HandOver) })
	if i < 0 {
		b.fail("the sign-in page's HTTP API has no route to the function %s", settings.HandOver)
		return
	}
	f := &b.plan.Functions[i]
	p.HandOver = f.Name
	if err := json.Unmarshal([]byte(f.Environment[settings.ClientsVariable]), &p.Clients); err != nil {
		b.fail("function %s: %s is not a list of clients: %w", f.LogicalID, settings.ClientsVariable, err)
		return
	}
	if len(choice.CallbackURLs) > 0 {
		p.Clients = append(p.Clients, b.callbackClient(choice))
		f.Environment[settings.ClientsVariable] = settings.EncodeClients(p.Clients)
	}
	arn := f.Environment[settings.OriginSecretVariable]
	if isOwn && choice.ChangeAddress {
		b.ownChangeAddress(arn)
	}
	p.ChangesAddresses = slices.ContainsFunc(b.plan.Functions,
		func(f Function) bool { return f.Folder == string(settings.ChangeAddress) })
	for _, s := range b.plan.Secrets {
		if s.ARN == arn {
			p.OriginSecret = s.Text
			return
		}
	}
	b.fail("function %s: %s names the secret %s, which is not in the assembly", f.LogicalID,
		settings.OriginSecretVariable, arn)
}

// callbackClient adds a public app client for the choice's addresses. In all else it is as the
// construct's.
func (b *builder) callbackClient(choice Choice) settings.Client {
	const name = "EmailOTPSandboxClient"
	for _, c := range b.plan.Pool.Clients {
		if c.ID == b.plan.ClientID {
			c.ID, c.Name, c.Secret = b.candidate.stack.ClientID(name), name, ""
			b.plan.Pool.Clients = append(b.plan.Pool.Clients, c)
			return settings.Client{ID: c.ID, CallbackURLs: choice.CallbackURLs, LogoutURLs: choice.LogoutURLs}
		}
	}
	return settings.Client{}
}

// secrets describes the secrets nearby.
func (b *builder) secrets() {
	b.nearby(func(l template.Located) {
		text := l.Text("SecretString")
		if text == "" {
			text = l.Stack.ClientSecret(l.ID)
		}
		b.plan.Secrets = append(b.plan.Secrets, Secret{l.ARN(), text})
	}, "AWS::SecretsManager::Secret")
}

// routes describes the routes of HTTP APIs to functions that have EmailOTP's mark and this pool's
// id in their environment.
func (b *builder) routes() {
	functions := b.assembly.functionsByARN()
	targets := map[string]template.Located{} // by "stack/integration"
	b.nearby(func(l template.Located) {
		fn, found := functions[unqualified(l.Text("IntegrationUri"))]
		if found && fn.Metadata[contract.MetadataFunction] != nil && fn.Variable(settings.PoolVariable) == b.plan.Pool.ID {
			targets[l.Stack.Name+"/"+l.Ref()] = fn
		}
	}, "AWS::ApiGatewayV2::Integration")
	b.nearby(func(l template.Located) {
		integration, _ := strings.CutPrefix(l.Text("Target"), "integrations/")
		fn, found := targets[l.Stack.Name+"/"+integration]
		method, path, isPath := strings.Cut(l.Text("RouteKey"), " ")
		if !found || !isPath {
			return
		}
		f, err := b.function(fn)
		if err != nil {
			b.errs = append(b.errs, err)
			return
		}
		if b.plan.Page == nil {
			b.plan.Page = &Page{}
		}
		b.plan.Page.Routes = append(b.plan.Page.Routes, Route{method, path, f.Name})
		if !slices.ContainsFunc(b.plan.Functions, func(other Function) bool { return other.Name == f.Name }) {
			b.plan.Functions = append(b.plan.Functions, f)
		}
	}, "AWS::ApiGatewayV2::Route")
}

// ownPageTimeout is the timeout of the page's functions, as the construct sets it.
const ownPageTimeout = 15 * time.Second

// ownPage adds the function of a sign-in page, with its table and secret, to a template without. It
// has the environment and the rights that the construct would give it.
func (b *builder) ownPage() {
	s := b.candidate.stack
	const id = "EmailOTPSandboxPage"
	secret := Secret{s.ARN("secretsmanager", "secret:"+id), s.ClientSecret(id)}
	table := Table{Name: id + "Codes", ARN: s.ARN("dynamodb", "table/"+id+"Codes"), TTLAttribute: "ttl"}
	table.Definition = map[string]any{"TableName": table.Name, "BillingMode": "PAY_PER_REQUEST",
		"KeySchema":            []any{map[string]any{"AttributeName": "pk", "KeyType": "HASH"}},
		"AttributeDefinitions": []any{map[string]any{"AttributeName": "pk", "AttributeType": "S"}}}
	f := Function{
		LogicalID: id, Name: id, ARN: s.ARN("lambda", "function:"+id), Folder: string(settings.HandOver), IsOwn: true,
		Handler: "bootstrap", Runtime: "provided.al2023", Architecture: "x86_64", MemoryMB: settings.DefaultMemorySize,
		Timeout: ownPageTimeout,
		Environment: settings.Page{UserPoolID: b.plan.Pool.ID, Clients: []settings.Client{}, CodesTable: table.Name,
			OriginSecret: secret.ARN}.Environment(),
		Principal: iam.Principal{Function: id, RoleARN: "arn:" + s.Partition() + ":iam::" + s.Account + ":role/" + id,
			Policies: []iam.Policy{{Statements: []iam.Statement{
				{Effect: "Allow", Actions: settings.HandOverTableActions(), Resources: []string{table.ARN}},
				{Effect: "Allow", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{secret.ARN}},
			}}}},
	}
	if runtime.GOARCH == "arm64" {
		f.Architecture = "arm64"
	}
	b.plan.Page = &Page{}
	for _, path := range settings.HandOverPaths() {
		b.plan.Page.Routes = append(b.plan.Page.Routes, Route{"ANY", path, id})
	}
	b.plan.Functions = append(b.plan.Functions, f)
	b.plan.Secrets = append(b.plan.Secrets, secret)
	b.ownTable = &table
	b.warn("the template has no sign-in page, so the sandbox runs one with its function beside it; " +
		"NewSignInPage of constructs/signinpage deploys it")
}

// ownChangeAddress adds the function by which users change their address to a page of the
// sandbox's own, unless the construct would refuse it. It makes codes and mails as the template's
// create function.
func (b *builder) ownChangeAddress(secret string) {
	i := slices.IndexFunc(b.plan.Functions,
		func(f Function) bool { return f.Folder == string(settings.CreateAuthChallenge) })
	if why := b.noChangeAddress(); why != "" || i < 0 {
		b.warn("users can't change their address here: %s", cmp.Or(why, "the pool has no function that mails codes"))
		return
	}
	const id = "EmailOTPSandboxChangeAddress"
	f := b.plan.Functions[i]
	f.LogicalID, f.Name, f.ARN = id, id, b.candidate.stack.ARN("lambda", "function:"+id)
	f.Folder, f.FromSource, f.Triggers = string(settings.ChangeAddress), true, nil
	f.Timeout, f.Environment = ownPageTimeout, maps.Clone(f.Environment)
	f.Environment[settings.PoolVariable] = b.plan.Pool.ID
	f.Environment[settings.OriginSecretVariable] = secret
	var clients []string
	for _, c := range b.plan.Pool.Clients {
		clients = append(clients, c.ID)
	}
	f.Environment[settings.ClientIDsVariable] = strings.Join(clients, ",")
	f.Principal = iam.Principal{Function: id, RoleARN: f.Principal.RoleARN,
		Policies: append(slices.Clone(f.Principal.Policies), iam.Policy{Statements: []iam.Statement{
			{Effect: "Allow", Actions: settings.ChangeAddressPoolActions(), Resources: []string{b.plan.PoolARN}},
			{Effect: "Allow", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{secret}},
		}})}
	for _, path := range settings.ChangeAddressPaths() {
		b.plan.Page.Routes = append(b.plan.Page.Routes, Route{"ANY", path, id})
	}
	b.plan.Functions = append(b.plan.Functions, f)
}

// noChangeAddress returns why the construct would refuse ChangeAddress for the pool; empty for no
// reason.
func (b *builder) noChangeAddress() string {
	if b.candidate.isImported() {
		return "the pool is imported"
	}
	// A pool that requires email has such a client, or Cognito refuses its clients.
	found := b.assembly.inspect(b.candidate)
	for _, f := range slices.Concat(found.Open, found.Acknowledged) {
		if f.Kind == rules.WriteEmail {
			return f.Problem()
		}
	}
	return ""
}

// String describes a route.
func (r Route) String() string { return fmt.Sprintf("%s %s -> %s", r.Method, r.Path, r.Function) }
