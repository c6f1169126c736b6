package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor/live"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

func TestAReportHasOneLineForSeveralFunctions(t *testing.T) {
	t.Parallel()
	got := merged([]string{"function A: rebuilt", "table T: keeps all", "function B: rebuilt", "function C: other"})
	if want := []string{"2 functions: rebuilt", "table T: keeps all", "function C: other"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Texts of the DNS and of services reach the terminal without what it obeys.
func TestTextsOfOthersAreNotObeyedByATerminal(t *testing.T) {
	t.Parallel()
	const hostile = "v=DMARC1\x1b]0;title\a\x1b[2J\u009b2J\u202e\r\x7f"
	ctx := t.Context()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"a finding": func(b *bytes.Buffer) error {
			return writeFindings(b, &doctor.Report{Stack: "Shop", PoolID: hostile, Findings: []doctor.Finding{{Level: doctor.Right,
				What: hostile + "\nstack  right", Remedy: hostile, Command: hostile}}})
		},
		"a proof": func(b *bytes.Buffer) error {
			return writeProof(b, &live.Proof{Steps: []live.Step{{Outcome: hostile}}, Points: []live.Point{{Reason: hostile}},
				Left: []string{hostile}})
		},
		"an error":   func(b *bytes.Buffer) error { finish(ctx, b, errors.New(hostile)); return nil },
		"a question": func(b *bytes.Buffer) error { _ = confirm(ctx, streams{err: b}, false, hostile); return nil },
		"JSON":       func(b *bytes.Buffer) error { return writeJSON(streams{out: b}, map[string]string{"v": hostile}) },
	} {
		var out bytes.Buffer
		err := write(&out)
		rest := strings.ReplaceAll(out.String(), "\n", "")
		if err != nil || strings.ContainsFunc(rest, mail.Unprintable) || !strings.Contains(rest, "v=DMARC1") {
			t.Errorf("%s: %v: %q", name, err, &out)
		}
		if name == "a finding" && strings.Contains(out.String(), "\nstack  right") {
			t.Errorf("a text begins a line: %q", &out)
		}
		if got := (map[string]string{}); name == "JSON" && (json.Unmarshal(out.Bytes(), &got) != nil || got["v"] != hostile) {
			t.Errorf("JSON has another value: %q", &out)
		}
	}
}

const refusedCall = `Pool-Create-X: {"time":"2026-11-21T06:30:00Z","level":"ERROR","msg":"failed closed","function":"create-auth-challenge","sub":"1d2c","reason":"mail-refused","cause":"send mail: paused"}` + "\n" +
	`Pool-Create-X: 2026/11/21 06:30:00 {"errorMessage":"Sign-in codes are not available (emailotp:unavailable)","errorType":"Refusal"}` + "\n"

func TestACallOfATriggerIsOneLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newTriggerLog(&out, false, false)
	write(t, log, `Pool-Define-X: {"time":"2026-11-21T06:30:00Z","level":"INFO","msg":"challenge","function":"define-auth-challenge","sub":"1d2c","rows":1,"reason":"CUSTOM_CHALLENGE","_aws":{"x":1}}`+"\n")
	if out.Len() != 0 {
		t.Fatalf("printed before the announcement: %q", &out)
	}
	log.open()
	write(t, log, refusedCall+"Pool-Other-X: START of another\n")
	at := time.Date(2026, 11, 21, 6, 30, 0, 0, time.UTC).Local().Format(time.TimeOnly)
	want := at + "  define-auth-challenge  challenge: CUSTOM_CHALLENGE  user 1d2c\n" +
		at + "  create-auth-challenge  failed closed: mail-refused  user 1d2c\n          send mail: paused\n"
	got, rest := out.String()[:min(len(want), out.Len())], out.String()[min(len(want), out.Len()):]
	if got != want || !strings.HasSuffix(rest, "  Pool-Other-X: START of another\n") || strings.Count(rest, "\n") != 1 {
		t.Errorf("printed\n%s\nwant\n%s", &out, want)
	}
}

func TestWithJSONACallIsAnObjectALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newTriggerLog(&out, false, true)
	log.open()
	write(t, log, refusedCall+"Pool-Other-X: text\n")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `{"event":"trigger","function":"Pool-Create-X","line":{"time":`) ||
		lines[1] != `{"event":"output","function":"Pool-Other-X","line":"text"}` {
		t.Errorf("printed\n%s", &out)
	}
}

func write(t *testing.T, log *triggerLog, text string) {
	t.Helper()
	if n, err := log.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(text), err)
	}
}

func TestArgumentsAreQuotedForAShell(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"user@example.com": "user@example.com", "/tmp/a b": "'/tmp/a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'",
	} {
		if got := quote(arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
}

func TestDurationsHaveMinutesAndSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 34 * time.Second: "34 s", 5 * time.Minute: "5 min",
		4*time.Minute + 57400*time.Millisecond: "4 min 57 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
