package attach

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A description is a user pool as Cognito described it.
type description struct {
	raw json.RawMessage
	// pool are the members of DescribeUserPool's UserPool, mfa the answer of GetUserPoolMfaConfig.
	pool, mfa map[string]any
}

func (p Pool) describe(ctx context.Context) (description, error) {
	request := map[string]any{"UserPoolId": p.ID}
	body, err := p.read(ctx, "DescribeUserPool", request)
	if err != nil {
		return description{}, fmt.Errorf("describe user pool %s: %w", p.ID, err)
	}
	var answer struct{ UserPool json.RawMessage }
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.UserPool) == 0 {
		return description{}, errors.New("the answer to DescribeUserPool has no UserPool")
	}
	d := description{raw: answer.UserPool}
	if d.pool, err = decode(answer.UserPool); err != nil {
		return d, fmt.Errorf("the answer to DescribeUserPool is malformed: %w", err)
	}
	if body, err = p.read(ctx, "GetUserPoolMfaConfig", request); err != nil {
		return d, fmt.Errorf("read the MFA configuration of user pool %s: %w", p.ID, err)
	}
	if d.mfa, err = decode(body); err != nil {
		return d, fmt.Errorf("the answer to GetUserPoolMfaConfig is malformed: %w", err)
	}
	return d, nil
}

// read sends a request that changes nothing. It repeats a request without an answer, and one that
// Cognito throttles: a pool with many clients needs more calls than Cognito's quota for a second.
func (p Pool) read(ctx context.Context, operation string, request map[string]any) (json.RawMessage, error) {
	for try := 1; ; try++ {
		body, err := p.API.Call(ctx, operation, request)
		var api *APIError
		if err == nil || try == maxTries || ctx.Err() != nil || errors.As(err, &api) && !isTransient(err) {
			return body, err
		}
		if e := p.pause(ctx, try); e != nil {
			return nil, errors.Join(err, e)
		}
	}
}

// clients describes every app client of the pool. Secrets are dropped at once.
func (p Pool) clients(ctx context.Context) ([]json.RawMessage, error) {
	var all []json.RawMessage
	request := map[string]any{"UserPoolId": p.ID, "MaxResults": 60}
	for {
		body, err := p.read(ctx, "ListUserPoolClients", request)
		if err != nil {
			return nil, fmt.Errorf("list the app clients of user pool %s: %w", p.ID, err)
		}
		var page struct {
			UserPoolClients []struct {
				ClientID string `json:"ClientId"`
			}
			NextToken string
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("the answer to ListUserPoolClients is malformed: %w", err)
		}
		for _, c := range page.UserPoolClients {
			client, err := p.client(ctx, c.ClientID)
			if err != nil {
				return nil, err
			}
			if client != nil {
				all = append(all, client)
			}
		}
		if page.NextToken == "" {
			return all, nil
		}
		request["NextToken"] = page.NextToken
	}
}

// client describes one app client; nil is one that was deleted since it was listed.
func (p Pool) client(ctx context.Context, id string) (json.RawMessage, error) {
	body, err := p.read(ctx, "DescribeUserPoolClient", map[string]any{"UserPoolId": p.ID, "ClientId": id})
	var api *APIError
	if errors.As(err, &api) && api.Code == "ResourceNotFoundException" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe app client %s: %w", id, err)
	}
	var answer struct{ UserPoolClient map[string]json.RawMessage }
	if err := json.Unmarshal(body, &answer); err != nil || answer.UserPoolClient == nil {
		return nil, fmt.Errorf("the answer to DescribeUserPoolClient for %s is malformed", id)
	}
	if _, isSecret := answer.UserPoolClient["ClientSecret"]; isSecret {
		// The template's member: what is left of the secret is that there is one.
		answer.UserPoolClient["GenerateSecret"] = json.RawMessage("true")
		delete(answer.UserPoolClient, "ClientSecret")
	}
	return json.Marshal(answer.UserPoolClient)
}

