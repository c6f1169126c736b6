package trigger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// Reasons tell a client why it is asked (again). They are part of the contract with clients.
const (
	// ReasonSent: the first round; a code was mailed.
	ReasonSent = "sent"
	// ReasonWrongCode: the last answer was wrong.
	ReasonWrongCode = "wrong-code"
	// ReasonExpired: the last answer came after the code's expiry; ask for a resend.
	ReasonExpired = "expired"
	// ReasonResent: the mail was sent again, as asked.
	ReasonResent = "resent"
	// ReasonResendTooSoon: the mail was not sent again; resendAvailableAt says when it can be.
	ReasonResendTooSoon = "resend-too-soon"
	// ReasonNewCode: the last answer was not compared, and a new, longer code was mailed.
	ReasonNewCode = "new-code"
)

// private is what verify is given of a challenge, by way of Cognito and never by way of the client.
type private struct {
	challenge otp.Challenge
	binding   []byte
	keyID     string
	resends   int
}

// Names are short: the map travels in Cognito's Session.
func (p private) parameters() map[string]string {
	return map[string]string{
		"v": "1",
		"c": p.challenge.ID,
		"n": p.challenge.Nonce.String(),
		"d": strconv.Itoa(p.challenge.Digits),
		"e": strconv.FormatInt(p.challenge.Expires.Unix(), 10),
		"b": base64.RawURLEncoding.EncodeToString(p.binding),
		"k": p.keyID,
		"r": strconv.Itoa(p.resends),
	}
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
	binding, err4 := base64.RawURLEncoding.Strict().DecodeString(m["b"])
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return private{}, fmt.Errorf("the private challenge parameters are malformed: %w", err)
	}
	if digits < otp.MinDigits || digits > otp.LongDigits || len(binding) == 0 {
		return private{}, errors.New("the private challenge parameters are out of range")
	}
	return private{
		challenge: otp.Challenge{ID: m["c"], Client: client, Nonce: nonce, Digits: digits, Expires: time.Unix(expires, 0)},
		binding:   binding, keyID: m["k"], resends: resends,
	}, nil
}

// public is what the client is told. Every key stands in every answer of a mode.
type public struct {
	meta        flow.Metadata
	now         time.Time
	maxAttempts int
	expires     time.Time
	resendAt    time.Time
	reason      string
	destination string
	password    bool
}

func (p public) parameters() map[string]string {
	m := map[string]string{
		"codeLength":        strconv.Itoa(p.meta.Digits),
		"attemptsLeft":      strconv.Itoa(max(0, p.maxAttempts-p.meta.Wrong)),
		"resendsLeft":       strconv.Itoa(flow.MaxResends - p.meta.Resent),
		"expiresAt":         stamp(p.expires),
		"resendAvailableAt": stamp(p.resendAt),
		"now":               stamp(p.now),
		"reason":            p.reason,
	}
	if p.password {
		m["codeDeliveryDestination"] = p.destination
	}
	return m
}

// stamp writes a time as clients read it: RFC 3339, UTC, whole seconds, always as long.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// keyName returns the key's own id, the end of its ARN.
func keyName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
