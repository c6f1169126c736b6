package assembly

import (
	"cmp"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly/template"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
)

// clients describes every app client of the pool, wherever its stack is.
func (b *builder) clients() {
	var own, all []template.Located
	b.assembly.set.Each(func(c template.Located) {
		pool, err := c.Stack.ResolveText(c.Properties["UserPoolId"])
		if err != nil {
			b.warn("app client %s: its user pool can't be resolved, so it is left out: %v", c.ID, err)
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
			b.candidate.id, len(own), contract.MetadataClient, template.Remedy)
		return
	}
	b.plan.ClientLogicalID, b.plan.ClientID = own[0].ID, own[0].Stack.ClientID(own[0].ID)
	for _, c := range all {
		p, err := c.Stack.ResolveMap(c.Properties)
		if err != nil {
			b.fail("app client %s: %w", c.ID, err)
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

func describeClient(c template.Located, props template.Properties) userpool.Client {
	client := clientOf(props)
	client.ID = c.Stack.ClientID(c.ID)
	client.Description = map[string]any{}
	for _, name := range oauthMembers {
		if v := props[name]; v != nil {
			client.Description[name] = v
		}
	}
	client.Name = cmp.Or(props.Text("ClientName"), template.PhysicalName(c.Stack.Name, c.ID, 128))
	if props.Is("GenerateSecret") {
		client.Secret = c.Stack.ClientSecret(c.ID)
	}
	return client
}

// oauthMembers are an app client's settings that have no effect here and that Cognito describes.
var oauthMembers = []string{"AllowedOAuthFlows", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthScopes",
	"CallbackURLs", "DefaultRedirectURI", "LogoutURLs", "SupportedIdentityProviders"}

// clientOf reads what a template and Cognito's description have under the same names.
func clientOf(props template.Properties) userpool.Client {
	units := props.Object("TokenValidityUnits")
	client := userpool.Client{
		ExplicitAuthFlows:          props.Texts("ExplicitAuthFlows"),
		PreventUserExistenceErrors: props.Text("PreventUserExistenceErrors") == "ENABLED",
		AuthSessionValidity:        time.Duration(props.Number("AuthSessionValidity")) * time.Minute,
		AccessTokenValidity:        validity(props, units, "AccessToken", "hours"),
		IDTokenValidity:            validity(props, units, "IdToken", "hours"),
		RefreshTokenValidity:       validity(props, units, "RefreshToken", "days"),
		EnableTokenRevocation:      props["EnableTokenRevocation"] == nil || props.Is("EnableTokenRevocation"),
		ReadAttributes:             props.Texts("ReadAttributes"),
		WriteAttributes:            props.Texts("WriteAttributes"),
	}
	if len(client.ExplicitAuthFlows) == 0 {
		client.ExplicitAuthFlows = nil // Cognito's default, as for an absent list
	}
	if rotation := props.Object("RefreshTokenRotation"); rotation.Text("Feature") == "ENABLED" {
		client.RefreshTokenRotation = &userpool.RefreshTokenRotation{
			RetryGracePeriod: time.Duration(rotation.Number("RetryGracePeriodSeconds")) * time.Second,
		}
	}
	return client
}

// validity returns "<token>Validity" in its unit; 0 for Cognito's default.
func validity(props, units template.Properties, token, unit string) time.Duration {
	return config.Validity(props.Number(token+"Validity"), units.Text(token), unit)
}
