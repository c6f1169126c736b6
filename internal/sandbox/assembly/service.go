package assembly

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// nearby visits the resources in the pool's own account and region, whatever
// their stack: those are what a function's calls can reach.
func (b *builder) nearby(visit func(located), kind string) {
	b.assembly.each(func(l located) {
		if l.stack.region == b.plan.Region && l.stack.account == b.plan.Account {
			visit(l)
		}
	}, kind)
}

// keys describes all KMS keys nearby: a key that is never called costs nothing,
// and one that is missing would hide a wrong key id.
func (b *builder) keys() {
	aliases := map[string][]string{}
	b.nearby(func(l located) {
		target := l.text("TargetKeyId")
		target = target[strings.LastIndex(target, "/")+1:]
		aliases[target] = append(aliases[target], l.text("AliasName"))
	}, "AWS::KMS::Alias")
	b.nearby(func(l located) {
		k := Key{ID: l.ref(), ARN: l.arn(), Spec: cmp.Or(l.text("KeySpec"), "SYMMETRIC_DEFAULT"), Usage: cmp.Or(l.text("KeyUsage"), "ENCRYPT_DECRYPT"), Disabled: l.text("Enabled") == "false"}
		k.Aliases = aliases[k.ID]
		if document, err := l.stack.resolve(l.Properties["KeyPolicy"]); err == nil && document != nil {
			var bad error
			if k.Policy, bad = iam.ParsePolicy(document); bad != nil {
				b.warn("key %s: its policy can't be judged and counts as empty: %v", l.id, bad)
			}
		}
		b.plan.Keys = append(b.plan.Keys, k)
	}, "AWS::KMS::Key")
}

// mail describes the SES identities and configuration sets: those nearby, and
// those outside it that a trigger's role lets it send from.
func (b *builder) mail() {
	b.nearby(func(l located) {
		p, err := l.stack.resolveMap(l.Properties)
		if err != nil {
			b.fail("SES identity %s: %w", l.id, err)
			return
		}
		b.plan.Identities = append(b.plan.Identities, Identity{
			Name: properties(p).text("EmailIdentity"), ARN: l.arn(),
			ConfigurationSet: properties(p).object("ConfigurationSetAttributes").text("ConfigurationSetName"),
		})
	}, "AWS::SES::EmailIdentity")
	b.nearby(func(l located) {
		p, err := l.stack.resolveMap(l.Properties)
		if err != nil {
			b.fail("SES configuration set %s: %w", l.id, err)
			return
		}
		b.plan.ConfigurationSets = append(b.plan.ConfigurationSets, ConfigurationSet{
			Name: l.ref(), ARN: l.arn(),
			SendingDisabled:    properties(p).object("SendingOptions").text("SendingEnabled") == "false",
			SuppressionReasons: properties(p).object("SuppressionOptions").texts("SuppressedReasons"),
			BusEvents:          b.busEvents(l.ref()),
		})
	}, "AWS::SES::ConfigurationSet")
	for _, arn := range b.plan.mailResources() {
		b.outsideMail(arn)
	}
}

// outsideMail takes an identity or configuration set that only a policy names
// as one that exists and is verified.
func (b *builder) outsideMail(arn string) {
	if name, ok := strings.CutPrefix(resourcePart(arn), "identity/"); ok && !strings.ContainsAny(name, "*?") {
		if !slices.ContainsFunc(b.plan.Identities, func(i Identity) bool { return i.ARN == arn }) {
			b.plan.Identities = append(b.plan.Identities, Identity{Name: name, ARN: arn, Outside: true})
			b.warn("SES identity %s is made outside this assembly; the sandbox takes it as verified", name)
		}
	}
	if name, ok := strings.CutPrefix(resourcePart(arn), "configuration-set/"); ok && !strings.ContainsAny(name, "*?") {
		if !slices.ContainsFunc(b.plan.ConfigurationSets, func(c ConfigurationSet) bool { return c.ARN == arn }) {
			b.plan.ConfigurationSets = append(b.plan.ConfigurationSets, ConfigurationSet{Name: name, ARN: arn, Outside: true})
			b.warn("SES configuration set %s is made outside this assembly; the sandbox takes it as existing", name)
		}
	}
}

func resourcePart(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	return parts[len(parts)-1]
}

// mailResources are the SES resources that the triggers' roles may send with.
func (p *Plan) mailResources() []string {
	var all []string
	for _, f := range p.Functions {
		for _, policy := range f.Principal.Policies {
			for _, s := range policy.Statements {
				for _, r := range s.Resources {
					if s.Effect == "Allow" && strings.Contains(r, ":ses:") {
						all = append(all, r)
					}
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tables describes the tables that the triggers use.
func (b *builder) tables() {
	b.assembly.each(func(l located) {
		arn := l.arn()
		if arn == "" || !b.plan.mentions(arn) {
			return
		}
		p, err := l.stack.resolveMap(l.Properties)
		if err != nil {
			b.fail("table %s: %w", l.id, err)
			return
		}
		props := properties(p)
		t := Table{Name: l.ref(), ARN: arn, Definition: map[string]any{"TableName": l.ref(), "BillingMode": "PAY_PER_REQUEST"}}
		for _, name := range []string{"KeySchema", "AttributeDefinitions"} {
			t.Definition[name] = p[name]
		}
		if indexes := props.objects("GlobalSecondaryIndexes"); len(indexes) > 0 {
			t.Definition["GlobalSecondaryIndexes"] = indexDefinitions(indexes)
		}
		if indexes := props.objects("LocalSecondaryIndexes"); len(indexes) > 0 {
			t.Definition["LocalSecondaryIndexes"] = indexDefinitions(indexes)
		}
		if ttl := props.object("TimeToLiveSpecification"); ttl.is("Enabled") {
			t.TTLAttribute = ttl.text("AttributeName")
		}
		b.plan.Tables = append(b.plan.Tables, t)
	}, "AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
}

// indexDefinitions keeps what CreateTable takes beside on-demand billing.
func indexDefinitions(indexes []properties) []any {
	var all []any
	for _, i := range indexes {
		all = append(all, map[string]any{"IndexName": i["IndexName"], "KeySchema": i["KeySchema"], "Projection": i["Projection"]})
	}
	return all
}

// strangers warns of resources around the pool that the sandbox leaves out.
func (b *builder) strangers() {
	what := map[string]string{
		"AWS::Cognito::UserPoolIdentityProvider":            "federated sign-in",
		"AWS::Cognito::UserPoolDomain":                      "the hosted sign-in pages",
		"AWS::Cognito::UserPoolResourceServer":              "OAuth scopes",
		"AWS::Cognito::UserPoolRiskConfigurationAttachment": "threat protection",
		"AWS::Cognito::UserPoolUser":                        "users of a template",
		"AWS::Cognito::UserPoolGroup":                       "groups",
	}
	b.assembly.each(func(l located) {
		if l.text("UserPoolId") == b.plan.Pool.ID {
			b.warn("%s (%s): not emulated: %s", l.id, l.Type, what[l.Type])
		}
	}, sortedKeys(what)...)
}
