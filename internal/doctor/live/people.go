package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// remembers reports whether a remembered device may stand in for the code.
func (w *walk) remembers() bool { return w.isPassword() && w.EmailOTP.Settings.RememberDevices > 0 }

// resetsByMail reports whether the pool resets passwords by e-mail; else Cognito refuses the
// reset.
func (w *walk) resetsByMail() bool {
	for _, m := range w.pool.AccountRecoverySetting.RecoveryMechanisms {
		if m.Name == "verified_email" {
			return true
		}
	}
	return false
}

var hasDevice = map[string]string{contract.ClientMetadataAction: contract.ActionDevice}

// answerAsDevice proves the password and answers by a device's secret. It settles whether create
// receives the client's metadata: without them it mails a code beside.
func (w *walk) answerAsDevice(ctx context.Context, step, secret string) (*round, error) {
	r, err := w.begin(ctx, step, w.Address, w.password, hasDevice)
	if err != nil {
		return nil, err
	}
	asked := r.params[contract.ParamChallenge]
	switch asked {
	case contract.ChallengeDevice, contract.ChallengeCodeOrDevice:
	default:
		return nil, fmt.Errorf("the pool answers %s, where a device may answer", orTokens(r))
	}
	w.answer("CreateSeesNoClientMetadata", asked == contract.ChallengeCodeOrDevice, "the round of a device was "+asked)
	return w.respond(ctx, step+", device", r, map[string]string{"ANSWER": secret}, hasDevice)
}

// remembered signs in by the device that the right code had remembered.
func (w *walk) remembered(ctx context.Context) (string, error) {
	r, err := w.answerAsDevice(ctx, "device", w.device)
	if err != nil {
		return "", err
	}
	if r.tokens == nil {
		return "", errors.New("the device is not remembered")
	}
	return "tokens without a code", nil
}

// strangeDevice answers by a secret that no one had remembered.
func (w *walk) strangeDevice(ctx context.Context) (string, error) {
	secret, _ := signin.NewDevice()
	r, err := w.answerAsDevice(ctx, "strange-device", secret)
	if err == nil && r.tokens != nil {
		return "", errors.New("a device that is not remembered gave tokens")
	}
	return "refused; the code is due", err
}

// simulated returns an address of SES's simulator that no user has. Before is "bounce" or
// "success".
func simulated(before string) string {
	return before + "+emailotp-" + strings.ToLower(rand.Text()[:8]) + "@simulator.amazonses.com"
}

// second creates a further user with a password that lasts.
func (w *walk) second(ctx context.Context, address string) (made, error) {
	if err := w.adminCreate(ctx, address); err != nil {
		return made{}, err
	}
	u := w.made[len(w.made)-1]
	return u, w.setPassword(ctx, u)
}

// resetRequired resets the password of a second user, to whose address Cognito mails a code of its
// own, and starts.
func (w *walk) resetRequired(ctx context.Context) (string, error) {
	address := simulated("success")
	u, err := w.second(ctx, address)
	if err != nil {
		return "", err
	}
	if err := w.API.JSON(ctx, awsapi.Cognito, "AdminResetUserPassword", map[string]any{"UserPoolId": w.EmailOTP.PoolID,
		"Username": u.username}, nil); err != nil {
		return "", err
	}
	return w.refused(ctx, "reset-required", pointReset, address)
}

// unconfirmed signs a user up and starts.
func (w *walk) unconfirmed(ctx context.Context) (string, error) {
	address := simulated("success")
	if err := w.signUp(ctx, address); err != nil {
		return "", err
	}
	return w.refused(ctx, "unconfirmed", pointUnconfirmed, address)
}

// refused starts a sign-in that Cognito should end before a code is due, and settles the point.
func (w *walk) refused(ctx context.Context, step, point, address string) (string, error) {
	r, err := w.begin(ctx, step, address, w.password)
	switch {
	case err == nil && r.tokens != nil:
		return "", errors.New("the start gave tokens")
	case err == nil:
		w.answer(point, false, "the pool answers "+string(r.name))
		return string(r.name), nil
	}
	w.answer(point, true, "the start is refused by "+codeOf(err))
	return "refused by " + codeOf(err), nil
}
