package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Metadata is what the create trigger writes beside a challenge for the later rounds of the same
// sign-in. Cognito keeps it in the Session and never shows it to the client. It holds no code and
// nothing that yields one without the key.
type Metadata struct {
	// ID is unique to this round.
	ID string
	// Nonce is what the round's code is derived from.
	Nonce otp.Nonce
	// Digits is the code's length.
	Digits int
	// Key is the tag of the key that the code is derived with.
	Key string
	// Expires is when the code stops being right, to the second.
	Expires time.Time
	// Sent is when this sign-in last requested a mail, to the second.
	Sent time.Time
	// Wrong is how many answers the sign-in had taken before this round, 0 to 5: define and create
	// may count the same answer differently, if a write of verify's came late. Then create's count
	// is one more than define allows.
	Wrong int
	// Resent is how many resends the sign-in had taken before this round, 0 to [MaxResends].
	Resent int
	// Unsent is true where the nonce's code was never mailed.
	Unsent bool
}

const metadataVersion = "eotp2"

// String returns the metadata as [ParseMetadata] reads it, below 100 characters.
func (m Metadata) String() string {
	return strings.Join([]string{metadataVersion, m.ID, m.Nonce.String(), strconv.Itoa(m.Digits),
		strconv.FormatInt(m.Expires.Unix(), 10), strconv.FormatInt(m.Sent.Unix(), 10),
		strconv.Itoa(m.Wrong), strconv.Itoa(m.Resent), flag(m.Unsent), m.Key}, ".")
}

// ParseMetadata reads what [Metadata.String] wrote. Anything else is an error, the empty string
// too: the create trigger did not write such a row.
func ParseMetadata(s string) (Metadata, error) {
	fields := strings.Split(s, ".")
	if len(fields) != 10 || fields[0] != metadataVersion || fields[1] == "" {
		return Metadata{}, errors.New("flow: the challenge's metadata is not ours")
	}
	m := Metadata{ID: fields[1], Key: fields[9]}
	var err error
	if m.Nonce, err = otp.ParseNonce(fields[2]); err != nil {
		return Metadata{}, fmt.Errorf("flow: metadata: %w", err)
	}
	var expires, sent int64
	for _, f := range []struct {
		text        string
		least, most int64
		into        func(int64)
	}{
		{fields[3], otp.MinDigits, otp.LongDigits, func(n int64) { m.Digits = int(n) }},
		{fields[4], 0, 1 << 40, func(n int64) { expires = n }},
		{fields[5], 0, 1 << 40, func(n int64) { sent = n }},
		{fields[6], 0, settings.MaxAttempts, func(n int64) { m.Wrong = int(n) }},
		{fields[7], 0, MaxResends, func(n int64) { m.Resent = int(n) }},
		{fields[8], 0, 1, func(n int64) { m.Unsent = n == 1 }},
	} {
		n, err := strconv.ParseInt(f.text, 10, 64)
		if err != nil || n < f.least || n > f.most || strconv.FormatInt(n, 10) != f.text {
			return Metadata{}, errors.New("flow: metadata: a number is malformed or out of range")
		}
		f.into(n)
	}
	m.Expires, m.Sent = time.Unix(expires, 0).UTC(), time.Unix(sent, 0).UTC()
	return m, nil
}

// deviceVersion begins the metadata of a round that a remembered device answers.
const deviceVersion = "eotp1d."

// DeviceMetadata returns the metadata of a device's round with the given id.
func DeviceMetadata(id string) string { return deviceVersion + id }

// IsDevice reports whether the metadata is [DeviceMetadata]'s.
func IsDevice(metadata string) bool {
	id, found := strings.CutPrefix(metadata, deviceVersion)
	return found && id != "" && !strings.Contains(id, ".")
}

// flag writes a boolean in one character: a session's length must not show it.
func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
