package userpool_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

// event is a trigger event as a handler decodes it.
type event struct {
	TriggerSource string
	Version       string
	UserName      string
	CallerContext struct{ AwsSdkVersion, ClientID string }
	Request       struct {
		UserAttributes             map[string]string
		ChallengeName              string
		Session                    []row
		ClientMetadata             map[string]string
		Scopes                     []string
		ValidationData             map[string]string
		PrivateChallengeParameters map[string]string
		ChallengeAnswer            string
		UserNotFound               *bool
	}
}

type row struct {
	ChallengeName     string
	ChallengeResult   bool
	ChallengeMetadata *string
}

// handlers is an Invoker of functions that answer with the response part, as any value; a []byte is
// the whole answer. It records every event.
type handlers struct {
	define, create, verify, preSignUp, preToken, preAuth, postAuth, postConfirm func(event) (any, error)

	mu     sync.Mutex
	events []recorded
}

type recorded struct {
	trigger userpool.Trigger
	raw     []byte
	event
}

func (h *handlers) Invoke(_ context.Context, t userpool.Trigger, raw []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.events = append(h.events, recorded{t, raw, e})
	h.mu.Unlock()
	f := map[userpool.Trigger]func(event) (any, error){
		userpool.DefineAuthChallenge: h.define, userpool.CreateAuthChallenge: h.create,
		userpool.VerifyAuthChallengeResponse: h.verify, userpool.PreSignUp: h.preSignUp,
		userpool.PreTokenGeneration: h.preToken, userpool.PreAuthentication: h.preAuth,
		userpool.PostAuthentication: h.postAuth, userpool.PostConfirmation: h.postConfirm,
	}[t]
	if f == nil {
		return raw, nil
	}
	response, err := f(e)
	if err != nil {
		return nil, err
	}
	if whole, ok := response.([]byte); ok {
		return whole, nil
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	out["response"] = response
	return json.Marshal(out)
}

// of returns the events of one trigger, or of all for "".
func (h *handlers) of(t userpool.Trigger) []recorded {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []recorded
	for _, e := range h.events {
		if t == "" || e.trigger == t {
			out = append(out, e)
		}
	}
	return out
}

func (h *handlers) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = nil
}

type m = map[string]any

// passwordless asks for one right code, "314159", within three tries.
func passwordless() *handlers {
	return &handlers{
		define: func(e event) (any, error) {
			rows := e.Request.Session
			if n := len(rows); n > 0 && rows[n-1].ChallengeName == "CUSTOM_CHALLENGE" && rows[n-1].ChallengeResult {
				return m{"issueTokens": true, "failAuthentication": false}, nil
			}
			if len(rows) >= 3 {
				return m{"failAuthentication": true}, nil
			}
			return m{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}, nil
		},
		create: createCode,
		verify: verifyCode,
	}
}

// withPassword asks for a proven password, then a new one where that is due, then the code.
func withPassword() *handlers {
	return &handlers{
		define: func(e event) (any, error) {
			var names []string
			for _, r := range e.Request.Session {
				if !r.ChallengeResult {
					return m{"failAuthentication": true}, nil
				}
				names = append(names, r.ChallengeName)
			}
			forced := e.Request.UserAttributes["cognito:user_status"] == "FORCE_CHANGE_PASSWORD"
			switch strings.Join(names, " ") {
			case "SRP_A":
				return m{"challengeName": "PASSWORD_VERIFIER"}, nil
			case "SRP_A PASSWORD_VERIFIER":
				if forced {
					return m{"challengeName": "NEW_PASSWORD_REQUIRED"}, nil
				}
				return m{"challengeName": "CUSTOM_CHALLENGE"}, nil
			case "SRP_A PASSWORD_VERIFIER NEW_PASSWORD_REQUIRED":
				return m{"challengeName": "CUSTOM_CHALLENGE"}, nil
			case "SRP_A PASSWORD_VERIFIER CUSTOM_CHALLENGE", "SRP_A PASSWORD_VERIFIER NEW_PASSWORD_REQUIRED CUSTOM_CHALLENGE":
				return m{"issueTokens": true}, nil
			}
			return m{"failAuthentication": true}, nil
		},
		create: createCode,
		verify: verifyCode,
	}
}

const rightCode = "314159"

func createCode(e event) (any, error) {
	return m{
		"publicChallengeParameters":  m{"codeLength": "6", "round": fmt.Sprint(len(e.Request.Session))},
		"privateChallengeParameters": m{"answer": rightCode},
		"challengeMetadata":          fmt.Sprintf("round-%d", len(e.Request.Session)),
	}, nil
}

func verifyCode(e event) (any, error) {
	right := e.Request.ChallengeAnswer == e.Request.PrivateChallengeParameters["answer"]
	unknown := e.Request.UserNotFound != nil && *e.Request.UserNotFound
	return m{"answerCorrect": right && !unknown}, nil
}
