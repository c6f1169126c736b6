package bench

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// poolModel follows the writes of sign-ins through the table: which item each one hits, and when the
// pool's lane is full. It takes keys and limits from the real arithmetic, and knows nothing of the store.
type poolModel struct {
	// users sign in at perSecond, each as likely as any other and without regard to the others.
	users     int
	perSecond float64
	lane      guard.Lane
	random    *rand.Rand

	window time.Time // that the shards' counts belong to
	shards []int     // mails
}

// poolLoad is what a simulated time did to the table.
type poolLoad struct {
	signIns, reads, writes int
	// hottest and hottestItem are the most write units in one second on one partition and on one item.
	hottest, hottestItem int
	partitions           int
	refused              int
}

// A sign-in's updates: of its own user's item to claim, to spend and to use, and of a lane's shard.
const (
	ownWrites  = 3
	laneWrites = 1
)

// Limits of a DynamoDB partition, in units a second and bytes (developer guide, "Best practices for
// designing and using partition keys effectively").
const (
	partitionWrites = 1_000
	partitionReads  = 3_000
	partitionBytes  = 10 << 30
)

func newPoolModel(users int, perSecond float64, lane guard.Lane) *poolModel {
	return &poolModel{users: users, perSecond: perSecond, lane: lane, random: rand.New(rand.NewPCG(1, 2)), shards: make([]int, lane.Shards())}
}

// run simulates a number of seconds. itemBytes sizes the table, and with it the partitions.
func (m *poolModel) run(seconds int, itemBytes float64) poolLoad {
	l := poolLoad{partitions: partitions(m.perSecond*(ownWrites+laneWrites), m.perSecond, float64(m.users)*itemBytes)}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	next := 0.0 // in seconds
	for second := range seconds {
		heat := make([]int, l.partitions)
		items := map[int]int{} // shards by number, users by number below zero
		for ; next < float64(second+1); next += m.random.ExpFloat64() / m.perSecond {
			l.signIns++
			user := m.random.IntN(m.users)
			at := partitionOf(guard.Key(region+"_TestPool1", strconv.Itoa(user)), l.partitions)
			heat[at] += ownWrites
			items[-1-user] += ownWrites
			l.reads++
			shard := m.random.IntN(len(m.shards))
			now := start.Add(time.Duration(next * float64(time.Second)))
			if !m.spend(shard, now) {
				l.refused++
			}
			heat[partitionOf(m.lane.Key(region+"_TestPool1", shard, now), l.partitions)] += laneWrites
			items[shard] += laneWrites
			l.writes += ownWrites + laneWrites
		}
		l.hottest = max(l.hottest, slices.Max(heat))
		for _, n := range items {
			l.hottestItem = max(l.hottestItem, n)
		}
	}
	return l
}

// spend counts one mail in a shard's window; false means that the window is full.
func (m *poolModel) spend(shard int, now time.Time) bool {
	if window := now.Truncate(m.lane.Window()); !window.Equal(m.window) {
		m.window = window
		clear(m.shards)
	}
	if m.shards[shard] >= m.lane.PerWindow() {
		return false
	}
	m.shards[shard]++
	return true
}

// headroom is how much of its former peak a table on demand takes at any time (developer guide,
// "On-demand capacity mode").
const headroom = 2

// partitions returns how many a table has that carries so much: the next power of two, as it splits.
func partitions(writes, reads, bytes float64) int {
	need := max(headroom*writes/partitionWrites, headroom*reads/partitionReads, bytes/partitionBytes, 1)
	return 1 << bits.Len(uint(need-1e-9))
}

// partitionOf spreads keys as a hash does; which one DynamoDB uses is not known and makes no difference.
func partitionOf(key string, n int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(binary.BigEndian.Uint32(h.Sum(nil)) % uint32(n))
}

// String says what happened.
func (l poolLoad) String() string {
	return fmt.Sprintf("%d sign-ins, %d updates, %d reads, %d partitions, %d refused", l.signIns, l.writes, l.reads, l.partitions, l.refused)
}
