// Package poolcheck applies the rules about bypasses to a deployed user pool and to all its app
// clients, those made in the console included. The function behind the custom resource runs it
// during a deployment.
package poolcheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Findings returns a sentence, with its remedy, for each bypass of the pool that the properties do
// not acknowledge, and for what keeps Cognito from accepting the EmailOTP's own client. It is an
// [attach.Check].
func Findings(p attach.Properties, pool json.RawMessage, clients []json.RawMessage) []string {
	mode := settings.Mode(p.Mode)
	if !mode.IsValid() {
		return []string{fmt.Sprintf("the resource's Mode must be %q or %q (received: %q)", settings.Password,
			settings.Passwordless, p.Mode)}
	}
	open, err := Open(p, pool, clients)
	if err != nil {
		return []string{err.Error()}
	}
	described, _ := propertiesOf(pool) // Open has read it
	sentences := wrongCase(p, described)
	for _, f := range open {
		sentence := f.Problem()
		if f.Kind.IsBypass() {
			sentence += fmt.Sprintf(", or acknowledge it by AcknowledgedBypasses: {Kind: %q, Path: %q}", f.Kind, f.ID)
		}
		sentences = append(sentences, sentence)
	}
	return sentences
}

// Warnings returns a sentence, with its remedy, for each app client by which a stranger finds out
// who has an account. They stop no deployment.
func Warnings(p attach.Properties, clients []json.RawMessage) (sentences []string) {
	var all []rules.Client
	for _, raw := range clients {
		if client, err := propertiesOf(raw); err == nil { // Open reports a malformed one
			all = append(all, clientOf(client))
		}
	}
	for _, f := range rules.Warnings(rules.Pool{Name: p.UserPoolID}, all...) {
		sentences = append(sentences, f.Problem())
	}
	return sentences
}

// Open returns the findings that the properties do not acknowledge. The error is a sentence.
func Open(p attach.Properties, pool json.RawMessage, clients []json.RawMessage) ([]rules.Finding, error) {
	mode := settings.Mode(p.Mode)
	described, err := propertiesOf(pool)
	if err != nil {
		return nil, errors.New("the description of the user pool is malformed")
	}
	target := rules.Pool{Name: p.UserPoolID, ID: p.UserPoolID, Mode: mode, Properties: described,
		Triggers: triggers(p, mode, described), Optional: optional(p)}
	var all []rules.Client
	for _, raw := range clients {
		client, err := propertiesOf(raw)
		if err != nil {
			return nil, errors.New("the description of an app client is malformed")
		}
		all = append(all, clientOf(client))
	}
	found := slices.DeleteFunc(rules.Check(target, all...), func(f rules.Finding) bool {
		return f.Kind == rules.RefusedAttributes // Cognito has accepted the clients that there are
	})
	found = append(found, refusedAttributes(p, target)...)
	open, _ := rules.Acknowledge(found, p.Now(), func(f rules.Finding) []string {
		return append(rules.LastDays(p.AcknowledgedBypasses, f.Kind, f.ID),
			rules.LastDays(p.AcknowledgedBypasses, f.Kind, contract.AnyResource)...)
	})
	return open, nil
}

// wrongCase reports a pool that compares names in another way than the functions do: the answers
// to unknown names would show which ones exist.
func wrongCase(p attach.Properties, pool rules.Properties) []string {
	if p.CaseSensitiveNames == "" {
		return nil
	}
	sensitive := true // Cognito's default
	if names, _ := pool["UsernameConfiguration"].(map[string]any); names != nil {
		sensitive = names["CaseSensitive"] != false
	}
	if strconv.FormatBool(sensitive) == p.CaseSensitiveNames {
		return nil
	}
	return []string{fmt.Sprintf("the user names of user pool %s are case-sensitive: %t; set CaseSensitiveUserNames to "+
		"that", p.UserPoolID, sensitive)}
}

// triggers returns the functions that the pool calls. A pool that is being attached calls
// EmailOTP's own as soon as nothing is found.
func triggers(p attach.Properties, mode settings.Mode, pool rules.Properties) map[string]settings.Function {
	if len(p.Triggers) > 0 {
		own := map[string]settings.Function{}
		for _, f := range settings.Triggers(mode) {
			own[rules.LambdaConfigNames(f)[0]] = f
		}
		for _, name := range optional(p) {
			own[name] = rules.Optional(name)
		}
		return own
	}
	config, _ := pool["LambdaConfig"].(map[string]any)
	return rules.LambdaConfig(config, func(arn any) settings.Function {
		for _, f := range settings.Triggers(mode) {
			if arn != "" && arn == p.Expected[rules.LambdaConfigNames(f)[0]] {
				return f
			}
		}
		return ""
	})
}

// optional returns the triggers that options of the EmailOTP add.
func optional(p attach.Properties) (names []string) {
	for _, all := range []map[string]string{p.Triggers, p.Expected} {
		for name := range all {
			if rules.Optional(name) != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// refusedAttributes returns what Cognito would refuse about the EmailOTP's own client, which is
// created after the check. Cognito's own sentence names no attribute.
func refusedAttributes(p attach.Properties, pool rules.Pool) []rules.Finding {
	if len(p.WriteAttributes) == 0 {
		return nil
	}
	own := rules.Client{Name: "of the EmailOTP",
		Properties: rules.Properties{"WriteAttributes": p.WriteAttributes,
			"ExplicitAuthFlows": []string{"ALLOW_CUSTOM_AUTH"}}}
	return slices.DeleteFunc(rules.CheckClients(pool, own), func(f rules.Finding) bool {
		return f.Kind != rules.RefusedAttributes
	})
}

func clientOf(client rules.Properties) rules.Client {
	id, _ := client["ClientId"].(string)
	name, _ := client["ClientName"].(string)
	return rules.Client{Name: fmt.Sprintf("%s (%s)", name, id), ID: id, Properties: client}
}

func propertiesOf(raw json.RawMessage) (rules.Properties, error) {
	var p rules.Properties
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	return p, nil
}
