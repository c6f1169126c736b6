package mailbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

func page(t *testing.T) (*mailbox.Store, *mailbox.Inbox, string) {
	t.Helper()
	store := mailbox.NewStore(0)
	inbox := mailbox.NewInbox(store, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(inbox)
	t.Cleanup(server.Close)
	return store, inbox, server.URL
}

func request(t *testing.T, method, address string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestTheJSONHasTheContractsFields(t *testing.T) {
	store, _, base := page(t)
	store.Add(mailbox.Message{ID: "7", To: "user@example.com", From: "c@example.com", Subject: "<s>", Text: "t",
		HTML: "<p>", Headers: map[string]string{"X-A": "b"}, SentAt: time.Unix(1, 0).UTC(),
		Recipients: []string{"user@example.com"}})
	_, body := request(t, http.MethodGet, base+"/api/messages")
	var got []map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": "7", "to": "user@example.com", "from": "c@example.com", "subject": "<s>",
		"text": "t", "html": "<p>", "sentAt": "1970-01-01T00:00:01Z", "headers": map[string]any{"X-A": "b"}}
	a, _ := json.Marshal(got[0])
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("got %s, want %s", a, b)
	}
	if response, one := request(t, http.MethodGet, base+"/api/messages/7"); response.StatusCode != 200 ||
		!strings.Contains(one, `"id":"7"`) {
		t.Errorf("one mail: %s", one)
	}
	if response, _ := request(t, http.MethodGet, base+"/api/messages/8"); response.StatusCode != 404 {
		t.Errorf("a missing mail: %d", response.StatusCode)
	}
}

