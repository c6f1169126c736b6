package sandbox

import (
	"fmt"
	"sync/atomic"
	"time"
)

// clock is a clock that can be moved forward.
type clock struct {
	base    func() time.Time
	advance atomic.Int64 // nanoseconds
}

// Now returns the sandbox's time: that of Options.Clock, moved by [Sandbox.Advance]. Sessions,
// tokens, confirmation codes, temporary passwords and lock-outs of the user pool follow it.
// Handlers in process share it if they take it as their clock; functions that run as processes keep
// the machine's time.
func (s *Sandbox) Now() time.Time { return s.clock.base().Add(time.Duration(s.clock.advance.Load())) }

// Advance moves the sandbox's clock forward, so that a test need not wait for an expiry. It panics
// if d is negative: time does not go back.
func (s *Sandbox) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("sandbox: Advance by %v; time does not go back", d))
	}
	s.clock.advance.Add(int64(d))
}
