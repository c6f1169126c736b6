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
	// MailState is what a mail changes.
	MailState
	// Used is the issue time of the newest code that was used.
	Used int64
	// UsedBy is the id of the challenge that used it.
	UsedBy string
	// UsedAt is when it was used.
	UsedAt int64
	// Proven is when the account first proved an address that was not verified before.
	Proven int64
	// Mark is the address that must not be mailed to, if any.
	Mark Mark
	// Devices are the account's remembered devices.
	Devices Devices
}

// MailState is the part of an item that a claim owns.
type MailState struct {
	// Mail and SlowMail are the mail buckets' tats.
	Mail, SlowMail int64
	// Next is the end of the cool-down.
	Next int64
	// Nonce is what the last mailed code is derived from, in [otp.Nonce]'s text form.
	Nonce string
	// Digits is that code's length.
	Digits int
	// Fallback is true where the mail has the nonce's long code beside a short one.
	Fallback bool
	// Key is the tag of the key that the code was derived with, and the withheld one.
	Key string
	// Withheld is the code of a mail that seemed to be sent after the last one; zero for none.
	Withheld Withheld
}

// Withheld is a code that was due a mail which the slow bucket did not allow, where that must not
// show.
type Withheld struct {
	// Nonce is in [otp.Nonce]'s text form, Digits the code's length.
	Nonce  string
	Digits int
}

// Retention is how long an item is kept after its last write. Deletion must not forgive: it is
// longer than any bucket needs to fill, and than a year of failures in a row.
const Retention = 400 * 24 * time.Hour

// Key returns the table's key of a user's item. It is a hash, so that keys name no user.
func Key(pool, sub string) string { return key("user", pool, sub) }

// UnknownKey returns the key of the decoy item for an unknown name. Two spellings must share an
// item exactly where the pool takes them for one name, or the budgets would tell unknown names from
// known ones. A pool folds the case of names unless it is case-sensitive; it trims nothing. Letters
// beyond ASCII stay as they are, because their folding differs between systems, and no address that
// is mailed to has one before its @.
func UnknownKey(pool, username string, caseSensitive bool) string {
	return key("unknown", pool, foldASCII(username, caseSensitive))
}

// foldASCII returns the spelling that stands for all that the pool takes for the same.
func foldASCII(s string, caseSensitive bool) string {
	if caseSensitive {
		return s
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// ResendKey returns the key under which the request for a resend in one challenge is kept. One
// account may have many sign-ins at a time, so a request belongs to its challenge.
func ResendKey(pool, challenge string) string { return key("resend", pool, challenge) }

// ChangeKey returns the key of the item with a user's change of address: its mail state is the
// budget, the cool-down and the code of the last start, its guess bucket the answers to that code.
func ChangeKey(pool, sub string) string { return key("change", pool, sub) }

// AddressKey returns the key of the item of an address that accounts may change to. It has the
// budget of the mails to it, and the lock of the account that is just changing to it. Spellings
// share an item as in [UnknownKey].
func AddressKey(pool, address string, caseSensitive bool) string {
	return key("address", pool, foldASCII(address, caseSensitive))
}

func key(kind string, fields ...string) string {
	h := digest(kind, fields...)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// digest hashes fields so that no two different lists are hashed alike: each has its length in
// front.
func digest(kind string, fields ...string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range append([]string{kind}, fields...) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		h.Write([]byte(f))
	}
	h.Sum(sum[:0])
	return sum
}

// lastCode is a code that was mailed last, or seemed to be.
type lastCode struct {
	nonce  otp.Nonce
	digits int
	ok     bool
}

// mailed returns the code that the account was mailed last.
func (i Item) mailed() lastCode {
	n, err := otp.ParseNonce(i.Nonce)
	return lastCode{n, i.Digits, err == nil}
}

// seen returns the code whose mail a caller believes to be the last one.
func (p Policy) seen(i Item) lastCode {
	if !p.HidesMails || i.Withheld == (Withheld{}) {
		return i.mailed()
	}
	n, err := otp.ParseNonce(i.Withheld.Nonce)
	return lastCode{n, i.Withheld.Digits, err == nil}
}

// isJoinable reports whether a sign-in that starts now can take a code: not used, derived with the
// present key, and with a full TTL of its life left.
func (p Policy) isJoinable(i Item, last lastCode, now time.Time) bool {
	return last.ok && i.Used < last.nonce.Issued().UnixMilli() && i.Key == p.Key && !now.After(p.joinableUntil(last.nonce))
}

// live returns the length of the last code if a sign-in that starts now, and is due a code of the
// wanted length, can take it. A long code serves where a short one would do. A short one never
// serves in place of a long one, but its mail may have both; where mails are hidden, that would
// show.
func (p Policy) live(i Item, last lastCode, digits int, now time.Time) (length int, ok bool) {
	length = last.digits
	if i.Fallback && !p.HidesMails && digits == otp.LongDigits {
		length = digits
	}
	return length, (length == digits || length == otp.LongDigits) && p.isJoinable(i, last, now)
}

// joinableUntil returns the last moment at which a code has a full TTL of its life left.
func (p Policy) joinableUntil(n otp.Nonce) time.Time { return n.Issued().Add(Lifetime - p.CodeTTL) }

// keyChanged reports whether the item's code could still be answered if the key that it was
// derived with were not replaced.
func (p Policy) keyChanged(i Item, now time.Time) bool {
	last := p.seen(i)
	issued := last.nonce.Issued()
	return last.ok && i.Key != p.Key && i.Used < issued.UnixMilli() && now.Before(issued.Add(Lifetime))
}

// Clamp returns the item with every time brought down to the latest that this policy could have
// written by now. What a former policy wrote can't keep an account waiting.
func (p Policy) Clamp(i Item, c Class, now time.Time) Item {
	ms, mails := now.UnixMilli(), p.Mails(c)
	i.Guess = p.Guesses.Clamp(i.Guess, ms)
	i.Mail, i.SlowMail = mails[0].Clamp(i.Mail, ms), mails[1].Clamp(i.SlowMail, ms)
	i.Next = min(i.Next, now.Add(Cooldown).UnixMilli())
	return i
}
