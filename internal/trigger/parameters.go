package trigger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// private is what create hands verify through Cognito. The client never sees it.
type private struct {
	challenge otp.Challenge
	binding   []byte
	// key is the tag of the key that the code was derived with.
	key     string
	resends int
	// mailRefund is the interval of the fast mail bucket, which a right answer gives back.
	mailRefund time.Duration
	// device is true where the round accepts a remembered device too.
	device bool
}

// Names are short: the map travels in Cognito's Session.
func (p private) parameters() map[string]string {
	m := map[string]string{
		"v": "1",
		"c": p.challenge.ID,
		"n": p.challenge.Nonce.String(),
		"d": strconv.Itoa(p.challenge.Digits),
		"e": strconv.FormatInt(p.challenge.Expires.Unix(), 10),
		"b": base64.RawURLEncoding.EncodeToString(p.binding),
		"k": p.key,
		"r": strconv.Itoa(p.resends),
		"m": strconv.Itoa(int(p.mailRefund / time.Second)),
	}
	if p.device {
		m["f"] = "1"
	}
	return m
}

// parsePrivate reads what parameters wrote; the client's id is not among it, for the event has it.
func parsePrivate(m map[string]string, client string) (private, error) {
	if m["v"] != "1" || m["c"] == "" {
		return private{}, errors.New("the private challenge parameters are not ours")
	}
	nonce, err := otp.ParseNonce(m["n"])
	if err != nil {
		return private{}, err
	}
	digits, err1 := strconv.Atoi(m["d"])
	expires, err2 := strconv.ParseInt(m["e"], 10, 64)
	resends, err3 := strconv.Atoi(m["r"])
	refund, err5 := strconv.Atoi(m["m"])
	binding, err4 := base64.RawURLEncoding.Strict().DecodeString(m["b"])
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return private{}, fmt.Errorf("the private challenge parameters are malformed: %w", err)
	}
	if digits < otp.MinDigits || digits > otp.LongDigits || len(binding) == 0 ||
		refund < 0 || refund > int(guard.Lifetime/time.Second) {
		return private{}, errors.New("the private challenge parameters are out of range")
	}
	return private{
		challenge: otp.Challenge{ID: m["c"], Client: client,
			Nonce: nonce, Digits: digits, Expires: time.Unix(expires, 0)},
		binding: binding, key: m["k"], resends: resends, mailRefund: time.Duration(refund) * time.Second,
		device: m["f"] == "1",
	}, nil
}

// public is what the client is shown. Every answer of a mode has the same keys.
type public struct {
	meta        flow.Metadata
	now         time.Time
	maxAttempts int
	resendAt    time.Time
	reason      string
	destination string
	password    bool
	// device is true where the round accepts a remembered device too.
	device bool
}

func (p public) parameters() map[string]string {
	m := map[string]string{
		contract.ParamCodeLength:        strconv.Itoa(p.meta.Digits),
		contract.ParamAttemptsLeft:      strconv.Itoa(max(0, p.maxAttempts-p.meta.Wrong)),
		contract.ParamResendsLeft:       strconv.Itoa(flow.MaxResends - p.meta.Resent),
		contract.ParamExpiresAt:         stamp(p.meta.Expires),
		contract.ParamResendAvailableAt: stamp(p.resendAt),
		contract.ParamNow:               stamp(p.now),
		contract.ParamReason:            p.reason,
	}
	if p.password {
		m[contract.ParamDestination] = p.destination
	}
	if p.device {
		m[contract.ParamChallenge] = contract.ChallengeCodeOrDevice
	}
	return m
}

// stamp writes a time as clients read it: RFC 3339, UTC, whole seconds, always of the same length.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