// decode keeps numbers as they were written, so that none changes on the way through.
func decode(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// lambdas returns LambdaConfig, empty where the pool has none. The caller may not change it.
func (d description) lambdas() map[string]any {
	config, _ := d.pool["LambdaConfig"].(map[string]any)
	if config == nil {
		return map[string]any{}
	}
	return config
}

// request returns UpdateUserPool's request for the pool as it is described, with other triggers.
func (d description) request(lambdas map[string]any) (map[string]any, error) {
	if unknown := unknownMembers("", d.pool, poolMembers); len(unknown) > 0 {
		return nil, fmt.Errorf("the user pool has settings that this version of EmailOTP can't carry over: %s; "+
			"UpdateUserPool would "+
			"reset them, so nothing was changed; use a newer version of EmailOTP", strings.Join(unknown, ", "))
	}
	request := make(map[string]any)
	for name, value := range d.pool {
		m := poolMembers[name]
		if m.drop || value == nil {
			continue
		}
		if m.name != "" {
			name = m.name
		}
		request[name] = value
	}
	request["LambdaConfig"] = lambdas
	if len(lambdas) == 0 {
		delete(request, "LambdaConfig")
	}
	moveUnusedAccountValidity(request)
	return request, checkTemplate(request)
}

// moveUnusedAccountValidity replaces a member of older pools, which the request refuses, by its
// successor. The two mean the same and Cognito returns the same number for both.
func moveUnusedAccountValidity(request map[string]any) {
	create, _ := request["AdminCreateUserConfig"].(map[string]any)
	days, found := create["UnusedAccountValidityDays"]
	if !found {
		return
	}
	create = maps.Clone(create)
	delete(create, "UnusedAccountValidityDays")
	request["AdminCreateUserConfig"] = create
	policies, _ := request["Policies"].(map[string]any)
	password, _ := policies["PasswordPolicy"].(map[string]any)
	if password == nil || password["TemporaryPasswordValidityDays"] != nil {
		return
	}
	policies, password = maps.Clone(policies), maps.Clone(password)
	password["TemporaryPasswordValidityDays"] = days
	policies["PasswordPolicy"] = password
	request["Policies"] = policies
}

// checkTemplate refuses a pool whose verification mail has one wording for a code and one for a
// link. The request can have one of them, so the other would be lost.
func checkTemplate(request map[string]any) error {
	template, _ := request["VerificationMessageTemplate"].(map[string]any)
	if template["EmailMessage"] != nil && template["EmailMessageByLink"] != nil {
		return errors.New("the user pool's VerificationMessageTemplate has both EmailMessage and EmailMessageByLink, and " +
			"UpdateUserPool takes only one of them; remove the one that DefaultEmailOption does not use")
	}
	return nil
}

// withoutSystemTags returns the request without the tags whose names begin with "aws:", nil where
// there are none.
func withoutSystemTags(request map[string]any) map[string]any {
	tags, _ := request["UserPoolTags"].(map[string]any)
	own := maps.Clone(tags)
	maps.DeleteFunc(own, func(name string, _ any) bool { return strings.HasPrefix(name, "aws:") })
	if len(own) == len(tags) {
		return nil
	}
	request = maps.Clone(request)
	request["UserPoolTags"] = own
	return request
}

// differences compares two descriptions and returns a line for each member that differs. The
// triggers are compared with want, where it is not nil.
func differences(before, after description, want map[string]any) []string {
	a, b := comparable(before.pool), comparable(after.pool)
	if want != nil {
		a["LambdaConfig"] = want
	}
	for _, m := range []map[string]any{a, b} {
		if config, _ := m["LambdaConfig"].(map[string]any); len(config) == 0 {
			delete(m, "LambdaConfig")
		} else {
			m["LambdaConfig"] = synced(config)
		}
	}
	return append(compare("", a, b), compare("MfaConfig", before.mfa, after.mfa)...)
}

// comparable returns the members that an update must keep.
func comparable(pool map[string]any) map[string]any {
	pool = maps.Clone(pool)
	delete(pool, "LastModifiedDate")
	delete(pool, "EstimatedNumberOfUsers")
	// The two names of one number are compared as one.
	moveUnusedAccountValidity(pool)
	return pool
}

// compare returns a line for each difference. The order of a list means nothing in a pool, and an
// empty object or list is the same as none.
func compare(path string, a, b any) []string {
	x, isObject := a.(map[string]any)
	y, areObjects := b.(map[string]any)
	if !isObject && !areObjects || isObject != areObjects && !isEmpty(a) && !isEmpty(b) {
		if isEmpty(a) && isEmpty(b) || reflect.DeepEqual(sorted(a), sorted(b)) {
			return nil
		}
		return []string{fmt.Sprintf("%s was %s and became %s", path, shown(a), shown(b))}
	}
	names := maps.Clone(x)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, y)
	var found []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		found = append(found, compare(at, x[name], y[name])...)
	}
	return found
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// sorted returns a list in an order of its own, so that two lists can be compared as sets.
func sorted(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	texts := make([]string, len(list))
	for i, e := range list {
		// What was decoded from JSON can be encoded.
		text, _ := json.Marshal(e)
		texts[i] = string(text)
	}
	slices.Sort(texts)
	return texts
}

// shown writes a value for an error. CloudFormation takes 4,096 bytes for all of them.
func shown(v any) string {
	if v == nil {
		return "absent"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("a %T", v)
	}
	if len(text) > 120 {
		return string(text[:100]) + "..."
	}
	return string(text)
}
