package lab

import (
	"sync"
	"time"
)

// Clock is the simulated time of a lab.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Epoch is when every simulation begins.
var Epoch = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)

// Now returns the simulated time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) { c.Until(c.Now().Add(d)) }

// Until moves the clock forward to t; it never goes back.
func (c *Clock) Until(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.t) {
		c.t = t
	}
}
