package attack

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// misuse takes a code that is right in one place to another, and reports whether it was accepted.
type misuse struct {
	name string
	// accepted is what must come out: false for every misuse, true for the proper uses beside them.
	accepted bool
	try      func(ctx context.Context, l *lab) (bool, error)
}

// elsewhere tries right codes in wrong places. Each lab has two people; the proper uses are there so
// that a lab in which nothing is ever accepted would show.
func elsewhere(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		for _, u := range misuses(r) {
			l, err := r.bench.lab(plan{mode: m, memory: r.opts.Small})
			if err != nil {
				return err
			}
			accepted, err := u.try(ctx, l)
			l.close()
			if err != nil {
				return fmt.Errorf("%s: %w", u.name, err)
			}
			words := map[bool]string{true: "accepted", false: "refused"}
			r.add(Row{Mode: string(m), Tried: u.name, Count: 1, Result: words[accepted], Bound: words[u.accepted]},
				unless(accepted == u.accepted, "%s: it was %s", u.name, words[accepted]))
		}
	}
	return nil
}

func misuses(r *run) []misuse {
	alice, bob := owner(1), owner(2)
	other := func(change func(*signIn)) func(context.Context, *lab) (bool, error) {
		return func(ctx context.Context, l *lab) (bool, error) {
			s := l.start(ctx, alice)
			change(s)
			return s.verify(ctx, l.inbox.code(alice.email()), nil)
		}
	}
	return []misuse{
		{"the code in its own sign-in", true, other(func(*signIn) {})},
		{"the code in another user's sign-in", false, func(ctx context.Context, l *lab) (bool, error) {
			l.start(ctx, alice)
			return l.start(ctx, bob).verify(ctx, l.inbox.code(alice.email()), nil)
		}},
		{"another user's challenge and code in one's own name", false, other(func(s *signIn) { s.who = bob })},
		{"the code at another app client", false, other(func(s *signIn) { s.client = "2example23456789" })},
		{"the code in another pool with the same key", false, func(ctx context.Context, l *lab) (bool, error) {
			twin, err := r.bench.lab(plan{mode: l.plan.mode, memory: l.plan.memory, share: l})
			if err != nil {
				return false, err
			}
			s := l.start(ctx, alice)
			s.lab = twin
			return s.verify(ctx, l.inbox.code(alice.email()), nil)
		}},
		{"the code after a change of address", false, other(func(s *signIn) { s.who = renamed(alice) })},
		{"the code of a sign-in that asks for a long one", false, other(func(s *signIn) { s.private["d"] = "20" })},
		{"the code in another round", false, other(func(s *signIn) { s.private["c"] = strings.Repeat("A", 16) })},
		{"the code with its expiry moved", false, other(func(s *signIn) { s.private["e"] = fmt.Sprint(epoch.Add(time.Hour).Unix()) })},
		{"the code with another one's binding", false, func(ctx context.Context, l *lab) (bool, error) {
			a, b := l.start(ctx, alice), l.start(ctx, bob)
			b.private["b"] = a.private["b"]
			return b.verify(ctx, l.inbox.code(alice.email()), nil)
		}},
		{"the code of a name that nobody has", false, other(func(s *signIn) { s.who.unknown = true })},
		{"the code a moment before its expiry", true, other(func(s *signIn) { s.lab.clock.advance(codeTTL - time.Second - moment) })},
		{"the code at its expiry", false, other(func(s *signIn) { s.lab.clock.advance(codeTTL) })},
		{"the code after its ten minutes, resent twice", false, afterLifetime(alice)},
		{"the code a second time", false, usedTwice(alice)},
		{"the code of a sign-in that shares it with one that used it", false, joined(alice, true)},
		{"the shared code in the sign-in that began second", true, joined(alice, false)},
		{"an older code after a newer one was used", false, older(alice)},
		{"the code after a resend", true, resent(alice)},
	}
}

// moment is what whole seconds in an expiry can cost.
const moment = time.Second

func renamed(p person) person {
	n := p
	n.attributes = map[string]string{}
	for k, v := range p.attributes {
		n.attributes[k] = v
	}
	n.attributes["email"] = "moved@example.com"
	return n
}

// afterLifetime keeps a sign-in alive by resends, as far as they go, and answers with the first code.
func afterLifetime(who person) func(context.Context, *lab) (bool, error) {
	return func(ctx context.Context, l *lab) (bool, error) {
		s := l.start(ctx, who)
		code := l.inbox.code(who.email())
		for range 2 {
			l.clock.advance(4 * time.Minute)
			s.resend(ctx)
		}
		l.clock.until(epoch.Add(codeLifetime))
		return s.verify(ctx, code, nil)
	}
}

// usedTwice signs in and uses the same code in a new sign-in.
func usedTwice(who person) func(context.Context, *lab) (bool, error) {
	return func(ctx context.Context, l *lab) (bool, error) {
		s := l.start(ctx, who)
		code := l.inbox.code(who.email())
		if s.answer(ctx, code); s.end != signed {
			return false, fmt.Errorf("the first use ended %q", s.end)
		}
		return l.start(ctx, who).verify(ctx, code, nil)
	}
}

// joined begins two sign-ins with one code, uses it in the second, and then in the first if again.
func joined(who person, again bool) func(context.Context, *lab) (bool, error) {
	return func(ctx context.Context, l *lab) (bool, error) {
		first, second := l.start(ctx, who), l.start(ctx, who)
		code := l.inbox.code(who.email())
		right, err := second.verify(ctx, code, nil)
		if err != nil || !again {
			return right, err
		}
		return first.verify(ctx, code, nil)
	}
}

// older leaves a sign-in open, uses a newer code, and answers the open one with its own.
func older(who person) func(context.Context, *lab) (bool, error) {
	return func(ctx context.Context, l *lab) (bool, error) {
		open := l.start(ctx, who)
		code := l.inbox.code(who.email())
		l.clock.advance(4*time.Minute + 50*time.Second)
		newer := l.start(ctx, who)
		second := l.inbox.code(who.email())
		if second == code {
			return false, fmt.Errorf("the second sign-in shares the first one's code")
		}
		if newer.answer(ctx, second); newer.end != signed {
			return false, fmt.Errorf("the newer code ended %q", newer.end)
		}
		return open.verify(ctx, code, nil)
	}
}

func resent(who person) func(context.Context, *lab) (bool, error) {
	return func(ctx context.Context, l *lab) (bool, error) {
		s := l.start(ctx, who)
		code := l.inbox.code(who.email())
		l.clock.advance(2 * cooldown)
		s.resend(ctx)
		if n := l.inbox.mails(who.email()); n != 2 {
			return false, fmt.Errorf("%d mails after a resend", n)
		}
		return s.verify(ctx, code, nil)
	}
}
