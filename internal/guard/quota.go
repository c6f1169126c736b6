package guard

import (
	"fmt"
	"time"
)

// Kind is a kind of a pool's mail quota. The kinds have counters of their own, so that mails for
// one cannot use up what another needs.
type Kind string

// The kinds.
const (
	// ProvenMails is for mails to proven addresses.
	ProvenMails Kind = "verified"
	// UnprovenMails is for mails to addresses that were never proven.
	UnprovenMails Kind = "unverified"
	// DecoyMails is for mails to SES's simulator: for unknown names, and for sign-ins that only
	// look as if a mail was sent.
	DecoyMails Kind = "unknown"
)

// BounceCost is how many mails of the day's quota for unproven addresses one permanent bounce
// takes, beside the mail that bounced: SES reviews an account at a bounce rate of 5 %, one in 20.
const BounceCost = 19

// Quota is one of a pool's mail quotas. It counts in clock hours and days (UTC).
//
// One item of the table holds the counters of one quota and day. Every start adds one to one
// counter, in one atomic write, whether it is granted or not; [Quota.Judge] decides from what the
// counters read after that write. So each start costs the same write, and what is granted follows
// from the order of the writes alone.
type Quota struct {
	// Kind names the quota.
	Kind Kind
	// PerHour is how many mails are granted in an hour, 1 or more.
	PerHour int
	// PerDay is the same for a day, bounces included; zero for no such limit.
	PerDay int
	// Decoys is how many refused starts an hour still get a decoy.
	Decoys int
}

// Counters are the counters of one quota and day, by name.
type Counters map[string]int

// BounceCounter counts the day's permanent bounces in the item of [UnprovenMails].
const BounceCounter = "b"

// Counter returns the name of the counter that a start at the given time adds to. Established
// accounts and all others have counters of their own.
func (q Quota) Counter(established bool, now time.Time) string {
	if q.Kind == ProvenMails && !established {
		return hourCounter("o", now.UTC().Hour())
	}
	return hourCounter("h", now.UTC().Hour())
}

func hourCounter(prefix string, hour int) string { return fmt.Sprintf("%s%02d", prefix, hour) }

// Key returns the table's key of the quota's item in a pool, on the day (UTC) of the given time.
func (q Quota) Key(pool string, now time.Time) string { return QuotaKey(q.Kind, pool, now) }

// QuotaKey is [Quota.Key] for a caller that only counts.
func QuotaKey(k Kind, pool string, now time.Time) string {
	return key("quota", pool, string(k), now.UTC().Format(time.DateOnly))
}

// Grant is what a quota allows a start.
type Grant int

const (
	// Refused: no mail and no decoy.
	Refused Grant = iota
	// RefusedDecoy: no mail, but a decoy.
	RefusedDecoy
	// Granted: a mail.
	Granted
	// GrantedNearEnd: a mail, and at least four fifths of the quota are used.
	GrantedNearEnd
)

// OK reports whether the grant is a mail.
func (g Grant) OK() bool { return g >= Granted }

// Judge decides about a start from the counters as they read after it was counted.
//
// Half of the quota for proven addresses is out of reach for accounts that are not established.
// With a established and o other starts counted in the hour, an established one is granted while
// a + min(o, half) is within PerHour: it can only be refused after PerHour/2 established starts.
func (q Quota) Judge(c Counters, established bool, now time.Time) Grant {
	hour := now.UTC().Hour()
	used, limit := c[hourCounter("h", hour)], q.PerHour
	over, near := used-limit, nearEnd(used, limit)
	switch q.Kind {
	case ProvenMails:
		half, others := (limit+1)/2, c[hourCounter("o", hour)]
		reached := used + min(others, half)
		over, near = reached-limit, nearEnd(reached, limit)
		if !established {
			over, near = max(others-half, used+others-limit), near || nearEnd(others, half)
		}
	case UnprovenMails:
		day := BounceCost * c[BounceCounter]
		for h := range 24 {
			day += min(c[hourCounter("h", h)], limit)
		}
		if near = near || nearEnd(day, q.PerDay); over <= 0 && day > q.PerDay {
			return q.refuse(1)
		}
	}
	switch {
	case over > 0:
		return q.refuse(over)
	case near:
		return GrantedNearEnd
	}
	return Granted
}

// refuse returns the refusal of the hour's n-th start past the quota's end.
func (q Quota) refuse(n int) Grant {
	if n <= q.Decoys {
		return RefusedDecoy
	}
	return Refused
}

func nearEnd(used, limit int) bool { return used*5 >= limit*4 }

// establishedAfter is how long ago an account must have proven its address for the first time, in
// order to count as established.
const establishedAfter = 7 * 24 * time.Hour

// Established reports whether a start of a verified account may use the whole quota: the account
// has at most one mail outstanding in its slow bucket, and did not prove its address for the first
// time within the last 7 days. A verified account without that time was verified in another way.
func (p Policy) Established(i Item, now time.Time) bool {
	slow := p.Mails(Verified)[1]
	return i.SlowMail <= now.Add(slow.Refill).UnixMilli() &&
		(i.Proven == 0 || time.UnixMilli(i.Proven).Add(establishedAfter).Before(now))
}
