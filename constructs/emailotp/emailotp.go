package emailotp

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/bundle"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/ondeploy"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/sender"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// EmailOTP is a user pool's sign-in by e-mail code. Create one with [NewEmailOTP].
type EmailOTP interface {
	constructs.Construct

	// UserPool returns the pool: the one that the construct created, or the given one. Unless it is
	// imported, it is an [awscognito.UserPool].
	UserPool() awscognito.IUserPool
	// UserPoolClient returns the app client that signs in by e-mail code. It allows custom
	// authentication and refresh, nothing else.
	UserPoolClient() awscognito.UserPoolClient

	// AddClient adds a further app client with the restrictions of the first one: for an app with
	// an audience of its own, which signs in by the sign-in page if it has CallbackURLs. The id
	// must not be used in the construct. A refusal is a panic with an [*Error].
	AddClient(id *string, props *ClientProps) Client
	// EachClient calls f for each client of AddClient, those that are added later included.
	EachClient(f func(Client))
	// Mode returns how users sign in.
	Mode() Mode
	// ProductName returns the product's name in mails and on the sign-in page.
	ProductName() *string
	// SupportAddress returns the address for users who need help; empty for none.
	SupportAddress() *string
	// RememberDevices returns how many days a device is remembered; 0 for none.
	RememberDevices() *float64
	// Brand returns the prop Brand; the zero value without one.
	Brand() Brand
	// Platform returns the props that apply to the functions, tables and logs of a sign-in page
	// too.
	Platform() Platform
	// AddressChange returns the settings and rights of a function that changes users' addresses.
	AddressChange() AddressChange
	// PasswordRecovery returns the way back in for a user who forgot the password.
	PasswordRecovery() PasswordRecovery

	// DefineAuthChallenge returns the function that decides which step comes next.
	DefineAuthChallenge() awslambda.Function
	// CreateAuthChallenge returns the function that derives and mails the code.
	CreateAuthChallenge() awslambda.Function
	// VerifyAuthChallenge returns the function that checks an answer.
	VerifyAuthChallenge() awslambda.Function
	// PreSignUp returns the function that confirms users who sign up; nil in [ModePassword].
	PreSignUp() awslambda.Function
	// PreTokenGeneration returns the function that refuses tokens after a new password without a
	// code; nil in [ModePasswordless].
	PreTokenGeneration() awslambda.Function
	// MailEvents returns the function that records bounces and complaints. It is not a trigger:
	// EventBridge invokes it with SES's events.
	MailEvents() awslambda.Function
	// AttachUserPool returns the function that a deployment invokes for an imported pool or for
	// CheckOnDeploy; nil without them.
	AttachUserPool() awslambda.Function

	// Key returns the KMS key in use, whose MACs derive the codes and bind them to their sign-ins.
	Key() awskms.Key
	// Table returns the table of the budgets for guesses and mails. It holds no address and no
	// code.
	Table() awsdynamodb.TableV2
	// EmailIdentity returns the SES identity that sends.
	EmailIdentity() awsses.IEmailIdentity
	// ConfigurationSet returns the SES configuration set that mail is sent through.
	ConfigurationSet() awsses.ConfigurationSet
	// DnsRecords returns the records that the domain of a [SenderDomain] needs; empty for every
	// other kind of sender.
	DnsRecords() []DnsRecord

	// AddOutputs adds the outputs UserPoolId, UserPoolClientId, Region and Mode to the stack, and
	// RememberDevices and PasswordRecovery where these options are on. `emailotp outputs` makes the
	// settings of clients of them. Where the stack has a construct with such an id, it panics with
	// an [*Error]: a second EmailOTP of a stack needs outputs of your own.
	AddOutputs()

	// Grant allows the actions on the user pool, such as "cognito-idp:AdminGetUser".
	Grant(grantee awsiam.IGrantable, actions ...*string) awsiam.Grant
	// GrantAdminCreateUser lets the grantee create users and send their invitation again. An
	// invitation has the temporary password, so in [ModePassword] the mailbox alone would open the
	// account: call AdminCreateUser with MessageAction SUPPRESS and deliver the password another
	// way, unless InvitationByMail is what you chose.
	GrantAdminCreateUser(grantee awsiam.IGrantable) awsiam.Grant
	// GrantReadUsers lets the grantee read and list users.
	GrantReadUsers(grantee awsiam.IGrantable) awsiam.Grant
	// GrantManageUsers lets the grantee read, list, disable, enable, delete and sign out users. It
	// allows neither setting a password nor changing an attribute: both would open accounts.
	GrantManageUsers(grantee awsiam.IGrantable) awsiam.Grant

	// AddAlarms adds alarms with thresholds that suit most pools, and returns them by name. The
	// comments of the Alarm constants have each threshold. A nil props takes every default. A
	// second call is a panic with an [*Error].
	AddAlarms(props *AlarmProps) map[Alarm]awscloudwatch.Alarm
	// AddDashboard adds this EmailOTP's rows to a dashboard: the given one, or a new one. A nil
	// props creates a dashboard with a generated name.
	AddDashboard(props *DashboardProps) awscloudwatch.Dashboard

	// Metric returns a metric that the functions write to CloudWatch, by its name, such as
	// "CodesSent". docs/operations.md lists the names. An unknown name is a panic with an [*Error].
	// The metric is a sum over 5 minutes by default.
	Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricCodesSent counts mails that SES accepted.
	MetricCodesSent(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricCodesVerified counts right answers.
	MetricCodesVerified(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricCodesWrong counts answers that were compared and wrong. Its rate over the whole pool
	// shows an attack on many accounts.
	MetricCodesWrong(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricGuessesRefused counts answers that were not compared because the account's budget was
	// spent.
	MetricGuessesRefused(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricPoolMailsNearEnd counts mails that were sent with four fifths of a pool quota used.
	MetricPoolMailsNearEnd(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricPoolMailsRefused counts mails that were not sent because a pool quota was spent.
	MetricPoolMailsRefused(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricAddressesBounced counts addresses with a recorded permanent bounce, which get no more
	// mail.
	MetricAddressesBounced(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricAddressesComplained counts addresses with a recorded complaint, which get no more mail.
	MetricAddressesComplained(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricMailsSuppressed counts mails that were not sent because of a recorded bounce or
	// complaint.
	MetricMailsSuppressed(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricAddressesChanged counts accounts whose address its user changed, by ChangeAddress of a
	// sign-in page.
	MetricAddressesChanged(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricAddressCodesWrong counts answers to such a change of which a code was wrong.
	MetricAddressCodesWrong(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricFaults counts invocations that failed closed: a service was down, denied or throttled,
	// or the event was malformed.
	MetricFaults(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricFunctionErrors sums the failed invocations of all functions, as Lambda counts them:
	// crashes and timeouts, and events that a function refused with an error.
	MetricFunctionErrors(props *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression
	// MetricFunctionThrottles sums the invocations of all functions that Lambda refused, because
	// the account's or the function's concurrency was used up.
	MetricFunctionThrottles(props *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression
	// MetricFunctionDuration is the longest run of any of the pool's triggers, in milliseconds.
	// Cognito abandons a call after 5,000.
	MetricFunctionDuration(props *awscloudwatch.MathExpressionOptions) awscloudwatch.MathExpression
}

// emailOTP implements [EmailOTP]. NewConstruct_Override registers the Go value itself as a
// construct with the CDK; a struct with an embedded proxy could not be passed back to the CDK.
type emailOTP struct {
	constructs.Construct

	config      config
	pool        awscognito.IUserPool
	client      awscognito.UserPoolClient
	clients     []Client // of AddClient
	onClient    []func(Client)
	functions   map[settings.Function]awslambda.Function
	key         awskms.Key
	table       awsdynamodb.TableV2
	ses         sender.Resources
	dnsRecords  []DnsRecord
	sourceDir   string // of this module's source; empty until a function is to be built
	batch       *bundle.Batch
	fingerprint string                // of the settings
	onDeploy    awscdk.CustomResource // nil where no deployment checks the pool
}

// NewEmailOTP adds sign-in by e-mail code to scope. It
//
//  1. refuses invalid props, all problems at once, before it creates anything;
//  2. creates the user pool, unless one is given;
//  3. creates the key, the table, the SES identity and its configuration set;
//  4. builds the functions and creates each with its role, its log group and its settings;
//  5. connects them to the pool's triggers and to SES's events, and creates the app client; for an
//     imported pool a custom resource connects the triggers during the deployment;
//  6. registers the check of the whole app for bypasses, which runs when the app is synthesised.
//
// A refusal is a panic with an [*Error]. A bypass (step 6) fails the synthesis.
func NewEmailOTP(scope constructs.Construct, id *string, props *EmailOTPProps) EmailOTP {
	path := pathOf(scope, id)
	c, problems := resolve(props)
	if scope == nil {
		problems = append(problems, "scope is nil; pass the stack that the construct belongs to")
	}
	if id == nil || *id == "" {
		problems = append(problems, "id is missing; pass a name that is unique in its scope, such as jsii.String(\"SignIn\")")
	}
	if len(problems) == 0 {
		problems = c.checkPlace(scope, *id)
	}
	refuse(path, problems)

	e := &emailOTP{config: c, functions: make(map[settings.Function]awslambda.Function),
		fingerprint: ondeploy.Fingerprint(c.settings, c.mailFile)}
	constructs.NewConstruct_Override(e, scope, id)
	e.beginBuilding()
	defer e.batch.Close()
	e.addUserPool()
	e.addKeyAndTable()
	e.addSender()
	e.mailBySender()
	e.addFunctions()
	e.connectTriggers()
	sender.ConnectEvents(e, e.ses.ConfigurationSet, e.functions[settings.MailEvents])
	e.addAttachment()
	e.addUserPoolClient()
	e.addDeploymentCheck()
	e.stateBounds()
	e.warnOfRecovery()
	e.stateBrand()
	e.checkApp()
	return e
}

func (e *emailOTP) UserPool() awscognito.IUserPool            { return e.pool }
func (e *emailOTP) UserPoolClient() awscognito.UserPoolClient { return e.client }
func (e *emailOTP) Key() awskms.Key                           { return e.key }
func (e *emailOTP) Table() awsdynamodb.TableV2                { return e.table }
func (e *emailOTP) EmailIdentity() awsses.IEmailIdentity      { return e.ses.Identity }
func (e *emailOTP) ConfigurationSet() awsses.ConfigurationSet { return e.ses.ConfigurationSet }
func (e *emailOTP) DnsRecords() []DnsRecord                   { return slices.Clone(e.dnsRecords) }
func (e *emailOTP) DefineAuthChallenge() awslambda.Function {
	return e.functions[settings.DefineAuthChallenge]
}
func (e *emailOTP) CreateAuthChallenge() awslambda.Function {
	return e.functions[settings.CreateAuthChallenge]
}
func (e *emailOTP) VerifyAuthChallenge() awslambda.Function {
	return e.functions[settings.VerifyAuthChallenge]
}
func (e *emailOTP) PreSignUp() awslambda.Function { return e.functions[settings.PreSignUp] }
func (e *emailOTP) PreTokenGeneration() awslambda.Function {
	return e.functions[settings.PreTokenGeneration]
}
func (e *emailOTP) MailEvents() awslambda.Function     { return e.functions[settings.MailEvents] }
func (e *emailOTP) AttachUserPool() awslambda.Function { return e.functions[settings.AttachUserPool] }

// stack returns the stack that the construct belongs to.
func (e *emailOTP) stack() awscdk.Stack { return awscdk.Stack_Of(e) }

// pathOf returns the construct's path for errors, also where scope or id is missing.
func pathOf(scope constructs.Construct, id *string) string {
	name := ""
	if id != nil {
		name = *id
	}
	if scope == nil {
		return name
	}
	if path := *scope.Node().Path(); path != "" {
		return path + "/" + name
	}
	return name
}
