package sandbox

import (
	"encoding/json"
	"testing"
)

// A record of AWS decides the switches that nobody sets.
func TestSwitchesHaveTheirDefaultsFromTheRecord(t *testing.T) {
	record := []byte(`{"mode": "password", "switches": {"NewPasswordIssuesTokens": true, "UnknownUserNameIsDummy": false}}`)
	o := Options{CustomChallengeEntryRow: true}.withRecord(record)
	if !o.NewPasswordIssuesTokens || o.UnknownUserNameIsDummy || !o.CustomChallengeEntryRow ||
		o.CreateSeesNoClientMetadata {
		t.Errorf("%t %t %t %t", o.NewPasswordIssuesTokens, o.UnknownUserNameIsDummy, o.CustomChallengeEntryRow,
			o.CreateSeesNoClientMetadata)
	}
	if _, err := recorded(recordFile); err != nil || !json.Valid(recordFile) {
		t.Error(err)
	}
}
