package tables_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/progress"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

const codes = "arn:aws:dynamodb:eu-west-1:123456789012:table/codes"

// cacheDir is the person's own, as the engine's directory is named by content.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := cachedir.Dir()
	if err != nil {
		return t.TempDir()
	}
	return dir
}

func config(t testing.TB) tables.Config {
	t.Helper()
	return tables.Config{
		Region: "eu-west-1", Account: "123456789012", Partition: "aws", CacheDir: cacheDir(t),
		Logger: slog.New(slog.DiscardHandler),
		Tables: []tables.Table{{Name: "codes", ARN: codes, Definition: map[string]any{
			"TableName": "codes", "BillingMode": "PAY_PER_REQUEST",
			"KeySchema":            []any{map[string]any{"AttributeName": "pk", "KeyType": "HASH"}},
			"AttributeDefinitions": []any{map[string]any{"AttributeName": "pk", "AttributeType": "S"}},
		}}},
		Callers: gateway.Callers{"create": {Function: "create", RoleARN: "arn:aws:iam::123456789012:role/create",
			Policies: []iam.Policy{{Statements: []iam.Statement{
				{Effect: "Allow", Actions: []string{"dynamodb:GetItem", "dynamodb:UpdateItem"}, Resources: []string{codes}},
			}}}}, "own-attributes": {Function: "g", RoleARN: "arn:aws:iam::123456789012:role/g",
			Policies: []iam.Policy{{Statements: []iam.Statement{
				{Effect: "Allow", Actions: []string{"dynamodb:*"}, Resources: []string{codes},
					Conditions: []iam.Condition{{Operator: "ForAllValues:StringLike", Key: "dynamodb:Attributes",
						Values: []string{"pk", "n", "q_*"}}}},
			}}}}, "own-rows": {Function: "f", RoleARN: "arn:aws:iam::123456789012:role/f",
			Policies: []iam.Policy{{Statements: []iam.Statement{
				{Effect: "Allow", Actions: []string{"dynamodb:*"}, Resources: []string{codes},
					Conditions: []iam.Condition{{Operator: "ForAllValues:StringLike", Key: "dynamodb:LeadingKeys",
						Values: []string{"mine#*"}}}},
			}}}}},
	}
}

type setup struct {
	service *tables.Service
	url     string
}

func run(t testing.TB, cfg tables.Config) setup {
	t.Helper()
	testkit.Need(t, "node", "npm")
	service, err := tables.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	server := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.DynamoDB: service}, nil,
		slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	return setup{service, server.URL}
}

func (s setup) as(who string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: &s.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(who, "x", "")})
}

func key(pk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}}
}

func count(ctx context.Context, c *dynamodb.Client, table, pk string) error {
	_, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: key(pk), UpdateExpression: aws.String("ADD n :one"),
		ConditionExpression: aws.String("attribute_not_exists(n) OR n < :max"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"},
			":max": &types.AttributeValueMemberN{Value: "10"}},
	})
	return err
}

func read(ctx context.Context, c *dynamodb.Client, pk string) (string, error) {
	out, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("codes"), Key: key(pk),
		ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	n, _ := out.Item["n"].(*types.AttributeValueMemberN)
	if n == nil {
		return "", nil
	}
	return n.Value, nil
}

func TestOfManyConditionalUpdatesAtOnceExactlyTheLimitPasses(t *testing.T) {
	s := run(t, config(t))
	var passed atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			err := count(t.Context(), s.as("create"), "codes", "a")
			var refused *types.ConditionalCheckFailedException
			switch {
			case err == nil:
				passed.Add(1)
			case !errors.As(err, &refused):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := read(t.Context(), s.as("create"), "a"); passed.Load() != 10 || n != "10" {
		t.Errorf("%d passed, the item says %s, %v", passed.Load(), n, err)
	}
}

func TestCallersWriteTheAttributesOfTheirRolesAlone(t *testing.T) {
	c := run(t, config(t)).as("own-attributes")
	set := func(name string) error {
		_, err := c.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("codes"), Key: key("a"),
			UpdateExpression: aws.String("SET #a = :a"), ExpressionAttributeNames: map[string]string{"#a": name},
			ExpressionAttributeValues: map[string]types.AttributeValue{":a": &types.AttributeValueMemberN{Value: "1"}}})
		return err
	}
	if err := errors.Join(set("n"), set("q_9")); err != nil {
		t.Error(err)
	}
	if err := set("dv"); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("an attribute that the role lacks: %v", err)
	}
}

