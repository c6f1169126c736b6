package rig

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// Use uses something, such as a code or a device, in one way. [Accepted] and [Refused] make one.
type Use struct {
	name   string
	proper bool
	try    func(l *lab.Lab) (accepted bool, err error)
}

// Accepted is a proper use. It shows that the lab accepts anything at all. Try reports whether the
// use was accepted.
func Accepted(name string, try func(*lab.Lab) (bool, error)) Use { return Use{name, true, try} }

// Refused is a use that must be refused.
func Refused(name string, try func(*lab.Lab) (bool, error)) Use { return Use{name, false, try} }

// TryUses makes each use in a lab of its own, which prepare makes ready, and adds a row for each.
func (r *Run) TryUses(p lab.Plan, all []Use, where, refused, accepted string, prepare func(*lab.Lab)) {
	words := map[bool]string{true: accepted, false: refused}
	for _, u := range all {
		l := r.Lab(p)
		prepare(l)
		got, err := u.try(l)
		r.Check(Unexpected(err))
		r.Add(p.Mode, u.name+where, 1, words[got], words[u.proper],
			Unless(got == u.proper, "%s: it was %s", u.name, words[got]))
	}
}

// Moment is what whole seconds in an expiry can cost.
const Moment = time.Second

// Replays is how often one thing is used at once that may be used once.
const Replays = 50
