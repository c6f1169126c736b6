package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
)

// echo answers with an empty object and counts the work that was done.
type echo struct{ done atomic.Int32 }

func (e *echo) ServeCall(_ context.Context, c gateway.Call) gateway.Answer {
	e.done.Add(1)
	return gateway.JSON(c.Service, http.StatusOK, map[string]string{})
}

type setup struct {
	gateway *gateway.Gateway
	url     string
	work    *echo
}

func newSetup(t *testing.T) setup {
	t.Helper()
	work := &echo{}
	cognito := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "pool got %s", r.Header.Get("X-Amz-Target"))
	})
	front := gateway.New(map[string]gateway.Service{gateway.SES: work, gateway.KMS: work, gateway.DynamoDB: work},
		cognito, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	return setup{front, server.URL, work}
}

func provider(id string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(id, "x", "")
}

func (s setup) get(ctx context.Context, id string, attempts int) error {
	c := dynamodb.New(dynamodb.Options{Region: "eu-west-1", BaseEndpoint: &s.url, Credentials: provider(id),
		RetryMaxAttempts: attempts})
	_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("codes"),
		Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "1"}}})
	return err
}

func (s setup) send(ctx context.Context, attempts int) error {
	c := sesv2.New(sesv2.Options{Region: "eu-west-1", BaseEndpoint: &s.url, Credentials: provider("create"),
		RetryMaxAttempts: attempts})
	_, err := c.ListEmailIdentities(ctx, nil)
	return err
}

func TestServicesAreToldApart(t *testing.T) {
	s := newSetup(t)
	if err := s.get(t.Context(), "create", 1); err != nil {
		t.Error(err)
	}
	if _, err := kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: &s.url,
		Credentials: provider("verify")}).GenerateRandom(t.Context(), nil); err != nil {
		t.Error(err)
	}
	r, _ := http.NewRequest(http.MethodPost, s.url, strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp")
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("an unsigned call of the pool: %v, %v", response, err)
	}
	counts := s.gateway.Counts()
	for _, operation := range []string{"dynamodb:GetItem", "kms:GenerateRandom", "cognito-idp:SignUp"} {
		if counts[operation] != 1 {
			t.Errorf("%s was counted %d times: %v", operation, counts[operation], counts)
		}
	}
	if of := s.gateway.CountsOf("verify"); of["kms:GenerateRandom"] != 1 || len(of) != 1 {
		t.Errorf("calls of verify: %v", of)
	}
}

func TestAnUnknownServiceIsNotEmulatedAndNotRepeated(t *testing.T) {
	s := newSetup(t)
	for _, target := range []string{"Secrets.GetSecretValue", "", "."} {
		r, _ := http.NewRequest(http.MethodPost, s.url, strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=create/20260101/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0")
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusNotImplemented {
			t.Errorf("target %q: %v, %v", target, response, err)
		}
	}
}

func TestAnUnsignedCallIsRefused(t *testing.T) {
	s := newSetup(t)
	r, _ := http.NewRequest(http.MethodPost, s.url+"/v2/email/outbound-emails", strings.NewReader("{}"))
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != http.StatusForbidden || s.work.done.Load() != 0 {
		t.Errorf("%v, %v, work %d", response, err, s.work.done.Load())
	}
}

func TestAFaultEndsAfterItsCalls(t *testing.T) {
	s := newSetup(t)
	s.gateway.Inject(gateway.Fault{Service: gateway.DynamoDB, Operation: "GetItem", Error: "InternalServerError",
		Status: 500, Calls: 2, After: 1})
	var outcomes []bool
	for range 5 {
		outcomes = append(outcomes, s.get(t.Context(), "create", 1) == nil)
	}
	if want := "[true false false true true]"; fmt.Sprint(outcomes) != want {
		t.Errorf("successes %v, want %s", outcomes, want)
	}
	if n := s.work.done.Load(); n != 3 {
		t.Errorf("the service worked %d times, want 3", n)
	}
}

func TestAFaultCanBeOneCallersAlone(t *testing.T) {
	s := newSetup(t)
	remove := s.gateway.Inject(gateway.Fault{Service: gateway.DynamoDB, Error: "ResourceNotFoundException",
		AccessKeyIDs: []string{"verify"}})
	if err := s.get(t.Context(), "create", 1); err != nil {
		t.Errorf("create was hit: %v", err)
	}
	err := s.get(t.Context(), "verify", 1)
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("verify was not hit as told: %v", err)
	}
	remove()
	if err := s.get(t.Context(), "verify", 1); err != nil {
		t.Errorf("the fault outlived its removal: %v", err)
	}
}

