package trigger

import (
	"context"
	"log/slog"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Tokens is the pre-token-generation trigger of a password pool. It closes a bypass: Cognito has
// been seen to issue tokens right after NEW_PASSWORD_REQUIRED, without the code that must follow.
// The new password stays set; the user signs in with it, and with a code.
type Tokens struct {
	Settings settings.Settings
	Reporter *Reporter
}

type tokensResponse struct {
	ClaimsOverrideDetails any `json:"claimsOverrideDetails"`
}

// Handler returns the trigger as lambda.Start takes it.
func (t Tokens) Handler() Handler { return Handler{t.Reporter, t.respond} }

func (t Tokens) respond(_ context.Context, e *event, r *report) (any, error) {
	switch e.TriggerSource {
	case "TokenGeneration_Authentication", "TokenGeneration_RefreshTokens",
		"TokenGeneration_AuthenticateDevice", "TokenGeneration_HostedAuth":
		r.record(slog.LevelInfo, "tokens", e.TriggerSource)
		return tokensResponse{}, nil
	case "TokenGeneration_NewPasswordChallenge":
		r.record(slog.LevelInfo, "refused", "new-password-alone")
		return nil, RefusedNewPassword
	}
	return nil, &failure{RefusedTokens, "unknown-source",
		wordsf(nil, "a trigger source of %d characters is none of Cognito's five", len(e.TriggerSource))}
}
