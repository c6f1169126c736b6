package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// use gives a code that is right in one place in another, and returns whether it was accepted.
type use struct {
	name string
	// proper uses must be accepted, all others refused. The proper ones show that the lab accepts
	// codes at all.
	proper bool
	try    func(l *lab) (bool, error)
}

// moment is what whole seconds in an expiry can cost.
const moment = time.Second

func elsewhere(r *run, m settings.Mode) {
	words := map[bool]string{true: "accepted", false: "refused"}
	for _, u := range uses() {
		accepted, err := u.try(r.lab(plan{mode: m, memory: r.opts.small}))
		if err != nil {
			r.check(fmt.Errorf("%s: %w", u.name, err))
		}
		r.add(m, u.name, 1, words[accepted], words[u.proper],
			unless(accepted == u.proper, "%s: it was %s", u.name, words[accepted]))
	}
}

func uses() []use {
	alice, bob := owner(1), owner(2)
	// changed answers with the right code after a change to the sign-in.
	changed := func(change func(*signIn)) func(*lab) (bool, error) {
		return func(l *lab) (bool, error) {
			s := l.start(alice)
			change(s)
			return s.verify(l.inbox.code(alice.email()), nil)
		}
	}
	after := func(d time.Duration) func(*lab) (bool, error) {
		return changed(func(s *signIn) { s.lab.clock.advance(d) })
	}
	private := func(name, value string) func(*lab) (bool, error) {
		return changed(func(s *signIn) { s.private[name] = value })
	}
	return []use{
		{"the code in its own sign-in", true, changed(func(*signIn) {})},
		{"the code in another user's sign-in", false, func(l *lab) (bool, error) {
			return l.start(bob).verify(l.start(alice).code(), nil)
		}},
		{"another user's challenge and code in one's own name", false, changed(func(s *signIn) { s.who = bob })},
		{"the code at another app client", false, changed(func(s *signIn) { s.client = "2example23456789" })},
		{"the code in another pool with the same key", false, changed(func(s *signIn) {
			s.lab = s.lab.run.lab(plan{mode: s.lab.plan.mode, memory: s.lab.plan.memory, share: s.lab})
		})},
		{"the code after a change of address", false, changed(func(s *signIn) {
			s.who = alice.with("email",
				"moved@example.com")
		})},
		{"the code of a sign-in that asks for a long one", false, private("d", "20")},
		{"the code in another round", false, private("c", strings.Repeat("A", 16))},
		{"the code with its expiry moved", false, private("e", fmt.Sprint(epoch.Add(time.Hour).Unix()))},
		{"the code with another one's binding", false, func(l *lab) (bool, error) {
			a, b := l.start(alice), l.start(bob)
			b.private["b"] = a.private["b"]
			return b.verify(a.code(), nil)
		}},
		{"the code of a name that nobody has", false, changed(func(s *signIn) { s.who.unknown = true })},
		{"the code a moment before its expiry", true, after(codeTTL - time.Second - moment)},
		{"the code at its expiry", false, after(codeTTL)},
		{"the code after its ten minutes, resent twice", false, afterLifetime},
		{"the code a second time", false, usedTwice},
		{"the code of a sign-in that shares it with one that used it", false, func(l *lab) (bool, error) {
			first, second := l.start(alice), l.start(alice)
			if right, err := second.verify(second.code(), nil); err != nil || !right {
				return true, fmt.Errorf("the shared code was refused: %v", err)
			}
			return first.verify(first.code(), nil)
		}},
		{"the shared code in the sign-in that began second", true, func(l *lab) (bool, error) {
			l.start(alice)
			s := l.start(alice)
			return s.verify(s.code(), nil)
		}},
		{"an older code after a newer one was used", false, olderCode},
		{"the code after a resend", true, func(l *lab) (bool, error) {
			s := l.start(alice)
			code := s.code()
			l.clock.advance(2 * cooldown)
			if s.resend(); l.inbox.mails(alice.email()) != 2 {
				return false, fmt.Errorf("%d mails after a resend", l.inbox.mails(alice.email()))
			}
			return s.verify(code, nil)
		}},
	}
}

// afterLifetime keeps a sign-in alive by resends, as far as they go, and answers with the first
// code.
func afterLifetime(l *lab) (bool, error) {
	s := l.start(owner(1))
	code := s.code()
	for range 2 {
		l.clock.advance(4 * time.Minute)
		s.resend()
	}
	l.clock.until(epoch.Add(codeLifetime))
	return s.verify(code, nil)
}

// usedTwice signs in and gives the same code in a new sign-in.
func usedTwice(l *lab) (bool, error) {
	s := l.start(owner(1))
	code := s.code()
	if s.answer(code); s.end != signed {
		return false, fmt.Errorf("the first use ended %q", s.end)
	}
	return l.start(owner(1)).verify(code, nil)
}

// olderCode leaves a sign-in open, uses a newer code, and answers the open sign-in with its own
// code.
func olderCode(l *lab) (bool, error) {
	first := l.start(owner(1))
	code := first.code()
	l.clock.advance(4*time.Minute + 50*time.Second)
	second := l.start(owner(1))
	if second.code() == code {
		return false, fmt.Errorf("the second sign-in shares the first one's code")
	}
	if second.answer(second.code()); second.end != signed {
		return false, fmt.Errorf("the newer code ended %q", second.end)
	}
	return first.verify(code, nil)
}