func TestALostAnswerIsWorkDoneTwiceByAClientThatRepeats(t *testing.T) {
	s := newSetup(t)
	s.gateway.Inject(gateway.Fault{Service: gateway.DynamoDB, LoseAnswer: true, Calls: 1})
	if err := s.get(t.Context(), "create", 2); err != nil {
		t.Error(err)
	}
	if n := s.work.done.Load(); n != 2 {
		t.Errorf("the service worked %d times, want 2", n)
	}
}

func TestThrottlingIsTheServicesOwn(t *testing.T) {
	s := newSetup(t)
	for service, want := range map[string]string{gateway.SES: "TooManyRequestsException",
		gateway.DynamoDB: "ThrottlingException"} {
		s.gateway.Inject(gateway.Fault{Service: service, Throttle: true, Calls: 1})
		call := s.send
		if service == gateway.DynamoDB {
			call = func(ctx context.Context, attempts int) error { return s.get(ctx, "create", attempts) }
		}
		var api smithy.APIError
		if err := call(t.Context(), 1); !errors.As(err, &api) || api.ErrorCode() != want {
			t.Errorf("%s: %v, want %s", service, err, want)
		}
	}
}

func TestLatencyDelaysAndEndsWithTheCaller(t *testing.T) {
	s := newSetup(t)
	s.gateway.Inject(gateway.Fault{Service: gateway.DynamoDB, Latency: 30 * time.Millisecond, Calls: 1})
	began := time.Now()
	if err := s.get(t.Context(), "create", 1); err != nil || time.Since(began) < 30*time.Millisecond {
		t.Errorf("took %v: %v", time.Since(began), err)
	}
	s.gateway.Inject(gateway.Fault{Service: gateway.DynamoDB, Latency: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.get(ctx, "create", 1); err == nil {
		t.Error("the call came back")
	}
	s.gateway.ClearFaults()
	if err := s.get(t.Context(), "create", 1); err != nil {
		t.Error(err)
	}
}

func TestTheCatchAllStopsClientsWithAndWithoutConfiguration(t *testing.T) {
	catchAll := httptest.NewServer(gateway.CatchAll(slog.New(slog.DiscardHandler)))
	defer catchAll.Close()
	response, err := http.Post(catchAll.URL+"/any", "", nil)
	if err != nil || response.StatusCode != http.StatusNotImplemented {
		t.Errorf("%v, %v", response, err)
	}
	proxied := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL,
		error) {
		return url.Parse(catchAll.URL)
	}}}
	if _, err := proxied.Get("https://email.eu-west-1.amazonaws.com/"); err == nil ||
		!strings.Contains(err.Error(), "Not Implemented") {
		t.Errorf("a call through the proxy: %v", err)
	}
}

func FuzzAnyRequestGetsAnAnswer(f *testing.F) {
	f.Add("POST", "/", "DynamoDB_20120810.GetItem", "AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request", "{}")
	f.Add("POST", "/v2/email/outbound-emails", "", "AWS4-HMAC-SHA256 Credential=a/b/c/ses/aws4_request", "{")
	f.Add("GET", "/v2/email/x", "TrentService.", "Bearer x", "")
	front := gateway.New(map[string]gateway.Service{gateway.SES: &echo{}, gateway.KMS: &echo{},
		gateway.DynamoDB: &echo{}}, nil, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, method, path, target, authorization, body string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path},
			Header: http.Header{"X-Amz-Target": {target}, "Authorization": {authorization}}, Body: http.NoBody}
		if body != "" {
			r.Body = io.NopCloser(strings.NewReader(body))
		}
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		if w.Code != http.StatusOK && !strings.Contains(w.Body.String(), "__type") {
			t.Errorf("status %d without a type: %s", w.Code, w.Body)
		}
	})
}
