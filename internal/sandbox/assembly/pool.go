package assembly

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// pool describes the user pool and warns of what is not emulated.
func (b *builder) pool() {
	c := b.candidate
	b.plan.Pool.Triggers = map[userpool.Trigger]bool{} // also where the pool can't be resolved
	b.plan.Pool.TriggerARNs = map[userpool.Trigger]string{}
	var props, described properties
	if c.isImported() {
		props, described = b.imported()
	} else {
		p, err := c.stack.resolveMap(c.stack.template.Resources[c.id].Properties)
		if err != nil {
			b.fail("user pool %s: %w", c.id, err)
			return
		}
		props = p
	}
	if !c.isImported() && (b.description != nil || len(b.descriptions) > 0) {
		b.fail("stack %s creates its user pool, so there is nothing to describe; leave --pool-description and "+
			"--pool-clients out", c.stack.name)
	}
	admin := props.object("AdminCreateUserConfig")
	policy := props.object("Policies").object("PasswordPolicy")
	username := props.object("UsernameConfiguration")
	b.plan.Pool = userpool.Config{
		Region: c.stack.region, Account: c.stack.account, ID: c.cognitoID(),
		Name:                   cmp.Or(props.text("UserPoolName"), physicalName(c.stack.name, c.id, 128)),
		UsernameAttributes:     props.texts("UsernameAttributes"),
		AliasAttributes:        props.texts("AliasAttributes"),
		AutoVerifiedAttributes: props.texts("AutoVerifiedAttributes"),
		UsernameCaseSensitive:  len(username) == 0 || username.is("CaseSensitive"),
		MFAConfiguration:       cmp.Or(props.text("MfaConfiguration"), "OFF"),
		RecoveryMechanisms:     recovery(props),
		AdminCreateUserOnly:    admin.is("AllowAdminCreateUserOnly"),
		AttributesRequireVerificationBeforeUpdate: props.object("UserAttributeUpdateSettings").
			texts("AttributesRequireVerificationBeforeUpdate"),
		PasswordPolicy: passwordPolicy(policy),
		TemporaryPasswordValidityDays: cmp.Or(policy.number("TemporaryPasswordValidityDays"),
			admin.number("UnusedAccountValidityDays")),
		Schema:         schema(props),
		Triggers:       b.plan.Pool.Triggers,
		TriggerARNs:    b.plan.Pool.TriggerARNs,
		Description:    described,
		DeviceTracking: len(props.object("DeviceConfiguration")) > 0,
	}
	b.poolWarnings(props)
}

// recovery returns the names of the recovery mechanisms in the order of their priority.
func recovery(props properties) []string {
	all := props.object("AccountRecoverySetting").objects("RecoveryMechanisms")
	slices.SortStableFunc(all, func(x, y properties) int {
		return cmp.Compare(x.number("Priority"), y.number("Priority"))
	})
	var names []string
	for _, m := range all {
		names = append(names, m.text("Name"))
	}
	return names
}

func passwordPolicy(p properties) userpool.PasswordPolicy {
	if len(p) == 0 {
		return userpool.DefaultPasswordPolicy()
	}
	return userpool.PasswordPolicy{
		MinimumLength:    p.number("MinimumLength"),
		RequireLowercase: p.is("RequireLowercase"),
		RequireUppercase: p.is("RequireUppercase"),
		RequireNumbers:   p.is("RequireNumbers"),
		RequireSymbols:   p.is("RequireSymbols"),
	}
}

func schema(props properties) []userpool.SchemaAttribute {
	var all []userpool.SchemaAttribute
	for _, a := range props.objects("Schema") {
		all = append(all, userpool.SchemaAttribute{
			Name: a.text("Name"), Type: a.text("AttributeDataType"),
			Mutable: a["Mutable"] == nil || a.is("Mutable"), Required: a.is("Required"),
		})
	}
	return all
}

// poolWarnings warns of properties that have no effect in the sandbox.
func (b *builder) poolWarnings(props properties) {
	id := b.candidate.id
	if mfa := b.plan.Pool.MFAConfiguration; mfa != "OFF" {
		b.warn("user pool %s has native MFA %s, which is not emulated: no sign-in asks for it", id, mfa)
	}
	if b.plan.Pool.DeviceTracking {
		b.warn("user pool %s tracks devices, which is not emulated: no sign-in returns NewDeviceMetadata", id)
	}
	if mode := props.object("UserPoolAddOns").text("AdvancedSecurityMode"); mode != "" && mode != "OFF" {
		b.warn("user pool %s has threat protection %s, which is not emulated", id, mode)
	}
	for _, factor := range props.object("Policies").object("SignInPolicy").texts("AllowedFirstAuthFactors") {
		if factor != "PASSWORD" {
			b.warn("user pool %s allows the first factor %s, which is not emulated", id, factor)
		}
	}
	if len(props.object("SmsConfiguration")) > 0 {
		b.warn("user pool %s sends text messages, which is not emulated", id)
	}
}

// properties are the resolved properties of a resource. One of an unexpected type counts as absent.
type properties map[string]any

func (p properties) object(name string) properties {
	o, _ := p[name].(map[string]any)
	return o
}

func (p properties) objects(name string) []properties {
	var all []properties
	list, _ := p[name].([]any)
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

func (p properties) text(name string) string {
	t, _ := text(p[name])
	return t
}

func (p properties) is(name string) bool { return p.text(name) == "true" }

func (p properties) number(name string) int {
	n, _ := strconv.Atoi(p.text(name))
	return n
}

// texts returns nil for an absent list, and an empty list for an empty one.
func (p properties) texts(name string) []string {
	list, ok := p[name].([]any)
	if !ok {
		return nil
	}
	all := []string{}
	for _, item := range list {
		if t, err := text(item); err == nil {
			all = append(all, t)
		}
	}
	return all
}
