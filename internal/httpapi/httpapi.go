// Package httpapi connects an http.Handler to an API Gateway HTTP API behind the sign-in page's
// distribution: it reads events of payload format 2.0 and refuses what did not come through the
// distribution.
package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// The headers that the distribution sets, in place of any that a caller sent.
const (
	// OriginHeader has the page's own origin, such as "https://login.example.com".
	OriginHeader = "X-Emailotp-Origin"
	// SecretHeader has the secret that the distribution and the function share.
	SecretHeader = "X-Emailotp-Origin-Secret"
)

// Origin returns the page's own origin.
func Origin(r *http.Request) string { return r.Header.Get(OriginHeader) }

// Event is a request as an HTTP API passes it on.
type Event struct {
	Version        string            `json:"version"`
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQueryString string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies,omitempty"`
	Headers        map[string]string `json:"headers"`
	RequestContext struct {
		HTTP struct {
			Method    string `json:"method"`
			Path      string `json:"path"`
			Protocol  string `json:"protocol"`
			SourceIP  string `json:"sourceIp"`
			UserAgent string `json:"userAgent"`
		} `json:"http"`
		RequestID string `json:"requestId"`
	} `json:"requestContext"`
	Body            string `json:"body,omitempty"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// Response is an answer as an HTTP API expects it.
type Response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// Handler is a Lambda function's handler that passes events to an http.Handler.
type Handler struct{ http.Handler }

// Invoke answers one event. An event that is none of an HTTP API is an error.
func (h Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e Event
	if err := json.Unmarshal(payload, &e); err != nil || e.RequestContext.HTTP.Method == "" {
		return nil, fmt.Errorf("the event is not one of an HTTP API with payload format 2.0")
	}
	r, err := e.request(ctx)
	if err != nil {
		return nil, err
	}
	w := &recorder{status: http.StatusOK, header: http.Header{}}
	h.ServeHTTP(w, r)
	out := Response{StatusCode: w.status, Headers: map[string]string{}, Body: w.body.String()}
	for name, values := range w.header {
		out.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	return json.Marshal(out)
}

// request makes a request of an event. Its query is the raw one: the parsed ones of the event join
// repeated parameters by commas.
func (e Event) request(ctx context.Context) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, fmt.Errorf("the event's body is not base64")
		}
	}
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	r := &http.Request{Method: e.RequestContext.HTTP.Method, URL: &url.URL{Path: e.RawPath, RawQuery: e.RawQueryString},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Host: header.Get("Host"),
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		RemoteAddr: e.RequestContext.HTTP.SourceIP}
	return r.WithContext(ctx), nil
}

// recorder keeps a response.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// Secrets returns the text of a secret; with fresh a text that was read just now.
type Secrets interface {
	Secret(ctx context.Context, arn string, fresh bool) (string, error)
}

// Guard passes requests on that carry the secret of the distribution, and refuses others with 403:
// the API has an address of its own, at which there is neither the distribution's rate limit nor
// its headers. fault is called with the error of a secret that can't be read.
func Guard(arn string, secrets Secrets, fault func(error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := sha256.Sum256([]byte(r.Header.Get(SecretHeader)))
		r.Header.Del(SecretHeader)
		for _, fresh := range []bool{false, true} {
			want, err := secrets.Secret(r.Context(), arn, fresh)
			if err != nil {
				fault(err)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			sum := sha256.Sum256([]byte(want))
			if want != "" && subtle.ConstantTimeCompare(given[:], sum[:]) == 1 {
				next.ServeHTTP(w, r)
				return
			}
		}
		w.WriteHeader(http.StatusForbidden)
	})
}
