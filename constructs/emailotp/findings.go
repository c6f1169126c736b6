package emailotp

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"
)

// poolResource returns the pool as CloudFormation gets it.
func (e *emailOTP) poolResource() awscognito.CfnUserPool {
	return e.pool.Node().DefaultChild().(awscognito.CfnUserPool)
}

// lostTriggers reports triggers that somebody has taken from the construct since.
func (e *emailOTP) lostTriggers() []string {
	config := lambdaConfig(e.pool)
	var problems []string
	for _, slot := range triggersOf(e.config.settings.Mode) {
		own := e.stack().Resolve(e.functions[slot.function].FunctionArn())
		if !reflect.DeepEqual(config[slot.names[0]], own) {
			problems = append(problems, fmt.Sprintf("user pool %s no longer calls the EmailOTP's function for its trigger %s; take out what changed LambdaConfig",
				*e.pool.Node().Path(), capital(slot.names[0])))
		}
	}
	return problems
}

// poolDoors looks at the pool itself.
func (e *emailOTP) poolDoors() []finding {
	pool, path := e.poolResource(), *e.pool.Node().Path()
	resolve := resolver(e.stack())
	id, _ := resolve(pool.LogicalId()).(string)
	var found []finding
	add := func(kind DoorKind, format string, args ...any) {
		found = append(found, finding{Door{kind, path}, string(kind) + ":" + id, fmt.Sprintf("user pool %s ", path) + fmt.Sprintf(format, args...)})
	}
	if !e.passwordless() {
		if open, how := recoversByEmail(resolve(pool.AccountRecoverySetting())); open {
			add(DoorEmailRecovery, "%s, so the mailbox alone replaces the password and is both factors; use AccountRecovery_NONE, or PHONE_ONLY_WITHOUT_MFA", how)
		}
		if mfa := resolve(pool.MfaConfiguration()); mfa != nil && mfa != "OFF" {
			add(DoorNativeMFA, "has MfaConfiguration %s, and Cognito may give tokens after a native factor without asking for the code; use Mfa_OFF", described(mfa))
		}
	}
	if aliases := resolve(pool.AliasAttributes()); aliases != nil && !listWithout(aliases, "email") {
		add(DoorEmailAlias, "has e-mail as an alias, and verifying an address moves it from its owner to another user; make it the user name (SignInAliases{Email} alone), or leave it out of the aliases")
	}
	return found
}

// clientDoors looks at every app client of the pool in the whole app.
func (e *emailOTP) clientDoors() []finding {
	var found []finding
	for _, c := range *e.Node().Root().Node().FindAll("") {
		if client, ok := appClientOf(c); ok && e.belongs(client) {
			found = append(found, e.doorsOf(client)...)
		}
	}
	return found
}

// appClient is an app client as CloudFormation gets it, however it was written.
type appClient struct {
	awscdk.CfnResource
	poolID, flows, oauth, oauthFlows, write any
}

// appClientOf returns the construct as an app client, if it is one.
func appClientOf(c constructs.IConstruct) (appClient, bool) {
	if client, ok := c.(awscognito.CfnUserPoolClient); ok {
		return appClient{client, client.UserPoolId(), client.ExplicitAuthFlows(), client.AllowedOAuthFlowsUserPoolClient(),
			client.AllowedOAuthFlows(), client.WriteAttributes()}, true
	}
	// All resources with a class of their own can be inspected; what is left has its type as a text.
	resource, ok := c.(awscdk.CfnResource)
	if _, inspectable := c.(awscdk.IInspectable); !ok || inspectable || *resource.CfnResourceType() != "AWS::Cognito::UserPoolClient" {
		return appClient{}, false
	}
	p := *resource.CfnProperties()
	return appClient{resource, p["UserPoolId"], p["ExplicitAuthFlows"], p["AllowedOAuthFlowsUserPoolClient"], p["AllowedOAuthFlows"], p["WriteAttributes"]}, true
}

// belongs reports whether the client is one of the pool: by the pool's id, or by anything else that is
// derived from the resource. Another stack has it as an import of an output, with the stack's name and
// the logical id in it, or as a parameter with the construct's unique id.
func (e *emailOTP) belongs(client appClient) bool {
	resolved, err := json.Marshal(resolver(client.Stack())(client.poolID))
	if err != nil {
		return false
	}
	id, _ := e.stack().Resolve(e.poolResource().LogicalId()).(string)
	if *client.Stack().Node().Addr() == *e.stack().Node().Addr() {
		return strings.Contains(string(resolved), `"`+id+`"`)
	}
	if strings.Contains(string(resolved), *awscdk.Names_NodeUniqueId(e.poolResource().Node())) {
		return true // a nested stack's parameter
	}
	text := strings.ReplaceAll(string(resolved), `"`+id+`"`, "") // a resource of the client's own stack
	name := *e.stack().StackName()
	return strings.Contains(text, id) && (unresolvedString(name) || strings.Contains(text, name))
}

