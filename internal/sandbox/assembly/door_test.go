package assembly_test

import (
	"slices"
	"testing"
)

func TestSideDoorsAreFound(t *testing.T) {
	secondClient := func(properties object) func(object) {
		return func(template object) {
			base := object{"UserPoolId": object{"Ref": "SignInUserPool"}, "ExplicitAuthFlows": []any{"ALLOW_CUSTOM_AUTH"}, "WriteAttributes": []any{"name"}}
			for k, v := range properties {
				base[k] = v
			}
			at(template, "Resources")["Legacy"] = object{"Type": "AWS::Cognito::UserPoolClient", "Properties": base}
		}
	}
	none := object{"Ref": "AWS::NoValue"}
	for name, c := range map[string]struct {
		change func(object)
		want   []string
	}{
		"nothing was changed":               {func(object) {}, nil},
		"a harmless second client":          {secondClient(nil), nil},
		"SRP on a second client":            {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}), []string{"USER_SRP_AUTH:Legacy"}},
		"no flows, which means SRP":         {secondClient(object{"ExplicitAuthFlows": none}), []string{"USER_SRP_AUTH:Legacy"}},
		"an empty list, which means SRP":    {secondClient(object{"ExplicitAuthFlows": []any{}}), []string{"USER_SRP_AUTH:Legacy"}},
		"passwords":                         {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"}}), []string{"ADMIN_USER_PASSWORD_AUTH:Legacy", "USER_PASSWORD_AUTH:Legacy"}},
		"choice of factors":                 {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_AUTH"}}), []string{"USER_AUTH:Legacy"}},
		"the hosted pages":                  {secondClient(object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"code"}}), []string{"HOSTED_UI:Legacy"}},
		"machines alone":                    {secondClient(object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"client_credentials"}}), nil},
		"email among the attributes":        {secondClient(object{"WriteAttributes": []any{"email"}}), []string{"WRITE_EMAIL:Legacy"}},
		"no list, which means all":          {secondClient(object{"WriteAttributes": none}), []string{"WRITE_EMAIL:Legacy"}},
		"a raw override of the own client":  {func(o object) { props(o, "SignInClient")["ExplicitAuthFlows"] = []any{"ALLOW_USER_SRP_AUTH"} }, []string{"USER_SRP_AUTH:SignInClient"}},
		"recovery by the mailbox":           {func(o object) { delete(props(o, "SignInUserPool"), "AccountRecoverySetting") }, []string{"EMAIL_RECOVERY:SignInUserPool"}},
		"the older name of admin passwords": {secondClient(object{"ExplicitAuthFlows": []any{"ADMIN_NO_SRP_AUTH"}}), []string{"ADMIN_USER_PASSWORD_AUTH:Legacy"}},
		"a flow of the future":              {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_ANYTHING"}}), []string{"UNKNOWN_FLOW:Legacy"}},
		"native MFA":                        {func(o object) { props(o, "SignInUserPool")["MfaConfiguration"] = "ON" }, []string{"NATIVE_MFA:SignInUserPool"}},
		"an alias":                          {func(o object) { props(o, "SignInUserPool")["AliasAttributes"] = []any{"email"} }, []string{"EMAIL_ALIAS:SignInUserPool"}},
		"a client of another pool":          {secondClient(object{"UserPoolId": "eu-west-1_Other", "ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}), nil},
		"email that nobody can ever change": {func(o object) {
			secondClient(object{"WriteAttributes": none})(o)
			props(o, "SignInUserPool")["Schema"] = []any{object{"Name": "email", "Mutable": false}}
		}, nil},
		"recovery by the mailbox, too": {func(o object) {
			props(o, "SignInUserPool")["AccountRecoverySetting"] = object{"RecoveryMechanisms": []any{object{"Name": "verified_phone_number", "Priority": 1}, object{"Name": "verified_email", "Priority": 2}}}
		}, []string{"EMAIL_RECOVERY:SignInUserPool"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustPlan(t, edited(t, prodTemplate, c.change), password)
			var got []string
			for _, d := range p.Doors {
				got = append(got, d.Name())
				if d.Remedy == "" {
					t.Errorf("%s has no remedy", d.Name())
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("doors %q, want %q", got, c.want)
			}
		})
	}
}

func TestADoorOnTheClientOrPoolCanBeAcknowledged(t *testing.T) {
	for _, where := range []string{"SignInClient", "SignInUserPool"} {
		dir := edited(t, prodTemplate, func(template object) {
			props(template, "SignInClient")["ExplicitAuthFlows"] = []any{"ALLOW_USER_SRP_AUTH"}
			r := at(template, "Resources", where)
			if r["Metadata"] == nil {
				r["Metadata"] = object{}
			}
			at(r, "Metadata")["EmailOTP::AcknowledgedDoors"] = []any{"USER_SRP_AUTH:SignInClient"}
		})
		p := mustPlan(t, dir, password)
		if len(p.Doors) != 0 || !mentioned(p.Warnings, "SignInClient allows USER_SRP_AUTH") {
			t.Errorf("%s: doors %v, warnings %q", where, p.Doors, p.Warnings)
		}
	}
}

func TestRecoveryByMailIsNoDoorWhereTheMailboxIsTheOnlyFactor(t *testing.T) {
	dir := edited(t, devTemplate, func(o object) { delete(props(o, "SignInUserPool"), "AccountRecoverySetting") })
	if p := mustPlan(t, dir, passwordless); len(p.Doors) != 0 {
		t.Errorf("doors: %v", p.Doors)
	}
}

func TestWhatIsNotEmulatedIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		change func(object)
		want   string
	}{
		"no right to invoke": {func(o object) { delete(at(o, "Resources"), "SignInPreSignUpPermission") }, "SignInPreSignUp: no AWS::Lambda::Permission"},
		"a client's pool unknown": {func(o object) {
			at(o, "Resources")["Stray"] = object{"Type": "AWS::Cognito::UserPoolClient", "Properties": object{"UserPoolId": object{"Ref": "Gone"}}}
		}, "Stray: its user pool can't be resolved"},
		"native MFA": {func(o object) { props(o, "SignInUserPool")["MfaConfiguration"] = "OPTIONAL" }, "native MFA OPTIONAL"},
		"devices": {func(o object) {
			props(o, "SignInUserPool")["DeviceConfiguration"] = object{"ChallengeRequiredOnNewDevice": true}
		}, "tracks devices"},
		"threat protection": {func(o object) {
			props(o, "SignInUserPool")["UserPoolAddOns"] = object{"AdvancedSecurityMode": "ENFORCED"}
		}, "threat protection ENFORCED"},
		"first factors": {func(o object) {
			at(props(o, "SignInUserPool"), "Policies")["SignInPolicy"] = object{"AllowedFirstAuthFactors": []any{"PASSWORD", "EMAIL_OTP"}}
		}, "first factor EMAIL_OTP"},
		"an unknown trigger": {func(o object) {
			at(props(o, "SignInUserPool"), "LambdaConfig")["UserMigration"] = object{"Fn::GetAtt": []any{"SignInPreSignUp", "Arn"}}
		}, "trigger setting UserMigration"},
		"federation": {func(o object) {
			at(o, "Resources")["Google"] = object{"Type": "AWS::Cognito::UserPoolIdentityProvider", "Properties": object{"UserPoolId": object{"Ref": "SignInUserPool"}}}
		}, "not emulated: federated sign-in"},
		"a domain": {func(o object) {
			at(o, "Resources")["Domain"] = object{"Type": "AWS::Cognito::UserPoolDomain", "Properties": object{"UserPoolId": object{"Ref": "SignInUserPool"}}}
		}, "hosted sign-in pages"},
		"a managed policy": {func(o object) {
			props(o, "SignInPreSignUpRole")["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/AdministratorAccess"}
		}, "AdministratorAccess"},
		"token trigger version": {func(o object) {
			at(props(o, "SignInUserPool"), "LambdaConfig")["PreTokenGenerationConfig"] = object{"LambdaVersion": "V2_0", "LambdaArn": object{"Fn::GetAtt": []any{"SignInPreSignUp", "Arn"}}}
		}, "version V2_0"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustPlan(t, edited(t, devTemplate, c.change), passwordless)
			if !mentioned(p.Warnings, c.want) {
				t.Errorf("warnings %q lack %q", p.Warnings, c.want)
			}
		})
	}
}
