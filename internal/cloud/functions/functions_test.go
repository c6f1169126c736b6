package functions_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
)

const arn = "arn:aws:lambda:eu-west-1:123456789012:function:claims:live"

func function(t *testing.T, handle http.HandlerFunc) *functions.Function {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":   "example",
		"AWS_ENDPOINT_URL_LAMBDA": server.URL,
		"_X_AMZN_TRACE_ID":        "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:1"}
	f, err := functions.New(arn, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheEventGoesOutAsItCame(t *testing.T) {
	const event = `{"version": "2",  "novel": 1.0}`
	f := function(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if string(b) != event || r.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" ||
			!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/lambda/aws4_request") ||
			!strings.HasSuffix(r.Header.Get("X-Amzn-Trace-Id"), ";Lineage=a:1") ||
			r.URL.Path != "/2015-03-31/functions/"+arn+"/invocations" {
			t.Errorf("sent %s to %s with %v", b, r.URL, r.Header)
		}
		_, _ = io.WriteString(w, `{"response": {}}`)
	})
	if out, err := f.Invoke(t.Context(), []byte(event)); err != nil || string(out) != `{"response": {}}` {
		t.Errorf("%s, %v", out, err)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		header, body  string
		value         string
		kind, message string
		service       string
	}{
		"an error of the function": {200, "X-Amz-Function-Error",
			`{"errorMessage":"no domain","errorType":"Error","trace":[]}`, "Unhandled", "Error", "no domain", ""},
		"a message that is no text": {200, "X-Amz-Function-Error", `{"errorMessage":{"a":1},"errorType":"Error"}`,
			"Unhandled", "Error", "", ""},
		"a failure that is no JSON": {200, "X-Amz-Function-Error", `<html>`, "Unhandled", "an error without a type", "", ""},
		"throttled": {429, "X-Amzn-Errortype",
			`{"Reason":"CallerRateLimitExceeded","message":"of user@example.com"}`, "TooManyRequestsException:", "", "",
			"TooManyRequestsException"},
		"absent": {404, "X-Amzn-Errortype", `{}`, "ResourceNotFoundException", "", "",
			"ResourceNotFoundException"},
		"an answer of another proxy": {502, "Server", `bad`, "x", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			f := function(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				w.Header().Set(c.header, c.value)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := f.Invoke(t.Context(), []byte(`{}`))
			var own *functions.Error
			var service *functions.ServiceError
			switch {
			case err == nil, calls.Load() != 1:
				t.Fatalf("%v after %d calls", err, calls.Load())
			case c.kind != "":
				if !errors.As(err, &own) || own.Type != c.kind || own.Message != c.message || c.message != "" &&
					strings.Contains(err.Error(), c.message) {
					t.Errorf("%v, %+v", err, own)
				}
			case !errors.As(err, &service) || service.Code != c.service || strings.Contains(err.Error(), "@"):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTheDeadlineEndsAnInvocation(t *testing.T) {
	release := make(chan struct{})
	f := function(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte(`{}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
