package rules_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// properties decodes a resource's JSON.
func properties(t *testing.T, text string) rules.Properties {
	t.Helper()
	var p rules.Properties
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// guarded returns a pool whose triggers are all EmailOTP's.
func guarded(t *testing.T, mode settings.Mode, text string) rules.Pool {
	t.Helper()
	p := rules.Pool{Name: "Prod/Pool", ID: "Pool", Mode: mode, Triggers: map[string]settings.Function{},
		Properties: properties(t, text)}
	for _, f := range settings.Triggers(mode) {
		p.Triggers[rules.LambdaConfigNames(f)[0]] = f
	}
	return p
}

func marks(found []rules.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, f.Mark())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

const (
	safePool = `{"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"admin_only","Priority":1}]}}`
	absent   = "absent"
)

// client writes an app client as JSON. Empty texts are harmless; absent leaves the property out.
func client(flows, write, others string) string {
	object := `{"ClientName":"web"}`
	for _, p := range [][3]string{{"ExplicitAuthFlows", flows, `["ALLOW_CUSTOM_AUTH"]`},
		{"WriteAttributes", write, `["name"]`}} {
		if p[1] != absent {
			object = with(object, fmt.Sprintf("%q:%s", p[0], cmp.Or(p[1], p[2])))
		}
	}
	if others != "" {
		object = with(object, others)
	}
	return object
}

const (
	on     = `"AllowedOAuthFlowsUserPoolClient":true,`
	refuse = "REFUSED_ATTRIBUTES:Web"
)

func TestClients(t *testing.T) {
	t.Parallel()
	schema := func(attribute string) string { return `"Schema":[` + attribute + `]` }
	for name, c := range map[string]struct{ pool, flows, write, others, want, problem string }{
		"a client without a bypass": {},
		"SRP": {flows: `["ALLOW_CUSTOM_AUTH","ALLOW_USER_SRP_AUTH"]`, want: "USER_SRP_AUTH:Web",
			problem: "app client Prod/Web allows ALLOW_USER_SRP_AUTH on user pool Prod/Pool, so a password alone signs in there; use AuthFlow{Custom: true}, or a pool of its own"},
		"absent flows": {flows: absent, want: "USER_SRP_AUTH:Web",
			problem: "leaves its flows to Cognito's default"},
		"null flows":  {flows: `null`, want: "USER_SRP_AUTH:Web", problem: "Cognito's default"},
		"empty flows": {flows: `[]`, want: "USER_SRP_AUTH:Web", problem: "Cognito's default"},
		"unresolved flows": {flows: `{"Ref":"Flows"}`, want: "UNKNOWN_FLOW:Web",
			problem: `allows {"Ref":"Flows"}`},
		"an unresolved flow": {flows: `["ALLOW_CUSTOM_AUTH",{"Ref":"Flow"}]`, want: "UNKNOWN_FLOW:Web",
			problem: `allows {"Ref":"Flow"}`},
		"a flow of the future": {flows: `["ALLOW_ANYTHING"]`, want: "UNKNOWN_FLOW:Web",
			problem: "allows ALLOW_ANYTHING"},
		"passwords":                     {flows: `["ALLOW_USER_PASSWORD_AUTH"]`, want: "USER_PASSWORD_AUTH:Web"},
		"passwords by the older name":   {flows: `["USER_PASSWORD_AUTH"]`, want: "USER_PASSWORD_AUTH:Web"},
		"passwords by administrators":   {flows: `["ALLOW_ADMIN_USER_PASSWORD_AUTH"]`, want: "ADMIN_USER_PASSWORD_AUTH:Web"},
		"the older name of it":          {flows: `["ADMIN_NO_SRP_AUTH"]`, want: "ADMIN_USER_PASSWORD_AUTH:Web"},
		"custom flow by the older name": {flows: `["CUSTOM_AUTH_FLOW_ONLY","ALLOW_REFRESH_TOKEN_AUTH"]`},
		"a choice of factors":           {flows: `["ALLOW_USER_AUTH"]`, want: "USER_AUTH:Web"},
		"the code grant": {others: on + `"AllowedOAuthFlows":["code","client_credentials"]`,
			want: "HOSTED_UI:Web", problem: "allows OAuth grants (code)"},
		"the grant of machines":          {others: on + `"AllowedOAuthFlows":["client_credentials"]`},
		"a grant that is switched off":   {others: `"AllowedOAuthFlowsUserPoolClient":"false","AllowedOAuthFlows":["code"]`},
		"grants by an unresolved switch": {others: `"AllowedOAuthFlowsUserPoolClient":{"Ref":"On"},"AllowedOAuthFlows":["implicit"]`, want: "HOSTED_UI:Web"},
		"unresolved grants":              {others: `"AllowedOAuthFlowsUserPoolClient":"true","AllowedOAuthFlows":{"Ref":"Grants"}`, want: "HOSTED_UI:Web"},
		"absent write attributes":        {write: absent, want: "WRITE_EMAIL:Web", problem: "may write every attribute"},
		"empty write attributes":         {write: `[]`, want: "WRITE_EMAIL:Web", problem: "may write every attribute"},
		"email among them": {write: `["name","email"]`, want: "WRITE_EMAIL:Web",
			problem: "may write the attribute email of user pool Prod/Pool"},
		"an unresolved one among them": {write: `["name",{"Ref":"A"}]`, want: "WRITE_EMAIL:Web"},
		"unresolved write attributes":  {write: `{"Ref":"A"}`, want: "WRITE_EMAIL:Web"},
		"email that never changes":     {pool: schema(`{"Name":"email","Mutable":false}`), write: absent},
		"a required email, not writable": {pool: schema(`{"Name":"email","Required":true}`), want: refuse,
			problem: `app client Prod/Web may not write the attribute email, which user pool Prod/Pool requires, so Cognito refuses the client ("Invalid write attributes specified while creating a client"); use a pool that does not require email, or let clients write it (ClientsMayChangeEmail)`},
		"a required email, writable": {pool: schema(`{"Name":"email","Required":true}`), write: `["email"]`,
			want: "WRITE_EMAIL:Web"},
		"a required email, by default": {pool: schema(`{"Name":"email","Required":true}`), write: absent,
			want: "WRITE_EMAIL:Web"},
		"a required fixed email": {pool: schema(`{"Name":"email","Required":true,"Mutable":"false"}`), want: refuse,
			problem: "add email to its WriteAttributes"},
		"a required name, not writable": {pool: schema(`{"Name":"name","Required":"true"}`), write: `["locale"]`,
			want: refuse, problem: "add name to its WriteAttributes"},
		"a required name, unresolved": {pool: schema(`{"Name":"name","Required":true}`), write: `{"Ref":"A"}`,
			want: "WRITE_EMAIL:Web"},
		"a name, perhaps required": {pool: schema(`{"Name":"name","Required":{"Ref":"A"}}`), write: `["locale"]`},
		"a required name of the API": {pool: `"SchemaAttributes":[{"Name":"name","Required":true},{"Name":"custom:team"}]`,
			write: `["custom:team"]`, want: refuse},
		"attributes that no client sets": {write: `["email_verified","sub"]`, want: refuse + " " + refuse,
			problem: "take email_verified out"},
		"several at once": {flows: absent, write: absent, want: "USER_SRP_AUTH:Web WRITE_EMAIL:Web"},
		"names as the CDK resolves them": {pool: `"schema":[{"name":"name","required":true}]`, flows: absent, write: absent,
			others: `"explicitAuthFlows":["ALLOW_USER_SRP_AUTH"],"writeAttributes":["locale"]`,
			want:   refuse + " USER_SRP_AUTH:Web"},
	} {
		pool := safePool
		if c.pool != "" {
			pool = with(pool, c.pool)
		}
		found := rules.Check(guarded(t, settings.Password, pool), web(t, client(c.flows, c.write, c.others)))
		if got := marks(found); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if !strings.Contains(problems(found), c.problem) {
			t.Errorf("%s: %s\nlacks %q", name, problems(found), c.problem)
		}
	}
}

func web(t *testing.T, text string) rules.Client {
	t.Helper()
	return rules.Client{Name: "Prod/Web", ID: "Web", Properties: properties(t, text)}
}

// with adds members to a JSON object.
func with(object, members string) string {
	return strings.TrimSuffix(object, "}") + "," + members + "}"
}

func problems(found []rules.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, f.Problem())
	}
	return strings.Join(all, "\n")
}

