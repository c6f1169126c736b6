package assembly

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// Door is a way to tokens, or to somebody's mailbox address, that asks for no
// mailed code.
type Door struct {
	// Client is the logical id of the app client, or of the pool for its own doors.
	Client string
	// Flow is an authentication flow of the client such as "USER_SRP_AUTH",
	// "UNKNOWN_FLOW", "HOSTED_UI" or "WRITE_EMAIL", or one of the pool's own doors:
	// "EMAIL_RECOVERY", "NATIVE_MFA", "EMAIL_ALIAS".
	Flow string
	// Remedy says what is wrong and how to shut it.
	Remedy string
}

// Name is what acknowledges the door in the resource's metadata, such as
// "USER_SRP_AUTH:LegacyClient2F8A1B3C".
func (d Door) Name() string { return d.Flow + ":" + d.Client }

func (b *builder) door(at located, flow, format string, args ...any) {
	d := Door{Client: at.id, Flow: flow, Remedy: fmt.Sprintf(format, args...)}
	pool := b.candidate.stack.template.Resources[b.candidate.id]
	if acknowledged(at.Metadata, d) || acknowledged(pool.Metadata, d) {
		b.warn("%s, which the template acknowledges", d.Remedy)
		return
	}
	b.plan.Doors = append(b.plan.Doors, d)
}

func acknowledged(metadata map[string]any, d Door) bool {
	return slices.Contains(properties(metadata).texts(doorsMark), d.Name())
}

// Side doors are looked for in the template as CloudFormation gets it, so that
// raw overrides, which no check of the construct's props sees, count as well.
func (b *builder) clientDoors(c located, props properties, client userpool.Client) {
	for _, flow := range passwordFlows(client.ExplicitAuthFlows) {
		b.door(c, flow, "app client %s allows %s on user pool %s, so that no mailed code is needed there; leave it ALLOW_CUSTOM_AUTH and ALLOW_REFRESH_TOKEN_AUTH, or give it a pool of its own", c.id, flow, b.candidate.id)
	}
	if grants := props.texts("AllowedOAuthFlows"); props.is("AllowedOAuthFlowsUserPoolClient") &&
		(slices.Contains(grants, "code") || slices.Contains(grants, "implicit")) {
		b.door(c, "HOSTED_UI", "app client %s allows the hosted sign-in pages (OAuth %s) on user pool %s, which ask for no mailed code; disable OAuth", c.id, strings.Join(grants, ", "), b.candidate.id)
	}
	if b.emailWritable(client.WriteAttributes) {
		b.door(c, "WRITE_EMAIL", "app client %s may write the attribute email on user pool %s, so that a stolen access token can move the mailbox; list its WriteAttributes without email", c.id, b.candidate.id)
	}
}

// passwordFlows are the flows among those of a client that give tokens without
// the triggers' consent. None listed is Cognito's default, which has SRP.
func passwordFlows(explicit []string) []string {
	if explicit == nil {
		return []string{"USER_SRP_AUTH"}
	}
	var found []string
	for _, flow := range explicit {
		switch flow {
		case "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "CUSTOM_AUTH_FLOW_ONLY":
		case "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH":
			found = append(found, strings.TrimPrefix(flow, "ALLOW_"))
		case "ADMIN_NO_SRP_AUTH": // the older name
			found = append(found, "ADMIN_USER_PASSWORD_AUTH")
		default:
			found = append(found, "UNKNOWN_FLOW")
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (b *builder) emailWritable(write []string) bool {
	for _, a := range b.plan.Pool.Schema {
		if a.Name == "email" && !a.Mutable {
			return false
		}
	}
	return write == nil || slices.Contains(write, "email")
}

// poolDoors looks at the pool itself. In password mode the mailbox is the second
// factor, so it must not be able to replace the first, nor another factor the
// second.
func (b *builder) poolDoors() {
	c, pool := b.candidate, b.plan.Pool
	at := located{c.stack, c.id, c.stack.template.Resources[c.id]}
	if b.plan.Mode == "password" {
		if len(pool.RecoveryMechanisms) == 0 || slices.Contains(pool.RecoveryMechanisms, "verified_email") {
			b.door(at, "EMAIL_RECOVERY", "user pool %s lets a mailbox alone reset the password (AccountRecoverySetting), so that one factor does for both; set it to admin_only", c.id)
		}
		if pool.MFAConfiguration != "OFF" {
			b.door(at, "NATIVE_MFA", "user pool %s has native MFA %s, after which Cognito may give tokens without asking for the code; set MfaConfiguration to OFF", c.id, pool.MFAConfiguration)
		}
	}
	if slices.Contains(pool.AliasAttributes, "email") {
		b.door(at, "EMAIL_ALIAS", "user pool %s has e-mail as an alias, which moves from its owner to whoever verifies the address last; make it the user name (UsernameAttributes)", c.id)
	}
}
