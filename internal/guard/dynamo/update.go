package dynamo

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// update gathers one UpdateItem. Every attribute goes by a placeholder: some of the names are words
// that DynamoDB keeps for itself.
type update struct {
	sets, removes, conditions []string
	names                     map[string]string
	values                    map[string]types.AttributeValue
	returns                   types.ReturnValue
}

// set writes an attribute; the expression may name placeholders, whose values follow in pairs.
func (u *update) set(name, expression string, pairs ...any) {
	u.name(name)
	u.sets = append(u.sets, "#"+name+" = "+expression)
	u.bind(pairs)
}

func (u *update) remove(name string) {
	u.name(name)
	u.removes = append(u.removes, "#"+name)
}

// only adds a condition; all of them must hold.
func (u *update) only(condition string, names []string, pairs ...any) {
	for _, n := range names {
		u.name(n)
	}
	u.conditions = append(u.conditions, "("+condition+")")
	u.bind(pairs)
}

func (u *update) name(n string) {
	if u.names == nil {
		u.names = map[string]string{}
	}
	u.names["#"+n] = n
}

func (u *update) bind(pairs []any) {
	if u.values == nil {
		u.values = map[string]types.AttributeValue{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		u.values[":"+pairs[i].(string)] = value(pairs[i+1])
	}
}

func value(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case int:
		return number(int64(v))
	default:
		return number(v.(int64))
	}
}

// keepUntil moves the item's deletion into the future.
func (u *update) keepUntil(now time.Time) {
	u.expireAt(now.Add(guard.Retention))
}

func (u *update) expireAt(t time.Time) { u.set(TTL, ":ttl", "ttl", t.Unix()) }

// swap writes the fields of after, on the condition that the item still has those of before. Absent
// and zero are the same: a used code's write leaves zeros.
func (u *update) swap(before, after []field) {
	for i, old := range before {
		holds := "#" + old.name + " = :old_" + old.name
		if old.absent {
			holds = "attribute_not_exists(#" + old.name + ") OR " + holds
		}
		u.only(holds, []string{old.name}, "old_"+old.name, old.value)
		if to := after[i]; to.absent {
			u.remove(to.name)
		} else {
			u.set(to.name, ":new_"+to.name, "new_"+to.name, to.value)
		}
	}
}

type field struct {
	name   string
	value  any
	absent bool
}

func mailState(i guard.Item) []field {
	return []field{
		{"m", i.Mail, i.Mail == 0},
		{"d", i.SlowMail, i.SlowMail == 0},
		{"next", i.Next, i.Next == 0},
		{"nonce", i.Nonce, i.Nonce == ""},
		{"kind", kindOf(i.MailState), i.Digits == 0},
		{"key", i.Key, i.Key == ""},
		{"w", withheld(i.Withheld), i.Withheld == guard.Withheld{}},
	}
}

func (u *update) input(table, key string) *dynamodb.UpdateItemInput {
	var clauses []string
	if len(u.sets) > 0 {
		clauses = append(clauses, "SET "+strings.Join(u.sets, ", "))
	}
	if len(u.removes) > 0 {
		clauses = append(clauses, "REMOVE "+strings.Join(u.removes, ", "))
	}
	expression := strings.Join(clauses, " ")
	in := &dynamodb.UpdateItemInput{
		TableName: &table, Key: primary(key), UpdateExpression: &expression,
		ExpressionAttributeNames: maps.Clone(u.names), ReturnValues: u.returns}
	if len(u.values) > 0 { // DynamoDB refuses an empty map
		in.ExpressionAttributeValues = maps.Clone(u.values)
	}
	if len(u.conditions) > 0 {
		// Sorted, so that a request is the same for the same update.
		slices.Sort(u.conditions)
		condition := strings.Join(u.conditions, " AND ")
		in.ConditionExpression = &condition
	}
	return in
}
