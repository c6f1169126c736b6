package assembly

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
)

// nearby visits the resources in the pool's own account and Region, whatever their stack: a
// function's calls reach those.
func (b *builder) nearby(visit func(template.Located), kind string) {
	b.assembly.set.Each(func(l template.Located) {
		if l.Stack.Region == b.plan.Region && l.Stack.Account == b.plan.Account {
			visit(l)
		}
	}, kind)
}

// resolved is nearby with each resource's properties; a resource that can't be resolved ends the
// plan.
func (b *builder) resolved(visit func(template.Located, template.Properties), kind string) {
	b.nearby(func(l template.Located) {
		p, err := l.Stack.ResolveMap(l.Properties)
		if err != nil {
			b.fail("%s (%s): %w", l.ID, kind, err)
			return
		}
		visit(l, p)
	}, kind)
}

// keys describes every KMS key nearby, so that a wrong key id meets another key and not none.
func (b *builder) keys() {
	aliases := map[string][]string{}
	b.nearby(func(l template.Located) {
		target := l.Text("TargetKeyId")
		target = target[strings.LastIndex(target, "/")+1:]
		aliases[target] = append(aliases[target], l.Text("AliasName"))
	}, "AWS::KMS::Alias")
	b.nearby(func(l template.Located) {
		k := Key{
			ID: l.Ref(), ARN: l.ARN(), Aliases: aliases[l.Ref()], Disabled: l.Text("Enabled") == "false",
			Spec: cmp.Or(l.Text("KeySpec"), "SYMMETRIC_DEFAULT"), Usage: cmp.Or(l.Text("KeyUsage"), "ENCRYPT_DECRYPT"),
		}
		if document := l.Properties["KeyPolicy"]; document != nil {
			k.Policy, _ = b.policy(l, document)
		}
		b.plan.Keys = append(b.plan.Keys, k)
	}, "AWS::KMS::Key")
}

// mail describes the SES identities and configuration sets nearby, and those outside the assembly
// that a function's role may send from.
func (b *builder) mail() {
	b.resolved(func(l template.Located, p template.Properties) {
		b.plan.Identities = append(b.plan.Identities, Identity{
			Name: p.Text("EmailIdentity"), ARN: l.ARN(),
			ConfigurationSet: p.Object("ConfigurationSetAttributes").Text("ConfigurationSetName"),
		})
	}, "AWS::SES::EmailIdentity")
	b.resolved(func(l template.Located, p template.Properties) {
		b.plan.ConfigurationSets = append(b.plan.ConfigurationSets, ConfigurationSet{
			Name: l.Ref(), ARN: l.ARN(),
			SendingDisabled:    p.Object("SendingOptions").Text("SendingEnabled") == "false",
			SuppressionReasons: p.Object("SuppressionOptions").Texts("SuppressedReasons"),
			BusEvents:          b.busEvents(l.Ref()),
		})
	}, "AWS::SES::ConfigurationSet")
	resources := slices.Compact(slices.Sorted(b.plan.allowedResources()))
	for _, arn := range resources {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) == 6 && parts[2] == "ses" && !strings.ContainsAny(parts[5], "*?") {
			b.outsideMail(arn, parts[5])
		}
	}
}

// outsideMail adds an identity or configuration set that only a policy names. The sandbox treats it
// as one that exists and is verified.
func (b *builder) outsideMail(arn, resource string) {
	if name, ok := strings.CutPrefix(resource, "identity/"); ok &&
		!slices.ContainsFunc(b.plan.Identities, func(i Identity) bool { return i.ARN == arn }) {
		b.plan.Identities = append(b.plan.Identities, Identity{Name: name, ARN: arn, Outside: true})
		b.warn("SES identity %s is made outside this assembly; the sandbox treats it as verified", name)
	}
	if name, ok := strings.CutPrefix(resource, "configuration-set/"); ok &&
		!slices.ContainsFunc(b.plan.ConfigurationSets, func(c ConfigurationSet) bool { return c.ARN == arn }) {
		b.plan.ConfigurationSets = append(b.plan.ConfigurationSets, ConfigurationSet{Name: name, ARN: arn, Outside: true})
		b.warn("SES configuration set %s is made outside this assembly; the sandbox treats it as existing", name)
	}
}

// tables describes the tables that the functions use.
func (b *builder) tables() {
	b.assembly.set.Each(func(l template.Located) {
		arn := l.ARN()
		if arn == "" || !b.plan.mentions(arn) {
			return
		}
		p, err := l.Stack.ResolveMap(l.Properties)
		if err != nil {
			b.fail("table %s: %w", l.ID, err)
			return
		}
		props := template.Properties(p)
		t := Table{Name: l.Ref(), ARN: arn}
		t.Definition = map[string]any{"TableName": t.Name, "BillingMode": "PAY_PER_REQUEST"}
		for _, name := range []string{"KeySchema", "AttributeDefinitions"} {
			t.Definition[name] = p[name]
		}
		for _, name := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
			var indexes []any
			for _, i := range props.Objects(name) { // without what CreateTable refuses beside on-demand billing
				indexes = append(indexes,
					map[string]any{"IndexName": i["IndexName"], "KeySchema": i["KeySchema"], "Projection": i["Projection"]})
			}
			if indexes != nil {
				t.Definition[name] = indexes
			}
		}
		if ttl := props.Object("TimeToLiveSpecification"); ttl.Is("Enabled") {
			t.TTLAttribute = ttl.Text("AttributeName")
		}
		b.plan.Tables = append(b.plan.Tables, t)
	}, "AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
}

// notEmulated names the features of a pool's own resources that the sandbox leaves out.
var notEmulated = map[string]string{
	"AWS::Cognito::UserPoolIdentityProvider":            "federated sign-in",
	"AWS::Cognito::UserPoolDomain":                      "the hosted sign-in pages",
	"AWS::Cognito::UserPoolResourceServer":              "OAuth scopes",
	"AWS::Cognito::UserPoolRiskConfigurationAttachment": "threat protection",
	"AWS::Cognito::UserPoolUser":                        "users of a template",
	"AWS::Cognito::UserPoolGroup":                       "groups",
}

// signInServices are the services whose resources a sign-in consists of, or that come with any app.
var signInServices = []string{
	"CDK", "CloudFormation", "CloudWatch", "Cognito", "DynamoDB", "Events", "IAM", "KMS", "Lambda", "Logs", "Route53",
	"SES",
	"SSM",
}

// warnOfTheApp names the services that the app has beside the sign-in, in one line.
func (b *builder) warnOfTheApp() {
	var others []string
	for _, s := range b.assembly.set.Stacks {
		for _, r := range s.Template.Resources {
			parts := strings.Split(r.Type, "::")
			if parts[0] == "AWS" && len(parts) == 3 && !slices.Contains(signInServices, parts[1]) {
				others = append(others, parts[1])
			}
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		b.warn("only the sign-in runs here; the app's resources of %s are ignored",
			strings.Join(slices.Compact(others), ", "))
	}
}

// warnOfOthers warns of the pool's resources that the sandbox leaves out.
func (b *builder) warnOfOthers() {
	b.assembly.set.Each(func(l template.Located) {
		if l.Text("UserPoolId") == b.plan.Pool.ID {
			b.warn("%s (%s): not emulated: %s", l.ID, l.Type, notEmulated[l.Type])
		}
	}, template.SortedKeys(notEmulated)...)
}
