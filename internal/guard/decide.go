package guard

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// Action is what a sign-in gets.
type Action int

const (
	// Mail sends a code; the item must be claimed first.
	Mail Action = iota
	// Join takes a code that was mailed before; nothing is sent.
	Join
	// Silent takes a code that is never mailed: no mail is allowed, no code can be joined, and the
	// sign-in must look like any other.
	Silent
	// Keep stays with the sign-in's own code.
	Keep
)

// Decision is what the create trigger does.
type Decision struct {
	Action Action
	// Nonce and Digits are the code, Key the tag of the key that it is derived with.
	Nonce  otp.Nonce
	Digits int
	Key    string
	// Claimed is the item after the claim, where Action is Mail.
	Claimed Item
	// Budget is true where a mail was refused by a budget and not by the cool-down alone.
	Budget bool
}

// Start decides about a sign-in that begins now. The fresh nonce is used where no live code can be.
// The item must be clamped ([Policy.Clamp]), here and below.
func (p Policy) Start(i Item, c Class, now time.Time, fresh otp.Nonce) Decision {
	digits := p.Digits(i, now)
	n, length, live := p.live(i, digits, now)
	may := p.startAllowedAt(i, c, now, digits) <= now.UnixMilli()
	d := Decision{Nonce: fresh, Digits: digits, Key: p.Key, Budget: p.budgetAllowedAt(i, c, now) > now.UnixMilli()}
	switch {
	case may && live && p.outlives(n, p.claim(i, c, now, n, length), c, now):
		d.Action, d.Nonce, d.Digits = Mail, n, length
		d.Claimed = p.claim(i, c, now, n, length)
	case may:
		d.Action, d.Claimed = Mail, p.claim(i, c, now, fresh, digits)
	case live:
		d.Action, d.Nonce, d.Digits = Join, n, length
	default:
		d.Action = Silent
	}
	return d
}

// Session is the code that a running sign-in holds.
type Session struct {
	Nonce   otp.Nonce
	Digits  int
	Key     string
	Expires time.Time
	// Unsent is true for a code that was never mailed.
	Unsent bool
}

// startAllowedAt is mailAllowedAt for a sign-in that is due a code of the given length. The code in
// the mailbox can have become useless at a moment that its owner did not choose: because guesses
// have just run out, or because the key was replaced. Then the owner must not wait for the fast
// bucket, and after a new key not even for the cool-down. Either is rare: once in as many hours as
// guesses take to come back, once for each key.
func (p Policy) startAllowedAt(i Item, c Class, now time.Time, digits int) int64 {
	slow := p.Mails(c)[1].AllowedAt(i.SlowMail, now.UnixMilli())
	switch {
	case p.keyChanged(i, now):
		return slow
	case digits == otp.LongDigits && i.Digits != 0 && i.Digits != otp.LongDigits:
		return max(slow, i.Next)
	}
	return p.mailAllowedAt(i, c, now)
}

// outlives reports whether a code that is mailed again can still be joined when the next mail is
// allowed. If not, a fresh code must be mailed instead, or a moment would come in which the account
// has neither.
func (p Policy) outlives(n otp.Nonce, claimed Item, c Class, now time.Time) bool {
	fast := p.Mails(c)[0]
	next := max(claimed.Next, fast.AllowedAt(claimed.Mail, now.UnixMilli()))
	return next <= p.joinableUntil(n).UnixMilli()
}

// Resend decides about a sign-in whose client requested the mail again. Where no mail is allowed
// the sign-in keeps its own code, so that a stranger's start never changes one that its owner may
// be typing. It joins the newest mail's code where its own is past use, was never mailed, or has
// another length: the length is shown, and no code of an unknown name was ever mailed.
func (p Policy) Resend(i Item, c Class, now time.Time, fresh otp.Nonce, own Session) Decision {
	d := p.Start(i, c, now, fresh)
	switch d.Action {
	case Join:
		if !own.Unsent && own.Digits == d.Digits && !p.spent(i, own, now) {
			return p.keep(d, own)
		}
	case Silent:
		return p.keep(d, own)
	}
	return d
}

// Again decides about a sign-in that goes on after a wrong answer. It keeps its code, with two
// exceptions: a short one that the account has no guesses left for, and one of a replaced key. Such
// a sign-in moves to a new code as soon as a mail is allowed or another sign-in's code can be
// joined.
func (p Policy) Again(i Item, c Class, now time.Time, fresh otp.Nonce, own Session) Decision {
	if !p.Useless(i, own, now) {
		return p.keep(Decision{}, own)
	}
	d := p.Start(i, c, now, fresh)
	if d.Action == Silent {
		return p.keep(d, own)
	}
	return d
}

// Useless reports whether a sign-in's code can't be right any more although it is neither expired
// nor used: it is of a replaced key, or a short one that the account has no guesses left for.
func (p Policy) Useless(i Item, own Session, now time.Time) bool {
	return own.Key != p.Key || own.Digits != otp.LongDigits && p.ShortLeft(i, now) == 0
}

// spent reports whether no answer to a sign-in's own code can be right any more.
func (p Policy) spent(i Item, own Session, now time.Time) bool {
	return p.Useless(i, own, now) || !now.Before(own.Expires) || i.Used >= own.Nonce.Issued().UnixMilli()
}

func (p Policy) keep(d Decision, own Session) Decision {
	return Decision{Action: Keep, Nonce: own.Nonce, Digits: own.Digits, Key: own.Key, Budget: d.Budget}
}

// claim returns the item with one mail spent and the code noted. A mail that did not wait for the
// fast bucket leaves that alone, or the next one would come later than this one's code can be
// joined.
//
// The slow bucket's last mail has a long code beside a short one, for a sign-in that begins or goes
// on after the account's guesses were spent. No mail can follow soon, so an attacker who spends the
// guesses between that mail and the owner's answer must not make it useless. A long code alone
// would do as well, but would show a stranger that the account has no mails left.
func (p Policy) claim(i Item, c Class, now time.Time, n otp.Nonce, digits int) Item {
	ms, mails := now.UnixMilli(), p.Mails(c)
	if mails[0].Allows(i.Mail, ms) {
		i.Mail = mails[0].Spend(i.Mail, ms)
	}
	i.SlowMail = mails[1].Spend(i.SlowMail, ms)
	i.Next = ms + Cooldown.Milliseconds()
	i.Nonce, i.Digits, i.Key = n.String(), digits, p.Key
	i.Fallback = digits != otp.LongDigits && !mails[1].Allows(i.SlowMail, ms)
	return i
}

// MailAllowedAt returns when the next mail to the user is allowed.
func (p Policy) MailAllowedAt(i Item, c Class, now time.Time) time.Time {
	return time.UnixMilli(p.mailAllowedAt(i, c, now)).UTC()
}

func (p Policy) mailAllowedAt(i Item, c Class, now time.Time) int64 {
	return max(p.budgetAllowedAt(i, c, now), i.Next)
}

func (p Policy) budgetAllowedAt(i Item, c Class, now time.Time) int64 {
	ms, mails := now.UnixMilli(), p.Mails(c)
	return max(mails[0].AllowedAt(i.Mail, ms), mails[1].AllowedAt(i.SlowMail, ms))
}