func TestPools(t *testing.T) {
	t.Parallel()
	recovery := func(names string) string {
		return `{"AccountRecoverySetting":{"RecoveryMechanisms":[` + names + `]}}`
	}
	for name, c := range map[string]struct {
		mode          settings.Mode
		pool          string
		want, problem string
	}{
		"a pool without a bypass": {settings.Password, safePool, "", ""},
		"recovery by default": {settings.Password, `{}`, "EMAIL_RECOVERY:Pool",
			"user pool Prod/Pool leaves its account recovery to Cognito's default"},
		"recovery by e-mail": {settings.Password,
			recovery(`{"Name":"verified_phone_number"},{"Name":"verified_email"}`), "EMAIL_RECOVERY:Pool",
			"resets passwords by e-mail (AccountRecoverySetting verified_email), so the mailbox alone replaces the password"},
		"recovery by phone": {settings.Password, recovery(`{"Name":"verified_phone_number"}`), "", ""},
		"an empty recovery": {settings.Password, recovery(``), "EMAIL_RECOVERY:Pool", "not known"},
		"an unresolved recovery": {settings.Password, `{"AccountRecoverySetting":{"Ref":"R"}}`, "EMAIL_RECOVERY:Pool",
			"not known"},
		"an unresolved mechanism": {settings.Password, recovery(`{"Name":{"Ref":"R"}}`), "EMAIL_RECOVERY:Pool",
			"not known"},
		"recovery in passwordless": {settings.Passwordless, `{}`, "", ""},
		"native MFA": {settings.Password, with(safePool, `"MfaConfiguration":"OPTIONAL"`),
			"NATIVE_MFA:Pool", "user pool Prod/Pool has MfaConfiguration OPTIONAL"},
		"native MFA, off": {settings.Password, with(safePool, `"MfaConfiguration":"OFF"`), "", ""},
		"native MFA, unresolved": {settings.Password, with(safePool, `"MfaConfiguration":{"Ref":"M"}`),
			"NATIVE_MFA:Pool", ""},
		"native MFA in passwordless": {settings.Passwordless, `{"MfaConfiguration":"ON"}`, "", ""},
		"e-mail as an alias": {settings.Passwordless, `{"AliasAttributes":["phone_number","email"]}`,
			"EMAIL_ALIAS:Pool", "has e-mail as an alias"},
		"another alias":       {settings.Passwordless, `{"AliasAttributes":["preferred_username"]}`, "", ""},
		"unresolved aliases":  {settings.Passwordless, `{"AliasAttributes":{"Ref":"A"}}`, "EMAIL_ALIAS:Pool", ""},
		"an unresolved alias": {settings.Passwordless, `{"AliasAttributes":[{"Ref":"A"}]}`, "EMAIL_ALIAS:Pool", ""},
		"no aliases":          {settings.Passwordless, `{"AliasAttributes":[]}`, "", ""},
		"a pool as the API returns it": {settings.Password,
			`{"Id":"eu-west-1_AbCdEfGhI","MfaConfiguration":"OFF","AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email"}]},"SchemaAttributes":[{"Name":"sub","Required":true,"Mutable":false}]}`, "EMAIL_RECOVERY:Pool", ""},
	} {
		found := rules.Check(guarded(t, c.mode, c.pool))
		if got := marks(found); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if !strings.Contains(problems(found), c.problem) {
			t.Errorf("%s: %s\nlacks %q", name, problems(found), c.problem)
		}
	}
}

