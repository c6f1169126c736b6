package assembly

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Attachment is the custom resource that attaches to an imported pool, or checks a pool of the app.
type Attachment struct {
	LogicalID string
	// Function is the name of the function that CloudFormation invokes.
	Function string
	// Properties are the resource's, resolved.
	Properties map[string]any
	// IsCheck is true for a check alone, which changes nothing.
	IsCheck bool
}

// ReadPool reads a file that has the answer of `aws cognito-idp describe-user-pool`, or only its
// UserPool.
func ReadPool(file string) (map[string]any, error) {
	return readDescription(file, "UserPool", "Id", "aws cognito-idp describe-user-pool")
}

// ReadClient reads a file that has the answer of `aws cognito-idp describe-user-pool-client`, or
// only its UserPoolClient. It drops the client's secret.
func ReadClient(file string) (map[string]any, error) {
	client, err := readDescription(file, "UserPoolClient", "ClientId", "aws cognito-idp describe-user-pool-client")
	delete(client, "ClientSecret")
	return client, err
}

func readDescription(file, member, id, command string) (map[string]any, error) {
	var described map[string]any
	if err := template.ReadJSON(file, &described); err != nil {
		return nil, err
	}
	if inner, ok := described[member].(map[string]any); ok {
		described = inner
	}
	if template.Properties(described).Text(id) == "" {
		return nil, fmt.Errorf("%s has no %s with a member %s; write it by `%s`", file, member, id, command)
	}
	return described, nil
}

// tokenConfig is the member of LambdaConfig that has the version of PreTokenGeneration's events.
const tokenConfig = "PreTokenGenerationConfig"

// attachments visits the custom resources that attach to imported pools.
func (a *Assembly) attachments(visit func(l template.Located, triggers, resource template.Properties)) {
	a.set.Each(func(l template.Located) {
		p := template.Properties(l.Stack.ResolveEach(l.Properties))
		if triggers := p.Object("Triggers"); len(triggers) > 0 {
			visit(l, triggers, p)
		}
	}, contract.AttachmentType)
}

// importedCandidates returns the imported pools that an EmailOTP attaches to. The candidate's id is
// the custom resource's.
func (a *Assembly) importedCandidates() []candidate {
	var found []candidate
	a.attachments(func(l template.Located, _, p template.Properties) {
		if mode := p.Text("Mode"); settings.Mode(mode).IsValid() {
			found = append(found, candidate{stack: l.Stack, id: l.ID, mode: mode, poolID: cmp.Or(p.Text("UserPoolId"), l.ID)})
		}
	})
	return found
}

func (c candidate) isImported() bool { return c.poolID != "" }

// cognitoID returns the pool's id in Cognito.
func (c candidate) cognitoID() string {
	if c.isImported() {
		return c.poolID
	}
	return c.stack.PoolID(c.id)
}

// imported returns the properties of an imported pool, under the names of a template, and its
// description.
func (b *builder) imported() (props, described template.Properties) {
	c := b.candidate
	described = b.description
	if described == nil {
		b.warn("user pool %s is imported, so its settings are not known here; the sandbox invented a pool that is signed "+
			"in to by e-mail address; give the real one's description by --pool-description (Options.PoolDescription)", c.poolID)
		described = invented(c)
	}
	if id := described.Text("Id"); id != c.poolID {
		b.fail("the description is of user pool %s, and stack %s imports %s; describe that one", id, c.stack.Name, c.poolID)
	}
	props = template.Properties{}
	for name, value := range described {
		props[name] = value
	}
	props["UserPoolName"] = described["Name"]
	// Cognito describes sub like a required attribute, which no caller sets.
	var schema []any
	for _, a := range described.Objects("SchemaAttributes") {
		if a.Text("Name") != "sub" {
			schema = append(schema, map[string]any(a))
		}
	}
	props["Schema"] = schema
	return props, described
}

