package trigger

import (
	"context"
	"log/slog"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Define is the define-auth-challenge trigger: package flow decides.
type Define struct {
	Settings settings.Settings
	Reporter *Reporter
}

type defineResponse struct {
	ChallengeName      string `json:"challengeName,omitempty"`
	IssueTokens        bool   `json:"issueTokens"`
	FailAuthentication bool   `json:"failAuthentication"`
}

// Handler returns the trigger as the argument of lambda.Start.
func (d Define) Handler() Handler { return Handler{d.Reporter, d.respond} }

func (d Define) respond(_ context.Context, e *event, r *report) (any, error) {
	next := flow.Next(flow.Sign{
		Mode:               d.Settings.Mode,
		RememberDevices:    d.Settings.RememberDevices > 0,
		MaxAttempts:        d.Settings.MaxAttempts,
		Session:            e.rows(),
		UserNotFound:       e.Request.UserNotFound,
		MustChangePassword: e.attribute("cognito:user_status") == "FORCE_CHANGE_PASSWORD",
		Resend:             e.isResend(),
	})
	r.attrs = append(r.attrs, slog.Int(contract.LogRows, len(e.Request.Session)))
	switch {
	case next.IssueTokens:
		r.record(slog.LevelInfo, "tokens", "proven")
	case next.Fail:
		r.record(slog.LevelInfo, "refused", "not-proven")
	default:
		r.record(slog.LevelInfo, "challenge", next.Challenge)
	}
	return defineResponse{next.Challenge, next.IssueTokens, next.Fail}, nil
}