func TestCallersAreHeldToTheirRoles(t *testing.T) {
	s := run(t, config(t))
	ctx, create, own := t.Context(), s.as("create"), s.as("own-rows")
	put := func(c *dynamodb.Client, pk string) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("codes"), Item: key(pk)})
		return err
	}
	scan := func(c *dynamodb.Client) error {
		_, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("codes")})
		return err
	}
	batch := func(c *dynamodb.Client) error {
		_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			"codes": {Keys: []map[string]types.AttributeValue{key("a")}}}})
		return err
	}
	write := func(c *dynamodb.Client, pk string) error {
		_, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			"codes": {{PutRequest: &types.PutRequest{Item: key(pk)}}}}})
		return err
	}
	read := func(c *dynamodb.Client, pk string) error {
		_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			"codes": {Keys: []map[string]types.AttributeValue{key("mine#1"), key(pk)}}}})
		return err
	}
	transact := func(c *dynamodb.Client, pk string) error {
		_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String("codes"), Item: key(pk)}}}})
		return err
	}
	for name, c := range map[string]struct {
		err    error
		denied bool
	}{
		"own rows in a batch":          {write(own, "mine#2"), false},
		"not others' rows in a batch":  {write(own, "yours#2"), true},
		"own rows read in a batch":     {read(own, "mine#2"), false},
		"not others' read in a batch":  {read(own, "yours#2"), true},
		"not others' in a transaction": {transact(own, "yours#2"), true},
		"create updates":               {count(ctx, create, "codes", "x"), false},
		"create updates by the ARN":    {count(ctx, create, codes, "x"), false},
		"create may not put":           {put(create, "x"), true},
		"create may not scan":          {scan(create), true},
		"create may not batch":         {batch(create), true},
		"create has one table":         {count(ctx, create, "others", "x"), true},
		"own rows":                     {put(own, "mine#1"), false},
		"not others' rows":             {put(own, "yours#1"), true},
		"the developer may put":        {put(s.as("developer"), "z"), false},
		"the developer may batch":      {batch(s.as("developer")), false},
		"the developer may scan":       {scan(s.as("developer")), false},
	} {
		var api smithy.APIError
		denied := errors.As(c.err, &api) && api.ErrorCode() == "AccessDeniedException" &&
			strings.Contains(api.ErrorMessage(), "is not authorized to perform: dynamodb:")
		if denied != c.denied || !c.denied && c.err != nil {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestACrashFailsCallsUntilTheRestartAndAPathKeepsTheData(t *testing.T) {
	cfg := config(t)
	cfg.Path = filepath.Join(t.TempDir(), "data")
	s := run(t, cfg)
	for i := range 50 {
		if err := count(t.Context(), s.as("create"), "codes", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	s.service.Crash()
	var api smithy.APIError
	if err := count(t.Context(), s.as("create"), "codes", "0"); !errors.As(err, &api) ||
		api.ErrorCode() != "InternalServerError" {
		t.Errorf("a call of the crashed engine: %v", err)
	}
	if err := s.service.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if n, err := read(t.Context(), s.as("create"), fmt.Sprint(i)); n != "1" || err != nil {
			t.Errorf("item %d is %q, %v", i, n, err)
		}
	}
}

func TestInMemoryARestartForgets(t *testing.T) {
	s := run(t, config(t))
	if err := count(t.Context(), s.as("create"), "codes", "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.service.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := read(t.Context(), s.as("create"), "a"); n != "" || err != nil {
		t.Errorf("kept %q, %v", n, err)
	}
}

func TestTwoStartsWithAnEmptyCacheInstallOnce(t *testing.T) {
	testkit.Need(t, "node", "npm")
	cfg := config(t)
	cfg.CacheDir = t.TempDir()
	var installs atomic.Int32
	cfg.Progress = func(phrase string) {
		if !strings.HasPrefix(phrase, progress.Done) {
			installs.Add(1)
		}
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			s, err := tables.Start(t.Context(), cfg)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if installs.Load() != 1 {
		t.Errorf("installed %d times", installs.Load())
	}
	left, _ := filepath.Glob(filepath.Join(cfg.CacheDir, ".dynalite-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMissingToolsAreNamedWithTheRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	cfg := config(t)
	cfg.CacheDir = t.TempDir()
	_, err := tables.Start(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "npm is not on PATH") || !strings.Contains(err.Error(), "nodejs.org") {
		t.Errorf("got %v", err)
	}
}

func TestAPathThatCannotBeUsedIsReportedInTheEnginesWords(t *testing.T) {
	testkit.Need(t, "node", "npm")
	cfg := config(t)
	cfg.Path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(cfg.Path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := tables.Start(t.Context(), cfg); err == nil {
		_ = s.Close()
		t.Error("it started on a file")
	}
}

// TestMain lets the test binary be the parent that dies.
func TestMain(m *testing.M) {
	if os.Getenv("TABLES_TEST_PARENT") != "" {
		parent()
	}
	os.Exit(m.Run())
}

func parent() {
	cache, _ := cachedir.Dir()
	_, err := tables.Start(context.Background(),
		tables.Config{Region: "eu-west-1", CacheDir: cache, Path: os.Getenv("TABLES_TEST_PARENT"),
			Logger: slog.New(slog.DiscardHandler)})
	fmt.Println("started", err)
	select {}
}

func TestTheEngineEndsWhenItsParentIsKilled(t *testing.T) {
	run(t, config(t)) // from here on the engine is installed
	data := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TABLES_TEST_PARENT="+data)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 100)
	n, _ := out.Read(line)
	if !strings.HasPrefix(string(line[:n]), "started <nil>") {
		t.Fatalf("the parent said %q", line[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The engine held a lock on the data; a new one gets it only when it is gone.
	cfg := config(t)
	cfg.Path = data
	var last error
	for range 100 {
		again, err := tables.Start(t.Context(), cfg)
		if err == nil {
			_ = again.Close()
			return
		}
		last = err
	}
	t.Errorf("the data is still held: %v", last)
}
