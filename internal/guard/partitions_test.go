package guard_test

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func TestPartitions(t *testing.T) {
	for _, c := range []struct {
		writes, reads, bytes float64
		want                 int
	}{{1, 1, 1, 1}, {500, 1, 1, 1}, {501, 1, 1, 2}, {4000, 1000, 4e9, 8}, {1, 1, 25 << 30, 4}, {1, 6_000, 1, 4}} {
		if got := partitions(c.writes, c.reads, c.bytes); got != c.want {
			t.Errorf("partitions(%v, %v, %v) = %d, want %d", c.writes, c.reads, c.bytes, got, c.want)
		}
	}
}

func TestKeysSpreadEvenly(t *testing.T) {
	const perSecond = settings.MaxPoolMails / 3600
	l := simulatePool(10_000_000, perSecond, 20, cost.ItemBytes)
	// One partition has the item of the quota, which every sign-in writes to, beside its share of
	// users.
	mean := perSecond * (ownWrites + quotaWrites) / l.partitions
	if l.partition > partitionWrites || l.partition < mean || l.item < perSecond || l.item > partitionWrites {
		t.Errorf("the hottest partition has %d writes in its worst second and the hottest item %d, the mean is %d",
			l.partition, l.item, mean)
	}
}

// A sign-in's updates: of its user's item to claim, to spend and to use, and of the pool quota's
// item of the day.
const (
	ownWrites   = 3
	quotaWrites = 1
)

// Limits of a DynamoDB partition, in units a second and bytes (developer guide, "Best practices for
// designing and using partition keys effectively").
const (
	partitionWrites = 1_000
	partitionReads  = 3_000
	partitionBytes  = 10 << 30
)

// poolLoad are the most write units in one second on one partition and on one item.
type poolLoad struct{ partition, item, partitions int }

// simulatePool follows the writes of sign-ins through the table for a number of seconds. Users sign
// in independently of each other. The keys are the real ones.
func simulatePool(users int, perSecond float64, seconds int, itemBytes float64) poolLoad {
	quota := guard.Quota{Kind: guard.ProvenMails}
	l := poolLoad{partitions: partitions(perSecond*(ownWrites+quotaWrites), perSecond, float64(users)*itemBytes)}
	dice := rand.New(rand.NewPCG(1, 2))
	now, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Duration(seconds)*time.Second
	at := time.Duration(0)
	for second := time.Second; second <= end; second += time.Second {
		heat, items := make([]int, l.partitions), map[string]int{}
		write := func(key string, n int) {
			h := fnv.New32a() // which hash DynamoDB uses is not known, and makes no difference
			_, _ = h.Write([]byte(key))
			heat[h.Sum32()%uint32(l.partitions)] += n
			items[key] += n
			l.item = max(l.item, items[key])
		}
		for ; at < second; at += time.Duration(dice.ExpFloat64() / perSecond * float64(time.Second)) {
			write(guard.Key("eu-west-1_TestPool1", strconv.Itoa(dice.IntN(users))), ownWrites)
			write(quota.Key("eu-west-1_TestPool1", now.Add(at)), quotaWrites)
		}
		l.partition = max(l.partition, slices.Max(heat))
	}
	return l
}

// partitions returns how many a table has that carries so much: a power of two, as partitions
// split. A table on demand carries twice its former peak at any time (developer guide, "On-demand
// capacity mode").
func partitions(writes, reads, bytes float64) int {
	const headroom = 2
	need := max(headroom*writes/partitionWrites, headroom*reads/partitionReads, bytes/partitionBytes, 1)
	return 1 << bits.Len(uint(need-1e-9))
}
