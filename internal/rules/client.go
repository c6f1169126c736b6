package rules

import (
	"fmt"
	"slices"
	"strings"
)

func checkClient(p Pool, client Client) []Finding {
	c := &collector{resource: "app client", name: client.Name, id: client.ID}
	on := " on user pool " + p.Name
	c.checkFlows(client.Properties.list("ExplicitAuthFlows"), on)
	if grants := hostedGrants(client.Properties); grants != "" {
		c.add(HostedUI, fmt.Sprintf("allows OAuth grants (%s)%s", grants, on),
			"managed login accepts a password or a federated identity and requests no code", "set DisableOAuth")
	}
	c.checkEmailIsReadOnly(p, client.Properties.list("WriteAttributes"))
	c.checkAttributes(p, client.Properties)
	return c.found
}

const passwordAlone = "a password alone signs in there"

// checkFlows reports flows that issue tokens without the triggers' consent. Cognito's default for
// an absent or empty list has SRP.
func (c *collector) checkFlows(flows list, on string) {
	const remedy = "use AuthFlow{Custom: true}, or a pool of its own"
	if flows.isDefault() {
		c.add(UserSrpAuth, "leaves its flows to Cognito's default, which allows ALLOW_USER_SRP_AUTH,"+on,
			passwordAlone, remedy)
	}
	for _, flow := range flows.items {
		kind, harm := UnknownFlow, "it counts as a sign-in without a code"
		switch flow {
		case "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "CUSTOM_AUTH_FLOW_ONLY":
			continue
		case "ALLOW_USER_SRP_AUTH":
			kind, harm = UserSrpAuth, passwordAlone
		case "ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH":
			kind, harm = UserPasswordAuth, passwordAlone
		case "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH":
			kind, harm = AdminUserPasswordAuth, passwordAlone
		case "ALLOW_USER_AUTH":
			kind, harm = UserAuth, "Cognito offers a password or SRP there"
		}
		c.add(kind, "allows "+flow+on, harm, remedy)
	}
}

// hostedGrants names the OAuth grants by which a person signs in; empty for none.
func hostedGrants(p Properties) string {
	if !p.mayBeTrue("AllowedOAuthFlowsUserPoolClient") {
		return ""
	}
	grants := slices.Clone(p.list("AllowedOAuthFlows").items)
	return strings.Join(slices.DeleteFunc(grants, func(s string) bool { return s == "client_credentials" }), ", ")
}

// checkEmailIsReadOnly reports a client that may move an account to another mailbox. Cognito's
// default for an absent or empty list is every standard attribute.
func (c *collector) checkEmailIsReadOnly(p Pool, write list) {
	const harm = "a stolen access token moves the account to another mailbox"
	switch {
	case slices.ContainsFunc(p.Properties.schema(), func(a attribute) bool { return a.name == "email" && a.isFixed }):
	case write.isDefault():
		c.add(WriteEmail, fmt.Sprintf("may write every attribute of user pool %s, for its WriteAttributes are unset",
			p.Name), harm,
			"list WriteAttributes without email")
	case write.mayHave("email"):
		c.add(WriteEmail, "may write the attribute email of user pool "+p.Name, harm, "list WriteAttributes without email")
	}
}

// InvalidWriteAttributes is Cognito's refusal of a client whose WriteAttributes lack a required
// attribute, or have one that no client may write. The sentence does not name the attribute.
const InvalidWriteAttributes = "Invalid write attributes specified while creating a client"

const refusesClient = `Cognito refuses the client ("` + InvalidWriteAttributes + `")`

// checkAttributes reports lists with which Cognito refuses to create the client. A list that is
// unset or unresolved passes.
func (c *collector) checkAttributes(p Pool, client Properties) {
	write := client.list("WriteAttributes")
	if write.isDefault() || write.unresolved {
		return
	}
	for _, a := range p.Properties.schema() {
		// DescribeUserPool calls sub required, and no client may list it.
		if !a.isRequired || a.name == "sub" || slices.Contains(write.items, a.name) {
			continue
		}
		remedy := fmt.Sprintf("add %s to its WriteAttributes", a.name)
		if a.name == "email" && !a.isFixed {
			remedy = "use a pool that does not require email, or let clients write it (ClientsMayChangeEmail), " +
				"by which a stolen access token moves the account to another mailbox"
		}
		c.add(RefusedAttributes, fmt.Sprintf("may not write the attribute %s, which user pool %s requires", a.name, p.Name),
			refusesClient, remedy)
	}
	for _, name := range write.items {
		if name == "email_verified" || name == "phone_number_verified" || name == "sub" {
			c.add(RefusedAttributes, fmt.Sprintf("lists %s in WriteAttributes, which no client may write", name), refusesClient,
				fmt.Sprintf("take %s out of its WriteAttributes", name))
		}
	}
}
