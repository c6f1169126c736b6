package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// use uses a code, or a device, in one way.
type use struct {
	name string
	// proper uses must be accepted, all others refused. The proper ones show that the lab accepts
	// anything at all.
	proper bool
	// try reports whether the use was accepted.
	try func(l *lab.Lab) (accepted bool, err error)
}

// tryUses makes each use in a lab of its own, which prepare makes ready, and adds a row for each.
func (r *run) tryUses(p lab.Plan, all []use, where, refused, accepted string, prepare func(*lab.Lab)) {
	words := map[bool]string{true: accepted, false: refused}
	for _, u := range all {
		l := r.Lab(p)
		prepare(l)
		got, err := u.try(l)
		r.Check(unexpected(err))
		r.add(p.Mode, u.name+where, 1, words[got], words[u.proper],
			unless(got == u.proper, "%s: it was %s", u.name, words[got]))
	}
}

// moment is what whole seconds in an expiry can cost.
const moment = time.Second

func elsewhere(r *run, m settings.Mode) {
	r.tryUses(lab.Plan{Mode: m, Memory: r.opts.small}, uses(), "", "refused", "accepted", func(*lab.Lab) {})
}

func uses() []use {
	alice, bob := lab.Owner(1), lab.Owner(2)
	// changed answers with the right code after a change to the sign-in.
	changed := func(change func(*lab.SignIn)) func(*lab.Lab) (bool, error) {
		return func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			change(s)
			return s.Verify(l.Inbox.Code(alice.Email()), nil)
		}
	}
	after := func(d time.Duration) func(*lab.Lab) (bool, error) {
		return changed(func(s *lab.SignIn) { s.Lab.Clock.Advance(d) })
	}
	private := func(name, value string) func(*lab.Lab) (bool, error) {
		return changed(func(s *lab.SignIn) { s.Private[name] = value })
	}
	return []use{
		{"the code in its own sign-in", true, after(0)},
		{"the code in another user's sign-in", false, func(l *lab.Lab) (bool, error) {
			return l.Start(bob).Verify(l.Start(alice).Code(), nil)
		}},
		{"another user's challenge and code in one's own name", false, changed(func(s *lab.SignIn) { s.Who = bob })},
		{"the code at another app client", false, changed(func(s *lab.SignIn) { s.Client = "2example23456789" })},
		{"the code in another pool with the same key", false, changed(func(s *lab.SignIn) {
			s.Lab = s.Lab.Scope.Lab(lab.Plan{Mode: s.Lab.Plan.Mode, Memory: s.Lab.Plan.Memory, Share: s.Lab})
		})},
		{"the code after a change of address", false, changed(func(s *lab.SignIn) {
			s.Who = alice.With("email", "moved@example.com")
		})},
		{"the code of a sign-in that expects a long one", false, private("d", "20")},
		{"the code in another round", false, private("c", strings.Repeat("A", 16))},
		{"the code with its expiry moved", false, private("e", fmt.Sprint(lab.Epoch.Add(time.Hour).Unix()))},
		{"the code with another one's binding", false, func(l *lab.Lab) (bool, error) {
			a, b := l.Start(alice), l.Start(bob)
			b.Private["b"] = a.Private["b"]
			return b.Verify(a.Code(), nil)
		}},
		{"the code of an invented name", false, changed(func(s *lab.SignIn) { s.Who.Unknown = true })},
		{"the code a moment before its expiry", true, after(codeTTL - time.Second - moment)},
		{"the code at its expiry", false, after(codeTTL)},
		// The sign-in is kept alive by resends, as far as they go.
		{"the code after its ten minutes, resent twice", false, func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			for range 2 {
				l.Clock.Advance(4 * time.Minute)
				s.Resend()
			}
			l.Clock.Until(lab.Epoch.Add(codeLifetime))
			return s.Verify(code, nil)
		}},
		{"the code a second time", false, func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			l.Need(s.Answer(code).End == lab.Signed, "the first use was refused")
			return l.Start(alice).Verify(code, nil)
		}},
		{"the code of a sign-in that shares it with one that used it", false, func(l *lab.Lab) (bool, error) {
			first, second := l.Start(alice), l.Start(alice)
			right, err := second.Verify(second.Code(), nil)
			l.Scope.Check(err)
			l.Need(right, "the shared code was refused")
			return first.Verify(first.Code(), nil)
		}},
		{"the shared code in the sign-in that began second", true, func(l *lab.Lab) (bool, error) {
			l.Start(alice)
			s := l.Start(alice)
			return s.Verify(s.Code(), nil)
		}},
		// An open sign-in receives its own code after a newer one was used.
		{"an older code after a newer one was used", false, func(l *lab.Lab) (bool, error) {
			first := l.Start(alice)
			code := first.Code()
			l.Clock.Advance(4*time.Minute + 50*time.Second)
			second := l.Start(alice)
			l.Need(second.Code() != code, "the second sign-in shares the first one's code")
			l.Need(second.Answer(second.Code()).End == lab.Signed, "the newer code was refused")
			return first.Verify(code, nil)
		}},
		{"the code after a resend", true, func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			l.Clock.Advance(2 * cooldown)
			s.Resend()
			l.Need(l.Inbox.Mails(alice.Email()) == 2, "the resend sent no mail")
			return s.Verify(code, nil)
		}},
	}
}
