// Package rules finds the ways by which a client of a user pool gets tokens, or an account's
// mailbox, without the mailed code. It is the one implementation: the construct applies it while an
// app is synthesised, `emailotp check` to a cloud assembly, the sandbox to the template that it
// runs.
//
// A pool and its clients are described by the JSON of a template or of Cognito's API, so the same
// rules hold for a deployed pool. The package links neither the CDK nor an AWS SDK.
package rules

import (
	"fmt"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Kind is what a finding is about.
type Kind string

// The bypasses: ways into an account that the mailed code does not guard. An adopter may accept
// one.
const (
	UserSrpAuth           Kind = "USER_SRP_AUTH"
	UserPasswordAuth      Kind = "USER_PASSWORD_AUTH"
	AdminUserPasswordAuth Kind = "ADMIN_USER_PASSWORD_AUTH"
	UserAuth              Kind = "USER_AUTH"
	UnknownFlow           Kind = "UNKNOWN_FLOW"
	HostedUI              Kind = "HOSTED_UI"
	WriteEmail            Kind = "WRITE_EMAIL"
	EmailRecovery         Kind = "EMAIL_RECOVERY"
	NativeMFA             Kind = "NATIVE_MFA"
	EmailAlias            Kind = "EMAIL_ALIAS"
)

// The errors, which nothing acknowledges.
const (
	// ReplacedTrigger is a trigger of the pool that does not call EmailOTP's function.
	ReplacedTrigger Kind = "REPLACED_TRIGGER"
	// RefusedMail is a pool for which Cognito refuses the texts of its own mails.
	RefusedMail Kind = "REFUSED_MAIL"
	// RefusedAttributes is an app client that Cognito refuses to create for its attribute lists.
	RefusedAttributes Kind = "REFUSED_ATTRIBUTES"
)

// UserExistence is an app client by which a stranger finds out who has an account. It opens no
// account, so it is a warning, which stops nothing.
const UserExistence Kind = "USER_EXISTENCE"

// Bypasses returns every kind that can be acknowledged, in a fixed order.
func Bypasses() []Kind {
	return []Kind{UserSrpAuth, UserPasswordAuth, AdminUserPasswordAuth, UserAuth, UnknownFlow, HostedUI, WriteEmail,
		EmailRecovery, NativeMFA, EmailAlias}
}

// IsBypass reports whether the kind is a bypass, which can be acknowledged.
func (k Kind) IsBypass() bool { return slices.Contains(Bypasses(), k) }

// A Finding is one bypass or error. Its texts are parts of what [Finding.Problem] returns.
type Finding struct {
	Kind Kind `json:"kind"`
	// Resource is "user pool" or "app client"; Name and ID are those of the [Pool] or [Client].
	Resource string `json:"resource"`
	Name     string `json:"name"`
	ID       string `json:"id"`
	// What is wrong, such as "allows ALLOW_USER_SRP_AUTH on user pool Prod/SignIn/UserPool".
	What string `json:"what"`
	// Harm is what follows from it.
	Harm string `json:"harm"`
	// Remedy is what to change.
	Remedy string `json:"remedy"`
	// Until is the last day of an acknowledgement that ends, as [DateLayout]. Ended is that of one
	// which does not hold any more.
	Until string `json:"until,omitempty"`
	Ended string `json:"ended,omitempty"`
}

// String returns what is wrong and what follows, without the remedy and without a full stop.
func (f Finding) String() string {
	s := fmt.Sprintf("%s %s %s, so %s", f.Resource, f.Name, f.What, f.Harm)
	if f.Ended != "" {
		s += " (its acknowledgement ended on " + f.Ended + ")"
	}
	return s
}

// Problem returns the finding with its remedy.
func (f Finding) Problem() string { return f.String() + "; " + f.Remedy }

// TemplateRemedy returns the remedy, with the metadata that acknowledges a bypass in a template.
func (f Finding) TemplateRemedy() string {
	if !f.Kind.IsBypass() {
		return f.Remedy
	}
	return fmt.Sprintf("%s, or acknowledge it as %q in the resource's metadata %s", f.Remedy, f.Mark(),
		contract.MetadataAcknowledgedBypasses)
}

// A Pool is a user pool that EmailOTP guards.
type Pool struct {
	// Name is what findings call the pool: a construct path, a logical id or a pool id.
	Name string
	// ID is what acknowledges the pool's own bypasses: a logical id, or the pool's id.
	ID   string
	Mode settings.Mode
	// Triggers are the functions that the pool calls, by their names in LambdaConfig, such as
	// "PreSignUp". The value is EmailOTP's function; empty for any other.
	Triggers map[string]settings.Function
	// Optional are the names in LambdaConfig by which the pool must call EmailOTP beside those of
	// its mode, as [OptionalOf] returns them.
	Optional []string
	// Properties are read from AWS::Cognito::UserPool, or from DescribeUserPool's UserPool.
	Properties Properties
}

// A Client is an app client of a pool.
type Client struct {
	// Name and ID are as in [Pool].
	Name, ID string
	// Properties are read from AWS::Cognito::UserPoolClient, or from DescribeUserPoolClient's
	// UserPoolClient.
	Properties Properties
}

// Check returns the findings of a pool and of its clients: the pool's first, then each client's.
func Check(p Pool, clients ...Client) []Finding {
	return append(checkPool(p), CheckClients(p, clients...)...)
}

// CheckClients returns the findings of a pool's clients alone, for a pool whose own properties are
// not known.
func CheckClients(p Pool, clients ...Client) []Finding {
	var found []Finding
	for _, c := range clients {
		found = append(found, checkClient(p, c)...)
	}
	return found
}

// Warnings returns what is worth a word about a pool's clients and no reason to stop: each one that
// answers a stranger differently for known and unknown names. A client with a secret answers its
// server alone.
func Warnings(p Pool, clients ...Client) []Finding {
	var found []Finding
	for _, client := range clients {
		c := &collector{resource: "app client", name: client.Name, id: client.ID}
		if client.Properties.get("PreventUserExistenceErrors") != "ENABLED" &&
			client.Properties.get("GenerateSecret") != true && client.Properties.get("GenerateSecret") != "true" {
			c.add(UserExistence, "of user pool "+p.Name+" does not have PreventUserExistenceErrors ENABLED",
				"its answers show who has an account", "set PreventUserExistenceErrors to ENABLED")
		}
		found = append(found, c.found...)
	}
	return found
}

// A collector adds findings of one resource.
type collector struct {
	resource, name, id string
	found              []Finding
}

func (c *collector) add(kind Kind, what, harm, remedy string) {
	c.found = append(c.found, Finding{Kind: kind, Resource: c.resource, Name: c.name, ID: c.id,
		What: what, Harm: harm, Remedy: remedy})
}
