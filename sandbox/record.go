package sandbox

import (
	_ "embed"
	"encoding/json"
)

// recordFile has what a record of `emailotp doctor --record` settled about AWS: the switches whose
// default it sets. It is empty until someone has recorded a pool on AWS.
//
//go:embed record.json
var recordFile []byte

// recorded returns the switches that a record has as true.
func recorded(file []byte) (map[string]bool, error) {
	var r struct {
		Switches map[string]bool `json:"switches"`
	}
	err := json.Unmarshal(file, &r)
	return r.Switches, err
}

// withRecord sets the switches that the record has as true.
func (o Options) withRecord(file []byte) Options {
	on, err := recorded(file)
	if err != nil {
		panic("sandbox: record.json is malformed: " + err.Error()) // a test reads it
	}
	for name, field := range map[string]*bool{"NewPasswordIssuesTokens": &o.NewPasswordIssuesTokens,
		"CustomChallengeEntryRow": &o.CustomChallengeEntryRow, "UnknownUserNameIsDummy": &o.UnknownUserNameIsDummy,
		"CreateSeesNoClientMetadata": &o.CreateSeesNoClientMetadata} {
		*field = *field || on[name]
	}
	return o
}
