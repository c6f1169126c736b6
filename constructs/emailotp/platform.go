package emailotp

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Platform has the props of the same names, which apply to an EmailOTP's functions, tables and
// logs. It is for further resources that belong to the EmailOTP, such as those of a sign-in page.
type Platform struct {
	// EncryptionKey is nil for keys that AWS owns.
	EncryptionKey awskms.IKey
	// LogGroup is nil for a log group for each function.
	LogGroup awslogs.ILogGroup
	// ReservedConcurrentExecutions is nil for what the account has left.
	ReservedConcurrentExecutions *float64
	// Tracing is AWS X-Ray's mode; empty for DISABLED.
	Tracing awslambda.Tracing
	// VpcConfig is nil for functions outside of a VPC.
	VpcConfig *VpcConfig
	// CodeSigningConfig is nil for functions whose code may be unsigned.
	CodeSigningConfig awslambda.ICodeSigningConfig
}

// maxReserved is more than any account has, so that a typing error shows.
const maxReserved = 100_000

// platform reads the props. It comes after functions, which reads the Code props.
func (r *reader) platform(c *config, p *EmailOTPProps) {
	v := &c.platform
	if !propread.IsNil(p.EncryptionKey) {
		v.EncryptionKey = p.EncryptionKey
	}
	if !propread.IsNil(p.LogGroup) {
		v.LogGroup = p.LogGroup
		if p.LogRetention != "" {
			r.Add("LogRetention can't go with LogGroup; set the retention where the log group is created")
		}
	}
	if p.ReservedConcurrentExecutions != nil {
		v.ReservedConcurrentExecutions = jsii.Number(r.Whole("ReservedConcurrentExecutions", p.ReservedConcurrentExecutions,
			1, maxReserved, 1, "invocations"))
	}
	switch v.Tracing = p.Tracing; p.Tracing {
	case "", awslambda.Tracing_ACTIVE, awslambda.Tracing_PASS_THROUGH, awslambda.Tracing_DISABLED:
	default:
		r.Add("Tracing must be ACTIVE, PASS_THROUGH or DISABLED (received: %q); leave it empty for DISABLED", p.Tracing)
	}
	if p.VpcConfig != nil {
		copied := *p.VpcConfig
		v.VpcConfig = &copied
		if propread.IsNil(copied.Vpc) {
			r.Add("VpcConfig has no Vpc; pass the network, or leave VpcConfig nil")
		}
	}
	if propread.IsNil(p.CodeSigningConfig) {
		return
	}
	v.CodeSigningConfig = p.CodeSigningConfig
	var missing []string
	for _, slot := range c.slots() {
		if c.codes[slot.Function] == nil {
			missing = append(missing, slot.ID+"Code")
		}
	}
	if len(missing) > 0 {
		r.Add("CodeSigningConfig needs %s: assets of the CDK are not signed; sign what `emailotp lambdas` writes, "+
			"and pass every function's code", strings.Join(missing, ", "))
	}
}

// Apply sets the fields of a function's props that the platform determines.
func (v Platform) Apply(props *awslambda.FunctionProps) {
	props.ReservedConcurrentExecutions, props.Tracing = v.ReservedConcurrentExecutions, v.Tracing
	if v.CodeSigningConfig != nil {
		props.CodeSigningConfig = v.CodeSigningConfig
	}
	if n := v.VpcConfig; n != nil {
		props.Vpc, props.VpcSubnets, props.SecurityGroups = n.Vpc, n.VpcSubnets, n.SecurityGroups
		props.AllowAllOutbound = n.AllowAllOutbound
	}
}

// TableEncryption returns how a table is encrypted.
func (v Platform) TableEncryption() awsdynamodb.TableEncryptionV2 {
	if v.EncryptionKey != nil {
		return awsdynamodb.TableEncryptionV2_CustomerManagedKey(v.EncryptionKey, nil)
	}
	return awsdynamodb.TableEncryptionV2_DynamoOwnedKey()
}

// Grant gives a function's role the permissions that the platform requires: for the network
// interfaces of a VPC and, if the function reads a table, for the key.
func (v Platform) Grant(role awsiam.Role, readsTable bool) {
	if v.EncryptionKey != nil && readsTable {
		role.AddToPolicy(function.KeyStatement(awscdk.Stack_Of(role), v.EncryptionKey))
	}
	if v.VpcConfig != nil {
		role.AddToPolicy(function.NetworkStatement())
	}
}

func (e *emailOTP) Platform() Platform { return e.config.platform }

// logGroup returns the given log group, or a new one for the function.
func (e *emailOTP) logGroup(s slots.Slot) awslogs.ILogGroup {
	c := &e.config
	if c.platform.LogGroup != nil {
		return c.platform.LogGroup
	}
	props := &awslogs.LogGroupProps{Retention: c.logRetention, RemovalPolicy: c.removalPolicy(false)}
	if c.platform.EncryptionKey != nil {
		props.EncryptionKey = c.platform.EncryptionKey
	}
	logs := awslogs.NewLogGroup(e, jsii.String(s.ID+"Logs"), props)
	if props.EncryptionKey != nil && s.Function == settings.DefineAuthChallenge {
		function.AllowLogs(e.stack(), c.platform.EncryptionKey)
	}
	return logs
}