func TestReplacedTriggers(t *testing.T) {
	t.Parallel()
	isOwn := func(arn any) settings.Function {
		name, _ := arn.(string)
		f, _ := strings.CutPrefix(name, "arn:own:")
		if f == name {
			return ""
		}
		return settings.Function(f)
	}
	for name, c := range map[string]struct {
		mode   settings.Mode
		change func(config map[string]any)
		want   string // the trigger's name
	}{
		"none": {settings.Password, func(map[string]any) {}, ""},
		"a removed one": {settings.Password, func(c map[string]any) { delete(c, "DefineAuthChallenge") },
			"DefineAuthChallenge"},
		"a foreign one": {settings.Passwordless, func(c map[string]any) { c["PreSignUp"] = "arn:foreign" }, "PreSignUp"},
		"one in another's place": {settings.Passwordless, func(c map[string]any) {
			c["VerifyAuthChallengeResponse"] = "arn:own:define-auth-challenge"
		}, "VerifyAuthChallengeResponse"},
		"the CDK's name of it": {settings.Passwordless, func(c map[string]any) {
			delete(c, "CreateAuthChallenge")
			c["createAuthChallenge"] = map[string]any{"Fn::GetAtt": []any{"Foreign", "Arn"}}
		}, "CreateAuthChallenge"},
		"a foreign versioned one beside": {settings.Password, func(c map[string]any) {
			c["PreTokenGenerationConfig"] = map[string]any{"LambdaArn": "arn:foreign", "LambdaVersion": "V2_0"}
		}, "PreTokenGenerationConfig"},
		"a foreign versioned one by the CDK's name": {settings.Password, func(c map[string]any) {
			c["preTokenGenerationConfig"] = map[string]any{"lambdaArn": "arn:foreign", "lambdaVersion": "V2_0"}
		}, "PreTokenGenerationConfig"},
		"its own function versioned": {settings.Password, func(c map[string]any) {
			delete(c, "PreTokenGeneration")
			c["PreTokenGenerationConfig"] = map[string]any{"LambdaArn": "arn:own:pre-token-generation", "LambdaVersion": "V1_0"}
		}, ""},
		"a foreign one where the mode has none": {settings.Passwordless,
			func(c map[string]any) { c["PreTokenGeneration"] = "arn:foreign" }, ""},
		"a foreign one of another kind": {settings.Password,
			func(c map[string]any) { c["PostConfirmation"] = "arn:foreign" }, ""},
	} {
		config := map[string]any{}
		for _, f := range settings.Triggers(c.mode) {
			config[rules.LambdaConfigNames(f)[0]] = "arn:own:" + string(f)
		}
		c.change(config)
		p := guarded(t, c.mode, safePool)
		p.Triggers = rules.LambdaConfig(config, isOwn)
		found := rules.Check(p)
		if c.want == "" && len(found) != 0 || c.want != "" &&
			(len(found) != 1 || found[0].Kind != rules.ReplacedTrigger ||
				!strings.HasSuffix(found[0].What, "for its trigger "+c.want)) {
			t.Errorf("%s: %s, want %q", name, problems(found), c.want)
		}
	}
	if found := rules.Check(rules.Pool{Mode: settings.Password, Properties: properties(t, safePool)}); len(found) != 4 {
		t.Errorf("a pool without triggers: %s", problems(found))
	}
}

