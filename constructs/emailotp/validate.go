package emailotp

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/apptree"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// Validate checks the props without creating anything. It returns every problem at once, joined
// and sorted; nil if there is none. [NewEmailOTP] calls it by itself.
func (p *EmailOTPProps) Validate() error {
	_, problems := resolve(p)
	slices.Sort(problems)
	errs := make([]error, 0, len(problems))
	for _, s := range slices.Compact(problems) {
		errs = append(errs, errors.New(s))
	}
	return errors.Join(errs...)
}

// resolve reads the props into a config and reports every problem with them.
func resolve(p *EmailOTPProps) (config, []string) {
	if p == nil {
		return config{}, []string{"props are nil; pass &EmailOTPProps{Mode: ..., Sender: ...}: neither can have a default"}
	}
	r := &reader{}
	c := config{settings: settings.Defaults(p.Mode)}
	r.Tokens("", reflect.ValueOf(p))
	r.mode(p)
	r.settings(&c.settings, p)
	r.bounds(&c, p)
	r.senderOf(&c, p)
	r.poolOf(&c, p)
	r.recovery(&c, p)
	r.chains(&c, p)
	r.onDeploy(&c, p)
	r.functions(&c, p)
	r.platform(&c, p)
	r.brand(&c, p)
	r.wording(&c, p)
	r.invitations(&c, p)
	r.customMessages(&c)
	return c, r.Problems
}

func (r *reader) mode(p *EmailOTPProps) {
	switch {
	case p.Mode == "":
		r.Add("Mode is missing; pass ModePassword or ModePasswordless")
	case !p.Mode.IsValid():
		r.Add("Mode must be ModePassword (%q) or ModePasswordless (%q) (received: %q)", ModePassword, ModePasswordless,
			p.Mode)
	}
}

// settings reads the props that functions receive, by the list that [settings.Fields] returns. Mode
// and Sender have readers of their own.
func (r *reader) settings(s *settings.Settings, p *EmailOTPProps) {
	props := reflect.ValueOf(p).Elem()
	for _, f := range settings.Fields() {
		if f.Prop == "" || f.Prop == "Mode" || f.Prop == "Sender" {
			continue
		}
		prop := props.FieldByName(f.Prop)
		if !prop.IsValid() {
			panic("EmailOTPProps has no field " + f.Prop + ", which internal/settings has a variable for")
		}
		switch into := f.Of(s).(type) {
		case *string:
			*into = cmp.Or(r.Known(f.Prop, prop.Interface().(*string)), *into)
		case *int:
			*into = r.Whole(f.Prop, prop.Interface().(*float64), f.Least, f.Most, *into, f.Unit)
		case *time.Duration:
			given, _ := prop.Interface().(awscdk.Duration)
			*into = r.Duration(f.Prop, given, time.Duration(f.Least)*time.Second, time.Duration(f.Most)*time.Second, *into)
		case *bool:
			*into = propread.Flag(prop.Interface().(*bool), *into)
		case *[]string:
			*into = r.Domains(f.Prop, prop.Interface().(*[]*string))
		}
	}
}

// bounds checks what settings mean together, and in which mode.
func (r *reader) bounds(c *config, p *EmailOTPProps) {
	if bound := c.bound(); bound > worstBound {
		r.Add("CodeLength, GuessBurst and GuessRefill give %s; this must be %g or less: lengthen the code or slow the refill",
			c.arithmetic(), worstBound)
	}
	if c.settings.TrustUnverified && p.Mode == ModePasswordless {
		r.Add("MailUnverifiedAddresses has a meaning in ModePassword alone; leave it nil: " +
			"a passwordless sign-in is what verifies an address")
	}
	if c.settings.RememberDevices > 0 && p.Mode == ModePasswordless {
		r.Add("RememberDevices has a meaning in ModePassword alone; leave it nil: " +
			"in a passwordless sign-in the code is the only factor")
	}
	if p.AllowedSignUpDomains != nil && p.Mode == ModePassword {
		r.Add("AllowedSignUpDomains has a meaning in ModePasswordless alone, whose sign-ups the construct confirms; " +
			"leave it nil")
	}
	size := 0
	for name, value := range c.settings.Environment(settings.PreSignUp) {
		size += len(name) + len(value)
	}
	if size > settings.MaxEnvironment {
		r.Add("AllowedSignUpDomains must fit into a function's environment of %s bytes (received: %s); "+
			"list parent domains in place of their subdomains", propread.Thousands(settings.MaxEnvironment),
			propread.Thousands(size))
	}
}

