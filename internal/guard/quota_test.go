package guard_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

// pool is one pool's quota, led through simulated time.
type pool struct {
	quota guard.Quota
	items map[string]guard.Counters
	now   time.Time
}

func newPool(q guard.Quota) *pool {
	return &pool{q, map[string]guard.Counters{}, start.Truncate(time.Hour)}
}

// count counts a start as a store does, and returns what the quota grants.
func (p *pool) count(established bool) guard.Grant {
	return p.quota.Judge(p.add(p.quota.Counter(established, p.now)), established, p.now)
}

func (p *pool) add(counter string) guard.Counters {
	key := p.quota.Key("pool", p.now)
	if p.items[key] == nil {
		p.items[key] = guard.Counters{}
	}
	p.items[key][counter]++
	return p.items[key]
}

// answer is what a right answer does to the mail budgets.
func answer(i *guard.Item, now time.Time) {
	i.Next, i.Mail, i.Used = 0, i.Mail-policy.Mails(guard.Verified)[0].Interval(), now.UnixMilli()
}

// start lets an account that answers its own mail start a sign-in.
func (p *pool) start(i *guard.Item, fresh otp.Nonce) (g guard.Grant, asked bool) {
	established := policy.Established(*i, p.now)
	d := policy.Start(*i, guard.Verified, p.now, fresh)
	if d.Action != guard.Mail {
		return guard.Refused, false
	}
	*i = d.Claimed
	if g = p.count(established); g.OK() {
		answer(i, p.now)
	}
	return g, true
}

// A flood of accounts that answer their own mail keeps no established owner out, whether the
// accounts are old or fresh, and in whichever order they come.
func TestAccountsThatAnswerTheirOwnMailKeepNoOwnerOut(t *testing.T) {
	const perSecond = 60 // Cognito's 120 calls a second for a pool, two for each sign-in
	for _, accounts := range []int{10, 100, 1000} {
		for _, old := range []bool{true, false} {
			for _, order := range []string{"in turn", "one after the other"} {
				t.Run(fmt.Sprintf("%d, old %v, %s", accounts, old, order), func(t *testing.T) {
					p := newPool(guard.Quota{Kind: guard.ProvenMails, PerHour: 20_000, Decoys: 2_000})
					attackers, owners := make([]guard.Item, accounts), make([]guard.Item, 200)
					for i := range attackers {
						if !old {
							attackers[i].Proven = p.now.Add(-6 * 24 * time.Hour).UnixMilli()
						}
					}
					mails, next := 0, 0
					for second := range 70 * 60 {
						fresh := nonce(p.now, 0)
						for range perSecond {
							g, asked := p.start(&attackers[next], fresh)
							if g.OK() {
								mails++
							}
							if order == "in turn" || !asked || !g.OK() {
								next = (next + 1) % accounts
							}
						}
						if second%6 == 0 { // each owner comes every 20 minutes
							if g, asked := p.start(&owners[second/6%len(owners)], fresh); !asked || !g.OK() {
								t.Fatalf("an owner was refused after %d s (mail allowed %v)", second, asked)
							}
						}
						p.now = p.now.Add(time.Second)
					}
					if most := accounts * (48 + 3); mails > most {
						t.Errorf("%d mails to %d accounts in 70 minutes, %d is the most", mails, accounts, most)
					}
				})
			}
		}
	}
}

// An established start is refused only after half the quota's worth of established starts in the
// same hour, whatever else was started; and no more mails are granted than the quota has.
func TestHalfTheQuotaIsOutOfReachOfAccountsThatAreNotEstablished(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	for range 400 {
		p := newPool(guard.Quota{Kind: guard.ProvenMails, PerHour: 1 + dice.IntN(60), Decoys: dice.IntN(10)})
		established, mails, decoys, share := 0, 0, 0, dice.IntN(10)
		for range 200 {
			is := dice.IntN(10) < share
			g := p.count(is)
			if is && !g.OK() && established < p.quota.PerHour/2 {
				t.Fatalf("%+v: refused after %d established starts", p.quota, established)
			}
			if is {
				established++
			}
			if g.OK() {
				mails++
			} else if g == guard.RefusedDecoy {
				decoys++
			}
		}
		if mails > p.quota.PerHour || decoys > p.quota.PerHour+2*p.quota.Decoys {
			t.Fatalf("%+v: %d mails, %d decoys", p.quota, mails, decoys)
		}
	}
}

