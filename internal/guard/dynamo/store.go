// Package dynamo keeps the items of package guard in a DynamoDB table. Each method is one
// conditional write or one strong read, so that what parallel sign-ins do to an account adds up as
// if they had come one after the other.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// PartitionKey and TTL are the attributes that the table's definition names.
const (
	PartitionKey = "pk"
	TTL          = "ttl"
)

// API is the part of the DynamoDB client that the store calls.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// Store is the table.
type Store struct {
	client API
	table  string
}

// New returns the store in the named table.
func New(client API, table string) *Store { return &Store{client, table} }

// Read returns the item of key, the zero Item where there is none. The read is strongly consistent.
func (s *Store) Read(ctx context.Context, key string) (guard.Item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: primary(key), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return guard.Item{}, fmt.Errorf("guard: read: %w", err)
	}
	return itemOf(out.Item), nil
}

// Claim writes after in place of before, which must be what [Store.Read] returned; false means that
// somebody was faster and nothing was written. Guesses and uses are not touched.
func (s *Store) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	u := update{}
	u.setMailState(after)
	u.unchangedMailState(before)
	u.keepUntil(now)
	_, won, err := s.write(ctx, key, u)
	return won, wrap("claim", err)
}

// Release takes back a claim whose mail was refused, if nothing has happened to it since: after is
// what was claimed and before what it replaced.
func (s *Store) Release(ctx context.Context, key string, before, after guard.Item, now time.Time) error {
	u := update{}
	u.setMailState(before)
	u.unchangedMailState(after)
	u.keepUntil(now)
	_, _, err := s.write(ctx, key, u)
	return wrap("release", err)
}

// Touch writes to the item without changing what it says: the decoy of [Store.Claim].
func (s *Store) Touch(ctx context.Context, key string, now time.Time) error {
	u := update{}
	u.keepUntil(now)
	_, _, err := s.write(ctx, key, u)
	return wrap("touch", err)
}

// SpendGuess takes one from the account's guesses and counts a failure, which [Store.Use] takes back
// if the answer is right. It must come before the answer is compared. False means that the budget is
// spent or limit failures have come in a row.
func (s *Store) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	count := func(u *update) {
		u.set("n", "if_not_exists(#n, :zero) + :one", "zero", 0, "one", 1)
		u.only("attribute_not_exists(#n) OR #n < :limit", []string{"n"}, "limit", int64(limit))
	}
	ok, err := s.spend(ctx, key, "g", b, now, count)
	return ok, wrap("spend a guess", err)
}

// laneRetention is how long a lane's count is kept after its window.
const laneRetention = 48 * time.Hour

// SpendLane counts one mail in a lane's window, of which key is one shard, and returns how many there
// are now. False means that limit were counted before. It is one write, whatever the count.
func (s *Store) SpendLane(ctx context.Context, key string, limit int, now time.Time) (used int, ok bool, err error) {
	u := update{returns: types.ReturnValueUpdatedNew}
	u.set("w", "if_not_exists(#w, :zero) + :one", "zero", 0, "one", 1)
	u.only("attribute_not_exists(#w) OR #w < :limit", []string{"w"}, "limit", limit)
	u.expireAt(now.Add(laneRetention))
	out, ok, err := s.write(ctx, key, u)
	return int(numberOf(out, "w")), ok, wrap("spend from a lane", err)
}

// ReturnLane takes back what [Store.SpendLane] counted.
func (s *Store) ReturnLane(ctx context.Context, key string) error {
	u := update{}
	u.set("w", "#w - :one", "one", 1)
	u.only("#w > :zero", []string{"w"}, "zero", 0)
	_, _, err := s.write(ctx, key, u)
	return wrap("return to a lane", err)
}

// spend takes one from the bucket whose tat is in attribute name. An update can't say max(tat, now), so
// there are two, of which exactly one fits at any moment: a bucket that is full again, and one that
// is not. A refund or another spend between them can make both miss; the first is then tried again.
func (s *Store) spend(ctx context.Context, key, name string, b guard.Bucket, now time.Time, also func(*update)) (bool, error) {
	ms := now.UnixMilli()
	whole := func() update {
		u := update{}
		u.set(name, ":start", "start", ms+b.Interval())
		u.only("attribute_not_exists(#"+name+") OR #"+name+" <= :now", []string{name}, "now", ms)
		also(&u)
		u.keepUntil(now)
		return u
	}
	part := func() update {
		u := update{}
		u.set(name, "#"+name+" + :interval", "interval", b.Interval())
		u.only("#"+name+" > :now AND #"+name+" <= :most", []string{name}, "now", ms, "most", ms+b.Slack())
		also(&u)
		u.keepUntil(now)
		return u
	}
	for _, attempt := range []func() update{whole, part, whole} {
		if _, ok, err := s.write(ctx, key, attempt()); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// Use marks a code as used, once, and clears what its owner has thereby settled: failures, the mail
// budgets and the cool-down. refund is the interval to give back to the guess bucket, zero where
// nothing was spent. False means that this code or a newer one was used before.
//
// Use and refund are one write: a repeated call can't give back twice.
func (s *Store) Use(ctx context.Context, key string, issued time.Time, challenge string, refund time.Duration, now time.Time) (bool, error) {
	u := update{}
	u.set("uf", ":issued", "issued", issued.UnixMilli())
	u.set("ub", ":challenge", "challenge", challenge)
	u.set("n", ":zero", "zero", 0)
	u.set("m", ":zero", "zero", 0)
	u.set("d", ":zero", "zero", 0)
	u.set("next", ":zero", "zero", 0)
	if refund > 0 {
		u.set("g", "#g - :refund", "refund", refund.Milliseconds())
	}
	u.only("attribute_not_exists(#uf) OR #uf < :issued", []string{"uf"})
	u.keepUntil(now)
	_, won, err := s.write(ctx, key, u)
	return won, wrap("use", err)
}

// AskResend notes that a resend was asked for in the given challenge.
func (s *Store) AskResend(ctx context.Context, key, challenge string, now time.Time) error {
	u := update{}
	u.set("rs", ":challenge", "challenge", challenge)
	u.keepUntil(now)
	_, _, err := s.write(ctx, key, u)
	return wrap("ask for a resend", err)
}

// MarkBounced marks the address with the given hash as one that no mail may go to. False means that
// there is no such item, which a mark must not create, or that it bears this very mark already.
func (s *Store) MarkBounced(ctx context.Context, key, addressHash string, now time.Time) (bool, error) {
	u := update{}
	u.set("bx", ":mark", "mark", addressHash)
	u.only("attribute_exists(#"+PartitionKey+")", []string{PartitionKey})
	u.only("attribute_not_exists(#bx) OR #bx <> :mark", []string{"bx"})
	u.keepUntil(now)
	_, marked, err := s.write(ctx, key, u)
	return marked, wrap("mark an address", err)
}

func (s *Store) write(ctx context.Context, key string, u update) (map[string]types.AttributeValue, bool, error) {
	out, err := s.client.UpdateItem(ctx, u.input(s.table, key))
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return out.Attributes, true, nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("guard: %s: %w", what, err)
}

func primary(key string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{PartitionKey: &types.AttributeValueMemberS{Value: key}}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
