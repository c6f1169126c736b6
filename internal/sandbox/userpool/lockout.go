package userpool

import "time"

// lockout counts wrong passwords. From the fifth on, the n-th locks the user
// for 2^(n-5) seconds, some 15 minutes at most; attempts while locked don't count,
// and 15 quiet minutes after a lock forget everything.
type lockout struct {
	failures int
	// until is when the lock ends, or the time of the last attempt if that
	// locked nothing.
	until time.Time
}

const (
	lockoutFrom  = 5
	lockoutLimit = 15 * time.Minute
)

// attempt counts an attempt as a failure in advance and reports whether it may
// be made at all.
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

// attempt counts an attempt of the user, see lockout.
func (d *directory) attempt(username string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.users[username]
	return ok && a.lockout.attempt(now)
}

// proven forgets the user's wrong passwords.
func (d *directory) proven(username string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.users[username]; ok {
		a.lockout = lockout{}
	}
}
