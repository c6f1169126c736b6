package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestTheNewestCodeIsPrinted(t *testing.T) {
	t.Parallel()
	const mail = `{"text": "Your code:\n\n1234 5678\n\nIt is valid for 5 minutes."}`
	for _, test := range []struct {
		name    string
		args    []string
		answers []string // of the inbox, one after the other
		query   string
		code    int
		printed string
	}{
		{"the newest", nil, []string{`[` + mail + `, {"text": "8765 4321"}]`}, "limit=20&to=", 0, "12345678\n"},
		{"of an address", []string{"--to", "user@example.com"}, []string{`[` + mail + `]`}, "limit=20&to=user%40example.com",
			0, "12345678\n"},
		{"a mail without a code comes first", nil, []string{`[{"text": "Welcome"}, ` + mail + `]`}, "", 0, "12345678\n"},
		{"no mail", nil, []string{`[]`}, "", exitError, ""},
		{"no JSON", nil, []string{`<html>`}, "", exitUnavailable, ""},
		{"waiting", []string{"--wait"}, []string{`[]`, `[]`, `[` + mail + `]`}, "since=20", 0, "12345678\n"},
		{"waiting for nothing", []string{"--wait", "--timeout", "1ms"}, []string{`[]`}, "", exitError, ""},
		{"no time", []string{"--timeout", "0s"}, []string{`[]`}, "", exitUsage, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := min(int(calls.Add(1)), len(test.answers))
				if !strings.Contains(r.URL.RawQuery, test.query) {
					t.Errorf("the query is %s, want %s in it", r.URL.RawQuery, test.query)
				}
				_, _ = w.Write([]byte(test.answers[n-1]))
			}))
			defer server.Close()
			ready := filepath.Join(t.TempDir(), "ready.json")
			c := sandbox.Config{Endpoint: server.URL, InboxURL: server.URL, UserPoolID: "eu-west-1_local",
				UserPoolClientID: "client"}
			if err := c.WriteReadyFile(ready); err != nil {
				t.Fatal(err)
			}
			var out, words bytes.Buffer
			args := append([]string{"code", "--ready-file", ready}, test.args...)
			got := run(t.Context(), args, streams{in: os.Stdin, out: &out, err: &words})
			if got != test.code || out.String() != test.printed {
				t.Errorf("exit code %d, printed %q; want %d, %q; stderr:\n%s", got, &out, test.code, test.printed, &words)
			}
		})
	}
}
