package gateway

import (
	"maps"
	"sync"
)

// maxKeys bounds the callers that are counted, and the operations of each: both names are the
// caller's choice.
const maxKeys = 256

type counts struct {
	mu       sync.Mutex
	byCaller map[string]map[string]int
}

func (n *counts) add(c Call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	calls := n.byCaller[c.AccessKeyID]
	if calls == nil {
		if len(n.byCaller) >= maxKeys {
			return
		}
		calls = map[string]int{}
		n.byCaller[c.AccessKeyID] = calls
	}
	key := c.Service + ":" + c.Operation
	if _, isKnown := calls[key]; isKnown || len(calls) < maxKeys {
		calls[key]++
	}
}

// Counts returns the number of calls by "service:Operation", failed ones included.
func (g *Gateway) Counts() map[string]int {
	g.counts.mu.Lock()
	defer g.counts.mu.Unlock()
	all := map[string]int{}
	for _, calls := range g.counts.byCaller {
		for key, n := range calls {
			all[key] += n
		}
	}
	return all
}

// CountsOf is Counts for one caller.
func (g *Gateway) CountsOf(accessKeyID string) map[string]int {
	g.counts.mu.Lock()
	defer g.counts.mu.Unlock()
	all := map[string]int{}
	maps.Copy(all, g.counts.byCaller[accessKeyID])
	return all
}
