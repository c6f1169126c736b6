package userpool

import (
	"cmp"
	"maps"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
)

// describeTemplate describes a pool of the template, without members that this emulation does not
// know.
func (p *Pool) describeTemplate() map[string]any {
	cfg := p.cfg
	lambdas := map[string]string{}
	for t, on := range cfg.Triggers {
		if on {
			lambdas[string(t)] = "arn:aws:lambda:" + cfg.Region + ":" + cfg.Account + ":function:" + string(t)
		}
	}
	return without(map[string]any{
		"Id": cfg.ID, "Name": cfg.Name, "Arn": p.ARN(),
		"CreationDate": awsjson.Epoch(p.created), "MfaConfiguration": cmp.Or(cfg.MFAConfiguration, "OFF"),
		"UsernameAttributes": cfg.UsernameAttributes, "AliasAttributes": cfg.AliasAttributes,
		"AutoVerifiedAttributes": cfg.AutoVerifiedAttributes,
		"UsernameConfiguration":  map[string]any{"CaseSensitive": cfg.UsernameCaseSensitive},
		"AdminCreateUserConfig":  map[string]any{"AllowAdminCreateUserOnly": cfg.AdminCreateUserOnly},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": recoveryOptions(cfg.RecoveryMechanisms)},
		"UserAttributeUpdateSettings": map[string]any{
			"AttributesRequireVerificationBeforeUpdate": orEmpty(cfg.AttributesRequireVerificationBeforeUpdate)},
		"Policies":         map[string]any{"PasswordPolicy": p.describePolicy()},
		"SchemaAttributes": p.users.DescribeSchema(),
		"LambdaConfig":     lambdas,
	})
}

func (p *Pool) describePolicy() map[string]any {
	pp := p.cfg.PasswordPolicy
	return map[string]any{
		"MinimumLength": pp.MinimumLength, "RequireLowercase": pp.RequireLowercase, "RequireUppercase": pp.RequireUppercase,
		"RequireNumbers": pp.RequireNumbers, "RequireSymbols": pp.RequireSymbols,
		"TemporaryPasswordValidityDays": p.cfg.TemporaryPasswordValidityDays,
	}
}

func recoveryOptions(names []string) []map[string]any {
	out := make([]map[string]any, len(names))
	for i, name := range names {
		out[i] = map[string]any{"Name": name, "Priority": i + 1}
	}
	return out
}

type describeClientInput struct {
	ClientId string `rule:"clientID,required"`
}

// describeUserPoolClient describes an app client, with durations in minutes.
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
		"CreationDate": awsjson.Epoch(p.created), "LastModifiedDate": awsjson.Epoch(p.created),
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
		m["RefreshTokenRotation"] = map[string]any{
			"Feature": "ENABLED", "RetryGracePeriodSeconds": int64(r.RetryGracePeriod / time.Second)}
	}
	maps.Copy(m, cl.Description)
	return map[string]any{"UserPoolClient": without(m)}, nil
}

type listClientsInput struct {
	MaxResults *int32 `rule:"maxResults"`
	NextToken  string
}

// listUserPoolClients lists all app clients in one page.
func (p *Pool) listUserPoolClients(*call, *listClientsInput) (any, error) {
	out := []map[string]string{}
	for _, cl := range p.cfg.Clients {
		out = append(out, map[string]string{"ClientId": cl.ID, "ClientName": cl.Name, "UserPoolId": p.cfg.ID})
	}
	return map[string]any{"UserPoolClients": out}, nil
}

// without removes members that are nil lists.
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
