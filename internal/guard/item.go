package guard

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// Item is what is kept of one account. Times are Unix milliseconds, zero where absent. It holds no
// address and no code.
type Item struct {
	// Guess is the guess bucket's tat.
	Guess int64
	// Failures counts compared answers since the last right one.
	Failures int
	// Mail and SlowMail are the mail buckets' tats.
	Mail, SlowMail int64
	// Next is the end of the cool-down.
	Next int64
	// Nonce is what the last mailed code is derived from, in [otp.Nonce]'s text form.
	Nonce string
	// Digits is that code's length.
	Digits int
	// Used is the issue time of the newest code that was used.
	Used int64
	// UsedBy is the id of the challenge that used it.
	UsedBy string
	// Resend is the id of the challenge in which a resend was asked for.
	Resend string
	// Bounced is the hash of an address that must not be mailed to any more, empty for none.
	Bounced string
}

// Retention is how long an item is kept after its last write. Deletion must not forgive: it is
// longer than any bucket needs to fill, and than a year of failures in a row.
const Retention = 400 * 24 * time.Hour

// Key returns the table's key of a user's item. It is a hash, so that keys name nobody.
func Key(pool, sub string) string { return key("user", pool, sub) }

// UnknownKey returns the key of the decoy item for a name that nobody has.
func UnknownKey(pool, username string) string {
	return key("unknown", pool, strings.ToLower(strings.TrimSpace(username)))
}

func key(kind string, fields ...string) string {
	h := sha256.New()
	for _, f := range append([]string{kind}, fields...) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		h.Write([]byte(f))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// live returns the item's code if a sign-in that starts now can take it: mailed, not used, of the
// wanted length, and with a full TTL of its life left.
func (p Policy) live(i Item, digits int, now time.Time) (otp.Nonce, bool) {
	n, err := otp.ParseNonce(i.Nonce)
	if err != nil || i.Used >= n.Issued().UnixMilli() {
		return otp.Nonce{}, false
	}
	// A long code serves where a short one would do, never the other way round.
	if i.Digits != digits && i.Digits != otp.LongDigits {
		return otp.Nonce{}, false
	}
	if now.After(p.joinableUntil(n)) {
		return otp.Nonce{}, false
	}
	return n, true
}

// joinableUntil returns the last moment at which a code has a full TTL of its life left.
func (p Policy) joinableUntil(n otp.Nonce) time.Time { return n.Issued().Add(Lifetime - p.CodeTTL) }
