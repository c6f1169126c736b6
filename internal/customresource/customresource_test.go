package customresource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/customresource"
)

// A receiver is CloudFormation's side: it keeps the answers, and refuses the first ones if told to.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	refuse  int
	answers []map[string]string
	raw     [][]byte
	types   []string
}

func newReceiver(t *testing.T, refuse int) *receiver {
	r := &receiver{refuse: refuse}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		body, _ := io.ReadAll(q.Body)
		if q.Method != http.MethodPut {
			t.Errorf("method %s", q.Method)
		}
		if r.refuse > 0 {
			r.refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var a map[string]string
		if err := json.Unmarshal(body, &a); err != nil {
			t.Error(err)
		}
		r.answers, r.raw, r.types = append(r.answers, a), append(r.raw, body), append(r.types, q.Header.Get("Content-Type"))
	}))
	t.Cleanup(r.Close)
	return r
}

func event(url string, kind customresource.RequestType, id string) customresource.Event {
	return customresource.Event{RequestType: kind, ResponseURL: url, StackID: "stack", RequestID: "request",
		LogicalResourceID: "Attachment", PhysicalResourceID: id}
}

func TestAnswers(t *testing.T) {
	done := func(id string, err error) customresource.Operation {
		return func(context.Context, customresource.Event) (string, error) { return id, err }
	}
	for name, c := range map[string]struct {
		kind           customresource.RequestType
		known          string
		operate        customresource.Operation
		refuse         int
		status, id     string
		reasonContains string
	}{
		"success":                  {customresource.Create, "", done("pool-1", nil), 0, "SUCCESS", "pool-1", ""},
		"an answer refused thrice": {customresource.Create, "", done("pool-1", nil), 3, "SUCCESS", "pool-1", ""},
		"a failed create": {customresource.Create, "", done("pool-1", errors.New("slot taken")), 0, "FAILED",
			"pool-1", "slot taken"},
		"a failed create with no id": {customresource.Create, "", done("", errors.New("no")), 0, "FAILED", "failed-request",
			"no"},
		"a failed update keeps the id": {customresource.Update, "pool-1", done("pool-2", errors.New("no")), 0, "FAILED",
			"pool-1",
			"no"},
		"an update to another pool": {customresource.Update, "pool-1", done("pool-2", nil), 0, "SUCCESS", "pool-2", ""},
		"a delete without an id":    {customresource.Delete, "pool-1", done("", nil), 0, "SUCCESS", "pool-1", ""},
		"a panic": {customresource.Delete, "pool-1", func(context.Context, customresource.Event) (string, error) {
			panic(errors.New("secret"))
		}, 0, "FAILED", "pool-1", "panicked with a *errors.errorString"},
		"an operation that never ends": {customresource.Delete, "pool-1",
			func(context.Context, customresource.Event) (string, error) {
				select {}
			}, 0, "FAILED", "pool-1", "did not end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.refuse)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var log bytes.Buffer
			options := customresource.Options{Reserve: 4900 * time.Millisecond, Pause: time.Millisecond, Log: &log}
			if err := customresource.Handler(c.operate, options)(ctx, event(r.URL, c.kind, c.known)); err != nil {
				t.Fatal(err)
			}
			if len(r.answers) != 1 {
				t.Fatalf("%d answers", len(r.answers))
			}
			a := r.answers[0]
			if a["Status"] != c.status || a["PhysicalResourceId"] != c.id || !strings.Contains(a["Reason"], c.reasonContains) ||
				a["StackId"] != "stack" || a["RequestId"] != "request" || a["LogicalResourceId"] != "Attachment" {
				t.Errorf("answered %v", a)
			}
			if c.status == "FAILED" && a["Reason"] == "" || strings.Contains(a["Reason"], "secret") {
				t.Errorf("reason %q", a["Reason"])
			}
			if (c.status == "FAILED") != strings.Contains(log.String(), "of Attachment failed") ||
				(name == "a panic") != strings.Contains(log.String(), "goroutine ") || strings.Contains(log.String(), "secret") {
				t.Errorf("logged %q", log.String())
			}
			if r.types[0] != "" {
				t.Errorf("content type %q, for which the URL is not signed", r.types[0])
			}
		})
	}
}

func TestALongReasonIsCutAtACharacter(t *testing.T) {
	for _, long := range []string{strings.Repeat("x", 9000), strings.Repeat("é", 5000), strings.Repeat("\"\n<", 3000)} {
		r := newReceiver(t, 0)
		fails := func(context.Context, customresource.Event) (string, error) { return "id", errors.New(long) }
		if err := customresource.Handler(fails, customresource.Options{})(t.Context(),
			event(r.URL, customresource.Create, "")); err != nil {
			t.Fatal(err)
		}
		if n := len(r.raw[0]); n > 4096 || n < 1000 {
			t.Errorf("an answer of %d bytes", n)
		}
		if a := r.answers[0]; strings.Contains(a["Reason"], "\ufffd") || !strings.HasSuffix(a["Reason"], "has the rest)") {
			t.Errorf("reason ends in %q", a["Reason"][len(a["Reason"])-60:])
		}
	}
}

func TestAnUndeliveredAnswerIsAnErrorWithoutTheURL(t *testing.T) {
	r := newReceiver(t, 100)
	done := func(context.Context, customresource.Event) (string, error) { return "id", nil }
	options := customresource.Options{Pause: time.Millisecond, Reserve: time.Second}
	for _, url := range []string{r.URL + "/?X-Amz-Signature=abc", "http://127.0.0.1:1/?X-Amz-Signature=abc",
		"::X-Amz-Signature=abc"} {
		err := customresource.Handler(done, options)(t.Context(), event(url, customresource.Create, ""))
		if err == nil || strings.Contains(err.Error(), "Signature") {
			t.Errorf("%v", err)
		}
	}
}
