package dynamo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
)

var (
	store  *dynamo.Store
	client *dynamodb.Client // an operator's
	ctx    = context.Background()
	now    = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)
	bucket = guard.Bucket{Burst: 10, Refill: time.Hour}
	unique atomic.Int64
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
	front := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.DynamoDB: s}, nil, slog.New(slog.DiscardHandler)))
	defer front.Close()
	environment := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_ENDPOINT_URL_DYNAMODB": front.URL}
	client = dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: &front.URL, Credentials: credentials.NewStaticCredentialsProvider("operator", "test", "")})
	// A machine under load may take longer than the functions' own second.
	config, err := cloud.Config(cloud.DynamoDB, func(name string) (string, bool) { v, ok := environment[name]; return v, ok }, time.Minute)
	if err != nil {
		panic(err)
	}
	store = dynamo.New(dynamodb.NewFromConfig(config), "Guard")
	return m.Run()
}

// key returns a key that no other test has.
func key() string { return fmt.Sprintf("key-%d", unique.Add(1)) }

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func claimed() guard.Item {
	n, _ := otp.NewNonce(now, rand.Reader)
	return guard.Item{Mail: 7, SlowMail: 8, Next: 9, Nonce: n.String(), Digits: 8}
}

func TestAnAbsentItemIsTheZeroItem(t *testing.T) {
	if i := must[guard.Item](t)(store.Read(ctx, key())); i != (guard.Item{}) {
		t.Errorf("%+v", i)
	}
}

