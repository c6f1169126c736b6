// Package codes keeps authorization codes in a DynamoDB table, by raw requests: the SDK's client
// would double the start of the function, for three operations.
package codes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

// timeout is for one request; DynamoDB answers within milliseconds. Tests wait longer, because
// their machine may be busy.
var timeout = 1500 * time.Millisecond

// maxAnswer is more than the largest item, 400 kB, in base64.
const maxAnswer = 1 << 20

// Table is an [oauth.Store].
type Table struct {
	client *signed.Client
	name   string
}

// New returns the store in the named table, whose partition key is pk.
func New(name string, lookup cloud.Lookup, options ...cloud.Option) (*Table, error) {
	c, err := signed.New(cloud.DynamoDB, "dynamodb", lookup, timeout, options...)
	return &Table{c, name}, err
}

// attribute is a DynamoDB value: text, number or bytes.
type attribute struct {
	S string `json:",omitempty"`
	N string `json:",omitempty"`
	B []byte `json:",omitempty"`
}

type item map[string]attribute

func text(s string) attribute       { return attribute{S: s} }
func seconds(t time.Time) attribute { return attribute{N: strconv.FormatInt(t.Unix(), 10)} }

func (a attribute) time() time.Time {
	n, _ := strconv.ParseInt(a.N, 10, 64) // 0, which is long ago, for what is no number
	return time.Unix(n, 0)
}

// Put stores a new item.
func (t *Table) Put(ctx context.Context, i oauth.Item) error {
	_, err := t.call(ctx, "PutItem", map[string]any{
		"Item": item{"pk": text(i.ID), "grant": {B: i.Grant}, "tombstone": {B: i.Tombstone},
			"expires": seconds(i.Expires), "ttl": seconds(i.Forget)},
		"ConditionExpression": "attribute_not_exists(pk)",
	})
	return err
}

var errCondition = errors.New("the condition does not hold")

// Take marks a code as used by dropping its grant, in one conditional update. It is sent once: a
// repeated one would find its own mark.
func (t *Table) Take(ctx context.Context, id string, now time.Time) (oauth.Item, bool, error) {
	key := item{"pk": text(id)}
	found, err := t.call(ctx, "UpdateItem", map[string]any{
		"Key": key, "ReturnValues": "ALL_OLD",
		"UpdateExpression":          "REMOVE #g",
		"ConditionExpression":       "attribute_exists(#g) AND expires > :now",
		"ExpressionAttributeNames":  map[string]string{"#g": "grant"},
		"ExpressionAttributeValues": item{":now": seconds(now)},
	})
	taken := err == nil
	if errors.Is(err, errCondition) {
		found, err = t.call(ctx, "GetItem", map[string]any{"Key": key, "ConsistentRead": true})
	}
	if err != nil {
		return oauth.Item{}, false, err
	}
	if !now.Before(found["ttl"].time()) { // also where there is none; DynamoDB deletes late
		return oauth.Item{}, false, oauth.ErrNoCode
	}
	out := oauth.Item{ID: id, Tombstone: found["tombstone"].B, Expires: found["expires"].time(),
		Forget: found["ttl"].time()}
	if taken {
		out.Grant = found["grant"].B
	}
	return out, taken, nil
}

// call sends one request and returns the item of the answer, if it has one.
func (t *Table) call(ctx context.Context, operation string, request map[string]any) (item, error) {
	request["TableName"] = t.name
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	a, err := t.client.Post(ctx, "/", http.Header{"Content-Type": {"application/x-amz-json-1.0"},
		"X-Amz-Target": {"DynamoDB_20120810." + operation}}, body, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	if a.Status != http.StatusOK {
		code := a.ErrorCode()
		if code == "ConditionalCheckFailedException" {
			return nil, fmt.Errorf("%s: %w", operation, errCondition)
		}
		return nil, fmt.Errorf("%s: DynamoDB answered %s (HTTP status %d)", operation, code, a.Status)
	}
	var out struct{ Item, Attributes item }
	if err := json.Unmarshal(a.Body, &out); err != nil {
		return nil, fmt.Errorf("%s: the answer is no JSON", operation)
	}
	if out.Attributes != nil {
		return out.Attributes, nil
	}
	return out.Item, nil
}
