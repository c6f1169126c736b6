package poolcheck_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
)

const id = "eu-west-1_Example01"

// pool is a pool without a bypass; client is a guarded client of it.
const (
	pool = `{"Id": "eu-west-1_Example01", "MfaConfiguration": "OFF",
		"AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
		"SchemaAttributes": [{"Name": "sub", "Required": true, "Mutable": false}, {"Name": "email", "Required": false, "Mutable": true}, {"Name": "name", "Required": false}],
		"LambdaConfig": {"DefineAuthChallenge": "define", "CreateAuthChallenge": "create",
			"VerifyAuthChallengeResponse": "verify", "PreTokenGeneration": "token",
			"PreTokenGenerationConfig": {"LambdaArn": "token", "LambdaVersion": "V1_0"}}}`
	client = `{"ClientId": "1guarded", "ClientName": "Web", "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"], "WriteAttributes": ["name"]}`
	legacy = `{"ClientId": "2legacy", "ClientName": "Legacy", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
		"WriteAttributes": ["name"], "AllowedOAuthFlowsUserPoolClient": false}`
	console = `{"ClientId": "3console", "ClientName": "Console"}`
)

var (
	triggers = map[string]string{"DefineAuthChallenge": "define", "CreateAuthChallenge": "create",
		"VerifyAuthChallengeResponse": "verify", "PreTokenGeneration": "token"}
	requiresEmail = strings.Replace(pool, `"email", "Required": false`, `"email", "Required": true`, 1)
)

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*attach.Properties)
		pool    string
		clients []string
		want    []string // a part of each sentence
	}{
		"nothing": {pool: pool, clients: []string{client}},
		"a client with SRP": {pool: pool, clients: []string{client, legacy}, want: []string{
			`app client Legacy (2legacy) allows ALLOW_USER_SRP_AUTH on user pool eu-west-1_Example01, so a password alone signs in there; ` +
				`use AuthFlow{Custom: true}, or a pool of its own, or acknowledge it by AcknowledgedBypasses: ` +
				`{Kind: "USER_SRP_AUTH", Path: "2legacy"}`}},
		"acknowledged by its id": {pool: pool, clients: []string{legacy}, change: func(p *attach.Properties) {
			p.AcknowledgedBypasses = []string{"USER_SRP_AUTH:2legacy"}
		}},
		"another client's acknowledgement": {pool: pool, clients: []string{legacy}, change: func(p *attach.Properties) {
			p.AcknowledgedBypasses = []string{"USER_SRP_AUTH:3console", "WRITE_EMAIL:2legacy"}
		}, want: []string{"ALLOW_USER_SRP_AUTH"}},
		"a client of the console": {pool: pool, clients: []string{console},
			want: []string{"leaves its flows to Cognito's default",
				"may write every attribute"}},
		"all clients may write the address": {pool: pool, clients: []string{console}, change: func(p *attach.Properties) {
			p.AcknowledgedBypasses = []string{"WRITE_EMAIL:*", "USER_SRP_AUTH:3console"}
		}},
		"custom messages without an identity": {pool: pool, change: func(p *attach.Properties) {
			p.Triggers = map[string]string{"CustomMessage": "create"}
		}, want: []string{"does not mail by an identity of yours (EmailConfiguration EmailSendingAccount DEVELOPER)"}},
		"custom messages of a pool of the stack": {pool: strings.Replace(pool, `"LambdaConfig": {`,
			`"LambdaConfig": {"CustomMessage": "create", `, 1), change: func(p *attach.Properties) {
			p.Triggers, p.Expected = nil, maps.Clone(triggers)
			p.Expected["CustomMessage"] = "create"
		}, want: []string{"leave CustomMessages out"}},
		"custom messages by an identity": {pool: strings.Replace(pool, `"LambdaConfig": {`,
			`"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}, "LambdaConfig": {"CustomMessage": "create", `, 1)},
		"a foreign CustomMessage and no PostConfirmation": {pool: strings.Replace(pool, `"LambdaConfig": {`,
			`"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}, "LambdaConfig": {"CustomMessage": "foreign", `, 1),
			change: func(p *attach.Properties) {
				p.Triggers, p.Expected = nil, maps.Clone(triggers)
				p.Expected["CustomMessage"], p.Expected["PostConfirmation"] = "create", "verify"
			}, want: []string{"for its trigger CustomMessage", "for its trigger PostConfirmation"}},
		"both that are expected": {pool: strings.Replace(pool, `"LambdaConfig": {`,
			`"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}, `+
				`"LambdaConfig": {"CustomMessage": "create", "PostConfirmation": "verify", `, 1),
			change: func(p *attach.Properties) {
				p.Triggers, p.Expected = nil, maps.Clone(triggers)
				p.Expected["CustomMessage"], p.Expected["PostConfirmation"] = "create", "verify"
			}},
		"native MFA": {pool: strings.Replace(pool, `"OFF"`, `"OPTIONAL"`, 1), want: []string{`Path: "eu-west-1_Example01"`}},
		"recovery by default": {pool: strings.Replace(pool, "AccountRecoverySetting", "Former", 1),
			want: []string{"leaves its account recovery to Cognito's default"}},
		"an alias": {pool: strings.Replace(pool, `{"Id"`, `{"AliasAttributes": ["email"], "Id"`, 1),
			want: []string{"e-mail as an alias"}},
		"a required address": {pool: requiresEmail,
			want: []string{"app client of the EmailOTP may not write the attribute email, " +
				"which user pool eu-west-1_Example01 requires"}},
		"a required address that clients may write": {pool: requiresEmail, change: func(p *attach.Properties) {
			p.WriteAttributes = append(p.WriteAttributes, "email")
			p.AcknowledgedBypasses = []string{"WRITE_EMAIL:*"}
		}},
		"another required attribute": {pool: strings.Replace(pool, `{"Name": "name", "Required": false}`,
			`{"Name": "name", "Required": true}`, 1),
			change: func(p *attach.Properties) { p.WriteAttributes = []string{"locale"} },
			want:   []string{"add name to its WriteAttributes"}},
		"an existing client without it": {pool: requiresEmail, clients: []string{client}, change: func(p *attach.Properties) {
			p.WriteAttributes = nil
		}},
		"a check alone": {pool: pool, clients: []string{client}, change: func(p *attach.Properties) {
			p.Triggers, p.Expected = nil, triggers
		}},
		"a trigger replaced in the console": {pool: strings.Replace(pool, `"define"`, `"foreign"`, 1),
			change: func(p *attach.Properties) { p.Triggers, p.Expected = nil, triggers },
			want:   []string{"no longer calls the EmailOTP's function for its trigger DefineAuthChallenge"}},
		"names of another case": {pool: pool, change: func(p *attach.Properties) { p.CaseSensitiveNames = "false" },
			want: []string{"are case-sensitive: true; set CaseSensitiveUserNames"}},
		"names of the same case": {pool: strings.Replace(pool, `{"Id"`,
			`{"UsernameConfiguration": {"CaseSensitive": false}, "Id"`, 1),
			change: func(p *attach.Properties) { p.CaseSensitiveNames = "false" }},
		"an unknown mode": {pool: pool, change: func(p *attach.Properties) { p.Mode = "sms" },
			want: []string{"Mode must be"}},
		"a malformed pool":  {pool: `[]`, want: []string{"malformed"}},
		"malformed clients": {pool: pool, clients: []string{`7`}, want: []string{"malformed"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := attach.Properties{UserPoolID: id, Mode: "password", Triggers: triggers, WriteAttributes: []string{"name"}}
			if c.change != nil {
				c.change(&p)
			}
			var clients []json.RawMessage
			for _, text := range c.clients {
				clients = append(clients, json.RawMessage(text))
			}
			got := poolcheck.Findings(p, json.RawMessage(c.pool), clients)
			if len(got) != len(c.want) {
				t.Fatalf("%d findings: %q", len(got), got)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("finding %d is\n%s\nwant\n%s", i, got[i], want)
				}
			}
		})
	}
}