func TestAClaimIsWonOnceAndReadsBack(t *testing.T) {
	k, want := key(), claimed()
	if !must[bool](t)(store.Claim(ctx, k, guard.Item{}, want, now)) {
		t.Fatal("the first claim lost")
	}
	if must[bool](t)(store.Claim(ctx, k, guard.Item{}, claimed(), now)) {
		t.Fatal("a claim on what has changed was won")
	}
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestOfManyParallelClaimsOneIsWon(t *testing.T) {
	k := key()
	var won atomic.Int64
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			if ok, err := store.Claim(ctx, k, guard.Item{}, claimed(), now); err != nil {
				t.Error(err)
			} else if ok {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims were won", won.Load())
	}
}

func TestReleaseRestoresOnlyItsOwnClaim(t *testing.T) {
	k, before, after := key(), guard.Item{}, claimed()
	must[bool](t)(store.Claim(ctx, k, before, after, now))
	ok(t, store.Release(ctx, k, before, claimed(), now))
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != after {
		t.Fatalf("another's claim was released: %+v", got)
	}
	ok(t, store.Release(ctx, k, before, after, now))
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != before {
		t.Errorf("%+v, want it as before", got)
	}
	if !must[bool](t)(store.Claim(ctx, k, before, claimed(), now)) {
		t.Error("a released claim can't be claimed again")
	}
}

func TestGuessesAreSpentExactlyUnderParallelAnswers(t *testing.T) {
	k := key()
	var spent atomic.Int64
	var wait sync.WaitGroup
	for range 200 {
		wait.Go(func() {
			if ok, err := store.SpendGuess(ctx, k, bucket, guard.MaxFailures, now); err != nil {
				t.Error(err)
			} else if ok {
				spent.Add(1)
			}
		})
	}
	wait.Wait()
	// A spend can be refused that two others, meeting between its two tries, made room for; never the
	// other way round.
	if n := spent.Load(); n > 10 || n < 9 {
		t.Errorf("%d of 200 guesses were allowed, the budget is 10", n)
	}
}

func TestGuessesComeBackWithTime(t *testing.T) {
	k := key()
	spend := func(at time.Time) bool { return must[bool](t)(store.SpendGuess(ctx, k, bucket, guard.MaxFailures, at)) }
	for i := range 10 {
		if !spend(now) {
			t.Fatalf("guess %d refused", i+1)
		}
	}
	for _, at := range []time.Duration{0, time.Hour - time.Millisecond} {
		if spend(now.Add(at)) {
			t.Fatalf("an eleventh guess after %v", at)
		}
	}
	if !spend(now.Add(time.Hour)) || spend(now.Add(time.Hour)) {
		t.Error("one guess comes back in an hour, and only one")
	}
	for range 10 {
		if !spend(now.Add(1000 * time.Hour)) {
			t.Fatal("a full bucket is not full")
		}
	}
	if spend(now.Add(1000 * time.Hour)) {
		t.Error("a full bucket holds more than its burst")
	}
}

func TestTheHundredthFailureInARowIsTheLast(t *testing.T) {
	k, wide := key(), guard.Bucket{Burst: 1000, Refill: time.Minute}
	for i := range guard.MaxFailures {
		if !must[bool](t)(store.SpendGuess(ctx, k, wide, guard.MaxFailures, now)) {
			t.Fatalf("failure %d refused", i+1)
		}
	}
	if must[bool](t)(store.SpendGuess(ctx, k, wide, guard.MaxFailures, now.Add(time.Hour))) {
		t.Error("a 101st guess in a row")
	}
	if !must[bool](t)(store.Use(ctx, k, now, "c", 0, now)) {
		t.Fatal("a right long code is refused")
	}
	if !must[bool](t)(store.SpendGuess(ctx, k, wide, guard.MaxFailures, now.Add(time.Hour))) {
		t.Error("a right answer does not end the run")
	}
}

func TestACodeIsUsedOnceAndRefundsOnce(t *testing.T) {
	k := key()
	must[bool](t)(store.Claim(ctx, k, guard.Item{}, claimed(), now))
	for range 3 {
		must[bool](t)(store.SpendGuess(ctx, k, bucket, guard.MaxFailures, now))
	}
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			if ok, err := store.Use(ctx, k, now, fmt.Sprintf("challenge-%d", i), time.Hour, now); err != nil {
				t.Error(err)
			} else if ok {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	i := must[guard.Item](t)(store.Read(ctx, k))
	if won.Load() != 1 || i.Guess != now.Add(2*time.Hour).UnixMilli() {
		t.Fatalf("used %d times, %+v", won.Load(), i)
	}
	if i.Failures != 0 || i.Mail != 0 || i.SlowMail != 0 || i.Next != 0 || i.Used != now.UnixMilli() || i.UsedBy == "" {
		t.Errorf("%+v", i)
	}
	if must[bool](t)(store.Use(ctx, k, now.Add(-time.Second), "older", 0, now)) {
		t.Error("an older code was used")
	}
	if !must[bool](t)(store.Use(ctx, k, now.Add(time.Second), "newer", 0, now)) {
		t.Error("a newer code was refused")
	}
	// Zeros that a use leaves count as absent in a claim.
	before := must[guard.Item](t)(store.Read(ctx, k))
	if !must[bool](t)(store.Claim(ctx, k, before, claimed(), now)) {
		t.Error("no claim after a use")
	}
}

func TestLanesAreCountedAndReturned(t *testing.T) {
	k := key()
	for want := range 2 {
		used, spent, err := store.SpendLane(ctx, k, 2, now)
		if err != nil || !spent || used != want+1 {
			t.Fatalf("%d, %v, %v", used, spent, err)
		}
	}
	if _, spent, _ := store.SpendLane(ctx, k, 2, now); spent {
		t.Fatal("a third mail")
	}
	ok(t, store.ReturnLane(ctx, k))
	if _, spent, _ := store.SpendLane(ctx, k, 2, now); !spent {
		t.Error("a returned mail can't be spent")
	}
	never := key()
	ok(t, store.ReturnLane(ctx, never))
	if used, _, _ := store.SpendLane(ctx, never, 2, now); used != 1 {
		t.Errorf("returning to a lane that nothing was spent from left %d", used-1)
	}
}

func TestResendAndTouchLeaveTheRestAlone(t *testing.T) {
	k, want := key(), claimed()
	must[bool](t)(store.Claim(ctx, k, guard.Item{}, want, now))
	ok(t, store.AskResend(ctx, k, "challenge", now))
	ok(t, store.Touch(ctx, k, now))
	want.Resend = "challenge"
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestAMarkIsSetOnceAndTouchesNothingElse(t *testing.T) {
	k, want := key(), claimed()
	must[bool](t)(store.Claim(ctx, k, guard.Item{}, want, now))
	if !must[bool](t)(store.MarkBounced(ctx, k, "hash-1", now)) || must[bool](t)(store.MarkBounced(ctx, k, "hash-1", now)) {
		t.Fatal("an address is marked once")
	}
	want.Bounced = "hash-1"
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	// A mark of another address takes its place, and no claim, release or use takes it away.
	if !must[bool](t)(store.MarkBounced(ctx, k, "hash-2", now)) {
		t.Fatal("another address can't be marked")
	}
	before, after := want, claimed()
	must[bool](t)(store.Claim(ctx, k, before, after, now))
	ok(t, store.Release(ctx, k, before, after, now))
	must[bool](t)(store.Use(ctx, k, now, "c", 0, now))
	if got := must[guard.Item](t)(store.Read(ctx, k)); got.Bounced != "hash-2" {
		t.Errorf("%+v", got)
	}
}

// The expression is the one that the operations page gives.
func TestAnOperatorClearsAMark(t *testing.T) {
	k, want := key(), claimed()
	must[bool](t)(store.Claim(ctx, k, guard.Item{}, want, now))
	must[bool](t)(store.MarkBounced(ctx, k, "hash", now))
	_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("Guard"), Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: k}},
		UpdateExpression: aws.String("REMOVE bx, nonce"), ConditionExpression: aws.String("attribute_exists(pk)")})
	if err != nil {
		t.Fatal(err)
	}
	want.Nonce = ""
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestAMarkCreatesNoItem(t *testing.T) {
	k := key()
	if must[bool](t)(store.MarkBounced(ctx, k, "hash", now)) {
		t.Error("an item that isn't there was marked")
	}
	if got := must[guard.Item](t)(store.Read(ctx, k)); got != (guard.Item{}) {
		t.Errorf("%+v", got)
	}
}

func TestAnEndedContextIsAnErrorAndNotARefusal(t *testing.T) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if spent, err := store.SpendGuess(ended, key(), bucket, guard.MaxFailures, now); err == nil || spent {
		t.Errorf("%v, %v", spent, err)
	}
}
