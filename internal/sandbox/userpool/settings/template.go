package settings

import (
	"cmp"
	"maps"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
)

// ofTemplate describes a pool of the template, without members that this emulation does not know.
func ofTemplate(cfg config.Pool, schema []map[string]any, created time.Time) map[string]any {
	lambdas := map[string]string{}
	for t, on := range cfg.Triggers {
		if on {
			lambdas[string(t)] = cmp.Or(cfg.TriggerARNs[t],
				"arn:"+partition.Name(cfg.Region)+":lambda:"+cfg.Region+":"+cfg.Account+":function:"+string(t))
		}
	}
	sender := "COGNITO_DEFAULT"
	if cfg.MailsByOwnIdentity {
		sender = "DEVELOPER"
	}
	return without(map[string]any{
		"Id": cfg.ID, "Name": cfg.Name, "Arn": cfg.ARN(),
		"CreationDate": awsjson.Epoch(created), "MfaConfiguration": cmp.Or(cfg.MFAConfiguration, "OFF"),
		"UsernameAttributes": cfg.UsernameAttributes, "AliasAttributes": cfg.AliasAttributes,
		"AutoVerifiedAttributes": cfg.AutoVerifiedAttributes,
		"UsernameConfiguration":  map[string]any{"CaseSensitive": cfg.UsernameCaseSensitive},
		"AdminCreateUserConfig":  map[string]any{"AllowAdminCreateUserOnly": cfg.AdminCreateUserOnly},
		"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": recoveryOptions(cfg.RecoveryMechanisms)},
		"EmailConfiguration":     map[string]any{"EmailSendingAccount": sender},
		"UserAttributeUpdateSettings": map[string]any{
			"AttributesRequireVerificationBeforeUpdate": orEmpty(cfg.AttributesRequireVerificationBeforeUpdate)},
		"Policies":         map[string]any{"PasswordPolicy": describePolicy(cfg)},
		"SchemaAttributes": schema,
		"LambdaConfig":     lambdas,
	})
}

func describePolicy(cfg config.Pool) map[string]any {
	pp := cfg.PasswordPolicy
	return map[string]any{
		"MinimumLength": pp.MinimumLength, "RequireLowercase": pp.RequireLowercase, "RequireUppercase": pp.RequireUppercase,
		"RequireNumbers": pp.RequireNumbers, "RequireSymbols": pp.RequireSymbols,
		"TemporaryPasswordValidityDays": cfg.TemporaryPasswordValidityDays,
	}
}

func recoveryOptions(names []string) []map[string]any {
	out := make([]map[string]any, len(names))
	for i, name := range names {
		out[i] = map[string]any{"Name": name, "Priority": i + 1}
	}
	return out
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
