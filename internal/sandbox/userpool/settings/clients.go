package settings

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// defaultRefreshDays is how long Cognito's refresh tokens are valid by default.
const defaultRefreshDays = 30

// Clients are the app clients of a pool. Its methods may be called from several goroutines at once.
// A client that it returned never changes: an update puts another one in its place.
type Clients struct {
	mu  sync.RWMutex
	all []*config.Client
}

// NewClients returns the clients of the template and of the descriptions.
func NewClients(clients []config.Client) *Clients {
	c := &Clients{}
	for i := range clients {
		c.all = append(c.all, &clients[i])
	}
	return c
}

// Find returns the client with the id; nil for none.
func (c *Clients) Find(id string) *config.Client {
	for _, client := range c.All() {
		if client.ID == id {
			return client
		}
	}
	return nil
}

// All returns the clients in the order of their creation.
func (c *Clients) All() []*config.Client {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.all)
}

// Create adds a client.
func (c *Clients) Create(client *config.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, client)
}

// Replace puts a client in the place of the one with its id. It reports false where there is none.
func (c *Clients) Replace(client *config.Client) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.all, func(other *config.Client) bool { return other.ID == client.ID })
	if i >= 0 {
		c.all = slices.Clone(c.all)
		c.all[i] = client
	}
	return i >= 0
}

// Delete removes a client. It reports false where there is none.
func (c *Clients) Delete(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.all)
	c.all = slices.DeleteFunc(slices.Clone(c.all), func(client *config.Client) bool { return client.ID == id })
	return len(c.all) < n
}

// ClientInput is what CreateUserPoolClient and UpdateUserPoolClient have in common, as far as it
// has an effect here.
type ClientInput struct {
	ClientName                                                 string   `rule:"clientName"`
	ExplicitAuthFlows                                          []string `rule:"authFlow"`
	ReadAttributes, WriteAttributes                            []string
	PreventUserExistenceErrors                                 string `rule:"existence"`
	EnableTokenRevocation                                      *bool
	AuthSessionValidity                                        int
	AccessTokenValidity, IdTokenValidity, RefreshTokenValidity int
	TokenValidityUnits                                         struct {
		AccessToken, IdToken, RefreshToken string
	}
	RefreshTokenRotation *struct {
		Feature                 string
		RetryGracePeriodSeconds int
	}
}

// Client returns the client that the input describes, with Cognito's default for each member that
// it lacks. raw is the same request with all its members.
func (in *ClientInput) Client(id, secret string, raw map[string]any, schema []map[string]any) (*config.Client, error) {
	described := maps.Clone(raw)
	for _, name := range []string{"ClientId", "ClientSecret", "GenerateSecret", "UserPoolId"} {
		delete(described, name)
	}
	maps.DeleteFunc(described, func(_ string, v any) bool { return v == nil })
	cfg := config.Pool{Region: "-", ID: "-_0", Clients: []config.Client{{
		ID: id, Name: in.ClientName, Secret: secret, Description: described,
		ExplicitAuthFlows: orNil(in.ExplicitAuthFlows),
		ReadAttributes:    orNil(in.ReadAttributes), WriteAttributes: orNil(in.WriteAttributes),
		PreventUserExistenceErrors: in.PreventUserExistenceErrors == "ENABLED",
		EnableTokenRevocation:      in.EnableTokenRevocation == nil || *in.EnableTokenRevocation,
		AuthSessionValidity:        time.Duration(in.AuthSessionValidity) * time.Minute,
		AccessTokenValidity:        config.Validity(in.AccessTokenValidity, in.TokenValidityUnits.AccessToken, "hours"),
		IDTokenValidity:            config.Validity(in.IdTokenValidity, in.TokenValidityUnits.IdToken, "hours"),
		RefreshTokenValidity:       config.Validity(in.RefreshTokenValidity, in.TokenValidityUnits.RefreshToken, "days"),
	}}}
	client := &cfg.Clients[0]
	if r := in.RefreshTokenRotation; r != nil && r.Feature == "ENABLED" {
		client.RefreshTokenRotation = &config.RefreshTokenRotation{
			RetryGracePeriod: time.Duration(r.RetryGracePeriodSeconds) * time.Second}
	}
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, refusal.InvalidParameter("%v", err)
	}
	return &cfg.Clients[0], checkAttributes(raw, schema)
}

