package session

import (
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// spentSet remembers spent ids until they have expired.
type spentSet struct {
	mu   sync.Mutex
	ids  map[string]spentEntry
	next time.Time
}

// spentEntry is a spent id. A dead one ended with a trigger's failure.
type spentEntry struct {
	isDead  bool
	expires int64
}

// sweepEvery is the interval, in the pool's time, at which expired entries are dropped.
const sweepEvery = time.Minute

// Spend spends the Session of a sign-in. Of parallel calls one succeeds.
func (k *Keeper) Spend(s *State) error {
	set, now := &k.spent, k.now()
	set.mu.Lock()
	defer set.mu.Unlock()
	switch e, isSpent := set.ids[s.ID]; {
	case isSpent && e.isDead:
		return refusal.SessionInvalid
	case isSpent:
		return refusal.SessionUsed
	case now.UnixNano() >= s.Expires:
		// It ran out after Open. It may have been spent and forgotten already.
		return refusal.SessionExpired
	}
	set.sweep(now)
	set.ids[s.ID] = spentEntry{expires: s.Expires}
	return nil
}

// Kill marks a spent id as dead.
func (k *Keeper) Kill(id string) {
	k.spent.mu.Lock()
	defer k.spent.mu.Unlock()
	if e, ok := k.spent.ids[id]; ok {
		k.spent.ids[id] = spentEntry{isDead: true, expires: e.expires}
	}
}

// sweep drops expired ids. The caller holds the lock.
func (s *spentSet) sweep(now time.Time) {
	if now.Before(s.next) {
		return
	}
	s.next = now.Add(sweepEvery)
	for id, e := range s.ids {
		if e.expires <= now.UnixNano() {
			delete(s.ids, id)
		}
	}
}

// Size returns the number of remembered ids.
func (k *Keeper) Size() int {
	k.spent.mu.Lock()
	defer k.spent.mu.Unlock()
	return len(k.spent.ids)
}
