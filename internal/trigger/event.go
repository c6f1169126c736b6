package trigger

import (
	"encoding/json"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
)

// event is a trigger's event. The received bytes are kept, so that every field that this package
// doesn't use returns to Cognito unchanged.
type event struct {
	raw     map[string]json.RawMessage
	payload []byte

	Version       string `json:"version"`
	TriggerSource string `json:"triggerSource"`
	UserPoolID    string `json:"userPoolId"`
	UserName      string `json:"userName"`
	CallerContext struct {
		ClientID string `json:"clientId"`
	} `json:"callerContext"`
	Request request `json:"request"`
}

// request holds the requests of the triggers; each reads its own part. Attributes and client
// metadata may be of any type, for a pool may have attributes that this package does not use.
type request struct {
	UserAttributes             map[string]any    `json:"userAttributes"`
	Session                    []*row            `json:"session"`
	ClientMetadata             map[string]any    `json:"clientMetadata"`
	UserNotFound               bool              `json:"userNotFound"`
	ChallengeName              string            `json:"challengeName"`
	PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
	ChallengeAnswer            any               `json:"challengeAnswer"`
	CodeParameter              string            `json:"codeParameter"`
	UsernameParameter          string            `json:"usernameParameter"`
}

type row struct {
	ChallengeName     string `json:"challengeName"`
	ChallengeResult   bool   `json:"challengeResult"`
	ChallengeMetadata string `json:"challengeMetadata"`
}

// The longest identifiers of Cognito's API have 55 characters for a pool and 128 for users and
// clients. An event with longer ones than these is not Cognito's.
const (
	maxPool = 64
	maxName = 512
)

// decode reads an event. Values of a wrong type are an error where this package would use them.
func decode(payload []byte) (*event, error) {
	e := &event{payload: payload}
	if err := json.Unmarshal(payload, &e.raw); err != nil {
		return nil, wordsf(err, "the event is no JSON object")
	}
	if e.raw == nil {
		return nil, words("the event is null")
	}
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, wordsf(err, "the event is not of Cognito's form")
	}
	for _, part := range []struct {
		name, value string
		longest     int
	}{{"userPoolId", e.UserPoolID, maxPool}, {"userName", e.UserName, maxName},
		{"callerContext.clientId", e.CallerContext.ClientID, maxName}} {
		if part.value == "" && (part.name != "userName" || e.TriggerSource != clientCredentials) ||
			len(part.value) > part.longest {
			return nil, wordsf(nil, "the event's %s has %d characters, need 1 to %d",
				part.name, len(part.value), part.longest)
		}
	}
	for i, r := range e.Request.Session {
		if r == nil {
			return nil, wordsf(nil, "row %d of the event's session is null", i)
		}
	}
	return e, nil
}

// answer returns the whole event with its response replaced, as Cognito requires it.
func (e *event) answer(response any) ([]byte, error) {
	if whole, ok := response.(passThrough); ok {
		return whole, nil
	}
	b, err := json.Marshal(response)
	if err != nil {
		return nil, err
	}
	e.raw["response"] = b
	return json.Marshal(e.raw)
}

func (e *event) rows() []flow.Row {
	rows := make([]flow.Row, len(e.Request.Session))
	for i, r := range e.Request.Session {
		rows[i] = flow.Row{Name: r.ChallengeName, Result: r.ChallengeResult, Metadata: r.ChallengeMetadata}
	}
	return rows
}

// attribute returns a user attribute, empty where it is absent or no string.
func (e *event) attribute(name string) string {
	s, _ := e.Request.UserAttributes[name].(string)
	return s
}

// isVerified reports whether the user's address is verified. Cognito writes the boolean in either
// case.
func (e *event) isVerified() bool { return strings.EqualFold(e.attribute("email_verified"), "true") }

// isResend reports whether the client requested the mail again. The client controls these words, so
// they may only cost it something: an answer that requests a resend is never compared.
func (e *event) isResend() bool { return e.action() == contract.ActionResend }

// action returns what the client requested beside its answer, empty for nothing.
func (e *event) action() string { return e.clientMetadata(contract.ClientMetadataAction) }

// clientMetadata returns a value of the client's metadata, empty where it is absent or no string.
func (e *event) clientMetadata(key string) string {
	s, _ := e.Request.ClientMetadata[key].(string)
	return s
}
