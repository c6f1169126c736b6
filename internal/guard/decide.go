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
	// Withhold seems to send a code, where the slow bucket allows no mail and that must not show.
	// The item must be claimed as for a mail.
	Withhold
	// Join takes the last code; nothing is sent.
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
	// Unsent is true where that code was not mailed, and this decision does not mail it.
	Unsent bool
	// Claimed is the item after the claim, where Action is Mail or Withhold.
	Claimed Item
	// Budget is true where a mail was refused by a budget and not by the cool-down alone.
	Budget bool
}

// Start decides about a sign-in that begins now. The fresh nonce is used where no live code can be.
// The item must be clamped ([Policy.Clamp]), here and below.
func (p Policy) Start(i Item, c Class, now time.Time, fresh otp.Nonce) Decision {
	return p.deliver(p.start(i, c, now, fresh), i, c, now, fresh)
}

func (p Policy) start(i Item, c Class, now time.Time, fresh otp.Nonce) Decision {
	digits, last := p.Digits(i, now), p.seen(i)
	length, live := p.live(i, last, digits, now)
	may := p.startAllowedAt(i, c, now, digits) <= now.UnixMilli()
	d := Decision{Nonce: fresh, Digits: digits, Key: p.Key, Budget: p.budgetAllowedAt(i, c, now) > now.UnixMilli()}
	switch {
	case may && live && p.outlives(last.nonce, p.claim(i, c, now, last.nonce, length), c, now):
		d.Action, d.Nonce, d.Digits = Mail, last.nonce, length
		d.Claimed = p.claim(i, c, now, last.nonce, length)
	case may:
		d.Action, d.Claimed = Mail, p.claim(i, c, now, fresh, digits)
	case live:
		d.Action, d.Nonce, d.Digits = Join, last.nonce, length
	default:
		d.Action, d.Unsent = Silent, true
	}
	if p.HidesMails {
		return p.withhold(d, i, c, now, fresh)
	}
	return d
}

// withhold returns a decision that was made as if the slow bucket were full, as the bucket allows
// it. All that is shown follows from the code that seemed to be mailed last: action, length and
// times. The sign-in takes the code that was mailed last instead, where that has the length and can
// be joined.
func (p Policy) withhold(d Decision, i Item, c Class, now time.Time, fresh otp.Nonce) Decision {
	if d.Action == Mail {
		if p.Mails(c)[1].Allows(i.SlowMail, now.UnixMilli()) {
			if d.Nonce.String() == i.Withheld.Nonce {
				return p.mailBehind(d, i, fresh)
			}
			return d
		}
		d.Action, d.Claimed = Withhold, p.claimWithheld(i, c, now, d.Nonce, d.Digits)
	}
	last := i.mailed()
	isLong := d.Digits == otp.LongDigits && i.Fallback
	if d.Unsent = !(last.digits == d.Digits || isLong) || !p.isJoinable(i, last, now); !d.Unsent {
		d.Nonce = last.nonce
	}
	return d
}

// deliver mails a code where a sign-in would join a withheld one and the slow bucket has a mail
// again. Such a round sends a decoy as it is. The cool-down and the fast bucket stay as they were,
// for they show.
func (p Policy) deliver(d Decision, i Item, c Class, now time.Time, fresh otp.Nonce) Decision {
	slow := p.Mails(c)[1]
	if d.Action != Join || !d.Unsent || !slow.Allows(i.SlowMail, now.UnixMilli()) {
		return d
	}
	d.Action, d.Unsent, d.Claimed = Mail, false, p.claim(i, c, now, fresh, d.Digits)
	d.Claimed.Mail, d.Claimed.Next = i.Mail, i.Next
	return p.mailBehind(d, i, fresh)
}

