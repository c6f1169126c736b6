package main

import (
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// quotas are a pool's mails an hour, by kind of address.
type quotas struct{ verified, unverified, unknown int }

func (q quotas) set(s *settings.Settings) {
	s.PoolMailsVerified, s.PoolMailsUnverified, s.PoolMailsUnknown = q.verified, q.unverified, q.unknown
}

// floods cause mails as fast as the policy lets them: to one address, to many, to invented names.
// The mails that owners need must still go.
func floods(r *rig.Run, m settings.Mode) {
	floodOne(r, m, "one person, a sign-in every 30 seconds", lab.Owner(1), rig.SlowMailBurst, rig.SlowMailsPerDay)
	if m != settings.Passwordless {
		return
	}
	floodOne(r, m, "an address never proven, every 30 seconds", lab.Newcomer(1), rig.NewMailBurst, rig.NewMailsPerDay)
	floodResends(r)
	floodQuota(r, "invented names", lab.Invented, quotas{verified: 600, unverified: 600, unknown: 60})
	floodQuota(r, "addresses never proven", lab.Newcomer, quotas{verified: 600, unverified: 60, unknown: 600})
	floodMany(r)
	answeringFloods(r)
	floodSignUps(r)
}

// floodOne begins sign-ins for one person for some days, and counts the mails of each day.
func floodOne(r *rig.Run, m settings.Mode, name string, who lab.Person, burst, perDay int) {
	l := r.Lab(lab.Plan{Mode: m, Memory: true})
	var each []int
	var broken []string
	calls, before := 0, 0
	for d := range r.Scale(3, 1) {
		for end := lab.Epoch.Add(time.Duration(d+1) * 24 * time.Hour); l.Clock.Now().Before(end); l.Clock.Advance(
			30 * time.Second) {
			l.Start(who)
			calls++
		}
		n := l.Inbox.Mails(who.Email()) - before
		each, before = append(each, n), before+n
		most := perDay + 1 // days are cut at a moment at which one more may just have come back
		if d == 0 {
			most = burst + perDay
		}
		broken = append(broken, rig.Unless(n <= most, "%d mails on day %d, %d is the most", n, d+1, most))
	}
	r.Add(m, name, calls, fmt.Sprintf("%v mails on its days", each), fmt.Sprintf("≤ %d, then %d", burst+perDay, perDay),
		append(broken, rig.Unless(each[0] > 0, "no mail at all"))...)
}

// floodResends requests resends in as many sign-ins as can be held open.
func floodResends(r *rig.Run) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Memory: true})
	who, calls, hours := lab.Owner(1), 0, r.Scale(24, 6)
	for end := lab.Epoch.Add(time.Duration(hours) * time.Hour); l.Clock.Now().Before(end); {
		held := []*lab.SignIn{l.Start(who), l.Start(who), l.Start(who)}
		for range 5 {
			l.Clock.Advance(rig.Cooldown)
			for _, s := range held {
				s.Resend()
				calls++
			}
		}
	}
	n, most := l.Inbox.Mails(who.Email()), rig.SlowMailBurst+rig.SlowMailsPerDay*hours/24
	r.Add(settings.Passwordless, "one person, by resends of three sign-ins at a time", calls,
		fmt.Sprintf("%d mails in %d h", n, hours),
		fmt.Sprintf("≤ %d", most), rig.Unless(n <= most, "%d mails, %d is the most", n, most),
		rig.Unless(n > 0, "no mail at all"))
}

// floodQuota uses up the quota of one kind of name on the engine for two hours, while an owner
// signs in every five minutes.
func floodQuota(r *rig.Run, name string, who func(int) lab.Person, q quotas) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Change: q.set})
	hours, perMinute, limit := r.Scale(2, 1), 5, min(q.unverified, q.unknown)
	calls := 0
	var owners rig.Tally
	for minute := range hours * 60 {
		for i := range perMinute {
			l.Start(who(10_000 + minute*perMinute + i))
			calls++
		}
		if minute%5 == 0 {
			owners.Note(oneMailSuffices(l, lab.Owner(minute)))
		}
		l.Clock.Advance(time.Minute)
	}
	// All mails for invented names go to the simulator; those for others are not counted there.
	sent := l.Inbox.Mails(trigger.Simulator)
	if q.unknown > q.unverified {
		sent = l.Inbox.Total - owners.Tried - sent
	}
	most := (hours + 1) * limit // quotas count in clock hours, and the flood touches one more
	r.Add(settings.Passwordless,
		fmt.Sprintf("%s, %d a minute where %d an hour are allowed", name, perMinute, limit), calls,
		fmt.Sprintf("%d mails in %d h; %d of %d %s", sent, hours, owners.Achieved, owners.Tried, gotIn),
		fmt.Sprintf("≤ %d; all", most),
		rig.Unless(sent <= most, "%d mails, %d is the most", sent, most),
		owners.All(gotIn),
		rig.Unless(sent > hours*limit/2, "the quota sent only %d mails", sent))
}

// gotIn is what owners should do, whatever mails others cause.
const gotIn = "owners got in with one mail"

// oneMailSuffices signs an owner in, and reports whether that took one mail.
func oneMailSuffices(l *lab.Lab, who lab.Person) bool {
	return l.SignsIn(who) && l.Inbox.Mails(who.Email()) == 1
}

// floodMany floods many owners at once: the pool's quota for proven addresses bounds that. The
// mails to the simulator are not counted.
func floodMany(r *rig.Run) {
	const perHour = 600
	l := r.Lab(lab.Plan{Mode: settings.Passwordless, Change: quotas{perHour, perHour, perHour}.set})
	owners := r.Scale(900, 700)
	for i := range owners {
		l.Start(lab.Owner(i))
		l.Clock.Advance(time.Second)
	}
	sent, most := l.Inbox.Total-l.Inbox.Mails(trigger.Simulator), min(owners, perHour)
	r.Add(settings.Passwordless, "many owners, one a second where 600 an hour are allowed", owners,
		fmt.Sprintf("%d mails in %s", sent, report.Short(time.Duration(owners)*time.Second)), fmt.Sprintf("≤ %d", most),
		rig.Unless(sent <= most, "%d mails to owners, %d is the most", sent, most),
		rig.Unless(sent > most/2, "only %d mails", sent))
}