// The consequence of a required address must stand in the sentence that names its remedy.
func TestARequiredAddressNamesItsConsequence(t *testing.T) {
	got := fmt.Sprint(poolcheck.Findings(attach.Properties{UserPoolID: id, Mode: "password", Triggers: triggers,
		WriteAttributes: []string{"name"}}, json.RawMessage(requiresEmail), nil))
	if !strings.Contains(got, "ClientsMayChangeEmail") ||
		!strings.Contains(got, "a stolen access token moves the account to another mailbox") {
		t.Error(got)
	}
}

func TestWarningsStopNothing(t *testing.T) {
	enabled := strings.Replace(client, "{", `{"PreventUserExistenceErrors": "ENABLED", `, 1)
	server := strings.Replace(client, "{", `{"GenerateSecret": true, `, 1)
	all := []json.RawMessage{json.RawMessage(enabled), json.RawMessage(server), json.RawMessage(console),
		json.RawMessage(`7`)}
	got := poolcheck.Warnings(attach.Properties{UserPoolID: id}, all)
	if len(got) != 1 || !strings.HasPrefix(got[0], "app client Console (3console) of user pool "+id+
		" does not have PreventUserExistenceErrors ENABLED, so its answers show who has an account") {
		t.Errorf("warnings %q", got)
	}
}
