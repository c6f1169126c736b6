package trigger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A remembered device stands in for the code, never for the password. Its secret travels as an
// answer alone: client metadata reaches triggers of others.

// deviceParameters is the version of the private parameters of a device's round.
const deviceParameters = "1d"

// remembers reports whether the pool remembers devices.
func remembers(s settings.Settings) bool {
	return s.RememberDevices > 0 && s.Mode == settings.Password
}

// acceptsDevice reports whether this round may be answered by a remembered device: the first round
// after a proven password, in a sign-in that set no new one, of an account with such a device.
func (x *execution) acceptsDevice() bool {
	return remembers(x.c.Settings) && x.f.last == nil && !x.f.afterDevice && !x.f.account.unknown &&
		!flow.SetsPassword(x.e.rows()) && !devicesOf(x.f.item, x.c.Settings, x.f.now).IsEmpty(x.f.now)
}

// askDevice returns a round that asks for the device's secret. It claims nothing and mails nothing.
func (x *execution) askDevice() createResponse {
	x.r.record(slog.LevelInfo, "challenge", "device")
	return createResponse{
		PublicChallengeParameters:  map[string]string{contract.ParamChallenge: contract.ChallengeDevice},
		PrivateChallengeParameters: map[string]string{"v": deviceParameters, "c": x.f.id},
		ChallengeMetadata:          flow.DeviceMetadata(x.f.id),
	}
}

// isDeviceRound reports whether the private parameters are askDevice's.
func isDeviceRound(private map[string]string) bool { return private["v"] == deviceParameters }

// compareDevice compares an answer with the account's devices. It spends no guess: a secret has 256
// bits. Create has looked at the pool's settings and the session; what it permitted is in the
// private parameters.
func (v Verify) compareDevice(ctx context.Context, e *event, r *report) (any, error) {
	a := accountOf(e, v.Settings)
	answer, _ := e.Request.ChallengeAnswer.(string)
	secret, ok := decode32(answer)
	if !ok || a.unknown || !remembers(v.Settings) {
		r.record(slog.LevelInfo, "wrong", "malformed-device")
		r.count(settings.DevicesRefused)
		return verifyResponse{}, nil
	}
	item, err := v.Store.Read(ctx, a.key)
	if err != nil {
		return nil, unavailable("table-read", err)
	}
	now := v.Now()
	if !devicesOf(item, v.Settings, now).Has(deviceOf(a, e, guard.Commitment(secret[:])), now) {
		r.record(slog.LevelWarn, "wrong", "unknown-device")
		r.count(settings.DevicesRefused)
		return verifyResponse{}, nil
	}
	r.record(slog.LevelInfo, "right", "remembered-device")
	r.count(settings.DevicesAccepted)
	return verifyResponse{true}, nil
}

// devicesOf returns the account's devices that the present setting could have remembered.
func devicesOf(i guard.Item, s settings.Settings, now time.Time) guard.Devices {
	return i.Devices.Within(until(s, now))
}

// until is the end of a device that is remembered now.
func until(s settings.Settings, now time.Time) time.Time { return now.AddDate(0, 0, s.RememberDevices) }

func deviceOf(a account, e *event, commitment [sha256.Size]byte) guard.Device {
	return guard.NewDevice(e.UserPoolID, a.key, e.CallerContext.ClientID, a.subject.Address, commitment)
}

// keepDevices does what the client requested beside a right code: it remembers the device or
// forgets all. A failure costs that alone, never the sign-in.
func (v Verify) keepDevices(ctx context.Context, e *event, a account, now time.Time, r *report) {
	if !remembers(v.Settings) {
		return
	}
	outcome, metric, err := "", settings.DevicesRemembered, error(nil)
	switch e.action() {
	case contract.ActionRemember:
		outcome, err = v.remember(ctx, e, a, now)
	case contract.ActionForget:
		outcome, metric = "forgotten", settings.DevicesForgotten
		err = v.Store.ForgetDevices(ctx, a.key)
	default:
		return
	}
	if err != nil {
		outcome, metric = "failed", settings.DeviceFaults
		r.cause(err)
	}
	r.attrs = append(r.attrs, slog.String("device", outcome))
	r.count(metric)
}

func (v Verify) remember(ctx context.Context, e *event, a account, now time.Time) (string, error) {
	commitment, ok := decode32(e.clientMetadata(contract.ClientMetadataDevice))
	if !ok {
		return "", words("the device's commitment is not 32 bytes in base64url")
	}
	kept, err := v.Store.RememberDevice(ctx, a.key, deviceOf(a, e, commitment), until(v.Settings, now), now)
	if err == nil && !kept {
		err = words("other writes of the account's devices won each time")
	}
	return "remembered", err
}

// decode32 reads 32 bytes in base64url without padding.
func decode32(text string) (b [guard.DeviceSecretSize]byte, ok bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(len(b)) {
		return b, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(text))
	return b, err == nil && n == len(b)
}

// postConfirmation begins the sources of the post-confirmation trigger.
const postConfirmation = "PostConfirmation_"

// confirmed forgets the devices of a user who has reset the password, and then invokes the
// adopter's function. By then Cognito has confirmed the user or set the password, so a failure to
// forget is logged and counted, and so is a function without an answer. The error of a function
// that answers goes to the client, as it would from the pool's own trigger.
func (v Verify) confirmed(ctx context.Context, e *event, r *report) (any, error) {
	if e.TriggerSource == postConfirmation+"ConfirmForgotPassword" {
		metric := settings.DevicesForgotten
		if err := v.Store.ForgetDevices(ctx, accountOf(e, v.Settings).key); err != nil {
			r.cause(err)
			metric = settings.DeviceFaults
		}
		r.count(metric)
	}
	var response any = struct{}{}
	if v.Chained != nil {
		answer, err := chain(ctx, v.Chained, e, r)
		var denied *Denied
		switch {
		case errors.As(err, &denied):
			return nil, denied
		case err != nil:
			r.goOn(err)
		default:
			response = answer
		}
	}
	r.record(slog.LevelInfo, "confirmed", e.TriggerSource)
	return response, nil
}
