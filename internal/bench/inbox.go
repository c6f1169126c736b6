package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/bench/bare"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// inboxGrowth fills the inbox by SES's API and compares its first and its last mails.
func inboxGrowth(ctx context.Context, r *run) error {
	total := r.samples(20_000, 2_000)
	part := total / 10
	s, err := r.startSandbox(ctx, "passwordless", 1, trivial())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // nothing is measured any more
	client := &http.Client{}
	defer client.CloseIdleConnections()
	from, err := sender(s)
	if err != nil {
		return err
	}
	var sent, waited, listed []float64
	for i := range total {
		began := time.Now()
		to := fmt.Sprintf("inbox%d@example.com", i)
		if err := sendMail(ctx, s, client, from, to); err != nil {
			return err
		}
		sent = append(sent, time.Since(began).Seconds())
		began = time.Now()
		if _, err := s.WaitForMessage(ctx, to, time.Time{}); err != nil {
			return err
		}
		waited = append(waited, time.Since(began).Seconds())
		if i%(part/20) == 0 {
			began = time.Now()
			if err := listInbox(ctx, s, client); err != nil {
				return err
			}
			listed = append(listed, time.Since(began).Seconds())
		}
	}
	last := fmt.Sprintf("after %d mails", total)
	first := fmt.Sprintf("the first %d", part)
	r.add(Row{What: "sending one more, " + last, Value: sample("s", sent[total-part:]...), Baseline: sample("s", sent[:part]...), Of: first, Target: ratioAtMost(1.5)})
	r.add(Row{What: "finding somebody's newest, " + last, Value: sample("s", waited[total-part:]...), Baseline: sample("s", waited[:part]...), Of: first, Target: ratioAtMost(1.5)})
	r.add(Row{What: "one person's mails by the inbox's API, " + last, Value: sample("s", listed[len(listed)-20:]...), Baseline: sample("s", listed[:20]...), Of: first, Target: ratioAtMost(1.5)})
	return nil
}

// sender finds an address that the stack may send from: that of its own identity.
func sender(s *sandbox.Sandbox) (string, error) {
	env, err := s.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return "", err
	}
	return env["EMAILOTP_FROM"], nil
}

func sendMail(ctx context.Context, s *sandbox.Sandbox, client *http.Client, from, to string) error {
	type object = map[string]any
	body, err := json.Marshal(object{"FromEmailAddress": from, "Destination": object{"ToAddresses": []string{to}},
		"Content": object{"Simple": object{"Subject": object{"Data": "Your code"},
			"Body": object{"Text": object{"Data": "1234 5678"}, "Html": object{"Data": string(bytes.Repeat([]byte("a"), bare.HTMLSize))}}}}})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Config().SESEndpoint+"/v2/email/outbound-emails", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	// Any key but a function's is the developer's.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/ses/aws4_request, SignedHeaders=host, Signature=0")
	return finish(client.Do(r))
}

func listInbox(ctx context.Context, s *sandbox.Sandbox, client *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Config().InboxURL+"/api/messages?to=inbox1@example.com", nil)
	if err != nil {
		return err
	}
	return finish(client.Do(r))
}

func finish(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, body)
	}
	return err
}
