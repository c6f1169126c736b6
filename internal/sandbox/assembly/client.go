package assembly

import (
	"cmp"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
)

// clients describes every app client of the pool, wherever its stack is.
func (b *builder) clients() {
	var own, all []located
	b.assembly.each(func(c located) {
		pool, err := c.stack.resolveText(c.Properties["UserPoolId"])
		if err != nil {
			b.warn("app client %s: its user pool can't be resolved, so it is left out: %v", c.id, err)
			return
		}
		if pool != b.plan.Pool.ID {
			return
		}
		all = append(all, c)
		if _, marked := c.Metadata[contract.MetadataClient]; marked {
			own = append(own, c)
		}
	}, "AWS::Cognito::UserPoolClient")
	if len(own) == 0 {
		own = all // without the mark, one client is still unambiguous
	}
	if len(own) != 1 {
		b.fail("user pool %s has %d app clients of which one should be the EmailOTP's own (metadata %s); %s",
			b.candidate.id, len(own), contract.MetadataClient, remedy)
		return
	}
	b.plan.ClientLogicalID, b.plan.ClientID = own[0].id, own[0].stack.clientID(own[0].id)
	for _, c := range all {
		p, err := c.stack.resolveMap(c.Properties)
		if err != nil {
			b.fail("app client %s: %w", c.id, err)
			continue
		}
		b.plan.Pool.Clients = append(b.plan.Pool.Clients, describeClient(c, p))
	}
}

// bypasses applies the rules to the pool. A client that Cognito would refuse ends the plan in
// Cognito's words.
func (b *builder) bypasses() {
	found := b.assembly.inspect(b.candidate)
	for _, f := range found.Open {
		if f.Kind == rules.RefusedAttributes {
			b.fail("InvalidParameterException: %s: %s", rules.InvalidWriteAttributes, f.Problem())
			continue
		}
		b.plan.Bypasses = append(b.plan.Bypasses, f)
	}
	for _, f := range found.Warnings {
		b.warn("%s", f.Problem())
	}
	for _, f := range found.Acknowledged {
		b.warn("%s, which the template acknowledges", f.Problem())
	}
}

func describeClient(c located, props properties) userpool.Client {
	client := clientOf(props)
	client.ID = c.stack.clientID(c.id)
	client.Description = map[string]any{}
	for _, name := range oauthMembers {
		if v := props[name]; v != nil {
			client.Description[name] = v
		}
	}
	client.Name = cmp.Or(props.text("ClientName"), physicalName(c.stack.name, c.id, 128))
	if props.is("GenerateSecret") {
		client.Secret = c.stack.clientSecret(c.id)
	}
	return client
}

// oauthMembers are an app client's settings that have no effect here and that Cognito describes.
var oauthMembers = []string{"AllowedOAuthFlows", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthScopes",
	"CallbackURLs", "DefaultRedirectURI", "LogoutURLs", "SupportedIdentityProviders"}

// clientOf reads what a template and Cognito's description have under the same names.
func clientOf(props properties) userpool.Client {
	units := props.object("TokenValidityUnits")
	client := userpool.Client{
		ExplicitAuthFlows:          props.texts("ExplicitAuthFlows"),
		PreventUserExistenceErrors: props.text("PreventUserExistenceErrors") == "ENABLED",
		AuthSessionValidity:        time.Duration(props.number("AuthSessionValidity")) * time.Minute,
		AccessTokenValidity:        validity(props, units, "AccessToken", "hours"),
		IDTokenValidity:            validity(props, units, "IdToken", "hours"),
		RefreshTokenValidity:       validity(props, units, "RefreshToken", "days"),
		EnableTokenRevocation:      props["EnableTokenRevocation"] == nil || props.is("EnableTokenRevocation"),
		ReadAttributes:             props.texts("ReadAttributes"),
		WriteAttributes:            props.texts("WriteAttributes"),
	}
	if len(client.ExplicitAuthFlows) == 0 {
		client.ExplicitAuthFlows = nil // Cognito's default, as for an absent list
	}
	if rotation := props.object("RefreshTokenRotation"); rotation.text("Feature") == "ENABLED" {
		client.RefreshTokenRotation = &userpool.RefreshTokenRotation{
			RetryGracePeriod: time.Duration(rotation.number("RetryGracePeriodSeconds")) * time.Second,
		}
	}
	return client
}

// validity returns "<token>Validity" in its unit; 0 for Cognito's default.
func validity(props, units properties, token, unit string) time.Duration {
	return config.Validity(props.number(token+"Validity"), units.text(token), unit)
}
