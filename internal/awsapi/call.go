package awsapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

const (
	// maxAnswer bounds an answer, in bytes. CloudFormation's templates have 1 MB at most.
	maxAnswer = 8 << 20
	// attempts is how often a call is made that is throttled or fails on the service's side.
	attempts = 4
	// firstPause is the wait before the second attempt. It doubles from then on.
	firstPause = 250 * time.Millisecond
	// sesPace is the least time between two calls of SES: it allows one a second, sending aside
	// (Amazon SES Developer Guide, Service quotas).
	sesPace = 1100 * time.Millisecond
)

// JSON calls an operation of the JSON protocol and decodes the answer into out, unless that is nil.
// A service's error is an [*Error].
func (c *Client) JSON(ctx context.Context, s Service, operation string, in, out any) error {
	return c.json(ctx, s, operation, in, out, false)
}

// Once is [Client.JSON] without a further attempt: for a call of which a repeat would be refused
// because of the first.
func (c *Client) Once(ctx context.Context, s Service, operation string, in, out any) error {
	return c.json(ctx, s, operation, in, out, true)
}

func (c *Client) json(ctx context.Context, s Service, operation string, in, out any, isOnce bool) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-" + s.JSON},
		"X-Amz-Target": {s.Target + "." + operation}}
	return c.call(ctx, request{s, operation, http.MethodPost, "/", header, body, isOnce}, decoder(out))
}

// REST calls an operation of a REST service. Path holds the query too; operation is the IAM
// action's name.
func (c *Client) REST(ctx context.Context, s Service, operation, method, path string, out any) error {
	return c.call(ctx, request{s, operation, method, path, http.Header{}, nil, false}, decoder(out))
}

// XML reads a resource of a REST service whose answers are XML. Path and operation are as in
// [Client.REST].
func (c *Client) XML(ctx context.Context, s Service, operation, path string, out any) error {
	return c.call(ctx, request{s, operation, http.MethodGet, path, http.Header{}, nil, false},
		func(body []byte) error { return xml.Unmarshal(body, out) })
}

// Query calls an operation of the query protocol, whose answers are XML.
func (c *Client) Query(ctx context.Context, s Service, operation string, params url.Values, out any) error {
	form := url.Values{"Action": {operation}, "Version": {s.Version}}
	for name, values := range params {
		form[name] = values
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	return c.call(ctx, request{s, operation, http.MethodPost, "/", header, []byte(form.Encode()), false},
		func(body []byte) error { return xml.Unmarshal(body, out) })
}

func decoder(out any) func([]byte) error {
	return func(body []byte) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(body, out)
	}
}

type request struct {
	service      Service
	operation    string
	method, path string
	header       http.Header
	body         []byte
	isOnce       bool
}

func (r request) action() string { return cmp.Or(r.service.Action, r.service.Name) + ":" + r.operation }

// call sends a request, again where that may help, and decodes the answer.
func (c *Client) call(ctx context.Context, r request, decode func([]byte) error) error {
	for try := 0; ; try++ {
		status, header, body, err := c.send(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.action(), err)
		}
		if status < 300 {
			if err := decode(body); err != nil {
				return fmt.Errorf("%s: the answer is malformed: %w", r.action(), err)
			}
			return nil
		}
		failed := errorOf(r.action(), status, header, body)
		if try == attempts-1 || r.isOnce || !failed.isPassing() {
			return failed
		}
		if err := c.sleep(ctx, firstPause<<try); err != nil {
			return err
		}
	}
}

// send sends a request once.
func (c *Client) send(ctx context.Context, r request) (status int, header http.Header, body []byte, err error) {
	endpoint, isAWS := c.Endpoint(r.service)
	if err := c.pace(ctx, r.service, isAWS); err != nil {
		return 0, nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, r.method, endpoint+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, nil, withoutURL(err)
	}
	q.Header = r.header.Clone()
	keys, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, nil, nil, &noCredentials{err}
	}
	sum := sha256.Sum256(r.body)
	hash, region := hex.EncodeToString(sum[:]), c.config.Region
	if r.service.ID == S3.ID {
		q.Header.Set("X-Amz-Content-Sha256", hash) // S3 alone requires it
	}
	if r.service.Global {
		_, region = partition.Global(r.service.Host, region, false)
	}
	err = c.signer.SignHTTP(ctx, keys, q, hash, r.service.Name, region, time.Now())
	if err != nil {
		return 0, nil, nil, err
	}
	response, err := c.http.Do(q)
	if err != nil {
		return 0, nil, nil, &Unreachable{endpoint, withoutURL(err)}
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return response.StatusCode, response.Header, body, err
}

// withoutURL returns the cause of a failed request alone: the path may have an e-mail address.
func withoutURL(err error) error {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// pace waits until SES may be called again.
func (c *Client) pace(ctx context.Context, s Service, isAWS bool) error {
	if s.ID != SES.ID || !isAWS {
		return nil
	}
	c.mu.Lock()
	now := time.Now()
	at := c.next
	if at.Before(now) {
		at = now
	}
	c.next = at.Add(sesPace)
	c.mu.Unlock()
	if wait := at.Sub(now); wait > 0 {
		return c.sleep(ctx, wait)
	}
	return nil
}
