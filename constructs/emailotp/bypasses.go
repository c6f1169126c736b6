package emailotp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/sender"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// BypassKind is a way into an account that the mailed code does not guard.
type BypassKind = rules.Kind

const (
	// BypassUserSrpAuth is an app client that allows ALLOW_USER_SRP_AUTH, also by leaving its flows
	// unset: that is Cognito's default. A password alone signs in there.
	BypassUserSrpAuth BypassKind = rules.UserSrpAuth
	// BypassUserPasswordAuth is an app client that allows ALLOW_USER_PASSWORD_AUTH.
	BypassUserPasswordAuth BypassKind = rules.UserPasswordAuth
	// BypassAdminUserPasswordAuth is an app client that allows ALLOW_ADMIN_USER_PASSWORD_AUTH, or
	// its older name ADMIN_NO_SRP_AUTH.
	BypassAdminUserPasswordAuth BypassKind = rules.AdminUserPasswordAuth
	// BypassUserAuth is an app client that allows ALLOW_USER_AUTH, Cognito's choice-based sign-in:
	// it offers passwords and SRP.
	BypassUserAuth BypassKind = rules.UserAuth
	// BypassUnknownFlow is an app client with a flow that is not known to be guarded, or whose
	// flows are a token.
	BypassUnknownFlow BypassKind = rules.UnknownFlow
	// BypassHostedUI is an app client that allows OAuth's code or implicit grant. Managed login
	// accepts a password, or a federated identity, and never runs the triggers.
	BypassHostedUI BypassKind = rules.HostedUI
	// BypassWriteEmail is an app client that may write the email attribute, also by leaving its
	// write attributes unset or empty. A stolen access token moves the account to another mailbox
	// there.
	BypassWriteEmail BypassKind = rules.WriteEmail
	// BypassEmailRecovery is a pool in [ModePassword] that resets passwords by e-mail: the mailbox
	// alone is both factors then.
	BypassEmailRecovery BypassKind = rules.EmailRecovery
	// BypassNativeMFA is a pool in [ModePassword] whose native MFA is not off. Whether Cognito
	// requests the code after a native factor is not documented.
	BypassNativeMFA BypassKind = rules.NativeMFA
	// BypassEmailAlias is a pool in which e-mail is an alias. Verifying an address moves the alias
	// from its owner to the user who signed up with it last.
	BypassEmailAlias BypassKind = rules.EmailAlias
)

// A Bypass names one way into accounts that the mailed code does not guard. While the app is
// synthesised, the construct looks for bypasses in the whole app and refuses each one that
// AcknowledgedBypasses does not list.
type Bypass struct {
	// Kind is the kind of the bypass.
	Kind BypassKind
	// Path is the construct path of the app client, or of the pool for the pool's own bypasses,
	// such as "Prod/Legacy". For what only a deployment finds it is the client's id, or the pool's.
	// Errors print it.
	Path string
	// Until is the last day on which the bypass is acknowledged, such as "2027-03-31", in UTC. From
	// the next day on synthesis, `emailotp check` and the check at deployment fail. A deployment
	// that may be a rollback goes by the day of its template's synthesis, and so does the first one
	// with a check. Empty has no end.
	Until string
}

// String returns the kind, the path and the last day.
func (b Bypass) String() string {
	until := ""
	if b.Until != "" {
		until = fmt.Sprintf(", Until: %q", b.Until)
	}
	return fmt.Sprintf("{Kind: %q, Path: %q%s}", b.Kind, b.Path, until)
}

func (r *reader) checkBypasses(bypasses []Bypass) {
	for _, b := range bypasses {
		switch {
		case propread.IsToken(b.Path) || propread.IsToken(string(b.Kind)) || propread.IsToken(b.Until):
			r.Add("AcknowledgedBypasses must be known while the app is synthesised (received: a token); " +
				"copy kind and path from the error that names the bypass")
		case !b.Kind.IsBypass():
			var kinds []string
			for _, k := range rules.Bypasses() {
				kinds = append(kinds, string(k))
			}
			r.Add("AcknowledgedBypasses has no kind %q; the kinds are %s", b.Kind, strings.Join(kinds, ", "))
		case b.Path == "":
			r.Add("AcknowledgedBypasses has a %s without a path; copy it from the error that names the bypass", b.Kind)
		case b.Until != "" && !isDate(b.Until):
			r.Add("AcknowledgedBypasses has %v, whose Until must be a day such as 2027-03-31; leave it empty for no end", b)
		}
	}
}