// invented describes a pool as the construct would create it, with JSON's own types.
func invented(c candidate) template.Properties {
	list := func(items ...any) []any { return items }
	return template.Properties{
		"Id": c.poolID, "Name": "imported", "Arn": c.stack.ARN("cognito-idp", "userpool/"+c.poolID),
		"UsernameAttributes": list("email"), "AutoVerifiedAttributes": list("email"), "MfaConfiguration": "OFF",
		"UsernameConfiguration": map[string]any{"CaseSensitive": false}, "UserPoolTier": "LITE",
		"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": c.mode == string(settings.Password)},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": list(
			map[string]any{"Name": "admin_only", "Priority": json.Number("1")})},
		"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": list("email")},
		"Policies": map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": json.Number("8"),
			"RequireLowercase": true,
			"RequireUppercase": true, "RequireNumbers": true, "RequireSymbols": true,
			"TemporaryPasswordValidityDays": json.Number("7")}},
		"SchemaAttributes": list(map[string]any{"Name": "email", "AttributeDataType": "String", "Mutable": true,
			"Required": false}),
		"LambdaConfig": map[string]any{}, "EmailConfiguration": map[string]any{"EmailSendingAccount": "DEVELOPER"},
	}
}

// attachment describes the custom resource and its function, and returns the triggers that the pool
// has afterwards: EmailOTP's, and those of the description whose function is in the assembly.
func (b *builder) attachment() (lambdaConfig map[string]any) {
	c := b.candidate
	functions := b.assembly.functionsByARN()
	b.assembly.attachments(func(l template.Located, triggers, p template.Properties) {
		if l.Stack != c.stack || l.ID != c.id {
			return
		}
		lambdaConfig = map[string]any{}
		living := template.Properties(b.plan.Pool.Description).Object("LambdaConfig")
		for slot, value := range living {
			arn, _ := value.(string)
			if slot == tokenConfig {
				slot, arn = string(userpool.PreTokenGeneration), living.Object(slot).Text("LambdaArn")
			}
			if _, ours := triggers[slot]; ours || arn == "" || slot == "KMSKeyID" {
				continue
			}
			if _, found := functions[unqualified(arn)]; !found {
				b.warn("user pool %s calls %s for %s, which is not in the assembly, so that trigger does not run here",
					c.poolID, arn, slot)
				continue
			}
			lambdaConfig[slot] = arn
		}
		for slot, arn := range triggers {
			lambdaConfig[slot] = arn
		}
		// The pool keeps the version of its events, as the function does.
		version := cmp.Or(living.Object(tokenConfig).Text("LambdaVersion"), p.Text("TokenVersion"))
		if arn := lambdaConfig[string(userpool.PreTokenGeneration)]; arn != nil && version != "" {
			lambdaConfig[tokenConfig] = map[string]any{"LambdaArn": arn, "LambdaVersion": version}
		}
		b.onDeploy(l, p, false)
	})
	return lambdaConfig
}

// check describes the custom resource that checks a pool of the app.
func (b *builder) check() {
	b.assembly.set.Each(func(l template.Located) {
		p := template.Properties(l.Stack.ResolveEach(l.Properties))
		if len(p.Object("Expected")) > 0 && p.Text("UserPoolId") == b.plan.Pool.ID {
			b.onDeploy(l, p, true)
		}
	}, contract.AttachmentType)
}

// onDeploy describes a custom resource and its function.
func (b *builder) onDeploy(l template.Located, p template.Properties, isCheck bool) {
	fn, found := b.assembly.functionsByARN()[unqualified(p.Text("ServiceToken"))]
	if !found {
		b.fail("custom resource %s has no function in the assembly; %s", l.ID, template.Remedy)
		return
	}
	f, err := b.function(fn)
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.plan.Functions = append(b.plan.Functions, f)
	b.plan.Attachment = &Attachment{LogicalID: l.ID, Function: f.Name, IsCheck: isCheck,
		Properties: without(p, "ServiceToken", "ServiceTimeout")}
}

// describedClients adds the living pool's own app clients.
func (b *builder) describedClients() {
	for _, raw := range b.descriptions {
		props := template.Properties(raw)
		id := props.Text("ClientId")
		if pool := props.Text("UserPoolId"); pool != "" && pool != b.plan.Pool.ID {
			b.fail("app client %s belongs to user pool %s, not to %s; describe clients of that one", id, pool, b.plan.Pool.ID)
			continue
		}
		if slices.ContainsFunc(b.plan.Pool.Clients, func(other userpool.Client) bool { return other.ID == id }) {
			b.fail("app client %s is described twice; name each file once", id)
			continue
		}
		for _, f := range rules.Warnings(rules.Pool{Name: b.plan.Pool.ID},
			rules.Client{Name: id, ID: id, Properties: raw}) {
			b.warn("%s", f.Problem())
		}
		client := clientOf(props)
		client.ID, client.Name, client.Description = id, props.Text("ClientName"), raw
		b.plan.Pool.Clients = append(b.plan.Pool.Clients, client)
	}
}
