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
	// PerHour is how many mails an hour refill.
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

// Bucket returns the budget of one shard. It holds ten minutes' worth at once, ten mails at least.
func (l Lane) Bucket() Bucket {
	shards := l.Shards()
	refill := (time.Duration(shards) * time.Hour / time.Duration(l.PerHour)).Truncate(time.Millisecond)
	return Bucket{Burst: max(10, l.PerHour/6/shards), Refill: max(refill, time.Millisecond)}
}

// NearEnd reports whether a shard with this tat has spent four fifths of its bucket.
func (l Lane) NearEnd(tat, now int64) bool {
	b := l.Bucket()
	return b.Left(tat, now) <= b.Burst/5
}

// Key returns the table's key of one shard in a pool.
func (l Lane) Key(pool string, shard int) string {
	return key("lane", pool, l.Name, strconv.Itoa(shard))
}