func isDate(text string) bool {
	_, err := time.Parse(rules.DateLayout, text)
	return err == nil
}

// checkApp registers the check of the whole app. The CDK runs it after every aspect.
func (e *emailOTP) checkApp() { e.Node().AddValidation(&appCheck{e}) }

// appCheck is a construct validation. It has no exported field: those would become JavaScript
// properties.
type appCheck struct{ e *emailOTP }

// Validate returns a sentence for every finding that is not acknowledged, sorted, and writes the
// acknowledged ones into the pool's metadata.
func (c *appCheck) Validate() *[]*string {
	e := c.e
	used, clients, now := map[Bypass]bool{}, e.tree().Clients(), time.Now()
	open, accepted := rules.Acknowledge(e.findings(clients), now, func(f rules.Finding) (days []string) {
		for _, b := range e.config.bypasses {
			if b.Kind == f.Kind && b.Path == f.Name {
				used[b], days = true, append(days, b.Until)
			}
		}
		if e.config.clientsMayChangeEmail && f.Kind == BypassWriteEmail {
			days = append(days, "")
		}
		if e.config.settings.RecoveryByEmail && f.Kind == BypassEmailRecovery {
			days = append(days, "")
		}
		return days
	})
	var problems []string
	if own, ok := e.ses.Identity.(awsses.EmailIdentity); ok && e.config.sender.Kind != sender.Identity {
		problems = apptree.SharedIdentities(own.Node().DefaultChild().(awsses.CfnEmailIdentity))
	}
	for _, f := range open {
		problem := f.Problem()
		if f.Kind.IsBypass() {
			problem += ", or acknowledge it by AcknowledgedBypasses: " + Bypass{Kind: f.Kind, Path: f.Name}.String()
		}
		problems = append(problems, problem)
	}
	for _, b := range e.config.bypasses {
		switch {
		case used[b]: // one that ended is open
		case !e.mayBeDeployed(b, clients):
			problems = append(problems, fmt.Sprintf("AcknowledgedBypasses has %v, which is not open (any more); remove it", b))
		case rules.HasEnded(b.Until, now):
			problems = append(problems, fmt.Sprintf("AcknowledgedBypasses has %v, which has ended; "+
				"close the bypass and remove it, or set a later day", b))
		}
	}
	for _, f := range e.tree().Warnings(clients) {
		awscdk.Validations_Of(e).AddWarning(jsii.String("emailotp:UserExistence:"+f.Name), jsii.String(f.Problem()))
	}
	e.writeMarks(accepted)
	e.acknowledgeOnDeploy(clients)
	slices.Sort(problems)
	return jsii.Strings(slices.Compact(problems)...)
}

// tree returns the pool as one of the whole app.
func (e *emailOTP) tree() apptree.Pool { return apptree.Pool{IUserPool: e.pool, Stack: e.stack()} }

// findings applies the rules to the pool and to its app clients.
func (e *emailOTP) findings(clients []apptree.Client) []rules.Finding {
	own := map[settings.Function]any{}
	for f, function := range e.functions {
		own[f] = e.stack().Resolve(function.FunctionArn())
	}
	return e.tree().Findings(e.config.settings, own, clients)
}

// writeMarks adds what is acknowledged to the pool's metadata.
func (e *emailOTP) writeMarks(accepted []rules.Finding) {
	if len(accepted) > 0 {
		apptree.AddMarks(e.markedResource(), accepted)
	}
}

// markedResource returns the resource whose metadata has the acknowledgements: the pool, or what
// attaches to an imported one.
func (e *emailOTP) markedResource() awscdk.CfnResource {
	if e.config.imported {
		return e.onDeploy.Node().DefaultChild().(awscdk.CfnResource)
	}
	return e.tree().Resource()
}
