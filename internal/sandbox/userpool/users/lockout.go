package users

import "time"

// lockout counts wrong passwords. From the fifth on, the n-th locks the user for 2^(n-5) seconds,
// at most 15 minutes. Attempts during a lock don't count; 15 minutes after a lock the count
// restarts.
type lockout struct {
	failures int
	// until is when the lock ends, or the time of the last attempt if that locked nothing.
	until time.Time
}

const (
	lockoutFrom  = 5
	lockoutLimit = 15 * time.Minute
)

// attempt counts an attempt as a failure in advance and reports whether it may be made.
func (l *lockout) attempt(now time.Time) bool {
	if now.Before(l.until) {
		return false
	}
	if now.Sub(l.until) >= lockoutLimit {
		l.failures = 0
	}
	l.failures++
	l.until = now
	if n := l.failures - lockoutFrom; n >= 0 {
		l.until = now.Add(min(lockoutLimit, time.Second<<min(n, 10)))
	}
	return true
}
