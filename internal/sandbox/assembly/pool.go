package assembly

import (
	"cmp"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// pool describes the user pool and warns of what is not emulated.
func (b *builder) pool() {
	c := b.candidate
	b.plan.Pool.Triggers = map[userpool.Trigger]bool{} // also where the pool can't be resolved
	b.plan.Pool.TriggerARNs = map[userpool.Trigger]string{}
	var props, described template.Properties
	if c.isImported() {
		props, described = b.imported()
	} else {
		p, err := c.stack.ResolveMap(c.stack.Template.Resources[c.id].Properties)
		if err != nil {
			b.fail("user pool %s: %w", c.id, err)
			return
		}
		props = p
	}
	if !c.isImported() && (b.description != nil || len(b.descriptions) > 0) {
		b.fail("stack %s creates its user pool, so there is nothing to describe; leave --pool-description and "+
			"--pool-clients out", c.stack.Name)
	}
	admin := props.Object("AdminCreateUserConfig")
	policy := props.Object("Policies").Object("PasswordPolicy")
	username := props.Object("UsernameConfiguration")
	b.plan.Pool = userpool.Config{
		Region: c.stack.Region, Account: c.stack.Account, ID: c.cognitoID(),
		Name:                   cmp.Or(props.Text("UserPoolName"), template.PhysicalName(c.stack.Name, c.id, 128)),
		UsernameAttributes:     props.Texts("UsernameAttributes"),
		AliasAttributes:        props.Texts("AliasAttributes"),
		AutoVerifiedAttributes: props.Texts("AutoVerifiedAttributes"),
		UsernameCaseSensitive:  len(username) == 0 || username.Is("CaseSensitive"),
		MFAConfiguration:       cmp.Or(props.Text("MfaConfiguration"), "OFF"),
		RecoveryMechanisms:     recovery(props),
		AdminCreateUserOnly:    admin.Is("AllowAdminCreateUserOnly"),
		AttributesRequireVerificationBeforeUpdate: props.Object("UserAttributeUpdateSettings").
			Texts("AttributesRequireVerificationBeforeUpdate"),
		PasswordPolicy: passwordPolicy(policy),
		TemporaryPasswordValidityDays: cmp.Or(policy.Number("TemporaryPasswordValidityDays"),
			admin.Number("UnusedAccountValidityDays")),
		MailsByOwnIdentity: props.Object("EmailConfiguration").Text("EmailSendingAccount") == "DEVELOPER",

		Schema:         schema(props),
		Triggers:       b.plan.Pool.Triggers,
		TriggerARNs:    b.plan.Pool.TriggerARNs,
		Description:    described,
		DeviceTracking: len(props.Object("DeviceConfiguration")) > 0,
	}
	b.poolWarnings(props)
}

// recovery returns the names of the recovery mechanisms in the order of their priority.
func recovery(props template.Properties) []string {
	all := props.Object("AccountRecoverySetting").Objects("RecoveryMechanisms")
	slices.SortStableFunc(all, func(x, y template.Properties) int {
		return cmp.Compare(x.Number("Priority"), y.Number("Priority"))
	})
	var names []string
	for _, m := range all {
		names = append(names, m.Text("Name"))
	}
	return names
}

func passwordPolicy(p template.Properties) userpool.PasswordPolicy {
	if len(p) == 0 {
		return userpool.DefaultPasswordPolicy()
	}
	return userpool.PasswordPolicy{
		MinimumLength:    p.Number("MinimumLength"),
		RequireLowercase: p.Is("RequireLowercase"),
		RequireUppercase: p.Is("RequireUppercase"),
		RequireNumbers:   p.Is("RequireNumbers"),
		RequireSymbols:   p.Is("RequireSymbols"),
	}
}

func schema(props template.Properties) []userpool.SchemaAttribute {
	var all []userpool.SchemaAttribute
	for _, a := range props.Objects("Schema") {
		all = append(all, userpool.SchemaAttribute{
			Name: a.Text("Name"), Type: a.Text("AttributeDataType"),
			Mutable: a["Mutable"] == nil || a.Is("Mutable"), Required: a.Is("Required"),
		})
	}
	return all
}

// poolWarnings warns of properties that have no effect in the sandbox.
func (b *builder) poolWarnings(props template.Properties) {
	id := b.candidate.id
	if mfa := b.plan.Pool.MFAConfiguration; mfa != "OFF" {
		b.warn("user pool %s has native MFA %s, which is not emulated: no sign-in asks for it", id, mfa)
	}
	if b.plan.Pool.DeviceTracking {
		b.warn("user pool %s tracks devices, which is not emulated: no sign-in returns NewDeviceMetadata", id)
	}
	if mode := props.Object("UserPoolAddOns").Text("AdvancedSecurityMode"); mode != "" && mode != "OFF" {
		b.warn("user pool %s has threat protection %s, which is not emulated", id, mode)
	}
	for _, factor := range props.Object("Policies").Object("SignInPolicy").Texts("AllowedFirstAuthFactors") {
		if factor != "PASSWORD" {
			b.warn("user pool %s allows the first factor %s, which is not emulated", id, factor)
		}
	}
	if len(props.Object("SmsConfiguration")) > 0 {
		b.warn("user pool %s sends text messages, which is not emulated", id)
	}
}
