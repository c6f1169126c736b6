// Package dynamo is the [guard.Store] in a DynamoDB table.
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
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (
		*dynamodb.UpdateItemOutput, error)
}

// Store is the table.
type Store struct {
	client API
	table  string
}

var _ guard.Store = (*Store)(nil)

// New returns the store in the named table.
func New(client API, table string) *Store { return &Store{client, table} }

// Read implements [guard.Store] by one strongly consistent read.
func (s *Store) Read(ctx context.Context, key string) (guard.Item, error) {
	a, err := s.get(ctx, key)
	return itemOf(a), wrap("read", err)
}

// Claim implements [guard.Store] by one conditional write.
func (s *Store) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	u := update{}
	u.swap(mailState(before), mailState(after))
	if before.Guess != after.Guess {
		u.swap([]field{{"g", before.Guess, before.Guess == 0}}, []field{{"g", after.Guess, after.Guess == 0}})
	}
	u.keepUntil(now)
	_, won, err := s.write(ctx, key, u)
	return won, wrap("claim", err)
}

// Release implements [guard.Store] by one conditional write.
func (s *Store) Release(ctx context.Context, key string, before, after guard.Item, now time.Time) error {
	u := update{}
	u.swap(mailState(after), mailState(before))
	u.keepUntil(now)
	_, _, err := s.write(ctx, key, u)
	return wrap("release", err)
}

// SpendGuess implements [guard.Store]. An update can't write max(tat, now), so there are two, of
// which exactly one fits at any moment: for a bucket that is full again, and for one that is not. A
// refund or another spend between them can make both miss; the first is then tried again. Where
// none fits, a last write clamps a tat that the present bucket can't have written.
func (s *Store) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	ms := now.UnixMilli()
	empty := b.Spend(ms+b.Slack(), ms)
	spend := func(tat, condition string, pairs ...any) update {
		u := update{}
		u.set("g", tat)
		u.only(condition, []string{"g"}, pairs...)
		u.set("n", "if_not_exists(#n, :zero) + :one", "zero", 0, "one", 1)
		u.only("attribute_not_exists(#n) OR #n < :limit", []string{"n"}, "limit", limit)
		u.keepUntil(now)
		return u
	}
	full := spend(":start", "attribute_not_exists(#g) OR #g <= :now", "now", ms, "start", b.Spend(0, ms))
	part := spend("#g + :interval", "#g > :now AND #g <= :most",
		"now", ms, "most", ms+b.Slack(), "interval", b.Interval())
	for _, u := range []update{full, part, full} {
		if _, ok, err := s.write(ctx, key, u); err != nil || ok {
			return ok, wrap("spend a guess", err)
		}
	}
	clamp := update{}
	clamp.set("g", ":empty", "empty", empty)
	clamp.only("#g > :empty", []string{"g"})
	_, _, err := s.write(ctx, key, clamp)
	return false, wrap("clamp the guesses", err)
}

// Use implements [guard.Store] by one conditional write.
func (s *Store) Use(ctx context.Context, key string, use guard.Use, now time.Time) (bool, error) {
	u := update{}
	u.set("uf", ":issued", "issued", use.Issued.UnixMilli())
	u.set("ub", ":challenge", "challenge", use.Challenge)
	u.set("ua", ":at", "at", now.UnixMilli())
	u.set("n", ":zero", "zero", 0)
	u.set("next", ":zero")
	u.set("m", "if_not_exists(#m, :zero) - :mail", "mail", use.Mail.Milliseconds())
	if use.Guess > 0 {
		u.set("g", "if_not_exists(#g, :zero) - :guess", "guess", use.Guess.Milliseconds())
	}
	if use.First {
		u.set("fp", "if_not_exists(#fp, :at)")
	}
	u.only("attribute_not_exists(#uf) OR #uf < :issued", []string{"uf"})
	u.keepUntil(now)
	_, won, err := s.write(ctx, key, u)
	return won, wrap("use", err)
}

// CountQuota implements [guard.Store] by one write.
func (s *Store) CountQuota(ctx context.Context, key, name string, now time.Time) (guard.Counters, error) {
	u := update{returns: types.ReturnValueAllNew}
	name = counter + name
	u.set(name, "if_not_exists(#"+name+", :zero) + :one", "zero", 0, "one", 1)
	u.expireAt(now.Add(guard.QuotaRetention))
	out, _, err := s.write(ctx, key, u)
	return countersOf(out), wrap("count in a quota", err)
}

// ReturnQuota implements [guard.Store] by one conditional write.
func (s *Store) ReturnQuota(ctx context.Context, key, name string) error {
	u := update{}
	name = counter + name
	u.set(name, "#"+name+" - :one", "one", 1)
	u.only("#"+name+" > :zero", nil, "zero", 0)
	_, _, err := s.write(ctx, key, u)
	return wrap("return to a quota", err)
}

// AskResend implements [guard.Store] by one write to an item of its own.
func (s *Store) AskResend(ctx context.Context, key string, now time.Time) error {
	u := update{}
	u.set("rs", ":one", "one", 1)
	u.expireAt(now.Add(guard.ResendRetention))
	_, _, err := s.write(ctx, key, u)
	return wrap("ask for a resend", err)
}

// ResendAsked implements [guard.Store] by one strongly consistent read.
func (s *Store) ResendAsked(ctx context.Context, key string) (bool, error) {
	a, err := s.get(ctx, key)
	return numberOf(a, "rs") == 1, wrap("read a request for a resend", err)
}

// MarkBounced implements [guard.Store] by one conditional write.
func (s *Store) MarkBounced(ctx context.Context, key string, m guard.Mark, now time.Time) (guard.Item, bool, error) {
	u := update{returns: types.ReturnValueAllNew}
	u.set("bx", ":mark", "mark", m.Address)
	u.set("bt", ":at", "at", m.At)
	u.set("be", ":until", "until", m.Until)
	u.only("attribute_exists(#"+PartitionKey+")", []string{PartitionKey})
	free := "attribute_not_exists(#bx) OR #bx <> :mark OR #bt < :at"
	if m.Until > 0 {
		u.only(free+" AND (#be > :zero OR #ua > #bt)", []string{"ua"}, "zero", 0)
	} else {
		u.only(free, nil)
	}
	u.keepUntil(now)
	out, marked, err := s.write(ctx, key, u)
	return itemOf(out), marked, wrap("mark an address", err)
}

// RememberDevice implements [guard.Store] by a strongly consistent read and one conditional write,
// both again where the write lost.
func (s *Store) RememberDevice(ctx context.Context, key string, d guard.Device, until, now time.Time) (bool, error) {
	for range guard.RememberTries {
		i, err := s.Read(ctx, key)
		if err != nil {
			return false, err
		}
		list := func(d guard.Devices) []field { return []field{{devices, string(d), d == ""}} }
		u := update{}
		u.swap(list(i.Devices), list(i.Devices.Add(d, until, now)))
		u.only("attribute_exists(#"+PartitionKey+")", []string{PartitionKey})
		u.keepUntil(now)
		if _, won, err := s.write(ctx, key, u); won || err != nil {
			return won, wrap("remember a device", err)
		}
	}
	return false, nil
}

// ForgetDevices implements [guard.Store] by one conditional write.
func (s *Store) ForgetDevices(ctx context.Context, key string) error {
	u := update{}
	u.remove(devices)
	u.only("attribute_exists(#"+devices+")", nil)
	_, _, err := s.write(ctx, key, u)
	return wrap("forget the devices", err)
}

func (s *Store) get(ctx context.Context, key string) (map[string]types.AttributeValue, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: primary(key), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
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