func (e *emailOTP) doorsOf(client appClient) []finding {
	path := strings.TrimSuffix(*client.Node().Path(), "/Resource")
	resolve := resolver(client.Stack())
	id, _ := resolve(client.LogicalId()).(string)
	pool := *e.pool.Node().Path()
	var found []finding
	addAs := func(kind DoorKind, name, format string, args ...any) {
		found = append(found, finding{Door{kind, path}, name + ":" + id, fmt.Sprintf("app client %s ", path) + fmt.Sprintf(format, args...)})
	}
	add := func(kind DoorKind, format string, args ...any) { addAs(kind, string(kind), format, args...) }
	for _, f := range openFlows(resolve(client.flows)) {
		addAs(f.kind, f.name, "%s on user pool %s, %s; use AuthFlow{Custom: true}, or a pool of its own", f.how, pool, f.harm)
	}
	if grants := hostedGrants(resolve(client.oauth), resolve(client.oauthFlows)); grants != "" {
		add(DoorHostedUI, "allows OAuth grants (%s) on user pool %s, so managed login takes a password or a federated identity and asks for no code; set DisableOAuth", grants, pool)
	}
	switch write := resolve(client.write); {
	case write == nil:
		add(DoorWriteEmail, "may write every attribute of user pool %s, for its WriteAttributes are unset, so a stolen access token moves the account to another mailbox; list WriteAttributes without email", pool)
	case !listWithout(write, "email"):
		add(DoorWriteEmail, "may write the attribute email of user pool %s, so a stolen access token moves the account to another mailbox; list WriteAttributes without email", pool)
	}
	return found
}

// An openFlow is an authentication flow that gives tokens without the triggers' consent.
type openFlow struct {
	kind      DoorKind
	name      string // of the flow, without ALLOW_
	how, harm string
}

const passwordAlone = "so a password alone signs in there"

// openFlows judges a client's flows. Absent is Cognito's default, which has SRP; a list that is not
// known counts as open.
func openFlows(flows any) []openFlow {
	if flows == nil {
		return []openFlow{{DoorUserSrpAuth, string(DoorUserSrpAuth), "leaves its flows to Cognito's default, which allows ALLOW_USER_SRP_AUTH,", passwordAlone}}
	}
	list, ok := flows.([]any)
	if !ok {
		return []openFlow{{DoorUnknownFlow, string(DoorUnknownFlow), "has flows that are not known while the app is synthesised", "so they count as open"}}
	}
	if len(list) == 0 {
		return openFlows(nil)
	}
	var open []openFlow
	for _, f := range list {
		name := described(f)
		flow := strings.TrimPrefix(name, "ALLOW_")
		switch name {
		case "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "CUSTOM_AUTH_FLOW_ONLY":
		case "ALLOW_USER_SRP_AUTH":
			open = append(open, openFlow{DoorUserSrpAuth, flow, "allows " + name, passwordAlone})
		case "ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH":
			open = append(open, openFlow{DoorUserPasswordAuth, flow, "allows " + name, passwordAlone})
		case "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH":
			open = append(open, openFlow{DoorAdminUserPasswordAuth, flow, "allows " + name, passwordAlone})
		case "ALLOW_USER_AUTH":
			open = append(open, openFlow{DoorUserAuth, flow, "allows " + name, "which offers passwords and SRP"})
		default:
			open = append(open, openFlow{DoorUnknownFlow, flow, "allows " + name, "which is not known to ask for a code"})
		}
	}
	return open
}

// hostedGrants names the OAuth grants by which people sign in; empty for none.
func hostedGrants(enabled, flows any) string {
	if enabled == nil || enabled == false || enabled == "false" {
		return ""
	}
	list, ok := flows.([]any)
	if flows != nil && !ok {
		return described(flows)
	}
	var grants []string
	for _, f := range list {
		if f != "client_credentials" {
			grants = append(grants, described(f))
		}
	}
	return strings.Join(grants, ", ")
}

// recoversByEmail judges an account recovery setting. Absent, Cognito may use the e-mail address.
func recoversByEmail(setting any) (bool, string) {
	if setting == nil {
		return true, "leaves its account recovery to Cognito's default, which resets passwords by e-mail"
	}
	known, _ := setting.(map[string]any)
	mechanisms, ok := pick(known, "recoveryMechanisms").([]any)
	if !ok || len(mechanisms) == 0 {
		return true, "has an account recovery that is not known while the app is synthesised"
	}
	for _, m := range mechanisms {
		mechanism, _ := m.(map[string]any)
		switch name := pick(mechanism, "name"); name {
		case "admin_only", "verified_phone_number":
		case "verified_email":
			return true, "resets passwords by e-mail (AccountRecoverySetting verified_email)"
		default:
			return true, "has an account recovery that is not known while the app is synthesised"
		}
	}
	return false, ""
}

// resolver returns the stack's Resolve for properties that may be absent, which it would refuse.
func resolver(stack awscdk.Stack) func(any) any {
	return func(property any) any {
		if isNil(property) {
			return nil
		}
		return stack.Resolve(property)
	}
}

// pick reads a property under its name in the CDK, or in CloudFormation where it was set raw.
func pick(properties map[string]any, name string) any {
	if v, ok := properties[name]; ok {
		return v
	}
	return properties[capital(name)]
}

// listWithout reports whether v is a list of known strings, name not among them.
func listWithout(v any, name string) bool {
	list, ok := v.([]any)
	return ok && !slices.ContainsFunc(list, func(x any) bool {
		s, known := x.(string)
		return !known || strings.EqualFold(s, name)
	})
}

// described writes a property's value for an error.
func described(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
