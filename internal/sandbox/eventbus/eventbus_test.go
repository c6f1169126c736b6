package eventbus_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
)

type object = map[string]any

func decoded(t testing.TB, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

const event = `{"source":"aws.ses","detail-type":"Email Bounced","detail":{"n":5,"on":true,"none":null,
	"mail":{"tags":{"ses:configuration-set":["Mail"],"item":["a","b"],"empty":[]}},"recipients":[{"address":"x@example.com","kind":"to"},{"address":"y@example.com","kind":"cc"}]}}`

func TestPatternsMatchAsEventBridgesDo(t *testing.T) {
	for pattern, want := range map[string]bool{
		`{"source":["aws.ses"]}`:                                                    true,
		`{"source":["aws.s3","aws.ses"]}`:                                           true,
		`{"source":["aws.s3"]}`:                                                     false,
		`{"source":["aws.ses"],"detail-type":["Email Delivered"]}`:                  false,
		`{"detail":{"mail":{"tags":{"item":["b"]}}}}`:                               true,
		`{"detail":{"mail":{"tags":{"item":["c"]}}}}`:                               false,
		`{"detail":{"mail":{"tags":{"item":[{"exists":true}]}}}}`:                   true,
		`{"detail":{"mail":{"tags":{"other":[{"exists":true}]}}}}`:                  false,
		`{"detail":{"mail":{"tags":{"other":[{"exists":false}]}}}}`:                 true,
		`{"detail":{"mail":{"tags":{"item":[{"exists":false}]}}}}`:                  false,
		`{"nothing":{"there":[{"exists":false}]}}`:                                  true,
		`{"nothing":{"there":[{"exists":true}]}}`:                                   false,
		`{"detail":{"recipients":{"address":["y@example.com"]}}}`:                   true,
		`{"detail":{"recipients":{"address":["z@example.com"]}}}`:                   false,
		`{"detail":{"n":[5]}}`:                                                      true,
		`{"detail":{"n":["5"]}}`:                                                    false,
		`{"detail":{"on":[true]}}`:                                                  true,
		`{"detail":{"none":[null]}}`:                                                true,
		`{"detail-type":[{"prefix":"Email "}]}`:                                     true,
		`{"detail-type":[{"prefix":"Mail "}]}`:                                      false,
		`{"detail-type":[{"anything-but":"Email Bounced"}]}`:                        false,
		`{"detail-type":[{"anything-but":["a","b"]}]}`:                              true,
		`{"source":{"deeper":["aws.ses"]}}`:                                         false,
		`{"detail":["aws.ses"]}`:                                                    false,
		`{"detail":[{"exists":true}]}`:                                              false, // only values exist, not objects
		`{"detail":[{"exists":false}]}`:                                             true,
		`{"detail":[{"anything-but":"x"}]}`:                                         false,
		`{"detail":{"none":[{"exists":true}]}}`:                                     true,
		`{"detail":{"none":[{"anything-but":"x"}]}}`:                                true,
		`{"detail":{"none":["<nil>"]}}`:                                             false,
		`{"detail":{"n":[null]}}`:                                                   false,
		`{"detail":{"mail":{"tags":{"empty":[{"exists":false}]}}}}`:                 true,
		`{"detail":{"mail":{"tags":{"item":[{"anything-but":"a"}]}}}}`:              true,
		`{"detail":{"mail":{"tags":{"item":[{"anything-but":["a","b"]}]}}}}`:        false,
		`{"detail":{"n":[{"anything-but":5}]}}`:                                     false,
		`{"detail":{"n":[{"anything-but":[6,7]}]}}`:                                 true,
		`{"detail":{"n":[5.0]}}`:                                                    true,
		`{"detail":{"n":[{"prefix":"5"}]}}`:                                         false,
		`{"detail-type":[{"anything-but":{"prefix":"Email "}}]}`:                    false,
		`{"detail-type":[{"anything-but":{"prefix":"Mail "}}]}`:                     true,
		`{"detail-type":[{"anything-but":{"suffix":"Bounced"}}]}`:                   false,
		`{"detail-type":[{"anything-but":{"equals-ignore-case":"email bounced"}}]}`: false,
		`{"detail-type":[{"suffix":"Bounced"}]}`:                                    true,
		`{"detail-type":[{"equals-ignore-case":"EMAIL BOUNCED"}]}`:                  true,
		`{"detail.mail.tags":{"item":["a"]}}`:                                       true,
		`{"detail":{"mail.tags.item":["b"]}}`:                                       true,
		`{"detail":{"other":[{"exists":false},"x"],"n":[5]}}`:                       true,
		`{"detail":{"n":[{"exists":false},6]}}`:                                     false,
		`{"detail":{"recipients":{"address":["x@example.com"],"kind":["to"]}}}`:     true,
		`{"detail":{"recipients":{"address":["y@example.com"],"kind":["to"]}}}`:     false, // of two elements
	} {
		p, err := eventbus.ParsePattern(decoded(t, pattern))
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got := p.Matches(decoded(t, event)); got != want {
			t.Errorf("%s matches: %t, want %t", pattern, got, want)
		}
	}
}

func TestPatternsThatAreRefusedAreNamed(t *testing.T) {
	for pattern, want := range map[string]string{
		`{}`:                                           "the event pattern is empty",
		`{"source":[]}`:                                "the event pattern's source is an empty list",
		`{"source":"aws.ses"}`:                         "the event pattern's source is neither an object nor a list",
		`{"$or":[{"source":["a"]}]}`:                   "$or, which is not emulated",
		`{"a":{"b":[{"numeric":[">",1]}]}}`:            `the event pattern's a.b compares by numeric, which is not emulated`,
		`{"a":[{"prefix":1}]}`:                         "not emulated",
		`{"a":[{"exists":true,"prefix":"a"}]}`:         "a comparison with 2 members",
		`{"a":[{}]}`:                                   "a comparison with 0 members",
		`{"a":{}}`:                                     "the event pattern's a is an empty object",
		`{"a":[["b"]]}`:                                "the event pattern's a has a list in its list",
		`{"a":[{"exists":"true"}]}`:                    "exists with another value",
		`{"a":[{"anything-but":[]}]}`:                  "anything-but with another value",
		`{"a":[{"anything-but":["x",1]}]}`:             "anything-but with another value",
		`{"a":[{"anything-but":null}]}`:                "anything-but with another value",
		`{"a":[{"anything-but":true}]}`:                "anything-but with another value",
		`{"a":[{"anything-but":{}}]}`:                  "a comparison with 0 members",
		`{"a":[{"anything-but":{"prefix":""}}]}`:       "an empty prefix",
		`{"a":[{"anything-but":{"numeric":[">",1]}}]}`: "compares by numeric, which is not emulated",
		`{"a":[{"anything-but":[{"prefix":"x"}]}]}`:    "anything-but with another value",
		`{"a":[{"riddle":"x"}]}`:                       "compares by riddle, which is not emulated",
		`{"a.b":["x"],"a":{"b":["y"]}}`:                "names a.b twice",
	} {
		if _, err := eventbus.ParsePattern(decoded(t, pattern)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}

// bus has one rule for events of SES; invoke is its function.
func bus(t testing.TB, invoke func(ctx context.Context, event []byte) error) *eventbus.Bus {
	t.Helper()
	p, err := eventbus.ParsePattern(object{"source": []any{"aws.ses"}})
	if err != nil {
		t.Fatal(err)
	}
	b := eventbus.New(eventbus.Config{Account: "123456789012", Region: "eu-west-1", Logger: slog.New(slog.DiscardHandler),
		Waits:  []time.Duration{0, 0},
		Rules:  []eventbus.Rule{{Name: "Rule", Pattern: p, Function: "F"}},
		Invoke: func(ctx context.Context, _ string, event []byte) error { return invoke(ctx, event) }})
	t.Cleanup(func() { b.Close() })
	return b
}

func publish(t testing.TB, b *eventbus.Bus, source string) {
	t.Helper()
	if err := b.Publish(eventbus.Event{Source: source, DetailType: "Email Bounced",
		Time: time.Date(2026, 11, 5, 9, 5, 3, 7e6, time.UTC), Resources: []string{"arn"},
		Detail: object{"a": 1}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAnEventComesInEventBridgesEnvelope(t *testing.T) {
	var got []object
	b := bus(t, func(_ context.Context, event []byte) error { got = append(got, decoded(t, string(event))); return nil })
	publish(t, b, "aws.ses")
	publish(t, b, "aws.s3")
	if len(got) != 1 {
		t.Fatalf("%d events came", len(got))
	}
	id, _ := got[0]["id"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("id %q", id)
	}
	delete(got[0], "id")
	text, err := json.Marshal(got[0])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"account":"123456789012","detail":{"a":1},"detail-type":"Email Bounced","region":"eu-west-1","resources":["arn"],"source":"aws.ses","time":"2026-11-05T09:05:03Z","version":"0"}`
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

func TestAFailedCallIsRepeatedTwiceAndThenDropped(t *testing.T) {
	for fail, want := range map[int]int{0: 1, 1: 2, 2: 3, 9: 3} {
		calls := 0
		b := bus(t, func(context.Context, []byte) error {
			if calls++; calls <= fail {
				return errors.New("down")
			}
			return nil
		})
		publish(t, b, "aws.ses")
		if calls != want {
			t.Errorf("%d calls of which %d fail, want %d", calls, fail, want)
		}
	}
}

func TestCloseEndsWhatIsRunningAndNothingComesAfter(t *testing.T) {
	var mu sync.Mutex
	calls, began := 0, make(chan struct{})
	b := bus(t, func(ctx context.Context, _ []byte) error {
		mu.Lock()
		calls++
		mu.Unlock()
		close(began)
		<-ctx.Done()
		return ctx.Err()
	})
	if err := b.Publish(eventbus.Event{Source: "aws.ses"}); err != nil {
		t.Fatal(err)
	}
	<-began
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := b.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a call that runs: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	publish(t, b, "aws.ses")
	mu.Lock()
	defer mu.Unlock()
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func FuzzParsePattern(f *testing.F) {
	f.Add(`{"source":["aws.ses"],"detail":{"a":[{"exists":true},{"prefix":"x"},null,1]}}`, event)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		var p, e object
		if json.Unmarshal([]byte(pattern), &p) != nil || json.Unmarshal([]byte(event), &e) != nil {
			return
		}
		if parsed, err := eventbus.ParsePattern(p); err == nil {
			parsed.Matches(e)
		}
	})
}
