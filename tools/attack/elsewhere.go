package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

func elsewhere(r *rig.Run, m settings.Mode) {
	r.TryUses(lab.Plan{Mode: m, Memory: r.Small}, uses(), "", "refused", "accepted", func(*lab.Lab) {})
}

func uses() []rig.Use {
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
	return []rig.Use{
		rig.Accepted("the code in its own sign-in", after(0)),
		rig.Refused("the code in another user's sign-in", func(l *lab.Lab) (bool, error) {
			return l.Start(bob).Verify(l.Start(alice).Code(), nil)
		}),
		rig.Refused("another user's challenge and code in one's own name", changed(func(s *lab.SignIn) { s.Who = bob })),
		rig.Refused("the code at another app client", changed(func(s *lab.SignIn) { s.Client = "2example23456789" })),
		rig.Refused("the code in another pool with the same key", changed(func(s *lab.SignIn) {
			s.Lab = s.Lab.Scope.Lab(lab.Plan{Mode: s.Lab.Plan.Mode, Memory: s.Lab.Plan.Memory, Share: s.Lab})
		})),
		rig.Refused("the code after a change of address", changed(func(s *lab.SignIn) {
			s.Who = alice.With("email", "moved@example.com")
		})),
		rig.Refused("the code of a sign-in that expects a long one", private("d", "20")),
		rig.Refused("the code in another round", private("c", strings.Repeat("A", 16))),
		rig.Refused("the code with its expiry moved", private("e", fmt.Sprint(lab.Epoch.Add(time.Hour).Unix()))),
		rig.Refused("the code with another one's binding", func(l *lab.Lab) (bool, error) {
			a, b := l.Start(alice), l.Start(bob)
			b.Private["b"] = a.Private["b"]
			return b.Verify(a.Code(), nil)
		}),
		rig.Refused("the code of an invented name", changed(func(s *lab.SignIn) { s.Who.Unknown = true })),
		rig.Accepted("the code a moment before its expiry", after(rig.CodeTTL-time.Second-rig.Moment)),
		rig.Refused("the code at its expiry", after(rig.CodeTTL)),
		// The sign-in is kept alive by resends, as far as they go.
		rig.Refused("the code after its ten minutes, resent twice", func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			for range 2 {
				l.Clock.Advance(4 * time.Minute)
				s.Resend()
			}
			l.Clock.Until(lab.Epoch.Add(rig.CodeLifetime))
			return s.Verify(code, nil)
		}),
		rig.Refused("the code a second time", func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			l.Need(s.Answer(code).End == lab.Signed, "the first use was refused")
			return l.Start(alice).Verify(code, nil)
		}),
		rig.Refused("the code of a sign-in that shares it with one that used it", func(l *lab.Lab) (bool, error) {
			first, second := l.Start(alice), l.Start(alice)
			right, err := second.Verify(second.Code(), nil)
			l.Scope.Check(err)
			l.Need(right, "the shared code was refused")
			return first.Verify(first.Code(), nil)
		}),
		rig.Accepted("the shared code in the sign-in that began second", func(l *lab.Lab) (bool, error) {
			l.Start(alice)
			s := l.Start(alice)
			return s.Verify(s.Code(), nil)
		}),
		// An open sign-in receives its own code after a newer one was used.
		rig.Refused("an older code after a newer one was used", func(l *lab.Lab) (bool, error) {
			first := l.Start(alice)
			code := first.Code()
			l.Clock.Advance(4*time.Minute + 50*time.Second)
			second := l.Start(alice)
			l.Need(second.Code() != code, "the second sign-in shares the first one's code")
			l.Need(second.Answer(second.Code()).End == lab.Signed, "the newer code was refused")
			return first.Verify(code, nil)
		}),
		rig.Accepted("the code after a resend", func(l *lab.Lab) (bool, error) {
			s := l.Start(alice)
			code := s.Code()
			l.Clock.Advance(2 * rig.Cooldown)
			s.Resend()
			l.Need(l.Inbox.Mails(alice.Email()) == 2, "the resend sent no mail")
			return s.Verify(code, nil)
		}),
	}
}
