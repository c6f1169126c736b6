package trigger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func TestUnknownNamesLookLikeKnownUsers(t *testing.T) {
	type trace struct {
		calls  []string
		public map[string]any
		size   int
		tags   string // of the mails, by name and length
	}
	follow := func(u user, prepare func(*world)) (traces []trace) {
		w := newWorld(t, settings.Passwordless)
		if prepare != nil {
			prepare(w)
		}
		s := &signIn{w: w, user: u}
		step := func(f func()) {
			w.reset()
			w.sent = nil
			f()
			tags := ""
			for _, m := range w.sent {
				for _, tag := range m.Tags {
					tags += fmt.Sprintf("%s=%d ", tag.Name, len(tag.Value))
				}
			}
			calls := slices.Clone(w.calls)
			slices.Sort(calls)
			private := s.private.(map[string]any)
			size := len(s.metadata)
			for k, v := range private {
				size += len(k) + len(v.(string))
			}
			traces = append(traces, trace{calls, s.public, size, tags})
		}
		step(func() { s = w.start(u) })
		step(func() { s.answer("00000001") })
		step(func() { s.resend() })
		w.pass(guard.Cooldown)
		step(func() { s.resend() })
		step(func() { s.answer("00000002") })
		step(func() { s = w.start(u) })
		return traces
	}
	usual := follow(known(), nil)
	spent := func(w *world) {
		w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(100 * time.Hour).UnixMilli() })
	}
	last := func(w *world) {
		w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(47 * 30 * time.Minute).UnixMilli() })
	}
	bounced := func(w *world) {
		w.change(func(i *guard.Item) { i.Mark = guard.ComplaintMark(mark(person), w.clock) })
	}
	for name, other := range map[string][]trace{
		"a user whose mail bounced": follow(known(), bounced),
		"an unknown name":           follow(stranger("nobody@example.com"), nil),
		"an unverified user":        follow(known().with("email_verified", "false"), nil),
		"a user out of mails":       follow(known(), spent),
		"a user with one mail left": follow(known(), last),
		"an unverified user whose pool is out of mails": follow(known().with("email_verified", "false"),
			func(w *world) { w.settings.PoolMailsUnverifiedDay = 1 }),
		"a user whose pool is out of mails": follow(known(), func(w *world) { w.settings.PoolMailsVerified = 1 }),
		"a user without an address":         follow(known().with("email", nil), nil),
		"a user with a broken address":      follow(known().with("email", "not an address"), nil),
	} {
		for i := range usual {
			if !slices.Equal(usual[i].calls, other[i].calls) {
				t.Errorf("%s, step %d: calls %v, usually %v", name, i, other[i].calls, usual[i].calls)
			}
			if usual[i].tags != other[i].tags {
				t.Errorf("%s, step %d: tags %q, usually %q", name, i, other[i].tags, usual[i].tags)
			}
			if usual[i].size != other[i].size {
				t.Errorf("%s, step %d: %d bytes, usually %d", name, i, other[i].size, usual[i].size)
			}
			for k, v := range usual[i].public {
				if other[i].public[k] != v {
					t.Errorf("%s, step %d: %s is %v, usually %v", name, i, k, other[i].public[k], v)
				}
			}
			if len(usual[i].public) != len(other[i].public) {
				t.Errorf("%s, step %d: %v, usually %v", name, i, other[i].public, usual[i].public)
			}
		}
	}
}

