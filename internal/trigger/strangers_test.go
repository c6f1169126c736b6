package trigger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
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

// walkStep is one step of a walk: what a stranger does with the sign-ins of one name, or its owner.
type walkStep struct {
	kind walkKind
	// on chooses the sign-in.
	on   int
	wait time.Duration
}

type walkKind int

const (
	walkStart walkKind = iota
	walkAnswer
	walkResend
	walkWait
	walkOwner
	// walkPair starts twice at once, so that one of the claims is lost.
	walkPair
	// walkKey replaces the key.
	walkKey
)

// walk takes the steps and returns what each of them showed: the parameters and the calls of
// services, which time shows.
func walk(t *testing.T, u user, prepare func(*world), steps []walkStep) (seen []string) {
	w := newWorld(t, settings.Passwordless)
	prepare(w)
	all := []*signIn{w.start(u)}
	for _, each := range steps {
		w.reset()
		s := all[each.on%len(all)]
		switch {
		case each.kind == walkStart:
			s = w.start(u)
			all = append(all, s)
		case each.kind == walkWait:
			w.pass(each.wait)
		case each.kind == walkOwner:
			if !u.unknown {
				w.start(u)
			}
			continue
		case each.kind == walkPair:
			w.store.beforeClaim = func() { w.start(u) }
			s = w.start(u)
		case each.kind == walkKey:
			w.settings.KeyARN += "0"
			continue
		case s.ended != "":
		case each.kind == walkAnswer:
			digits, _ := strconv.Atoi(s.public["codeLength"].(string))
			s.answer(strings.Repeat("0", digits))
		case each.kind == walkResend:
			s.resend()
		}
		calls := slices.Clone(w.calls)
		slices.Sort(calls)
		seen = append(seen, fmt.Sprint(each, s.ended, s.public, calls))
	}
	return seen
}

// compareWalks takes the steps with a user and with an unknown name.
func compareWalks(t *testing.T, name string, u user, prepare func(*world), steps []walkStep) {
	t.Helper()
	known, unknown := walk(t, u, prepare, steps), walk(t, stranger("nobody@example.com"), func(*world) {}, steps)
	for i := range known {
		if known[i] != unknown[i] {
			t.Errorf("%s, step %d:\n%s for a user,\n%s for an unknown name", name, i, known[i], unknown[i])
			return
		}
	}
}

// randomWalk draws steps of the given kinds and waits.
func randomWalk(seed uint64, steps int, kinds []walkKind, waits ...time.Duration) (all []walkStep) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range steps {
		all = append(all, walkStep{kinds[r.IntN(len(kinds))], r.IntN(50), waits[r.IntN(len(waits))]})
	}
	return all
}

// A stranger has several sign-ins of one name, spends guesses and requests mails at any moment.
func TestSignInsSideBySideLookLikeThoseOfAnUnknownName(t *testing.T) {
	asIs := func(*world) {}
	// Eight guesses are spent, a new sign-in gets a long code, and the first one requests a mail.
	directed := []walkStep{{kind: walkStart}, {kind: walkStart}, {kind: walkStart}}
	for n := range 8 {
		directed = append(directed, walkStep{kind: walkAnswer, on: 1 + n%3})
	}
	directed = append(directed, walkStep{kind: walkWait, wait: guard.Cooldown}, walkStep{kind: walkStart},
		walkStep{kind: walkResend})
	compareWalks(t, "guesses spent beside", known(), asIs, directed)
	// The owner has just got a mail when sign-ins begin in which all guesses are spent. One of them
	// is answered between the ends of that mail's cool-down and its own.
	beside := []walkStep{{kind: walkWait, wait: time.Hour}, {kind: walkOwner}, {kind: walkWait, wait: 10 * time.Second},
		{kind: walkStart}, {kind: walkStart}, {kind: walkStart}, {kind: walkStart}, {kind: walkStart}}
	for n := range 10 {
		beside = append(beside, walkStep{kind: walkAnswer, on: 2 + n%4})
	}
	beside = append(beside, walkStep{kind: walkWait, wait: guard.Cooldown - 5*time.Second},
		walkStep{kind: walkAnswer, on: 1})
	compareWalks(t, "beside the owner's mail", known(), asIs, beside)
}

// The slow mail bucket has few mails left, or none: its owner's sign-ins spend from it, and that of
// an address that was never proven is small. Nothing that a stranger does shows it.
func TestAnAlmostEmptySlowBucketShowsInNothing(t *testing.T) {
	kinds := []walkKind{walkStart, walkStart, walkStart, walkAnswer, walkAnswer, walkAnswer, walkResend, walkResend,
		walkWait, walkWait, walkWait}
	for seed := range uint64(60) {
		u, burst := known(), 48
		if seed%2 == 1 {
			u, burst = u.with("email_verified", "false"), 6
		}
		spent := time.Duration(burst-int(seed/2)%5) * 30 * time.Minute
		prepare := func(w *world) { w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(spent).UnixMilli() }) }
		compareWalks(t, fmt.Sprint("walk ", seed), u, prepare, randomWalk(seed, 70, kinds, 10*time.Second,
			guard.Cooldown-3*time.Second, guard.Cooldown+time.Second, 2*time.Minute, 4*time.Minute, 31*time.Minute))
	}
}

// Nor do two starts at once, or a resend that is too soon but due a code of the new key.
func TestAnEmptySlowBucketShowsInNoRaceAndAfterNoNewKey(t *testing.T) {
	emptyFor := func(d time.Duration) func(*world) {
		return func(w *world) {
			w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(47*30*time.Minute + d).UnixMilli() })
		}
	}
	later := walkStep{kind: walkWait, wait: guard.Lifetime}
	compareWalks(t, "two starts at once", known(), emptyFor(time.Hour), []walkStep{later, {kind: walkPair}})
	compareWalks(t, "a claim under the new key", known(), emptyFor(time.Hour), []walkStep{{kind: walkKey}, {kind: walkResend}})
	// The bucket has a mail again after a start with the new key, and before the resend.
	pause := walkStep{kind: walkWait, wait: 10 * time.Second}
	compareWalks(t, "a mail under the new key", known(), emptyFor(15*time.Second),
		[]walkStep{pause, {kind: walkKey}, {kind: walkStart}, pause, {kind: walkResend}})
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
	s.answer(w.lastMAC[len(w.lastMAC)-8:]).want("")
	if w.counted("VerifyMac") != 1 {
		t.Error("it was not compared")
	}
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
