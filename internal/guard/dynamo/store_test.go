package dynamo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/guardtest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
)

var (
	store *dynamo.Store
	ctx   = context.Background()
	now   = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)
)

// TestMain starts the real engine once: conditions are what this package is about.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if _, err := exec.LookPath("npm"); err != nil && os.Getenv("CI") == "" {
		fmt.Println("skipped: the table engine needs Node and npm, which are not on PATH")
		return 0
	}
	cache, err := cachedir.Dir()
	if err != nil {
		panic(err)
	}
	s, err := tables.Start(ctx, tables.Config{Region: "eu-west-1", CacheDir: cache, Logger: slog.New(slog.DiscardHandler),
		Tables: []tables.Table{{Name: "Guard", Definition: map[string]any{
			"TableName": "Guard", "BillingMode": "PAY_PER_REQUEST",
			"KeySchema":            []map[string]any{{"AttributeName": dynamo.PartitionKey, "KeyType": "HASH"}},
			"AttributeDefinitions": []map[string]any{{"AttributeName": dynamo.PartitionKey, "AttributeType": "S"}},
		}}}})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	front := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.DynamoDB: s}, nil,
		slog.New(slog.DiscardHandler)))
	defer front.Close()
	environment := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test",
		"AWS_SECRET_ACCESS_KEY":     "test",
		"AWS_ENDPOINT_URL_DYNAMODB": front.URL}
	// A machine under load may take longer than the functions' own second.
	config, err := cloud.Config(cloud.DynamoDB,
		func(name string) (string, bool) { v, ok := environment[name]; return v, ok }, time.Minute)
	if err != nil {
		panic(err)
	}
	store = dynamo.New(dynamodb.NewFromConfig(config), "Guard")
	return m.Run()
}

func TestStore(t *testing.T) { guardtest.Run(t, store) }

func TestAnOperatorClearsAMark(t *testing.T) {
	const key = "an operator's"
	operator := dynamo.Operator{Store: store}
	n, _ := otp.NewNonce(now, rand.Reader)
	want := guard.Item{MailState: guard.MailState{Mail: 7, Next: 9, Nonce: n.String(), Digits: 8, Key: "key"}}
	mark := func() error {
		_, _, err := store.MarkBounced(ctx, key, guard.ComplaintMark("hash", now), now)
		return err
	}
	for _, err := range []error{
		errorOf(store.Claim(ctx, key, guard.Item{}, want, now)),
		mark(),
		errorOf(operator.Unmark(ctx, key, now)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want.Nonce = ""
	got, err := store.Read(ctx, key)
	if got.Mark != (guard.Mark{}) || got.MailState != want.MailState || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// Unlocking forgives what was spent. The code in the mailbox stays what it was, and a used code
// stays used.
func TestAnOperatorUnlocksAnAccount(t *testing.T) {
	const key = "a locked account"
	operator := dynamo.Operator{Store: store}
	bucket := guard.Bucket{Burst: 3, Refill: time.Hour}
	n, _ := otp.NewNonce(now, rand.Reader)
	mailed := guard.Item{MailState: guard.MailState{Mail: 7, SlowMail: 8, Next: 9, Nonce: n.String(), Digits: 8,
		Key: "key"}}
	for _, err := range []error{
		errorOf(store.Claim(ctx, key, guard.Item{}, mailed, now)),
		errorOf(store.Use(ctx, key, guard.Use{Issued: now, Challenge: "used"}, now)),
		errorOf(store.SpendGuess(ctx, key, bucket, guard.MaxFailures, now)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before, _ := store.Read(ctx, key)
	done, err := operator.Unlock(ctx, key, now)
	want := before
	want.Guess, want.Failures, want.Mail, want.SlowMail, want.Next = 0, 0, 0, 0, 0
	if got, _ := store.Read(ctx, key); !done || err != nil || got != want || before.Failures != 1 {
		t.Errorf("%+v became %+v (%t, %v)", before, got, done, err)
	}
}

// A key without an item is another pool's or a stranger's: nothing may be created for it.
func TestAnOperatorCreatesNoItem(t *testing.T) {
	const key = "no item"
	operator := dynamo.Operator{Store: store}
	unmarked, err := operator.Unmark(ctx, key, now)
	unlocked, err2 := operator.Unlock(ctx, key, now)
	got, err3 := store.Read(ctx, key)
	if unmarked || unlocked || err != nil || err2 != nil || err3 != nil || got != (guard.Item{}) {
		t.Errorf("%t, %t, %+v: %v %v %v", unmarked, unlocked, got, err, err2, err3)
	}
}

func errorOf[T any](_ T, err error) error { return err }

func TestAnEndedContextIsAnErrorAndNotARefusal(t *testing.T) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	bucket := guard.Bucket{Burst: 10, Refill: time.Hour}
	if spent, err := store.SpendGuess(ended, "ended", bucket, guard.MaxFailures, now); err == nil || spent {
		t.Errorf("%v, %v", spent, err)
	}
}