// The triggers that options add are the EmailOTP's only where the options are on.
func TestReplacedTriggersOfOptions(t *testing.T) {
	t.Parallel()
	all := settings.Settings{CustomMessages: true, RecoveryByEmail: true, RememberDevices: 30}
	served := map[string]settings.Function{rules.CustomMessage: settings.CreateAuthChallenge,
		rules.PostConfirmation: settings.VerifyAuthChallenge}
	for name, c := range map[string]struct {
		options settings.Settings
		calls   map[string]settings.Function
		want    []string // parts of the findings
	}{
		"no options":          {settings.Settings{}, nil, nil},
		"another's functions": {settings.Settings{RecoveryByEmail: true}, map[string]settings.Function{"PostConfirmation": ""}, nil},
		"both":                {all, served, nil},
		"removed": {all, nil, []string{"trigger CustomMessage, so Cognito's mails are not EmailOTP's; ",
			"trigger PostConfirmation, so a password reset leaves the remembered devices as they are; "}},
		"swapped": {all, map[string]settings.Function{"CustomMessage": settings.VerifyAuthChallenge,
			"PostConfirmation": settings.CreateAuthChallenge}, []string{"prop CustomMessage, or leave CustomMessages out",
			"prop PostConfirmation, or leave RememberDevices or PasswordRecovery out"}},
	} {
		p := guarded(t, settings.Password, with(safePool, `"EmailConfiguration":{"EmailSendingAccount":"DEVELOPER"}`))
		maps.Copy(p.Triggers, c.calls)
		p.Optional = rules.OptionalOf(c.options)
		found := rules.Check(p)
		for i, want := range c.want {
			if len(found) != len(c.want) || found[i].Kind != rules.ReplacedTrigger ||
				!strings.Contains(found[i].Problem(), want) {
				t.Errorf("%s: %s, want %q", name, problems(found), want)
			}
		}
		if len(found) != len(c.want) {
			t.Errorf("%s: %s", name, problems(found))
		}
	}
}

func TestOnlyABypassIsAcknowledged(t *testing.T) {
	t.Parallel()
	p := guarded(t, settings.Password, with(safePool, `"Schema":[{"Name":"name","Required":true}]`))
	delete(p.Triggers, "DefineAuthChallenge")
	found := rules.Check(p, web(t, client(`["ALLOW_USER_AUTH"]`, `["email"]`, "")))
	open, accepted := rules.Acknowledge(found, time.Now(), func(f rules.Finding) []string {
		if f.Kind == rules.WriteEmail {
			return nil
		}
		return []string{""}
	})
	if marks(open) != "REFUSED_ATTRIBUTES:Web REPLACED_TRIGGER:Pool WRITE_EMAIL:Web" ||
		marks(accepted) != "USER_AUTH:Web" {
		t.Errorf("open %s, accepted %s", marks(open), marks(accepted))
	}
	for _, k := range rules.Bypasses() {
		if !k.IsBypass() {
			t.Errorf("%s is none", k)
		}
	}
}

