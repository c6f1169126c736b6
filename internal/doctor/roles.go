package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// need is what a function must be allowed.
type need struct {
	resource string
	actions  []string
}

// needs returns what a function's role must allow: what the construct's statements are for.
func (e *exam) needs(f settings.Function) (all []need) {
	d, s := e.EmailOTP, e.EmailOTP.Settings
	add := func(resource string, actions ...string) {
		if resource != "" {
			all = append(all, need{resource, actions})
		}
	}
	arn := func(service, kind, name string) string {
		if name == "" {
			return ""
		}
		return d.ARN(service, kind+name)
	}
	table, pool := arn("dynamodb", "table/", s.TableName), arn("cognito-idp", "userpool/", d.PoolID)
	mails := func() {
		add(s.KeyARN, "kms:GenerateMac")
		add(table, "dynamodb:GetItem", "dynamodb:UpdateItem")
		add(arn("ses", "configuration-set/", s.ConfigurationSet), "ses:SendEmail")
		if identity := e.identityName(); identity != "" {
			add(d.ARN("ses", "identity/"+identity), "ses:SendEmail")
		}
	}
	switch f {
	case settings.CreateAuthChallenge:
		mails()
	case settings.VerifyAuthChallenge:
		add(s.KeyARN, "kms:VerifyMac")
		add(table, "dynamodb:GetItem", "dynamodb:UpdateItem")
		if d.Mode == settings.Passwordless {
			add(pool, "cognito-idp:AdminUpdateUserAttributes")
		}
	case settings.MailEvents:
		if s.RememberDevices == 0 { // else a condition on attributes, which a simulation does not have
			add(table, "dynamodb:UpdateItem")
		}
	case settings.HandOver:
		add(arn("dynamodb", "table/", d.Page.CodesTable), settings.HandOverTableActions()...)
		add(d.Page.OriginSecret, "secretsmanager:GetSecretValue")
	case settings.ChangeAddress:
		mails()
		add(pool, settings.ChangeAddressPoolActions()...)
		add(d.Page.OriginSecret, "secretsmanager:GetSecretValue")
	}
	return all
}

// simulated is an answer of IAM's.
type simulated struct {
	Results []struct {
		Action   string   `xml:"EvalActionName"`
		Decision string   `xml:"EvalDecision"`
		Missing  []string `xml:"MissingContextValues>member"`
	} `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
}

// roles looks whether the functions' roles have the rights that the functions need, as IAM
// evaluates them: with a permissions boundary and the organisation's policies.
func roles(ctx context.Context, e *exam) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	isRight, isAsked := true, false
	for _, f := range e.present() {
		if f.Lambda.Role == "" {
			continue
		}
		wg.Go(func() {
			for _, n := range e.needs(f.name) {
				right := e.simulate(ctx, f, n)
				mu.Lock()
				isRight, isAsked = isRight && right, true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if isRight && isAsked {
		e.right("functions", "roles", "the functions' roles allow what the functions need")
	}
}

// simulate reports whether a role allows the actions, and a finding for what it does not.
func (e *exam) simulate(ctx context.Context, f named, n need) bool {
	params := url.Values{"PolicySourceArn": {f.Lambda.Role}, "ResourceArns.member.1": {n.resource},
		"ContextEntries.member.1.ContextKeyName":            {"ses:FromAddress"},
		"ContextEntries.member.1.ContextKeyType":            {"string"},
		"ContextEntries.member.1.ContextKeyValues.member.1": {e.EmailOTP.Settings.From}}
	for i, action := range n.actions {
		params.Set(fmt.Sprintf("ActionNames.member.%d", i+1), action)
	}
	var answer simulated
	if e.fails("functions", e.API.Query(ctx, awsapi.IAM, "SimulatePrincipalPolicy", params, &answer)) {
		return false
	}
	var lacking, missing []string
	for _, r := range answer.Results {
		if r.Decision != "allowed" {
			lacking, missing = append(lacking, r.Action), append(missing, r.Missing...)
		}
	}
	if len(lacking) == 0 {
		return true
	}
	finding := Finding{ID: "role-denied", Level: Broken, Area: "functions", Command: f.in.Deploy(),
		What: fmt.Sprintf("the role of %s does not allow %s on %s", f.name, strings.Join(lacking, ", "), n.resource),
		Remedy: "deploy the stack again; if that does not help, a permissions boundary or a policy of the organisation " +
			"denies it"}
	if len(missing) > 0 {
		slices.Sort(missing)
		finding.ID, finding.Level = "role-conditions", Doubtful
		finding.What += ", unless these keys have the right values: " + strings.Join(slices.Compact(missing), ", ")
	}
	e.add(finding)
	return false
}
