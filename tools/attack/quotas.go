package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// The quotas' defaults, and the arithmetic of the floods. See bounds.go.
const (
	unprovenPerHour = 200
	unprovenPerDay  = 1_000
	// establishedStarts is how many starts an hour of one account count as those of an established
	// account: those with at most one mail outstanding. The slow bucket returns a mail every 30
	// minutes.
	establishedStarts = 2 + 2
)

// answeringFlood is a flood by accounts of the attacker's own, which answer each of their mails.
type answeringFlood struct {
	accounts int
	// fresh accounts proved their address less than seven days ago.
	fresh bool
}

// answeringFloods floods the quota for proven addresses while owners sign in. An owner may be
// refused only if accounts with at most one mail outstanding use up half of the quota in the same
// hour.
func answeringFloods(r *rig.Run) {
	quota, floods := 20_000, []answeringFlood{{10, false}, {100, false}, {1_000, false}, {10, true}, {100, true},
		{1_000, true}}
	if r.Small {
		quota, floods = 2_000, []answeringFlood{{10, false}, {100, false}, {10, true}, {100, true}}
	}
	r.Parallel(len(floods), 2, func(r *rig.Run, i int) { floods[i].pour(r, quota) })
}

// pour lets each account sign in 60 times in half an hour, far more often than its own mails allow,
// at 120 calls a second at most; and an owner every ten seconds.
func (f answeringFlood) pour(r *rig.Run, quota int) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Memory: true, Change: func(s *settings.Settings) {
		quotas{quota, 100_000, 100_000}.set(s)
		s.PoolMailsUnverifiedDay = 100_000
	}})
	attacker := func(n int) lab.Person { return lab.Owner(50_000 + n) }
	if f.fresh {
		for n := range f.accounts {
			l.SignsIn(attacker(n).With("email_verified", "false"))
		}
		l.Clock.Advance(2 * time.Hour)
	}
	began := l.Clock.Now().Truncate(time.Hour).Add(time.Hour)
	l.Clock.Until(began)
	mailed := func() int { return l.Inbox.Total - l.Inbox.Mails(trigger.Simulator) }
	before := mailed()
	calls := 0
	var owners rig.Tally
	const rounds = 60
	for range rounds {
		for n := range f.accounts {
			if l.SignsIn(attacker(n)) {
				calls++
			}
			calls++
		}
		for range 3 {
			owners.Note(oneMailSuffices(l, lab.Owner(owners.Tried)))
			l.Clock.Advance(10 * time.Second)
		}
	}
	mails, kind := mailed()-before-owners.Tried, "old"
	if f.fresh {
		kind = "fresh"
	}
	// Half of the quota is out of the reach of accounts that are not established.
	guaranteed := f.accounts*establishedStarts+owners.Tried <= quota/2
	most := quota/2 + f.accounts*establishedStarts
	r.Add(settings.Passwordless,
		fmt.Sprintf("%d %s accounts that answer their own mail, for half an hour, %d mails an hour allowed",
			f.accounts, kind, quota),
		calls, fmt.Sprintf("%d mails; %d of %d %s", mails, owners.Achieved, owners.Tried, gotIn), "all owners",
		rig.Unless(guaranteed, "the flood is larger than the bound promises to resist"),
		owners.All(gotIn),
		rig.Unless(mails <= most, "%d mails for the attacker, %d is the most", mails, most))
}

// floodSignUps signs up 400 addresses in an hour: the quota for unproven addresses bounds the
// mails, and owners with a proven address notice nothing.
func floodSignUps(r *rig.Run) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Memory: true})
	const signUps = 400
	var owners rig.Tally
	sent := func() (n int) {
		for i := range signUps {
			n += l.Inbox.Mails(lab.Newcomer(50_000 + i).Email())
		}
		return n
	}
	l.Clock.Until(lab.Epoch.Truncate(time.Hour).Add(time.Hour))
	var hours []int
	for range r.Scale(24, 7) {
		before := sent()
		for i := range signUps {
			l.Start(lab.Newcomer(50_000 + i))
			l.Clock.Advance(time.Hour / signUps)
		}
		owners.Note(oneMailSuffices(l, lab.Owner(1+owners.Tried)))
		hours = append(hours, sent()-before)
	}
	// A run that crosses midnight (UTC) touches two days.
	days := 1 + len(hours)/24
	r.Add(settings.Passwordless, "400 sign-ups an hour with addresses of the attacker's choice", signUps*len(hours),
		fmt.Sprintf("%d mails in %d h, at most %d in one; %d of %d %s", sent(), len(hours), slices.Max(hours),
			owners.Achieved, owners.Tried, gotIn),
		fmt.Sprintf("≤ %d an hour, %d a day; all", unprovenPerHour, unprovenPerDay),
		rig.Unless(slices.Max(hours) <= unprovenPerHour+1, "%d mails in an hour", slices.Max(hours)),
		rig.Unless(sent() <= days*unprovenPerDay, "%d mails, %d is the most", sent(), days*unprovenPerDay),
		rig.Unless(sent() > unprovenPerHour/2, "only %d mails", sent()),
		owners.All(gotIn))
}