// A stranger has several sign-ins of one name, spends guesses and requests mails at any moment.
func TestSignInsSideBySideLookLikeThoseOfAnUnknownName(t *testing.T) {
	type step struct {
		kind, on int
		wait     time.Duration
	}
	const start, answer, resend, wait, owner = 0, 1, 2, 3, 4
	follow := func(u user, steps []step) (seen []string) {
		w := newWorld(t, settings.Passwordless)
		all := []*signIn{w.start(u)}
		for _, each := range steps {
			w.reset()
			s := all[each.on%len(all)]
			switch {
			case each.kind == start:
				s = w.start(u)
				all = append(all, s)
			case each.kind == wait:
				w.pass(each.wait)
			case each.kind == owner:
				if !u.unknown {
					w.start(u)
				}
				continue
			case s.ended != "":
			case each.kind == answer:
				s.answer("00000000")
			case each.kind == resend:
				s.resend()
			}
			seen = append(seen, fmt.Sprint(each, s.ended, s.public, w.counted("SendEmail"), w.counted("Claim"),
				w.counted("CountQuota")))
		}
		return seen
	}
	// Eight guesses are spent, a new sign-in gets a long code, and the first one requests a mail.
	directed := []step{{kind: start}, {kind: start}, {kind: start}}
	for n := range 8 {
		directed = append(directed, step{kind: answer, on: 1 + n%3})
	}
	directed = append(directed, step{kind: wait, wait: guard.Cooldown}, step{kind: start}, step{kind: resend})
	// The owner has just got a mail when sign-ins begin in which all guesses are spent. One of them
	// is answered between the ends of that mail's cool-down and its own.
	beside := []step{{kind: wait, wait: time.Hour}, {kind: owner}, {kind: wait, wait: 10 * time.Second},
		{kind: start}, {kind: start}, {kind: start}, {kind: start}, {kind: start}}
	for n := range 10 {
		beside = append(beside, step{kind: answer, on: 2 + n%4})
	}
	beside = append(beside, step{kind: wait, wait: guard.Cooldown - 5*time.Second}, step{kind: answer, on: 1})
	walks := [][]step{directed, beside}
	for seed := range uint64(20) {
		r, steps := rand.New(rand.NewPCG(seed, 0)), []step{}
		for range 50 {
			waits := []time.Duration{time.Second, 10 * time.Second, guard.Cooldown + time.Second, 5 * time.Minute}
			steps = append(steps, step{[]int{start, start, start, answer, answer, answer, resend, wait, wait}[r.IntN(9)],
				r.IntN(50), waits[r.IntN(len(waits))]})
		}
		walks = append(walks, steps)
	}
	for n, steps := range walks {
		known, unknown := follow(known(), steps), follow(stranger("nobody@example.com"), steps)
		for i := range known {
			if known[i] != unknown[i] {
				t.Errorf("walk %d, step %d:\n%s for a user,\n%s for an unknown name", n, i, known[i], unknown[i])
				break
			}
		}
	}
}

func TestAnUnknownNameIsNeverMailedOrSignedIn(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(stranger(person))
	if len(w.mailbox(person)) != 0 {
		t.Fatal("a mail went to the name that was typed")
	}
	if codes := w.mailbox(trigger.Simulator); len(codes) != 1 || strings.Trim(codes[0], "0") != "" {
		t.Fatalf("the simulator was sent %q", codes)
	}
	// Even the code that the key would give is wrong.
	s.answer("00000000").want("")
}

func TestCodesGoOnlyToAVerifiedAddressInPasswordMode(t *testing.T) {
	w := newWorld(t, settings.Password)
	s := w.start(known().with("email_verified", "false")).want("error")
	if s.err.Error() != trigger.RefusedUnverified.Error() || len(w.mails) != 0 {
		t.Errorf("%v, %d mails", s.err, len(w.mails))
	}
	w.logHas(`"reason":"unverified-address"`, `"AddressesUnmailable":1`)
	w.logLacks(`"Faults"`) // an alarm on faults is for what failed
	w.settings.TrustUnverified = true
	w.start(known().with("email_verified", "false")).want("").answer(w.latest()).want("tokens")

	w = newWorld(t, settings.Password)
	if s := w.start(known().with("email", nil)).want("error"); s.err.Error() != trigger.RefusedNoAddress.Error() {
		t.Error(s.err)
	}
}

func TestTheFirstProvenCodeVerifiesTheAddress(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	u := known().with("email_verified", "false")
	s := w.start(u)
	s.answer(wrong(w.latest()))
	if len(w.marked) != 0 {
		t.Fatal("verified by a wrong code")
	}
	s.answer(w.latest()).want("tokens")
	if !slices.Equal(w.marked, []string{pool + "/" + sub}) {
		t.Errorf("marked %v", w.marked)
	}
	w.markErr = errors.New("throttled")
	w.start(u).answer(w.latest()).want("tokens")
	if !contains(w.log.String(), `"VerificationFaults":1`) {
		t.Error("no metric")
	}
	w.marked = nil
	w.start(known()).answer(w.latest()).want("tokens")
	if len(w.marked) != 0 {
		t.Error("a verified address was verified again")
	}
}
