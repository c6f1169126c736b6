package attack

import (
	"sync"
	"time"
)

// clock is the simulated time of one lab.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

// epoch is when every simulation begins.
var epoch = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)

func newClock() *clock { return &clock{t: epoch} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// until moves the clock forward to t; it never goes back.
func (c *clock) until(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.t) {
		c.t = t
	}
}
