package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// use gives a code that is right in one place in another.
type use struct {
	name string
	// proper uses must be accepted, all others refused. The proper ones show that the lab accepts
	// codes at all.
	proper bool
	// prepare returns the sign-in that receives the code, and the code.
	prepare func(l *lab.Lab) (*lab.SignIn, string)
}

// moment is what whole seconds in an expiry can cost.
const moment = time.Second

func elsewhere(r *run, m settings.Mode) {
	words := map[bool]string{true: "accepted", false: "refused"}
	for _, u := range uses() {
		s, code := u.prepare(r.Lab(lab.Plan{Mode: m, Memory: r.opts.small}))
		accepted, err := s.Verify(code, nil)
		r.Check(err)
		r.add(m, u.name, 1, words[accepted], words[u.proper],
			unless(accepted == u.proper, "%s: it was %s", u.name, words[accepted]))
	}
}

func uses() []use {
	alice, bob := lab.Owner(1), lab.Owner(2)
	// changed answers with the right code after a change to the sign-in.
	changed := func(change func(*lab.SignIn)) func(*lab.Lab) (*lab.SignIn, string) {
		return func(l *lab.Lab) (*lab.SignIn, string) {
			s := l.Start(alice)
			change(s)
			return s, l.Inbox.Code(alice.Email())
		}
	}
	after := func(d time.Duration) func(*lab.Lab) (*lab.SignIn, string) {
		return changed(func(s *lab.SignIn) { s.Lab.Clock.Advance(d) })
	}
	private := func(name, value string) func(*lab.Lab) (*lab.SignIn, string) {
		return changed(func(s *lab.SignIn) { s.Private[name] = value })
	}
	return []use{
		{"the code in its own sign-in", true, after(0)},
		{"the code in another user's sign-in", false, func(l *lab.Lab) (*lab.SignIn, string) {
			return l.Start(bob), l.Start(alice).Code()
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
		{"the code with another one's binding", false, func(l *lab.Lab) (*lab.SignIn, string) {
			a, b := l.Start(alice), l.Start(bob)
			b.Private["b"] = a.Private["b"]
			return b, a.Code()
		}},
		{"the code of an invented name", false, changed(func(s *lab.SignIn) { s.Who.Unknown = true })},
		{"the code a moment before its expiry", true, after(codeTTL - time.Second - moment)},
		{"the code at its expiry", false, after(codeTTL)},
		// The sign-in is kept alive by resends, as far as they go.
		{"the code after its ten minutes, resent twice", false, func(l *lab.Lab) (*lab.SignIn, string) {
			s := l.Start(alice)
			code := s.Code()
			for range 2 {
				l.Clock.Advance(4 * time.Minute)
				s.Resend()
			}
			l.Clock.Until(lab.Epoch.Add(codeLifetime))
			return s, code
		}},
		{"the code a second time", false, func(l *lab.Lab) (*lab.SignIn, string) {
			s := l.Start(alice)
			code := s.Code()
			l.Need(s.Answer(code).End == lab.Signed, "the first use was refused")
			return l.Start(alice), code
		}},
		{"the code of a sign-in that shares it with one that used it", false, func(l *lab.Lab) (*lab.SignIn, string) {
			first, second := l.Start(alice), l.Start(alice)
			right, err := second.Verify(second.Code(), nil)
			l.Scope.Check(err)
			l.Need(right, "the shared code was refused")
			return first, first.Code()
		}},
		{"the shared code in the sign-in that began second", true, func(l *lab.Lab) (*lab.SignIn, string) {
			l.Start(alice)
			s := l.Start(alice)
			return s, s.Code()
		}},
		// An open sign-in receives its own code after a newer one was used.
		{"an older code after a newer one was used", false, func(l *lab.Lab) (*lab.SignIn, string) {
			first := l.Start(alice)
			code := first.Code()
			l.Clock.Advance(4*time.Minute + 50*time.Second)
			second := l.Start(alice)
			l.Need(second.Code() != code, "the second sign-in shares the first one's code")
			l.Need(second.Answer(second.Code()).End == lab.Signed, "the newer code was refused")
			return first, code
		}},
		{"the code after a resend", true, func(l *lab.Lab) (*lab.SignIn, string) {
			s := l.Start(alice)
			code := s.Code()
			l.Clock.Advance(2 * cooldown)
			s.Resend()
			l.Need(l.Inbox.Mails(alice.Email()) == 2, "the resend sent no mail")
			return s, code
		}},
	}
}
