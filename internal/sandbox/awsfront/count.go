package awsfront

import (
	"maps"
	"sync"
)

type counts struct {
	mu       sync.Mutex
	byCaller map[string]map[string]int
}

func (n *counts) add(c Call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byCaller == nil {
		n.byCaller = map[string]map[string]int{}
	}
	calls := n.byCaller[c.AccessKeyID]
	if calls == nil {
		// Key ids are the caller's own choice: a bounded number of them is told apart.
		if len(n.byCaller) >= 256 {
			return
		}
		calls = map[string]int{}
		n.byCaller[c.AccessKeyID] = calls
	}
	key := c.Service + ":" + c.Operation
	if _, known := calls[key]; known || len(calls) < 256 {
		calls[key]++
	}
}

// Counts gives the number of calls, failed ones included, by "service:Operation".
func (f *Front) Counts() map[string]int {
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	all := map[string]int{}
	for _, calls := range f.counts.byCaller {
		for key, n := range calls {
			all[key] += n
		}
	}
	return all
}

// CountsOf is Counts for one caller.
func (f *Front) CountsOf(accessKeyID string) map[string]int {
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	all := maps.Clone(f.counts.byCaller[accessKeyID])
	if all == nil {
		all = map[string]int{}
	}
	return all
}