// mailBehind mails a fresh code where all that is shown still follows from the withheld one. So a
// mail can be used for as long as any other, however old the withheld code was.
func (Policy) mailBehind(d Decision, i Item, fresh otp.Nonce) Decision {
	d.Nonce, d.Claimed.Nonce, d.Claimed.Withheld = fresh, fresh.String(), i.Withheld
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
	ms, mails := now.UnixMilli(), p.Mails(c)
	at, last := ms, p.seen(i)
	if !p.HidesMails {
		at = mails[1].AllowedAt(i.SlowMail, ms)
	}
	switch {
	case p.keyChanged(i, now):
		return at
	case digits == otp.LongDigits && last.digits != 0 && last.digits != otp.LongDigits:
		return max(at, i.Next)
	}
	return max(at, mails[0].AllowedAt(i.Mail, ms), i.Next)
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
	isGood := !own.Unsent && own.Digits == d.Digits && !p.spent(i, own, now)
	switch {
	case d.Action == Silent, d.Action == Join && isGood:
		return p.keep(d, own)
	case d.Action == Withhold && isGood:
		d.Nonce, d.Unsent = own.Nonce, false
	}
	return d
}

// Again decides about a sign-in that goes on after a wrong answer. It keeps its code, with two
// exceptions: a short one that the account has no guesses left for, and one of a replaced key. Such
// a sign-in moves to a new code as soon as a mail is allowed or another sign-in's code can be
// joined.
func (p Policy) Again(i Item, c Class, now time.Time, fresh otp.Nonce, own Session) Decision {
	if !p.useless(i, own, now) {
		return p.keep(Decision{}, own)
	}
	d := p.start(i, c, now, fresh)
	if d.Action == Silent {
		return p.keep(d, own)
	}
	return d
}

// useless reports whether a sign-in's code can't be right any more although it is neither expired
// nor used: it is of a replaced key, or a short one that the account has no guesses left for.
func (p Policy) useless(i Item, own Session, now time.Time) bool {
	return own.Key != p.Key || own.Digits != otp.LongDigits && p.ShortLeft(i, now) == 0
}

// spent reports whether no answer to a sign-in's own code can be right any more.
func (p Policy) spent(i Item, own Session, now time.Time) bool {
	issued := own.Nonce.Issued()
	return p.useless(i, own, now) || !now.Before(own.Expires) || !now.Before(issued.Add(Lifetime)) ||
		i.Used >= issued.UnixMilli()
}

func (p Policy) keep(d Decision, own Session) Decision {
	return Decision{Action: Keep, Nonce: own.Nonce, Digits: own.Digits, Key: own.Key, Unsent: own.Unsent, Budget: d.Budget}
}

// claim returns the item with one mail spent and the code noted. A mail that did not wait for the
// fast bucket leaves that alone, or the next one would come later than this one's code can be
// joined.
//
// The slow bucket's last mail has a long code beside a short one, for a sign-in that begins or goes
// on after the account's guesses were spent. No mail can follow soon, so an attacker who spends the
// guesses between that mail and the owner's answer must not make it useless. A long code alone
// would do as well, but would show a stranger that the account has no mails left. Where mails are
// hidden, a last mail with a long code has a short one beside it too: guesses can come back, and
// sign-ins then get a short code.
func (p Policy) claim(i Item, c Class, now time.Time, n otp.Nonce, digits int) Item {
	ms, slow := now.UnixMilli(), p.Mails(c)[1]
	i = p.cool(i, c, now)
	i.SlowMail = slow.Spend(i.SlowMail, ms)
	i.Nonce, i.Digits, i.Key, i.Withheld = n.String(), digits, p.Key, Withheld{}
	i.Fallback = !slow.Allows(i.SlowMail, ms) && (digits != otp.LongDigits || p.HidesMails)
	if i.Fallback && digits == otp.LongDigits {
		i.Digits, i.Withheld = p.CodeLength, Withheld{i.Nonce, digits}
	}
	return i
}

// cool returns the item with a mail spent from the fast bucket and a new cool-down.
func (p Policy) cool(i Item, c Class, now time.Time) Item {
	ms, fast := now.UnixMilli(), p.Mails(c)[0]
	if fast.Allows(i.Mail, ms) {
		i.Mail = fast.Spend(i.Mail, ms)
	}
	i.Next = ms + Cooldown.Milliseconds()
	return i
}

// claimWithheld returns the item after a claim whose mail is withheld: the code that was mailed and
// the slow bucket stay.
func (p Policy) claimWithheld(i Item, c Class, now time.Time, n otp.Nonce, digits int) Item {
	if i = p.cool(i, c, now); i.Key != p.Key {
		i.Nonce, i.Digits, i.Fallback, i.Key = "", 0, false, p.Key
	}
	if nonce := n.String(); nonce != i.Nonce {
		i.Withheld = Withheld{nonce, digits}
	}
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
