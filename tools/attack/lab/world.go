package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/keys"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// This file and pool.go are where the lab touches the sandbox's services.

const (
	Region    = "eu-west-1"
	account   = "123456789012"
	partition = "aws"
	tableName = "Guard"
	KeyID     = "0f1e2d3c-0000-4000-8000-000000000001"
	keyARN    = "arn:aws:kms:" + Region + ":" + account + ":key/" + KeyID
	sender    = "no-reply@example.com"
)

// Fault makes calls of a service fail.
type Fault = gateway.Fault

// quiet drops what the sandbox's services log.
var quiet = slog.New(slog.DiscardHandler)

// World is what all labs share: the table engine and the signing keys of the user pools.
// Labs have different pool ids, so their items differ.
type World struct {
	tables   *tables.Service
	signing  func() (*userpool.SigningKeys, error)
	labs     atomic.Int64
	weaken   Weakness
	progress func(line string)
}

// NewWorld starts the table engine. Weaken breaks parts of every lab; progress receives lines about
// the engine's installation.
func NewWorld(ctx context.Context, weaken Weakness, progress func(line string)) (*World, error) {
	w := &World{signing: sync.OnceValues(userpool.GenerateKeys), weaken: weaken, progress: progress}
	var err error
	w.tables, err = w.StartTables(ctx, "")
	return w, err
}

// Close stops the table engine.
func (w *World) Close() { _ = w.tables.Close() }

// StartTables starts an engine. It stores its data below path, or in memory if path is empty.
func (w *World) StartTables(ctx context.Context, path string) (*tables.Service, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return nil, err
	}
	definition := map[string]any{"TableName": tableName, "BillingMode": "PAY_PER_REQUEST",
		"KeySchema":            []any{map[string]any{"AttributeName": dynamo.PartitionKey, "KeyType": "HASH"}},
		"AttributeDefinitions": []any{map[string]any{"AttributeName": dynamo.PartitionKey, "AttributeType": "S"}}}
	return tables.Start(ctx, tables.Config{Region: Region, Account: account, Partition: partition, CacheDir: cache,
		Path:   path,
		Logger: quiet, Progress: w.progress,
		Tables: []tables.Table{{Name: tableName, Definition: definition,
			ARN: "arn:aws:dynamodb:" + Region + ":" + account + ":table/" + tableName}}})
}

// openServices serves the sandbox's services on loopback and connects the triggers with them by the
// clients that the functions have in the cloud. The lab's time becomes the machine's.
func (l *Lab) openServices() error {
	l.now, l.letters = time.Now, mailbox.NewStore(0)
	ses := mailbox.New(mailbox.Config{Region: Region, Account: account, Partition: partition,
		Identities: []mailbox.Identity{
			{Name: sender, ARN: "arn:aws:ses:" + Region + ":" + account + ":identity/" + sender}}}, nil, l.letters)
	kms, err := keys.New([]keys.Key{{ID: KeyID, ARN: keyARN, Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC"}}, nil,
		rand.Reader)
	if err != nil {
		return err
	}
	cognito, err := l.userPool()
	if err != nil {
		return err
	}
	l.Gateway = gateway.New(map[string]gateway.Service{gateway.KMS: kms, gateway.SES: ses,
		gateway.DynamoDB: l.tables()}, cognito, quiet)
	listener, err := loopback.Listen(context.Background(), 0, "the services under attack", "")
	if err != nil {
		return err
	}
	server := loopback.Serve(listener, loopback.Guard(l.watched(l.Gateway)), quiet)
	l.Scope.cleanup = append(l.Scope.cleanup, func() { _ = server.Close() })

	environment := map[string]string{"AWS_REGION": Region, "AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab",
		"AWS_ENDPOINT_URL": server.URL()}
	lookup := func(name string) (string, bool) { v, ok := environment[name]; return v, ok }
	key, err1 := macs.New(l.settings.KeyARN, lookup)
	store, err2 := table.New(l.settings.TableName, lookup)
	send, err3 := email.New(l.settings, lookup)
	users, err4 := directory.New(lookup)
	l.Key.KeyService, l.Store, l.sender, l.directory = key, store, send, users
	return errors.Join(err1, err2, err3, err4)
}

// watched notes calls whose client did not wait for the answer.
func (l *Lab) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.Context().Err() != nil {
			l.late.Store(true)
		}
	})
}

// MailsTo returns the mails to an address that the sandbox's SES accepted, newest first.
func (l *Lab) MailsTo(address string) []Letter {
	var all []Letter
	for _, m := range l.letters.Messages(address, time.Time{}, 0) {
		all = append(all, letter(m.Text, m.SentAt))
	}
	return all
}

// inProcess is an HTTP client that passes a request to a handler without a socket between.
type inProcess struct{ handler http.Handler }

// Do serves the request. A handler that aborts looks like a lost connection.
func (c inProcess) Do(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			response, err = nil, errors.New("the connection was lost")
		} else if p != nil {
			panic(p)
		}
	}()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	response = w.Result()
	response.Request = r
	return response, nil
}