func TestQuotasGrantTheirMailsInEachHour(t *testing.T) {
	for _, kind := range []guard.Kind{guard.ProvenMails, guard.DecoyMails} {
		p := newPool(guard.Quota{Kind: kind, PerHour: 10, Decoys: 2})
		for hour := range 3 {
			var got []guard.Grant
			for range 14 {
				got = append(got, p.count(true))
			}
			many := slices.Repeat[[]guard.Grant]
			want := slices.Concat(many([]guard.Grant{guard.Granted}, 7), many([]guard.Grant{guard.GrantedNearEnd}, 3),
				many([]guard.Grant{guard.RefusedDecoy}, 2), many([]guard.Grant{guard.Refused}, 2))
			if !slices.Equal(got, want) {
				t.Errorf("%s, hour %d: %v, want %v", kind, hour, got, want)
			}
			p.now = p.now.Add(time.Hour)
		}
	}
}

func TestTheQuotaForUnprovenAddresses(t *testing.T) {
	p := newPool(guard.Quota{Kind: guard.UnprovenMails, PerHour: 200, PerDay: 1000, Decoys: 2000})
	p.now = p.now.Truncate(24 * time.Hour)
	grants := func(starts int) (mails int) {
		for range starts {
			if p.count(false).OK() {
				mails++
			}
		}
		return mails
	}
	day := []int{}
	for range 26 {
		// A flood: what is refused must not count against the day.
		day = append(day, grants(700))
		p.now = p.now.Add(time.Hour)
	}
	want := append(slices.Repeat([]int{200}, 5), slices.Repeat([]int{0}, 19)...)
	if !slices.Equal(day, append(want, 200, 200)) {
		t.Errorf("mails by hour: %v", day)
	}
	// Each permanent bounce takes 19 mails more.
	p = newPool(p.quota)
	p.now = p.now.Truncate(24 * time.Hour)
	for range 50 {
		p.add(guard.BounceCounter)
	}
	if got := grants(300); got != 1000-50*19 {
		t.Errorf("%d mails after 50 bounces, want 50", got)
	}
}

