package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/tables"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// sandboxLoad measures the start and the sign-ins a second, beside a pool whose triggers do
// nothing.
func sandboxLoad(r *run) error {
	var whole, engine []float64
	for i := range r.samples(7, 2) + 1 { // the first installs and builds
		began := time.Now()
		s, err := r.startSandbox(settings.Passwordless, 1, nil)
		if err != nil {
			return err
		}
		took := time.Since(began).Seconds()
		if err := s.Close(); err != nil {
			return err
		}
		began = time.Now()
		t, err := tables.Start(r.ctx, tables.Config{CacheDir: r.cache, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		alone := time.Since(began).Seconds()
		if err := t.Close(); err != nil {
			return err
		}
		if i > 0 {
			whole, engine = append(whole, took), append(engine, alone)
		}
	}
	r.compare("synthesised assembly to ready", "s", whole, "the table engine alone", engine, valueAtMost(2))
	return errors.Join(r.throughput(settings.Passwordless, map[int]*Target{1: valueAtLeast(60), 8: valueAtLeast(120)}),
		r.throughput(settings.Password, nil))
}

// throughput measures sign-ins a second by the number of clients; floors are for two processors.
func (r *run) throughput(m settings.Mode, floors map[int]*Target) error {
	counts, limit := []int{1, 8, 64}, 10*time.Second
	if r.Fewer {
		counts, limit = []int{1, 8}, 3*time.Second
	}
	const of = "triggers that do nothing"
	var got, bare []load
	for _, side := range []struct {
		loads   *[]load
		invoker sandbox.Invoker
		code    string
	}{{&got, nil, ""}, {&bare, nothing(), "1"}} {
		s, err := r.startSandbox(m, manyUsers, side.invoker)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }() // nothing is measured any more
		// The first sign-ins start processes and connections.
		if _, err := drive(r.ctx, s, 8, 40, time.Minute, side.code); err != nil {
			return err
		}
		for _, clients := range counts {
			l, err := drive(r.ctx, s, clients, 0, limit, side.code)
			if err != nil {
				return err
			}
			*side.loads = append(*side.loads, l)
		}
	}
	for i, clients := range counts {
		what := fmt.Sprintf("%s, %d client(s): ", m, clients)
		r.compare(what+"sign-ins a second", "/s", got[i].perSecond, of, bare[i].perSecond, floors[clients])
		r.compare(what+"processor time of a sign-in", "s", got[i].cpu, of, bare[i].cpu, nil)
	}
	return nil
}

// sandboxLeak signs in thousands of times and compares the end with the beginning.
func sandboxLeak(r *run) error {
	total := r.samples(20_000, 500)
	s, err := r.startSandbox(settings.Passwordless, manyUsers, nil)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // nothing is measured any more
	if _, err := drive(r.ctx, s, 8, total/20, time.Hour, ""); err != nil {
		return err
	}
	before, known := measureUsage()
	goroutines := runtime.NumGoroutine()
	l, err := drive(r.ctx, s, 8, total, time.Hour, "")
	if err != nil {
		return err
	}
	after, _ := measureUsage()
	if !known {
		return errors.New("this system does not report the memory of processes (" + runtime.GOOS + ")")
	}
	one := func(x float64) []float64 { return []float64{x} }
	count := func(n int) []float64 { return one(float64(n)) }
	r.compare(fmt.Sprintf("sign-ins a second, the last tenth of %d", total), "/s", l.perSecond[9:], "the first tenth",
		l.perSecond[:1], nil)
	r.value("memory of the sandbox, for a sign-in", "B", nil, max(0, after.own-before.own)/float64(total)).Note =
		fmt.Sprintf("from %s to %s; the inbox keeps every mail, which is most of it", amount(before.own, "B"),
			amount(after.own, "B"))
	r.compare("memory of its processes, afterwards", "B", one(after.others), "before", one(before.others), nil)
	r.compare("processes afterwards", "processes", count(after.processes), "before", count(before.processes),
		ratioAtMost(1.2))
	r.compare("goroutines afterwards", "goroutines", count(runtime.NumGoroutine()), "before", count(goroutines),
		ratioAtMost(1.2))
	return nil
}

// guardLoad measures a user's item in the table.
func guardLoad(r *run) error {
	for _, m := range settings.Modes() {
		s, err := r.startSandbox(m, 12, nil)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }() // nothing is measured any more
		if _, err := drive(r.ctx, s, 1, 60, time.Minute, ""); err != nil {
			return err
		}
		size, err := userItemBytes(r.ctx, s)
		if err != nil {
			return err
		}
		r.value(string(m)+": a user's item, with DynamoDB's own 100 bytes", "B", valueAtMost(cost.ItemBytes), size).Note =
			"below 1,024 bytes each update is one write unit"
	}
	return nil
}

// userItemBytes returns the size of the largest item of a user who has signed in, as DynamoDB bills
// it.
func userItemBytes(ctx context.Context, s *sandbox.Sandbox) (float64, error) {
	env, err := s.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return 0, err
	}
	body := strings.NewReader(string(mustJSON(object{"TableName": env["EMAILOTP_TABLE"]})))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Config().DynamoDBEndpoint+"/", body)
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{"Content-Type": "application/x-amz-json-1.0",
		"X-Amz-Target": "DynamoDB_20120810.Scan",
		"X-Amz-Date":   "20260101T000000Z", "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/dynamodb/aws4_request, " +
			"SignedHeaders=host;x-amz-date, Signature=0"} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	var scanned struct {
		Items []map[string]struct{ S, N string }
	}
	if err := json.Unmarshal(answer, &scanned); err != nil {
		return 0, fmt.Errorf("read the table: %s: %.200s", response.Status, answer)
	}
	most := 0
	for _, item := range scanned.Items {
		if _, used := item["ub"]; !used {
			continue // not an account's
		}
		size := 100
		for name, v := range item {
			size += len(name) + len(v.S)
			if v.N != "" { // a number takes a byte for two digits, and one more
				size += (len(v.N)+1)/2 + 1
			}
		}
		most = max(most, size)
	}
	if most == 0 {
		return 0, errors.New("read the table: it has no user who signed in")
	}
	return float64(most), nil
}