func (r *reader) senderOf(c *config, p *EmailOTPProps) {
	if propread.IsNil(p.Sender) {
		r.Add(`Sender is missing; pass SenderAddress("no-reply@example.com"), SenderDomain, SenderHostedZone or SenderIdentity`)
		return
	}
	isUsable := false
	c.sender, isUsable = p.Sender.sender().Read(&r.Reader, p.MailFromDomain, p.DmarcRecord)
	c.settings.From = c.sender.From
	if isUsable {
		c.settings.ProductName = c.settings.Product()
	}
}

func (r *reader) functions(c *config, p *EmailOTPProps) {
	c.sandboxRecipients = propread.Flag(p.SandboxRecipients, false)
	c.keyGeneration = r.Whole("KeyGeneration", p.KeyGeneration, 1, settings.MaxKeyGeneration, 1, "generations")
	c.memorySize = r.Whole("MemorySize", p.MemorySize,
		settings.MinMemorySize, settings.MaxMemorySize, settings.DefaultMemorySize, "MiB")
	c.architecture, c.goarch = awslambda.Architecture_ARM_64(), "arm64"
	if !propread.IsNil(p.Architecture) {
		switch name := *p.Architecture.Name(); name {
		case "arm64":
		case "x86_64":
			c.architecture, c.goarch = awslambda.Architecture_X86_64(), "amd64"
		default:
			r.Add("Architecture must be ARM_64 or X86_64 (received: %q)", name)
		}
	}
	c.logRetention = awslogs.RetentionDays_ONE_MONTH
	if p.LogRetention != "" {
		c.logRetention = p.LogRetention
		if !slices.Contains(propread.Retentions(), p.LogRetention) {
			r.Add("LogRetention must be one of awslogs.RetentionDays (received: %q); leave it empty for ONE_MONTH",
				p.LogRetention)
		}
	}
	switch p.RemovalPolicy {
	case "", awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE:
	case awscdk.RemovalPolicy_DESTROY:
		c.destroy = true
	default:
		r.Add("RemovalPolicy must be RETAIN, RETAIN_ON_UPDATE_OR_DELETE or DESTROY (received: %q); leave it empty for RETAIN",
			p.RemovalPolicy)
	}
	c.codes = map[settings.Function]awslambda.Code{}
	for _, slot := range slots.All() {
		prop := slot.ID + "Code"
		code, _ := reflect.ValueOf(p).Elem().FieldByName(prop).Interface().(awslambda.Code)
		if propread.IsNil(code) {
			continue
		}
		if slot.Function != settings.AttachUserPool && !slices.Contains(settings.Functions(p.Mode), slot.Function) {
			r.Add("%s has no function in %s mode; leave it nil", prop, p.Mode)
		}
		c.codes[slot.Function] = code
	}
}

func (r *reader) poolOf(c *config, p *EmailOTPProps) {
	c.clientsMayChangeEmail = propread.Flag(p.ClientsMayChangeEmail, false)
	if p.UserPoolClientProps != nil {
		c.clientProps = *p.UserPoolClientProps
		r.clientOf("UserPoolClientProps.", c.clientProps, c.clientsMayChangeEmail)
	}
	if p.AcknowledgedBypasses != nil {
		c.bypasses = slices.Clone(*p.AcknowledgedBypasses)
		r.checkBypasses(c.bypasses)
	}
	if p.UserPoolProps != nil {
		c.poolProps = *p.UserPoolProps
		r.newPool(c.poolProps)
	}
	if propread.IsNil(p.UserPool) {
		return
	}
	if p.UserPoolProps != nil {
		r.Add("UserPool and UserPoolProps exclude each other; set the properties where the pool is created")
	}
	c.pool = p.UserPool
	_, own := p.UserPool.(awscognito.UserPool)
	c.imported = !own
}

// onDeploy reads the props of what a deployment does by a function.
func (r *reader) onDeploy(c *config, p *EmailOTPProps) {
	c.checkOnDeploy, c.caseSensitive = propread.Flag(p.CheckOnDeploy, false),
		propread.Flag(p.CaseSensitiveUserNames, false)
	if p.CaseSensitiveUserNames != nil && !c.imported {
		r.Add("CaseSensitiveUserNames goes with an imported UserPool; leave it nil: the construct reads any other pool's")
	}
	if !propread.IsNil(p.AttachUserPoolCode) && !c.runsOnDeploy() {
		r.Add("AttachUserPoolCode goes with an imported UserPool or CheckOnDeploy; leave it nil")
	}
	if p.AttachUserPoolStatements == nil {
		return
	}
	if !c.imported {
		r.Add("AttachUserPoolStatements goes with an imported UserPool; leave it nil")
	}
	for i, s := range *p.AttachUserPoolStatements {
		if propread.IsNil(s) {
			r.Add("AttachUserPoolStatements[%d] is nil; pass awsiam.NewPolicyStatement", i)
		}
	}
	c.attachStatements = slices.Clone(*p.AttachUserPoolStatements)
}

