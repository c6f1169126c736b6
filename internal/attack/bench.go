package attack

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

const (
	region    = "eu-west-1"
	account   = "123456789012"
	partition = "aws"
	tableName = "Guard"
	keyID     = "0f1e2d3c-0000-4000-8000-000000000001"
	keyARN    = "arn:aws:kms:" + region + ":" + account + ":key/" + keyID
	sender    = "no-reply@example.com"
)

// quiet drops what the sandbox's services log.
var quiet = slog.New(slog.DiscardHandler)

// bench is what all labs of a run share: the table engine and the signing keys of their pools. Labs
// don't meet in the table, for each has a pool id of its own.
type bench struct {
	opts    Options
	tables  *tables.Service
	signing func() (*userpool.SigningKeys, error)
	labs    atomic.Int64
}

func newBench(ctx context.Context, opts Options) (*bench, error) {
	b := &bench{opts: opts, signing: sync.OnceValues(userpool.GenerateKeys)}
	var err error
	b.tables, err = startTables(ctx, opts, "")
	return b, err
}

func (b *bench) close() { _ = b.tables.Close() }

// startTables starts an engine; path keeps its data, empty means memory.
func startTables(ctx context.Context, opts Options, path string) (*tables.Service, error) {
	cache := opts.CacheDir
	if cache == "" {
		var err error
		if cache, err = cachedir.Dir(); err != nil {
			return nil, err
		}
	}
	return tables.Start(ctx, tables.Config{Region: region, Account: account, Partition: partition, CacheDir: cache, Path: path,
		Logger: quiet, Progress: func(s string) { fmt.Fprintln(opts.Progress, s) },
		Tables: []tables.Table{{Name: tableName, ARN: "arn:aws:dynamodb:" + region + ":" + account + ":table/" + tableName,
			Definition: map[string]any{
				"TableName": tableName, "BillingMode": "PAY_PER_REQUEST",
				"KeySchema":            []any{map[string]any{"AttributeName": dynamo.PartitionKey, "KeyType": "HASH"}},
				"AttributeDefinitions": []any{map[string]any{"AttributeName": dynamo.PartitionKey, "AttributeType": "S"}},
			}}}})
}
