package userpool

import (
	"maps"
	"slices"
	"time"
)

type describePoolInput struct{ UserPoolId text }

func (in *describePoolInput) pool() text         { return in.UserPoolId }
func (in *describePoolInput) check(*constraints) {}

// describeUserPool shows the pool as it is configured, without what this
// emulation doesn't know of.
func (p *Pool) describeUserPool(*call, *describePoolInput) (any, error) {
	cfg := p.cfg
	lambdas := map[string]string{}
	for t, on := range cfg.Triggers {
		if on {
			lambdas[string(t)] = "arn:aws:lambda:" + cfg.Region + ":" + cfg.Account + ":function:" + string(t)
		}
	}
	mfa := cfg.MFAConfiguration
	if mfa == "" {
		mfa = "OFF"
	}
	return map[string]any{"UserPool": without(map[string]any{
		"Id": cfg.ID, "Name": cfg.Name, "Arn": p.ARN(),
		"CreationDate": epoch(p.created), "LastModifiedDate": epoch(p.created),
		"EstimatedNumberOfUsers": p.users.count(), "MfaConfiguration": mfa,
		"UsernameAttributes": cfg.UsernameAttributes, "AliasAttributes": cfg.AliasAttributes,
		"AutoVerifiedAttributes":      cfg.AutoVerifiedAttributes,
		"UsernameConfiguration":       map[string]any{"CaseSensitive": cfg.UsernameCaseSensitive},
		"AdminCreateUserConfig":       map[string]any{"AllowAdminCreateUserOnly": cfg.AdminCreateUserOnly},
		"AccountRecoverySetting":      map[string]any{"RecoveryMechanisms": recoveryOptions(cfg.RecoveryMechanisms)},
		"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": orEmpty(cfg.AttributesRequireVerificationBeforeUpdate)},
		"Policies":                    map[string]any{"PasswordPolicy": p.describePolicy()},
		"SchemaAttributes":            p.describeSchema(),
		"LambdaConfig":                lambdas,
	})}, nil
}

func (p *Pool) describePolicy() map[string]any {
	pp := p.cfg.PasswordPolicy
	return map[string]any{
		"MinimumLength": pp.MinimumLength, "RequireLowercase": pp.RequireLowercase, "RequireUppercase": pp.RequireUppercase,
		"RequireNumbers": pp.RequireNumbers, "RequireSymbols": pp.RequireSymbols,
		"TemporaryPasswordValidityDays": p.cfg.TemporaryPasswordValidityDays,
	}
}

func (p *Pool) describeSchema() []map[string]any {
	var out []map[string]any
	for _, name := range slices.Sorted(maps.Keys(p.schema)) {
		rule := p.schema[name]
		out = append(out, map[string]any{
			"Name": name, "AttributeDataType": rule.kind, "Mutable": rule.mutable, "Required": rule.required,
			"DeveloperOnlyAttribute": false,
		})
	}
	return out
}

func recoveryOptions(names []string) []map[string]any {
	out := make([]map[string]any, len(names))
	for i, name := range names {
		out[i] = map[string]any{"Name": name, "Priority": i + 1}
	}
	return out
}

type describeClientInput struct {
	UserPoolId text
	ClientId   text
}

func (in *describeClientInput) pool() text           { return in.UserPoolId }
func (in *describeClientInput) check(c *constraints) { c.clientID(in.ClientId) }

// describeUserPoolClient shows an app client. Durations are in the unit that
// loses nothing.
func (p *Pool) describeUserPoolClient(_ *call, in *describeClientInput) (any, error) {
	cl, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	existence := "LEGACY"
	if cl.PreventUserExistenceErrors {
		existence = "ENABLED"
	}
	m := map[string]any{
		"UserPoolId": p.cfg.ID, "ClientId": cl.ID, "ClientName": cl.Name,
		"CreationDate": epoch(p.created), "LastModifiedDate": epoch(p.created),
		"ExplicitAuthFlows": cl.ExplicitAuthFlows, "ReadAttributes": cl.ReadAttributes, "WriteAttributes": cl.WriteAttributes,
		"AuthSessionValidity":   int64(cl.AuthSessionValidity / time.Minute),
		"AccessTokenValidity":   int64(cl.AccessTokenValidity / time.Minute),
		"IdTokenValidity":       int64(cl.IDTokenValidity / time.Minute),
		"RefreshTokenValidity":  int64(cl.RefreshTokenValidity / time.Minute),
		"TokenValidityUnits":    map[string]string{"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "minutes"},
		"EnableTokenRevocation": cl.EnableTokenRevocation, "PreventUserExistenceErrors": existence,
		"AllowedOAuthFlowsUserPoolClient": false,
	}
	if cl.Secret != "" {
		m["ClientSecret"] = cl.Secret
	}
	if r := cl.RefreshTokenRotation; r != nil {
		m["RefreshTokenRotation"] = map[string]any{"Feature": "ENABLED", "RetryGracePeriodSeconds": int64(r.RetryGracePeriod / time.Second)}
	}
	return map[string]any{"UserPoolClient": without(m)}, nil
}

type listClientsInput struct {
	UserPoolId text
	MaxResults *int32
	NextToken  text
}

func (in *listClientsInput) pool() text { return in.UserPoolId }

func (in *listClientsInput) check(c *constraints) {
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > maxListUsers) {
		c.add("maxResults", "have value between 1 and 60")
	}
}

// listUserPoolClients lists all app clients in one page.
func (p *Pool) listUserPoolClients(*call, *listClientsInput) (any, error) {
	out := []map[string]string{}
	for _, cl := range p.cfg.Clients {
		out = append(out, map[string]string{"ClientId": cl.ID, "ClientName": cl.Name, "UserPoolId": p.cfg.ID})
	}
	return map[string]any{"UserPoolClients": out}, nil
}

// without drops members that are absent lists: the API leaves them out.
func without(m map[string]any) map[string]any {
	maps.DeleteFunc(m, func(_ string, v any) bool {
		l, ok := v.([]string)
		return ok && l == nil
	})
	return m
}

func orEmpty(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}
