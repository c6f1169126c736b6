package guard

import "time"

// Bucket is a budget that refills with time: Burst at once, and one more every Refill. It is kept
// as one timestamp, the theoretical arrival time of the generic cell rate algorithm (tat), in Unix
// milliseconds: the moment at which the bucket is full again. Zero is a full bucket.
type Bucket struct {
	// Burst is how many a full bucket holds, 1 or more.
	Burst int
	// Refill is the time in which one comes back, a whole number of milliseconds.
	Refill time.Duration
}

// Interval returns Refill in milliseconds.
func (b Bucket) Interval() int64 { return b.Refill.Milliseconds() }

// Slack returns how far in the future tat may lie, in milliseconds, for one more to be allowed.
func (b Bucket) Slack() int64 { return int64(b.Burst-1) * b.Interval() }

// Clamp returns the tat that an empty bucket has now if the given one lies later. No spend under
// this policy writes a later tat: it was written under another one, whose debts don't count here.
func (b Bucket) Clamp(tat, now int64) int64 { return min(tat, now+b.Slack()+b.Interval()) }

// Allows reports whether one may be spent now.
func (b Bucket) Allows(tat, now int64) bool { return tat <= now+b.Slack() }

// Spend returns the tat after one was spent now. It does not check whether that was allowed.
func (b Bucket) Spend(tat, now int64) int64 { return max(tat, now) + b.Interval() }

// Left returns how many may be spent now.
func (b Bucket) Left(tat, now int64) int {
	if !b.Allows(tat, now) {
		return 0
	}
	return min(b.Burst, 1+int((now+b.Slack()-max(tat, now))/b.Interval()))
}

// AllowedAt returns the earliest time, now or later, at which one may be spent.
func (b Bucket) AllowedAt(tat, now int64) int64 { return max(now, tat-b.Slack()) }

// year is the longest year, for which the bounds below are given.
const year = 365 * 24 * time.Hour

// Yearly returns how many can be spent in any 365 days, whatever happens in between: a full bucket
// and all that refills.
func (b Bucket) Yearly() int64 { return int64(b.Burst) + int64(year/b.Refill) }
