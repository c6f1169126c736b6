package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The large pool that is simulated.
const (
	poolUsers     = 10_000_000
	poolPerSecond = 1_000
	month         = 30 * 24 * time.Hour
)

// guardModel counts what sign-ins cost the table, holds the model to it, and asks it about a large pool.
func guardModel(ctx context.Context, r *run) error {
	var itemBytes float64
	for _, mode := range modes {
		size, err := r.countedSignIns(ctx, mode)
		if err != nil {
			return err
		}
		itemBytes = max(itemBytes, size)
	}
	r.largePool(itemBytes)
	return nil
}

// countedSignIns signs in to the sandbox, compares its counts with the model's, and returns the size of
// a user's item.
func (r *run) countedSignIns(ctx context.Context, mode string) (itemBytes float64, err error) {
	n := r.samples(400, 60)
	s, err := r.startSandbox(ctx, mode, 4, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }() // nothing is measured any more
	if _, err := drive(ctx, s, 1, 20, time.Minute, ""); err != nil {
		return 0, err
	}
	before := s.Counts()
	l, err := drive(ctx, s, 1, n, time.Hour, "")
	if err != nil {
		return 0, err
	}
	after := s.Counts()
	per := func(name string) float64 { return float64(after[name]-before[name]) / float64(l.signIns) }

	r.add(Row{What: mode + ": updates of the table, a sign-in", Value: sample("updates", per("dynamodb:UpdateItem")),
		Baseline: sample("updates", ownWrites+laneWrites), Of: "the model", Note: fmt.Sprintf("counted in the sandbox over %d sign-ins", l.signIns), Target: ratioAtMost(1.02)})
	calls := cost.PerSignIn(settings.Mode(mode))
	for _, c := range []struct {
		what, name string
		model      int
	}{{"reads of the table", "dynamodb:GetItem", calls.Reads}, {"mails", "ses:SendEmail", calls.Mails}} {
		r.add(Row{What: mode + ": " + c.what + ", a sign-in", Value: sample("calls", per(c.name)), Baseline: sample("calls", float64(c.model)), Of: "the model", Target: ratioAtMost(1.02)})
	}
	macs := per("kms:GenerateMac") + per("kms:VerifyMac")
	r.add(Row{What: mode + ": requests to KMS, a sign-in", Value: sample("calls", macs), Baseline: sample("calls", float64(calls.MACs)), Of: "the model", Target: ratioAtMost(1.02)})
	invocations := 0.0
	for name := range after {
		if strings.HasPrefix(name, "lambda:") {
			invocations += per(name)
		}
	}
	r.add(Row{What: mode + ": invocations of functions, a sign-in", Value: sample("calls", invocations), Baseline: sample("calls", float64(calls.Invocations())), Of: "the model", Target: ratioAtMost(1.02)})
	itemBytes, err = userItemBytes(ctx, s)
	if err != nil {
		return 0, err
	}
	r.add(Row{What: mode + ": a user's item, with DynamoDB's own 100 bytes", Value: sample("B", itemBytes), Target: valueAtMost(cost.ItemBytes),
		Note: "below 1,024 bytes each update is one write unit"})
	return itemBytes, nil
}

// largePool asks the model about a pool at the highest mail budget.
func (r *run) largePool(itemBytes float64) {
	model := newPoolModel(poolUsers, poolPerSecond, guard.Lane{Name: "verified", PerHour: settings.MaxPoolMails})
	l := model.run(r.samples(120, 20), itemBytes)
	per := func(n int) float64 { return float64(n) / float64(l.signIns) }
	pool := fmt.Sprintf("%d million users, %d sign-ins a second: ", poolUsers/1_000_000, poolPerSecond)
	r.add(Row{What: pool + "write units a second", Value: sample("/s", per(l.writes)*poolPerSecond)})
	r.add(Row{What: pool + "read units a second", Value: sample("/s", per(l.reads)*poolPerSecond)})
	r.add(Row{What: pool + "hottest partition's write units", Value: sample("/s", float64(l.hottest)), Baseline: sample("/s", partitionWrites), Of: "a partition's limit",
		Target: ratioAtMost(1), Note: l.String()})
	r.add(Row{What: pool + "hottest item's write units", Value: sample("/s", float64(l.hottestItem)), Baseline: sample("/s", partitionWrites), Of: "a partition's limit", Target: ratioAtMost(1)})
	r.add(Row{What: pool + "the table", Value: sample("B", itemBytes*poolUsers)})

	signIns := float64(poolPerSecond) * month.Seconds()
	prices := cost.Prices()
	price := func(name string, quantity float64) float64 {
		p := prices.Get(name)
		if p.USD == nil {
			return 0
		}
		return max(0, quantity-p.Free) / p.Per * *p.USD
	}
	table := price(cost.DynamoDBWrites, signIns*per(l.writes)) + price(cost.DynamoDBReads, signIns*per(l.reads)) + price(cost.DynamoDBStorage, itemBytes*poolUsers/(1<<30))
	bill := cost.EmailOTP(cost.Load{Users: poolUsers, SignInsPerUser: signIns / poolUsers, Mode: settings.Passwordless}, prices)
	r.add(Row{What: pool + "the table's price a month", Value: sample("USD", table), Baseline: sample("USD", bill.TotalUSD), Of: "the whole bill",
		Note: fmt.Sprintf("%s USD for 1,000 sign-ins; list prices of `emailotp cost`, without %s", digits(table/signIns*1000), strings.Join(bill.Unknown, ", "))})
}

// userItemBytes reads the table and returns the size of the largest item of a user who has signed in,
// as DynamoDB bills it.
func userItemBytes(ctx context.Context, s *sandbox.Sandbox) (float64, error) {
	env, err := s.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(map[string]string{"TableName": env["EMAILOTP_TABLE"]})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Config().DynamoDBEndpoint+"/", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.Scan")
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
	response, err := http.DefaultClient.Do(r)
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
	if err := json.Unmarshal(answer, &scanned); err != nil || response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("read the table: %s: %.200s", response.Status, answer)
	}
	most := 0
	for _, item := range scanned.Items {
		if _, used := item["ub"]; !used {
			continue // a lane
		}
		size := 100
		for name, v := range item {
			// A number takes a byte for two digits, and one more.
			size += len(name) + len(v.S) + (len(v.N)+1)/2
			if v.N != "" {
				size++
			}
		}
		most = max(most, size)
	}
	if most == 0 {
		return 0, errors.New("read the table: it has no user who signed in")
	}
	return float64(most), nil
}
