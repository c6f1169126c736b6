package assembly

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Plan is an EmailOTP with all its resources, ready to be run.
type Plan struct {
	// Stack is the name of the pool's stack; Region and Account are its own.
	Stack, Region, Account string
	PoolLogicalID, PoolARN string
	// Mode is the function's EMAILOTP_MODE: "password" or "passwordless".
	Mode string
	Pool userpool.Config
	// ClientID is the app client that the construct created.
	ClientID, ClientLogicalID string
	// Functions are the pool's triggers, the targets of Rules, and the functions that these may
	// invoke, by name.
	Functions []Function
	// Chained are the names of the adopter's functions that EmailOTP's own invoke, by the folder of
	// the latter.
	Chained map[string]string
	// Rules send events of AWS services to functions of this EmailOTP.
	Rules             []Rule
	Keys              []Key
	Identities        []Identity
	ConfigurationSets []ConfigurationSet
	// Tables are the tables that a function's role names.
	Tables []Table
	// Secrets are the secrets of Secrets Manager.
	Secrets []Secret
	// Page is the sign-in page's HTTP API; nil for none.
	Page *Page
	// Attachment is what a deployment runs by a function: the attachment to an imported pool, or
	// the check of the template's; nil for neither.
	Attachment *Attachment
	// Bypasses are the findings that the template does not acknowledge.
	Bypasses []rules.Finding
	// Template is the file of the stack's template; Resources and Outputs are the stack's.
	Template  string
	Resources []Resource
	Outputs   map[string]string
	// Warnings name what the template has and the sandbox does not do.
	Warnings []string
}

// Rule is a rule on the account's default event bus.
type Rule struct {
	LogicalID string
	Pattern   eventbus.Pattern
	// Function is the target's name.
	Function string
}

// Function is the function of a trigger or of a rule.
type Function struct {
	// Triggers is empty for a function that the pool does not call.
	Triggers        []userpool.Trigger
	LogicalID, Name string
	ARN             string
	// Folder is the construct's name of the function, such as "create-auth-challenge"; empty for a
	// function that is not EmailOTP's.
	Folder string
	// Brand is the adopter's brand as JSON, on the function that mails; empty for none.
	Brand string
	// Environment has the template's variables, resolved.
	Environment map[string]string
	// IsOwn is true for a function of an EmailOTP, without which there is no sign-in.
	IsOwn bool
	// Asset is a directory or a zip file; empty with Inline, and if CodeError is set.
	Asset, AssetHash string
	// FromSource is true where Asset is another function's: the program is built from Folder.
	FromSource bool
	// Inline is code in the template.
	Inline string
	// CodeError is why the template's function can't run here; nil unless it is known to be so.
	CodeError        error
	Handler, Runtime string
	// Architecture is "x86_64" or "arm64".
	Architecture string
	MemoryMB     int
	Timeout      time.Duration
	Principal    iam.Principal
	// LogGroup is the name of its log group.
	LogGroup string
}

// Key is a KMS key of the assembly.
type Key struct {
	ID, ARN     string
	Aliases     []string
	Spec, Usage string
	Disabled    bool
	Policy      iam.Policy
}

// Identity is an SES identity: a domain or an address.
type Identity struct {
	Name, ARN string
	// ConfigurationSet is the default one; empty for none.
	ConfigurationSet string
	// Outside is true for an identity that no template creates but a role names.
	Outside bool
}

// ConfigurationSet is a configuration set of SES.
type ConfigurationSet struct {
	Name, ARN string
	// SendingDisabled is true where the template pauses sending.
	SendingDisabled bool
	// SuppressionReasons such as "BOUNCE"; nil means the account's.
	SuppressionReasons []string
	// BusEvents are the types of events, such as "BOUNCE", that it publishes on the default event
	// bus.
	BusEvents []string
	Outside   bool
}

// Table is a DynamoDB table, as CreateTable accepts it.
type Table struct {
	Name, ARN string
	// Definition has KeySchema, AttributeDefinitions and the secondary indexes.
	Definition map[string]any
	// TTLAttribute is empty if no item expires.
	TTLAttribute string
}

// Choice selects one of several EmailOTPs; an empty field matches any.
type Choice struct {
	Stack, Pool, Mode string
	// Description and Clients describe an imported pool and its app clients, as [ReadPool] and
	// [ReadClient] return them.
	Description map[string]any
	Clients     []map[string]any
	// CallbackURLs and LogoutURLs are those of a public client that the sandbox adds, which signs
	// in by redirect; it adds none without CallbackURLs.
	CallbackURLs, LogoutURLs []string
	// ChangeAddress adds a sign-in page to a template without one, on which users may change their
	// address.
	ChangeAddress bool
}

// Plan describes the one EmailOTP that fits the choice. The error joins everything that keeps it
// from running.
func (a *Assembly) Plan(choice Choice) (*Plan, error) {
	c, err := a.choose(choice)
	if err != nil {
		return nil, err
	}
	b := &builder{
		assembly: a, candidate: c,
		plan: &Plan{
			Stack: c.stack.Name, Region: c.stack.Region, Account: c.stack.Account, Mode: c.mode,
			PoolLogicalID: c.id, PoolARN: c.stack.ARN("cognito-idp", "userpool/"+c.cognitoID()),
		},
		description: choice.Description, descriptions: choice.Clients,
	}
	b.pool()
	b.clients()
	b.describedClients()
	b.bypasses()
	b.functions()
	b.check()
	b.rules()
	b.invoked()
	b.page(choice)
	b.keys()
	b.mail()
	b.tables()
	if b.ownTable != nil {
		b.plan.Tables = append(b.plan.Tables, *b.ownTable)
	}
	b.deployed()
	b.warnOfOthers()
	b.warnOfTheApp()
	if err := errors.Join(b.errs...); err != nil {
		return nil, fmt.Errorf("stack %s: %w", c.stack.Name, err)
	}
	slices.Sort(b.plan.Warnings)
	b.plan.Warnings = slices.Compact(b.plan.Warnings)
	return b.plan, nil
}

// builder collects the plan and its errors.
type builder struct {
	assembly  *Assembly
	candidate candidate
	plan      *Plan
	errs      []error
	// description and descriptions are those of the choice.
	description  template.Properties
	descriptions []map[string]any
	// ownTable is the table of a sign-in page that the template does not have; nil for none.
	ownTable *Table
}

func (b *builder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

func (b *builder) warn(format string, args ...any) {
	b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf(format, args...))
}
