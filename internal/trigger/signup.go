package trigger

import (
	"context"
	"log/slog"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// SignUp is the pre-sign-up trigger of a passwordless pool. It confirms who signs up, for there is
// no password that an unconfirmed account would have to wait with, and never claims the address
// verified: only a code that came back proves that.
type SignUp struct {
	Settings settings.Settings
	Reporter *Reporter
}

type signUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// Handler returns the trigger as lambda.Start takes it.
func (s SignUp) Handler() Handler { return Handler{s.Reporter, s.respond} }

func (s SignUp) respond(_ context.Context, e *event, r *report) (any, error) {
	// Cognito ignores the answer for users whom an administrator creates, and a federated user is
	// confirmed by its provider.
	confirm := e.TriggerSource == "PreSignUp_SignUp"
	r.say(slog.LevelInfo, "sign-up", e.TriggerSource)
	return signUpResponse{AutoConfirmUser: confirm}, nil
}
