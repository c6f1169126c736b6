package codes_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/codes"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth/oauthtest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
)

func table(t *testing.T, endpoint string) *codes.Table {
	t.Helper()
	environment := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test",
		"AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL_DYNAMODB": endpoint}
	s, err := codes.New("Codes", func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The real engine evaluates the conditions.
func TestStore(t *testing.T) {
	testkit.Need(t, "node", "npm")
	cache, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := tables.Start(t.Context(), tables.Config{Region: "eu-west-1", CacheDir: cache,
		Logger: slog.New(slog.DiscardHandler), Tables: []tables.Table{{Name: "Codes", Definition: map[string]any{
			"TableName": "Codes", "BillingMode": "PAY_PER_REQUEST",
			"KeySchema":            []map[string]any{{"AttributeName": "pk", "KeyType": "HASH"}},
			"AttributeDefinitions": []map[string]any{{"AttributeName": "pk", "AttributeType": "S"}},
		}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	front := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.DynamoDB: s}, nil,
		slog.New(slog.DiscardHandler)))
	defer front.Close()
	oauthtest.TestStore(t, table(t, front.URL))
}

// An error is no answer: a code that may have been taken is not taken for one that is unknown.
func TestErrorsAreNeitherCodesNorTheirAbsence(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"com.amazonaws#AccessDeniedException","message":"User user@example.com"}`))
		},
		"broken": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{`)) },
		"gone":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := httptest.NewServer(answer)
		s := table(t, server.URL)
		_, taken, err := s.Take(context.Background(), "x", time.Now())
		if err == nil || taken || strings.Contains(err.Error(), oauth.ErrNoCode.Error()) ||
			strings.Contains(err.Error(), "user@") {
			t.Errorf("%s: Take %t, %v", name, taken, err)
		}
		if err := s.Put(context.Background(), oauth.Item{ID: "x"}); err == nil {
			t.Errorf("%s: stored", name)
		}
		server.Close()
	}
}
