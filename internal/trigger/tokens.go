package trigger

import (
	"context"
	"log/slog"
)

// Tokens is the pre-token-generation trigger of a password pool. It closes a bypass: Cognito has
// been seen to issue tokens right after NEW_PASSWORD_REQUIRED, without the code that must follow.
// The new password stays set; the user signs in with it, and with a code.
//
// It answers events of all three versions. The adopter's own function runs after it allowed the
// tokens, and its answer goes to Cognito byte for byte: it may change claims, and refuse.
type Tokens struct {
	Reporter *Reporter
	// Chained is the adopter's own function; nil for none.
	Chained Chained
}

// clientCredentials is the source of tokens for a program: no user signs in, so there is no sign-in
// to guard. Only events of version 3 have it.
const clientCredentials = "TokenGeneration_ClientCredentials"

// unchangedTokens returns the answer that leaves the tokens as they are, by the event's version;
// nil for a version that is none of Cognito's.
func unchangedTokens(version string) any {
	switch version {
	case "1":
		return map[string]any{"claimsOverrideDetails": nil}
	case "2", "3":
		return map[string]any{"claimsAndScopeOverrideDetails": nil}
	}
	return nil
}

// Handler returns the trigger as the argument of lambda.Start.
func (t Tokens) Handler() Handler { return Handler{t.Reporter, t.respond} }

func (t Tokens) respond(ctx context.Context, e *event, r *report) (any, error) {
	unchanged := unchangedTokens(e.Version)
	if unchanged == nil {
		return nil, &failure{RefusedTokens, "unknown-version",
			wordsf(nil, "an event version of %d characters is none of Cognito's three", len(e.Version))}
	}
	if err := checkTokens(e, r); err != nil {
		return nil, err
	}
	if t.Chained != nil {
		answer, err := chain(ctx, t.Chained, e, r)
		if err != nil {
			return nil, err
		}
		unchanged = answer
	}
	r.record(slog.LevelInfo, "tokens", e.TriggerSource)
	return unchanged, nil
}

// checkTokens refuses tokens whose source is a new password alone, or is unknown.
func checkTokens(e *event, r *report) error {
	switch e.TriggerSource {
	case "TokenGeneration_Authentication", "TokenGeneration_RefreshTokens",
		"TokenGeneration_AuthenticateDevice", "TokenGeneration_HostedAuth":
		return nil
	case clientCredentials:
		if e.Version == "3" {
			return nil
		}
	case "TokenGeneration_NewPasswordChallenge":
		r.record(slog.LevelInfo, "refused", "new-password-alone")
		return RefusedNewPassword
	}
	return &failure{RefusedTokens, "unknown-source",
		wordsf(nil, "a trigger source of %d characters is none of Cognito's six", len(e.TriggerSource))}
}
