package guard

import (
	"strconv"
	"time"
)

// Lane is one of a pool's mail budgets. There are three, so that mails for names which nobody has
// can't use up what real people's mails need, and each is spread over shards, so that no single
// item of the table takes every sign-in's write.
type Lane struct {
	// Name is "verified", "unverified" or "unknown".
	Name string
	// PerHour is how many mails an hour the lane lets through, 1 or more.
	PerHour int
}

// shardRate is how many mails an hour one shard carries at the most before another is added, and
// maxShards ends that: a DynamoDB partition takes 1,000 writes a second.
const (
	shardRate = 1_000
	maxShards = 16
)

// Shards returns over how many items the lane is spread.
func (l Lane) Shards() int { return min(max(l.PerHour/shardRate, 1), maxShards) }

// Window is the time in which a shard's mails are counted: ten minutes, or an hour for a lane that has
// too few mails to divide.
//
// A lane counts in windows where accounts have a [Bucket]. Counting is always one write, however busy
// the lane is; a bucket takes one or two, by which a stranger could tell the lane of real people
// from the one of names that nobody has.
func (l Lane) Window() time.Duration {
	if l.PerHour < 60 {
		return time.Hour
	}
	return 10 * time.Minute
}

// PerWindow returns how many mails one shard lets through in one window, 1 or more.
func (l Lane) PerWindow() int {
	windows := int(time.Hour / l.Window())
	return max(1, l.PerHour/windows/l.Shards())
}

// NearEnd reports whether a shard that has let so many through in a window has used four fifths.
func (l Lane) NearEnd(used int) bool { return used*5 >= l.PerWindow()*4 }

// Key returns the table's key of one shard in a pool, in the window of the given time.
func (l Lane) Key(pool string, shard int, now time.Time) string {
	window := now.UnixMilli() / l.Window().Milliseconds()
	return key("lane", pool, l.Name, strconv.Itoa(shard), strconv.FormatInt(window, 10))
}
