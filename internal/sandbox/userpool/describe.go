package userpool

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/settings"
)

func (p *Pool) describeUserPool(*call, *struct{}) (any, error) {
	pool := p.settings.Describe()
	pool["EstimatedNumberOfUsers"] = p.users.Count()
	return map[string]any{"UserPool": pool}, nil
}

// getUserPoolMfaConfig describes the native MFA, which is not emulated.
func (p *Pool) getUserPoolMfaConfig(*call, *struct{}) (any, error) {
	return map[string]any{"MfaConfiguration": p.settings.Describe()["MfaConfiguration"]}, nil
}

// raw makes an operation that also receives the request with all its members, of which most have no
// effect here.
func raw[T any](f func(p *Pool, in *T, raw map[string]any) (any, error)) operation {
	return operation{isGuarded: true, run: func(p *Pool, c *call, body []byte) (any, error) {
		return guarded(func(p *Pool, _ *call, in *T) (any, error) {
			var raw map[string]any
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			if err := d.Decode(&raw); err != nil {
				return nil, refusal.InvalidParameter("the request is no JSON object")
			}
			return f(p, in, raw)
		}).run(p, c, body)
	}}
}

// updateUserPool replaces all settings.
func (p *Pool) updateUserPool(_ *struct{}, raw map[string]any) (any, error) {
	return map[string]any{}, p.settings.Update(raw, p.now())
}

type createClientInput struct {
	GenerateSecret bool
	settings.ClientInput
}

// createUserPoolClient adds an app client.
func (p *Pool) createUserPoolClient(in *createClientInput, raw map[string]any) (any, error) {
	if in.ClientName == "" {
		return nil, refusal.MissingParameter("ClientName")
	}
	secret := ""
	if in.GenerateSecret {
		secret = settings.NewClientSecret()
	}
	client, err := in.Client(settings.NewClientID(), secret, raw, p.users.DescribeSchema())
	if err != nil {
		return nil, err
	}
	p.clients.Create(client)
	return p.describedClient(client), nil
}

type clientInput struct {
	ClientId string `rule:"clientID,required"`
}

type updateClientInput struct {
	clientInput
	settings.ClientInput
}

// updateUserPoolClient replaces an app client's settings but its id, its secret and, where the
// request has none, its name.
func (p *Pool) updateUserPoolClient(in *updateClientInput, raw map[string]any) (any, error) {
	former, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	if in.ClientName == "" {
		in.ClientName, raw["ClientName"] = former.Name, former.Name
	}
	client, err := in.Client(former.ID, former.Secret, raw, p.users.DescribeSchema())
	if err != nil {
		return nil, err
	}
	if !p.clients.Replace(client) {
		return nil, refusal.NoClient(in.ClientId)
	}
	return p.describedClient(client), nil
}

// deleteUserPoolClient removes an app client. Its tokens are no longer accepted.
func (p *Pool) deleteUserPoolClient(_ *call, in *clientInput) (any, error) {
	if !p.clients.Delete(in.ClientId) {
		return nil, refusal.NoClient(in.ClientId)
	}
	return nil, nil
}

func (p *Pool) describeUserPoolClient(_ *call, in *clientInput) (any, error) {
	client, err := p.client(in.ClientId)
	if err != nil {
		return nil, err
	}
	return p.describedClient(client), nil
}

func (p *Pool) describedClient(client *Client) any {
	return map[string]any{"UserPoolClient": settings.DescribeClient(p.cfg.ID, client, p.created)}
}

type listClientsInput struct {
	MaxResults *int32 `rule:"maxResults"`
	NextToken  string `rule:"page"`
}

// listUserPoolClients lists app clients in the order of their ids, a page at a time.
func (p *Pool) listUserPoolClients(_ *call, in *listClientsInput) (any, error) {
	limit := maxListed
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	all := p.clients.All()
	slices.SortFunc(all, func(a, b *Client) int { return strings.Compare(a.ID, b.ID) })
	out, answer := []map[string]string{}, map[string]any{}
	for _, cl := range all {
		if cl.ID <= in.NextToken {
			continue
		}
		if len(out) == limit {
			answer["NextToken"] = out[limit-1]["ClientId"]
			break
		}
		out = append(out, map[string]string{"ClientId": cl.ID, "ClientName": cl.Name, "UserPoolId": p.cfg.ID})
	}
	answer["UserPoolClients"] = out
	return answer, nil
}