func TestTheListFilters(t *testing.T) {
	store, _, base := page(t)
	for i := range 3 {
		store.Add(letter(i, "user@example.com"))
	}
	store.Add(letter(9, "bob@example.com"))
	store.Add(letter(0, "a+b+c@example.com"))
	for query, want := range map[string]int{
		"to=a+b+c@example.com": 1, "to=a%2Bb%2bc%40example.com": 1, "to=%20a+b+c@example.com%20": 1,
		"": 5, "to=user%40example.com": 3, "to=USER%40example.com&since=1970-01-01T00:00:01Z": 2, "since=9000": 1,
		"since=1970-01-01T02:00:09%2B02:00": 1,
		"since=1970-01-01T02:00:09+02:00":   1, "to=none%40example.com": 0, "limit=2": 2,
	} {
		_, body := request(t, http.MethodGet, base+"/api/messages?"+query)
		var got []any
		if err := json.Unmarshal([]byte(body), &got); err != nil || got == nil || len(got) != want {
			t.Errorf("%s: %d mails, want %d (%s)", query, len(got), want, body)
		}
	}
	response, body := request(t, http.MethodGet, base+"/api/messages?since=yesterday&limit=no")
	if response.StatusCode != 400 || !strings.Contains(body, "yesterday") || !strings.Contains(body, "limit must be") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestOnlyProgramsAndTheOwnPageMayDelete(t *testing.T) {
	store, _, base := page(t)
	for _, c := range []struct {
		header []string
		want   int
	}{
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Origin", "http://attacker.example"}, 403},
		{[]string{"Origin", "http://127.0.0.1:1"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 204},
		{[]string{"Origin", base}, 204},
		{nil, 204},
	} {
		store.Add(letter(1, "user@example.com"))
		response, _ := request(t, http.MethodDelete, base+"/api/messages", c.header...)
		if response.StatusCode != c.want || (len(store.Messages("", time0, 0)) == 0) != (c.want == 204) {
			t.Errorf("%v: %d, want %d", c.header, response.StatusCode, c.want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch} {
		if response, _ := request(t, method, base+"/api/messages"); response.StatusCode != 405 {
			t.Errorf("%s: %d", method, response.StatusCode)
		}
	}
}

func TestNoOtherOriginReadsTheInbox(t *testing.T) {
	_, _, base := page(t)
	for _, path := range []string{"/", "/api/messages", "/api/summaries"} {
		response, _ := request(t, http.MethodGet, base+path, "Origin", "http://localhost:3000")
		if response.Header.Get("Access-Control-Allow-Origin") != "" ||
			response.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
	if response, _ := request(t, http.MethodOptions, base+"/api/messages", "Origin", "http://localhost:3000",
		"Access-Control-Request-Method", "DELETE"); response.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Error("a preflight was granted")
	}
}

func TestAMailsHTMLCanDoNothing(t *testing.T) {
	store, _, base := page(t)
	m := letter(1, "user@example.com")
	m.HTML = `<script>fetch("/api/messages",{method:"DELETE"})</script><img src="http://tracker.example/x">`
	store.Add(m)
	response, body := request(t, http.MethodGet, base+"/messages/1/html")
	policy := response.Header.Get("Content-Security-Policy")
	for _, part := range []string{"sandbox;", "default-src 'none'", "img-src data:", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "allow-") || body != m.HTML {
		t.Errorf("policy %q, body %q", policy, body)
	}
}

func TestThePageIsStrictAndLinksToTheSignInPage(t *testing.T) {
	_, inbox, base := page(t)
	inbox.SetSignInURL("http://127.0.0.1:8/?a=<b>")
	response, body := request(t, http.MethodGet, base)
	if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
		strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if !strings.Contains(body, `href="http://127.0.0.1:8/?a=%3cb%3e"`) || strings.Contains(body, "<script>") ||
		strings.Contains(body, "<style") {
		t.Errorf("page: %s", body)
	}
	for _, file := range []string{"/inbox.js", "/inbox.css"} {
		if response, _ := request(t, http.MethodGet, base+file); response.StatusCode != 200 {
			t.Errorf("%s: %d", file, response.StatusCode)
		}
	}
	if response, _ := request(t, http.MethodGet, base+"/inbox.html"); response.StatusCode != 404 {
		t.Errorf("the bare template: %d", response.StatusCode)
	}
}

func TestPollingCostsNothingWhileNothingChanges(t *testing.T) {
	store, _, base := page(t)
	store.Add(letter(1, "user@example.com"))
	response, _ := request(t, http.MethodGet, base+"/api/summaries")
	tag := response.Header.Get("ETag")
	if response, body := request(t, http.MethodGet, base+"/api/summaries", "If-None-Match",
		tag); response.StatusCode != 304 || body != "" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	store.Add(letter(2, "user@example.com"))
	if response, _ := request(t, http.MethodGet, base+"/api/summaries", "If-None-Match", tag); response.StatusCode != 200 {
		t.Errorf("%d after a change", response.StatusCode)
	}
}

func TestTheSourceIsMIMEThatAnotherParserReads(t *testing.T) {
	source := mailbox.Source(mailbox.Message{ID: "1", Text: "Grüße = 1", HTML: "<p>ü</p>",
		Headers: map[string]string{"From": "a@example.com", "To": "b@example.com", "Subject": "Grüße", "X-Z": "1",
			"X-A": "2"}})
	m, err := mail.ReadMessage(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("From") != "a@example.com" ||
		!strings.HasPrefix(m.Header.Get("Content-Type"), "multipart/alternative") ||
		strings.Count(string(source), "X-Z:") != 1 || strings.Count(string(source), "From:") != 1 {
		t.Errorf("source:\n%s", source)
	}
}

func TestTheCodeIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"Your code\n\n  1234 5678  \n\nRequested 2026-11-21": "1234 5678",
		"Sign in with 123456 today":                          "123456",
		"1234 5678 9012 3456 7890":                           "1234 5678 9012 3456 7890",
		"Requested on\n2026-11-21\nno code":                  "",
		"@example.com #12345678":                             "12345678",
		"Call 12 now":                                        "",
		"":                                                   "",
		"Hello\n12-34-56\n":                                  "12-34-56",
		strings.Repeat("1", 50):                              "",
	} {
		if got := mailbox.FindCode(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzQueriesGetAnAnswer(f *testing.F) {
	f.Add("to=a&since=1")
	f.Add("since=2026-11-21T06:30:00 02:00")
	store := mailbox.NewStore(0)
	store.Add(letter(1, "a@example.com"))
	inbox := mailbox.NewInbox(store, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, query string) {
		w := httptest.NewRecorder()
		inbox.ServeHTTP(w, &http.Request{Method: http.MethodGet, Host: "127.0.0.1", Header: http.Header{},
			URL: &url.URL{Path: "/api/messages", RawQuery: query}})
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d", w.Code)
		}
	})
}
