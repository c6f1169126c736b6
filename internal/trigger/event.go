package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
)

// event is a trigger's event. The bytes that came are kept, so that everything that this package
// doesn't know goes back to Cognito as it was.
type event struct {
	raw map[string]json.RawMessage

	TriggerSource string `json:"triggerSource"`
	UserPoolID    string `json:"userPoolId"`
	UserName      string `json:"userName"`
	CallerContext struct {
		ClientID string `json:"clientId"`
	} `json:"callerContext"`
	Request request `json:"request"`
}

// request holds what the five triggers are asked; each reads its own part. Attributes and client
// metadata are read leniently, for a pool may add attributes that are none of our business.
type request struct {
	UserAttributes             map[string]any    `json:"userAttributes"`
	Session                    []*row            `json:"session"`
	ClientMetadata             map[string]any    `json:"clientMetadata"`
	UserNotFound               bool              `json:"userNotFound"`
	ChallengeName              string            `json:"challengeName"`
	PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
	ChallengeAnswer            any               `json:"challengeAnswer"`
}

type row struct {
	ChallengeName     string `json:"challengeName"`
	ChallengeResult   bool   `json:"challengeResult"`
	ChallengeMetadata string `json:"challengeMetadata"`
}

// Longest identifiers that Cognito's API takes are 55 characters for a pool and 128 for users and
// clients; an event that goes past these is not Cognito's.
const (
	maxPool = 64
	maxName = 512
)

// decode reads an event. Values of a wrong type are an error where this package would use them.
func decode(payload []byte) (*event, error) {
	e := &event{}
	if err := json.Unmarshal(payload, &e.raw); err != nil {
		return nil, fmt.Errorf("the event is no JSON object: %w", err)
	}
	if e.raw == nil {
		return nil, errors.New("the event is null")
	}
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, fmt.Errorf("the event is not of Cognito's form: %w", err)
	}
	for _, part := range []struct {
		name, value string
		longest     int
	}{{"userPoolId", e.UserPoolID, maxPool}, {"userName", e.UserName, maxName}, {"callerContext.clientId", e.CallerContext.ClientID, maxName}} {
		if part.value == "" || len(part.value) > part.longest {
			return nil, fmt.Errorf("the event's %s has %d characters, need 1 to %d", part.name, len(part.value), part.longest)
		}
	}
	for i, r := range e.Request.Session {
		if r == nil {
			return nil, fmt.Errorf("row %d of the event's session is null", i)
		}
	}
	return e, nil
}

// answer returns the whole event with its response replaced, as Cognito wants it back.
func (e *event) answer(response any) ([]byte, error) {
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

// verified reports whether the user's address is proven. Cognito has been seen to write the boolean
// in either case.
func (e *event) verified() bool { return strings.EqualFold(e.attribute("email_verified"), "true") }

// resend reports whether the client asked for the mail again. It controls these words, so they may
// only ever cost it something: an answer that asks for a resend is never compared.
func (e *event) resend() bool {
	action, _ := e.Request.ClientMetadata["action"].(string)
	return action == "resend"
}
