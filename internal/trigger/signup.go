package trigger

import (
	"context"
	"log/slog"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// SignUp is the pre-sign-up trigger of a passwordless pool. It confirms a new user, since there is
// no password that an unconfirmed account would wait with. It never declares the address verified:
// only a right code proves that.
//
// It refuses, by format alone, an address that create could never mail, and an address outside the
// domains that may sign up. So the refusal shows nothing about who has an account.
//
// The adopter's own function runs after it allowed the sign-up and may refuse it. The answer is
// ours whatever that function returns: an address that it declared verified would take an alias
// from its owner.
type SignUp struct {
	Settings settings.Settings
	Reporter *Reporter
	// Chained is the adopter's own function; nil for none.
	Chained Chained
}

type signUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// Handler returns the trigger as the argument of lambda.Start.
func (s SignUp) Handler() Handler { return Handler{s.Reporter, s.respond} }

func (s SignUp) respond(ctx context.Context, e *event, r *report) (any, error) {
	bySelf := e.TriggerSource == "PreSignUp_SignUp"
	if address := e.attribute("email"); bySelf {
		switch {
		case mail.ValidateAddress(address) != nil, isSimulator(address):
			return nil, refuseSignUp(r, "address-unmailable")
		case !isAllowedDomain(address, s.Settings.AllowedSignUpDomains):
			return nil, refuseSignUp(r, "domain-not-allowed")
		}
	}
	if s.Chained != nil {
		if _, err := chain(ctx, s.Chained, e, r); err != nil {
			return nil, err
		}
	}
	r.record(slog.LevelInfo, "sign-up", e.TriggerSource)
	// Cognito ignores the flags for users whom an administrator creates, and a federated user is
	// confirmed by its provider.
	return signUpResponse{AutoConfirmUser: bySelf}, nil
}

func refuseSignUp(r *report, reason string) error {
	r.record(slog.LevelInfo, "refused", reason)
	r.count(settings.SignUpsRefused)
	return RefusedSignUp
}

// isSimulator reports whether SES simulates the mailbox. A stranger could have it bounce as often
// as the quota for unproven addresses bears, for nothing.
func isSimulator(address string) bool {
	return strings.HasSuffix(strings.ToLower(address), "@simulator.amazonses.com")
}

// isAllowedDomain reports whether the address is of one of the domains or of a subdomain of one. No
// domains allow every address.
func isAllowedDomain(address string, domains []string) bool {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	for _, d := range domains {
		if d = strings.ToLower(d); domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return len(domains) == 0
}
