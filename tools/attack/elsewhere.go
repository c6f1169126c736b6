package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// use gives a code that is right in one place in another, and returns whether it was accepted.
type use struct {
	name string
	// proper uses must be accepted, all others refused. The proper ones show that the lab accepts
	// codes at all.
	proper bool
	try    func(l *lab.Lab) (bool, error)
}

// moment is what whole seconds in an expiry can cost.
const moment = time.Second

func elsewhere(r *run, m settings.Mode) {
	words := map[bool]string{true: "accepted", false: "refused"}
	for _, u := range uses() {
		accepted, err := u.try(r.Lab(lab.Plan{Mode: m, Memory: r.opts.small}))
		if err != nil {
			r.Check(fmt.Errorf("%s: %w", u.name, err))
		}
		r.add(m, u.name, 1, words[accepted], words[u.proper],
			unless(accepted == u.proper, "%s: it was %s", u.name, words[accepted]))
	}
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
		{"the code in its own sign-in", true, changed(func(*lab.SignIn) {})},
		{"the code in another user's sign-in", false, func(l *lab.Lab) (bool, error) {
			return l.Start(bob).Verify(l.Start(alice).Code(), nil)
		}},
		{"another user's challenge and code in one's own name", false, changed(func(s *lab.SignIn) { s.Who = bob })},
		{"the code at another app client", false, changed(func(s *lab.SignIn) { s.Client = "2example23456789" })},
		{"the code in another pool with the same key", false, changed(func(s *lab.SignIn) {
			s.Lab = s.Lab.Scope.Lab(lab.Plan{Mode: s.Lab.Plan.Mode, Memory: s.Lab.Plan.Memory, Share: s.Lab})
		})},
		{"the code after a change of address", false, changed(func(s *lab.SignIn) {
			s.Who = alice.With("email",
				"moved@example.com")
		})},
		{"the code of a sign-in that asks for a long one", false, private("d", "20")},
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
		{"the code after its ten minutes, resent twice", false, afterLifetime},
		{"the code a second time", false, usedTwice},
		{"the code of a sign-in that shares it with one that used it", false, func(l *lab.Lab) (bool, error) {
			first, second := l.Start(alice), l.Start(alice)
			if right, err := second.Verify(second.Code(), nil); err != nil || !right {
				return true, fmt.Errorf("the shared code was refused: %v", err)
			}
			return first.Verify(first.Code(), nil)
		}},
		{"the shared code in the sign-in that began second", true, func(l *lab.Lab) (bool, error) {
			l.Start(alice)
			s := l.Start(alice)
			return s.Verify(s.Code(), nil)
		}},
		{"an older code after a newer one was used", false, olderCode},
		{"the code after a resend", true, func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			l.Clock.Advance(2 * cooldown)
			if s.Resend(); l.Inbox.Mails(alice.Email()) != 2 {
				return false, fmt.Errorf("%d mails after a resend", l.Inbox.Mails(alice.Email()))
			}
			return s.Verify(code, nil)
		}},
	}
}

// afterLifetime keeps a sign-in alive by resends, as far as they go, and answers with the first
// code.
func afterLifetime(l *lab.Lab) (bool, error) {
	s := l.Start(lab.Owner(1))
	code := s.Code()
	for range 2 {
		l.Clock.Advance(4 * time.Minute)
		s.Resend()
	}
	l.Clock.Until(lab.Epoch.Add(codeLifetime))
	return s.Verify(code, nil)
}

// usedTwice signs in and gives the same code in a new sign-in.
func usedTwice(l *lab.Lab) (bool, error) {
	s := l.Start(lab.Owner(1))
	code := s.Code()
	if s.Answer(code); s.End != lab.Signed {
		return false, fmt.Errorf("the first use ended %q", s.End)
	}
	return l.Start(lab.Owner(1)).Verify(code, nil)
}

// olderCode leaves a sign-in open, uses a newer code, and answers the open sign-in with its own
// code.
func olderCode(l *lab.Lab) (bool, error) {
	first := l.Start(lab.Owner(1))
	code := first.Code()
	l.Clock.Advance(4*time.Minute + 50*time.Second)
	second := l.Start(lab.Owner(1))
	if second.Code() == code {
		return false, fmt.Errorf("the second sign-in shares the first one's code")
	}
	if second.Answer(second.Code()); second.End != lab.Signed {
		return false, fmt.Errorf("the newer code ended %q", second.End)
	}
	return first.Verify(code, nil)
}
