package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, test := range []struct {
		name string
		ctx  context.Context
		args []string
		want int
	}{
		{"success", t.Context(), []string{"version"}, 0},
		{"help", t.Context(), []string{"sign-in", "--help"}, 0},
		{"an assembly that isn't there", t.Context(),
			[]string{"dev", "--assembly", "nowhere", "--port", "0", "--ready-file", "ready.json"}, exitError},
		{"an unknown command", t.Context(), []string{"devv"}, exitUsage},
		{"an unknown flag", t.Context(), []string{"dev", "--nonsense"}, exitUsage},
		{"a flag of a wrong type", t.Context(), []string{"dev", "--port", "many"}, exitUsage},
		{"a wrong value", t.Context(), []string{"dev", "--mode", "sms"}, exitUsage},
		{"flags that exclude one another", t.Context(), []string{"dev", "--assembly", "nowhere", "--stage", "dev"},
			exitUsage},
		{"an argument where none belongs", t.Context(), []string{"version", "1"}, exitUsage},
		{"no sandbox", t.Context(), []string{"sign-in", "--user", "user@example.com", "--ready-file", "nowhere"},
			exitUnavailable},
		{"Ctrl-C", stopped, []string{"dev", "--assembly", "nowhere", "--port", "0", "--ready-file", "ready.json"},
			exitInterrupted},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out, words bytes.Buffer
			if got := run(test.ctx, test.args, streams{in: os.Stdin, out: &out, err: &words}); got != test.want {
				t.Errorf("exit code %d, want %d; stderr:\n%s", got, test.want, &words)
			}
		})
	}
}

// TestDevReadsTheDescriptionsOfAPool: what is wrong with them ends the command before anything
// starts.
func TestDevReadsTheDescriptionsOfAPool(t *testing.T) {
	t.Parallel()
	client := filepath.Join(t.TempDir(), "client.json")
	if err := os.WriteFile(client, []byte(`{"UserPoolClient": {"ClientName": "Web"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file":         {[]string{"--pool-description", "nowhere.json"}, "nowhere.json"},
		"no client":       {[]string{"--pool-clients", client}, "has no UserPoolClient with a member ClientId"},
		"nothing to read": {[]string{"--pool-description", "../../internal/attach/testdata/every-field.json"}, "creates its user pool, so there is nothing to describe"},
	} {
		var out, words bytes.Buffer
		args := append([]string{"dev", "--assembly", "../../internal/sandbox/assembly/testdata/app", "--stack",
			"EmailOtp-dev", "--port", "0", "--ready-file", filepath.Join(t.TempDir(), "ready.json")}, c.args...)
		if got := run(t.Context(), args, streams{in: os.Stdin, out: &out, err: &words}); got != exitError ||
			!strings.Contains(words.String(), c.want) {
			t.Errorf("%s: exit code %d, stderr:\n%s", name, got, &words)
		}
	}
}