// checkAttributes refuses lists of attributes as Cognito does, whose sentence names none.
func checkAttributes(raw map[string]any, schema []map[string]any) error {
	var entries []any
	for _, a := range schema {
		entries = append(entries, a)
	}
	isKnown := func(name any) bool {
		return slices.ContainsFunc(schema, func(a map[string]any) bool { return a["Name"] == name })
	}
	write, _ := raw["WriteAttributes"].([]any)
	isRefused := slices.ContainsFunc(rules.CheckClients(rules.Pool{Properties: rules.Properties{"Schema": entries}},
		rules.Client{Properties: raw}), func(f rules.Finding) bool { return f.Kind == rules.RefusedAttributes })
	if isRefused || slices.ContainsFunc(write, func(name any) bool { return !isKnown(name) }) {
		return refusal.InvalidParameter("%s", rules.InvalidWriteAttributes)
	}
	read, _ := raw["ReadAttributes"].([]any)
	if slices.ContainsFunc(read, func(name any) bool { return !isKnown(name) }) {
		return refusal.InvalidParameter("%s", strings.Replace(rules.InvalidWriteAttributes, "write", "read", 1))
	}
	return nil
}

func orNil(list []string) []string {
	if len(list) == 0 {
		return nil // Cognito's default, as for an absent list
	}
	return list
}

// NewClientID and NewClientSecret return what Cognito makes up for a client.
func NewClientID() string     { return strings.ToLower(random.Text(26)) }
func NewClientSecret() string { return strings.ToLower(random.Text(52)) }

// DescribeClient returns DescribeUserPoolClient's UserPoolClient, with durations in minutes where
// no description has others.
func DescribeClient(pool string, cl *config.Client, created time.Time) map[string]any {
	existence := "LEGACY"
	if cl.PreventUserExistenceErrors {
		existence = "ENABLED"
	}
	m := map[string]any{
		"UserPoolId": pool, "ClientId": cl.ID, "ClientName": cl.Name,
		"CreationDate": awsjson.Epoch(created), "LastModifiedDate": awsjson.Epoch(created),
		"ExplicitAuthFlows": cl.ExplicitAuthFlows, "ReadAttributes": cl.ReadAttributes, "WriteAttributes": cl.WriteAttributes,
		"AuthSessionValidity":   int64(cl.AuthSessionValidity / time.Minute),
		"AccessTokenValidity":   int64(cl.AccessTokenValidity / time.Minute),
		"IdTokenValidity":       int64(cl.IDTokenValidity / time.Minute),
		"RefreshTokenValidity":  int64(cl.RefreshTokenValidity / time.Minute),
		"TokenValidityUnits":    map[string]string{"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "minutes"},
		"EnableTokenRevocation": cl.EnableTokenRevocation, "PreventUserExistenceErrors": existence,
		"AllowedOAuthFlowsUserPoolClient": false,
	}
	if cl.Secret != "" {
		m["ClientSecret"] = cl.Secret
	}
	if r := cl.RefreshTokenRotation; r != nil {
		m["RefreshTokenRotation"] = map[string]any{
			"Feature": "ENABLED", "RetryGracePeriodSeconds": int64(r.RetryGracePeriod / time.Second)}
	}
	if cl.Description["ClientName"] != nil { // a whole description, with validities in its own units
		for _, name := range []string{"AccessTokenValidity", "IdTokenValidity", "TokenValidityUnits"} {
			delete(m, name)
		}
		m["RefreshTokenValidity"] = defaultRefreshDays
	}
	maps.Copy(m, cl.Description)
	return without(m)
}
