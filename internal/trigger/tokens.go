package trigger

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Tokens is the pre-token-generation trigger of a password pool. It shuts a door: Cognito has been
// seen to give tokens right after NEW_PASSWORD_REQUIRED, without asking for the code that should
// follow. The new password stays set; the person signs in with it, and then meets the code.
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
		r.say(slog.LevelInfo, "tokens", e.TriggerSource)
		return tokensResponse{}, nil
	case "TokenGeneration_NewPasswordChallenge":
		r.say(slog.LevelInfo, "refused", "new-password-alone")
		return nil, told(RefusedNewPassword)
	}
	return nil, &failure{RefusedTokens, "unknown-source", fmt.Errorf("trigger source of %d characters is none of Cognito's five", len(e.TriggerSource))}
}
