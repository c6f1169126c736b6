package tables

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsfront"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
)

// body is what has to be known of a request to judge it.
type body struct {
	TableName     string
	IndexName     string
	Key, Item     map[string]map[string]any
	RequestItems  map[string]json.RawMessage
	TransactItems []map[string]struct{ TableName string }
}

// ServeCall judges a call by its signer's role and hands it to the engine.
func (s *Service) ServeCall(ctx context.Context, c awsfront.Call) awsfront.Answer {
	var b body
	if err := json.Unmarshal(c.Body, &b); err != nil {
		return awsfront.Error(awsfront.DynamoDB, http.StatusBadRequest, "SerializationException", "the body is not the JSON that this operation takes")
	}
	for _, call := range s.calls(c.Operation, b) {
		if !s.cfg.Callers.Allowed(c.AccessKeyID, call) {
			return s.cfg.Callers.Denied(awsfront.DynamoDB, c.AccessKeyID, call)
		}
	}
	header := c.Request.Header.Clone()
	header.Del("Connection")
	answer, err := s.forward(ctx, s.current(), header, s.plainName(c.Body, b))
	if err != nil {
		s.cfg.Logger.Warn("table engine", "operation", c.Operation, "error", err)
		return awsfront.Error(awsfront.DynamoDB, http.StatusInternalServerError, "InternalServerError", errEngine.Error())
	}
	return answer
}

// plainName gives the engine the table's name where a caller gave the ARN.
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
	add := func(action, table, index string) {
		r := iam.Request{Action: "dynamodb:" + action, Resource: "*", Context: map[string][]string{}}
		if table != "" {
			r.Resource = s.arn(table)
			if keys := s.leadingKeys(table, b); keys != nil {
				r.Context["dynamodb:leadingkeys"] = keys
			}
		}
		if index != "" {
			r.Resource += "/index/" + index
		}
		all = append(all, r)
	}
	for table := range b.RequestItems {
		add(operation, table, "")
	}
	for _, item := range b.TransactItems {
		for kind, target := range item {
			action := map[string]string{"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}[kind]
			add(action, target.TableName, "")
		}
	}
	if len(all) == 0 {
		add(operation, b.TableName, b.IndexName)
	}
	return all
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

// leadingKeys are the partition keys that a call touches, as far as it names them.
func (s *Service) leadingKeys(table string, b body) []string {
	i := slices.IndexFunc(s.cfg.Tables, func(t Table) bool { return t.Name == table || t.ARN == table })
	if i < 0 {
		return nil
	}
	name := partitionKey(s.cfg.Tables[i].Definition)
	for _, item := range []map[string]map[string]any{b.Key, b.Item} {
		for _, value := range item[name] {
			if text, ok := value.(string); ok {
				return []string{text}
			}
		}
	}
	return nil
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
