package srp

import (
	"fmt"
	"time"
)

// timestampLayout is the form of TIMESTAMP: English, the day without padding.
const timestampLayout = "Mon Jan 2 15:04:05 MST 2006"

// FormatTimestamp returns t as a TIMESTAMP, "Thu Nov 5 09:05:03 UTC 2026".
func FormatTimestamp(t time.Time) string { return t.UTC().Format(timestampLayout) }

// NormalizeTimestamp parses a TIMESTAMP and writes it again, as Cognito does before it checks a
// signature. A padded day or a wrong weekday parses but comes out changed, so that a signature over
// the original no longer matches. The time itself is not compared with any clock: clients are known
// to send a wrong one.
func NormalizeTimestamp(s string) (string, error) {
	t, err := time.ParseInLocation(timestampLayout, s, time.UTC)
	if err != nil {
		return "", fmt.Errorf("timestamp does not have the form %q", timestampLayout)
	}
	return FormatTimestamp(t), nil
}
