package triggerlog

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const refusedCall = `Pool-Create-X: {"time":"2026-11-21T06:30:00Z","level":"ERROR","msg":"failed closed","function":"create-auth-challenge","sub":"1d2c","reason":"mail-refused","cause":"send mail: paused"}` + "\n" +
	`Pool-Create-X: 2026/11/21 06:30:00 {"errorMessage":"Sign-in codes are not available (emailotp:unavailable)","errorType":"Refusal"}` + "\n"

func TestACallOfATriggerIsOneLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(&out, false, false)
	write(t, log, `Pool-Define-X: {"time":"2026-11-21T06:30:00Z","level":"INFO","msg":"challenge","function":"define-auth-challenge","sub":"1d2c","rows":1,"reason":"CUSTOM_CHALLENGE","_aws":{"x":1}}`+"\n")
	if out.Len() != 0 {
		t.Fatalf("printed before the announcement: %q", &out)
	}
	log.Open()
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
	log := New(&out, false, true)
	log.Open()
	write(t, log, refusedCall+"Pool-Other-X: text\n")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `{"event":"trigger","function":"Pool-Create-X","line":{"time":`) ||
		lines[1] != `{"event":"output","function":"Pool-Other-X","line":"text"}` {
		t.Errorf("printed\n%s", &out)
	}
}

func write(t *testing.T, log *Log, text string) {
	t.Helper()
	if n, err := log.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(text), err)
	}
}
