package tables

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// item is an item or the key of one.
type item map[string]map[string]any

// target is what a call, or one part of a transaction, names.
type target struct {
	TableName, IndexName string
	Key, Item            item
	// ExpressionAttributeNames has the attributes that expressions name by placeholders. Those that
	// stand in an expression as they are get lost here.
	ExpressionAttributeNames map[string]string
}

// body is the part of a request that the role of the caller is checked against.
type body struct {
	target
	RequestItems  map[string]json.RawMessage
	TransactItems []map[string]target
}

// ServeCall checks a call against its signer's role and passes it to the engine.
func (s *Service) ServeCall(ctx context.Context, c gateway.Call) gateway.Answer {
	var b body
	if err := (awsjson.Model{}).Decode(c.Body, &b); err != nil {
		return gateway.Error(gateway.DynamoDB, http.StatusBadRequest, "SerializationException",
			"the body is not the JSON that this operation takes")
	}
	for _, call := range s.calls(c.Operation, b) {
		if !s.cfg.Callers.Allowed(c.AccessKeyID, call) {
			return s.cfg.Callers.Denied(gateway.DynamoDB, c.AccessKeyID, call)
		}
	}
	header := c.Request.Header.Clone()
	header.Del("Connection")
	answer, err := s.forward(ctx, s.current(), header, s.plainName(c.Body, b))
	if err != nil {
		s.cfg.Logger.Warn("table engine", "operation", c.Operation, "error", err)
		return gateway.Error(gateway.DynamoDB, http.StatusInternalServerError, "InternalServerError", errEngine.Error())
	}
	return answer
}

// plainName replaces the table's ARN by its name, which is all that the engine understands.
func (s *Service) plainName(raw []byte, b body) []byte {
	_, name, isARN := strings.Cut(b.TableName, ":table/")
	if !isARN {
		return raw
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return raw
	}
	members["TableName"] = quoted
	changed, err := json.Marshal(members)
	if err != nil {
		return raw
	}
	return changed
}

// calls are the permissions that an operation needs.
func (s *Service) calls(operation string, b body) []iam.Request {
	var all []iam.Request
	add := func(action string, t target, items ...item) {
		r := iam.Request{Action: "dynamodb:" + action, Resource: "*", Context: map[string][]string{}}
		if t.TableName != "" {
			r.Resource = s.arn(t.TableName)
			if keys := s.leadingKeys(t.TableName, append(items, t.Key, t.Item)); keys != nil {
				r.Context["dynamodb:leadingkeys"] = keys
			}
			if names := t.attributes(); names != nil {
				r.Context["dynamodb:attributes"] = names
			}
		}
		if t.IndexName != "" {
			r.Resource += "/index/" + t.IndexName
		}
		all = append(all, r)
	}
	for table, requests := range b.RequestItems {
		add(operation, target{TableName: table}, batched(requests)...)
	}
	for _, part := range b.TransactItems {
		for kind, t := range part {
			add(kind+"Item", t)
		}
	}
	if len(all) == 0 {
		add(operation, b.target)
	}
	return all
}

// attributes returns the names of the top-level attributes that a request has.
func (t target) attributes() (names []string) {
	names = slices.AppendSeq(names, maps.Keys(t.Key))
	names = slices.AppendSeq(names, maps.Keys(t.Item))
	names = slices.AppendSeq(names, maps.Values(t.ExpressionAttributeNames))
	slices.Sort(names)
	return slices.Compact(names)
}

// batched returns the keys and items of one table in a BatchGetItem or BatchWriteItem.
func batched(requests json.RawMessage) []item {
	var get struct{ Keys []item }
	if awsjson.Unmarshal(requests, &get) == nil {
		return get.Keys
	}
	var write []map[string]target
	_ = awsjson.Unmarshal(requests, &write) // the engine reports what is malformed
	var items []item
	for _, request := range write {
		for _, t := range request {
			items = append(items, t.Key, t.Item)
		}
	}
	return items
}

func (s *Service) arn(table string) string {
	if strings.HasPrefix(table, "arn:") {
		return table
	}
	for _, t := range s.cfg.Tables {
		if t.Name == table {
			return t.ARN
		}
	}
	return "arn:" + s.cfg.Partition + ":dynamodb:" + s.cfg.Region + ":" + s.cfg.Account + ":table/" + table
}

// leadingKeys returns the partition keys of the items, nil if none is named.
func (s *Service) leadingKeys(table string, items []item) []string {
	i := slices.IndexFunc(s.cfg.Tables, func(t Table) bool { return t.Name == table || t.ARN == table })
	if i < 0 {
		return nil
	}
	name := partitionKey(s.cfg.Tables[i].Definition)
	var keys []string
	for _, item := range items {
		for _, value := range item[name] {
			if text, ok := value.(string); ok {
				keys = append(keys, text)
			}
		}
	}
	return keys
}

func partitionKey(definition map[string]any) string {
	schema, _ := definition["KeySchema"].([]any)
	for _, element := range schema {
		e, _ := element.(map[string]any)
		if e["KeyType"] == "HASH" {
			name, _ := e["AttributeName"].(string)
			return name
		}
	}
	return ""
}