func TestEstablished(t *testing.T) {
	slow := func(mails int) guard.Item {
		full := start.Add(time.Duration(mails) * 30 * time.Minute)
		return guard.Item{MailState: guard.MailState{SlowMail: full.UnixMilli()}}
	}
	proven := func(ago time.Duration) guard.Item { return guard.Item{Proven: start.Add(-ago).UnixMilli()} }
	for name, tc := range map[string]struct {
		item guard.Item
		want bool
	}{
		"verified before proofs were kept": {guard.Item{}, true},
		"one mail outstanding":             {slow(1), true},
		"two mails outstanding":            {slow(2), false},
		"proven 7 days ago":                {proven(7 * 24 * time.Hour), false},
		"proven longer ago":                {proven(7*24*time.Hour + time.Second), true},
	} {
		if got := policy.Established(tc.item, start); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Only time refills the slow bucket: an account that answers every mail at once gets at most 96
// mails in its first day and 48 in each later one.
func TestAnAccountThatAnswersGetsNoMoreMailsThanItsSlowBucketHas(t *testing.T) {
	var i guard.Item
	now := start
	for day, most := range []int{96, 48, 48} {
		mails := 0
		for end := now.AddDate(0, 0, 1); now.Before(end); now = now.Add(10 * time.Second) {
			if d := policy.Start(i, guard.Verified, now, nonce(now, 0)); d.Action == guard.Mail {
				i = d.Claimed
				answer(&i, now)
				mails++
			}
		}
		if mails > most || mails < most-2 {
			t.Errorf("day %d: %d mails, want %d", day+1, mails, most)
		}
	}
}

// Under a start every 20 s, an unproven owner waits for a code no longer than the slow bucket's
// interval, less the time in which a code can be joined.
func TestAnUnprovenOwnerWaitsAtMost25Minutes(t *testing.T) {
	var i guard.Item
	mails, waited, longest := 0, time.Duration(0), time.Duration(0)
	for elapsed := time.Duration(0); elapsed < 24*time.Hour; elapsed += 20 * time.Second {
		now := start.Add(elapsed)
		switch d := policy.Start(i, guard.Unverified, now, nonce(now, 0)); d.Action {
		case guard.Mail:
			i, waited = d.Claimed, 0
			mails++
		case guard.Join:
			waited = 0
		default:
			waited += 20 * time.Second
		}
		longest = max(longest, waited)
	}
	if longest > 25*time.Minute || mails > 54 {
		t.Errorf("waited %v, %d mails in the first day", longest, mails)
	}
	t.Logf("an unproven owner waits at most %v; %d mails in the first day", longest, mails)
}

// A change of the settings keeps no account waiting longer than the new settings' own interval.
func TestStoredTimesOfAFormerPolicyAreClamped(t *testing.T) {
	former, present := policy, policy
	former.CodeTTL, present.CodeTTL = time.Minute, 8*time.Minute
	var i guard.Item
	now := start
	for range 60 { // a flood empties the fast bucket
		if d := former.Start(i, guard.Verified, now, nonce(now, 0)); d.Action == guard.Mail {
			i = d.Claimed
		}
		now = now.Add(time.Minute)
	}
	i.Guess = now.Add(10 * time.Hour).UnixMilli()
	present.Guesses.Refill = time.Minute
	raw := present.MailAllowedAt(i, guard.Verified, now)
	i = present.Clamp(i, guard.Verified, now)
	if got := present.MailAllowedAt(i, guard.Verified, now).Sub(now); got > 2*time.Minute {
		t.Errorf("the next mail is %v away (unclamped %v)", got, raw.Sub(now))
	}
	if raw.Sub(now) <= 2*time.Minute {
		t.Error("the former policy's times would not have kept the account waiting")
	}
	if left := present.ShortLeft(i, now.Add(4*time.Minute)); left != 4 {
		t.Errorf("%d guesses four minutes later", left)
	}
}

func TestMarksEnd(t *testing.T) {
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		mark   guard.Mark
		after  time.Duration
		usedAt time.Duration
		want   bool
	}{
		"a bounce":                            {guard.BounceMark("a", "General", start), 7*day - 1, -1, true},
		"after 7 days":                        {guard.BounceMark("a", "General", start), 7 * day, -1, false},
		"of a kind that is not known":         {guard.BounceMark("a", "Tomorrow", start), 7 * day, -1, false},
		"no mailbox":                          {guard.BounceMark("a", "NoEmail", start), 30*day - 1, -1, true},
		"no mailbox, after 30 days":           {guard.BounceMark("a", "NoEmail", start), 30 * day, -1, false},
		"a suppressed address, after 14 days": {guard.BounceMark("a", "Suppressed", start), 14 * day, -1, false},
		"a complaint, after years":            {guard.ComplaintMark("a", start), 1000 * day, -1, true},
		"a complaint before a right answer":   {guard.ComplaintMark("a", start), day, time.Hour, false},
		"a bounce before a right answer":      {guard.BounceMark("a", "NoEmail", start), day, time.Hour, false},
		"another address":                     {guard.ComplaintMark("b", start), day, -1, false},
		"no mark":                             {guard.Mark{}, day, -1, false},
	} {
		i := guard.Item{Mark: tc.mark, UsedAt: start.Add(tc.usedAt).UnixMilli()}
		if got := i.IsMarked("a", start.Add(tc.after)); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