func (r *reader) newPool(p UserPoolProps) {
	r.Text("UserPoolProps.UserPoolName", p.UserPoolName, 128)
	if p.StandardAttributes != nil && p.StandardAttributes.Email != nil {
		r.Add("UserPoolProps.StandardAttributes.Email must be nil: clients may not write email, so it can't be required, " +
			"and it stays mutable for administrators")
	}
	switch p.FeaturePlan {
	case "", awscognito.FeaturePlan_LITE, awscognito.FeaturePlan_ESSENTIALS, awscognito.FeaturePlan_PLUS:
	default:
		r.Add("UserPoolProps.FeaturePlan must be LITE, ESSENTIALS or PLUS (received: %q); leave it empty for LITE",
			p.FeaturePlan)
	}
	if policy := p.PasswordPolicy; policy != nil {
		r.Whole("UserPoolProps.PasswordPolicy.MinLength", policy.MinLength, 8, 99, DefaultPasswordLength, "characters")
		r.Whole("UserPoolProps.PasswordPolicy.PasswordHistorySize", policy.PasswordHistorySize, 0, 24, 0, "passwords")
		r.Duration("UserPoolProps.PasswordPolicy.TempPasswordValidity", policy.TempPasswordValidity, day, 365*day, 7*day)
	}
}

// clientOf checks the props of an app client; their names in errors begin with prefix.
func (r *reader) clientOf(prefix string, p UserPoolClientProps, mayChangeEmail bool) {
	r.Text(prefix+"UserPoolClientName", p.UserPoolClientName, 128)
	refresh := r.Duration(prefix+"RefreshTokenValidity", p.RefreshTokenValidity, hour, 3650*day, 30*day)
	r.Duration(prefix+"AccessTokenValidity", p.AccessTokenValidity, 5*minute, min(day, refresh), hour)
	r.Duration(prefix+"IdTokenValidity", p.IdTokenValidity, 5*minute, min(day, refresh), hour)
	r.Duration(prefix+"RefreshTokenRotationGracePeriod", p.RefreshTokenRotationGracePeriod, 0, minute, 0)
	if p.WriteAttributes == nil || mayChangeEmail {
		return
	}
	for _, a := range *p.WriteAttributes.Attributes() {
		if *a == "email" {
			r.Add("%s", prefix+"WriteAttributes must not have email: a stolen access token would move the account to another "+
				"mailbox; "+
				"leave it out, or set ClientsMayChangeEmail if that is meant")
		}
	}
}

// checkPlace reports the problems with the construct's place in the tree.
func (c *config) checkPlace(scope constructs.Construct, id string) []string {
	if scope.Node().TryFindChild(&id) != nil {
		return []string{fmt.Sprintf("id %q is taken in %s; give this one another", id, *scope.Node().Path())}
	}
	if c.platform.EncryptionKey != nil && *awscdk.Token_IsUnresolved(awscdk.Stack_Of(scope).Region()) {
		return []string{"EncryptionKey needs a stack with a Region: DynamoDB's key belongs to one; set the stack's Env, " +
			"such as &awscdk.Environment{Region: jsii.String(\"eu-west-1\")}"}
	}
	if c.pool == nil {
		return nil
	}
	if c.imported {
		return apptree.CheckImported(c.pool, awscdk.Stack_Of(scope))
	}
	pool := c.pool.(awscognito.UserPool)
	here, there := awscdk.Stack_Of(scope), awscdk.Stack_Of(pool)
	if here.Node().Root() != there.Node().Root() {
		return []string{fmt.Sprintf("UserPool %s belongs to another app; pass a pool of stack %s", *pool.Node().Path(),
			*here.Node().Path())}
	}
	if *here.Node().Addr() != *there.Node().Addr() {
		return []string{fmt.Sprintf("UserPool %s belongs to stack %s, and a trigger from another stack makes the two "+
			"depend on each other; "+
			"create the EmailOTP in %s, or the pool in %s",
			*pool.Node().Path(), *there.Node().Path(), *there.Node().Path(), *here.Node().Path())}
	}
	return slots.Taken(pool, c.triggers())
}