func TestAnAcknowledgementEndsAfterItsLastDay(t *testing.T) {
	t.Parallel()
	noon := time.Date(2027, 3, 31, 12, 0, 0, 0, time.UTC)
	found := rules.Check(guarded(t, settings.Password, safePool),
		web(t, client(`["ALLOW_USER_SRP_AUTH"]`, `["locale"]`, "")))
	const of, end = "USER_SRP_AUTH:Web", "USER_SRP_AUTH:Web until 2027-03-31"
	for name, c := range map[string]struct {
		marks []string
		now   time.Time
		open  bool
		want  string // the mark of the accepted finding, or the end in the sentence of the open one
	}{
		"no end":                     {[]string{of}, noon, false, of},
		"the last day":               {[]string{end}, noon, false, end},
		"the last day's last hours":  {[]string{end}, noon.Add(11 * time.Hour), false, ""},
		"the last day, further east": {[]string{end}, noon.Add(11 * time.Hour).In(time.FixedZone("", 9*3600)), false, ""},
		"the day after":              {[]string{end}, noon.Add(12 * time.Hour), true, "(its acknowledgement ended on 2027-03-31)"},
		"two, one of which lasts":    {[]string{of + " until 2027-03-01", end}, noon, false, end},
		"two, one without an end":    {[]string{of + " until 2027-03-01", of}, noon, false, of},
		"two that ended":             {[]string{of + " until 2027-03-01", of + " until 2027-02-01"}, noon, true, "2027-03-01)"},
		"no date":                    {[]string{of + " until further notice"}, noon, true, "ended on further notice)"},
		"an impossible date":         {[]string{of + " until 2027-12-32"}, noon, true, "ended on 2027-12-32)"},
		"an empty date":              {[]string{of + " until "}, noon, true, ""},
		"another client's":           {[]string{of + "2 until 2027-04-01"}, noon, true, ""},
		"another kind":               {[]string{"USER_AUTH:Web until 2027-04-01"}, noon, true, ""},
		"something after the id":     {[]string{of + " 2027-04-01"}, noon, true, ""},
	} {
		open, accepted := rules.Acknowledge(found, c.now, func(f rules.Finding) []string {
			return rules.LastDays(c.marks, f.Kind, f.ID)
		})
		if (len(open) == 1) != c.open || len(open)+len(accepted) != 1 ||
			!strings.Contains(marks(accepted)+problems(open), c.want) {
			t.Errorf("%s: open %s, accepted %s", name, problems(open), marks(accepted))
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members string
		want    bool
	}{
		"unset":                     {`{}`, true},
		"the default":               {`{"PreventUserExistenceErrors":"LEGACY"}`, true},
		"unresolved":                {`{"PreventUserExistenceErrors":{"Ref":"P"}}`, true},
		"enabled":                   {`{"PreventUserExistenceErrors":"ENABLED"}`, false},
		"with a secret":             {`{"GenerateSecret":true}`, false},
		"with a secret as text":     {`{"GenerateSecret":"true"}`, false},
		"perhaps with a secret":     {`{"GenerateSecret":{"Ref":"S"}}`, true},
		"names as the CDK has them": {`{"preventUserExistenceErrors":"ENABLED"}`, false},
	} {
		found := rules.Warnings(rules.Pool{Name: "Prod/Pool"}, web(t, c.members))
		if (len(found) == 1) != c.want || c.want && (found[0].Kind != rules.UserExistence || found[0].Kind.IsBypass()) {
			t.Errorf("%s: %s", name, problems(found))
		}
	}
	for _, mark := range []string{"WRITE_EMAIL:Api/Web", "WRITE_EMAIL:Web until 2027-03-31"} {
		if kind, id, until := rules.SplitMark(mark); rules.NewMark(kind, id, until) != mark || kind != rules.WriteEmail {
			t.Errorf("%s is split into %s, %s, %s", mark, kind, id, until)
		}
	}
}

func FuzzPropertiesNeverPanic(f *testing.F) {
	f.Add([]byte(safePool))
	f.Add([]byte(client("", "", "")))
	f.Add([]byte(`{"Schema":[null,{"Name":1}],"LambdaConfig":{"":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p rules.Properties
		if json.Unmarshal(data, &p) != nil {
			t.Skip()
		}
		config, _ := p["LambdaConfig"].(map[string]any)
		triggers := rules.LambdaConfig(config, func(any) settings.Function { return "" })
		found := rules.Check(rules.Pool{Mode: settings.Password, Triggers: triggers, Properties: p},
			rules.Client{Properties: p})
		if len(found) == 0 {
			t.Error("a pool without EmailOTP's triggers passes")
		}
	})
}
