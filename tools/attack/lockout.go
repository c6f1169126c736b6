package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// siege is an attack without pause on one owner's sign-ins.
type siege struct {
	name string
	// guesses and mails are the budgets that the attacker keeps empty.
	guesses, mails bool
	// sniper spends the guesses at the moment in which the owner has a short code: the worst case,
	// for nothing shows an attacker when the owner comes.
	sniper bool
	// every is the time between the owner's visits, lasts that of the whole; zero for days.
	every, lasts time.Duration
	// within and opened bound each visit: its time, and the mails to open.
	within time.Duration
	opened int
	// neverProven makes the owner one who never proved the address, and the attacker begin a
	// sign-in every 20 seconds in place of every minute.
	neverProven bool
}

func sieges(m settings.Mode) []siege {
	const often, daily, soon, later = 4*time.Hour - 13*time.Minute, 24*time.Hour - 17*time.Minute, 5 * time.Minute,
		35 * time.Minute
	// The slow bucket lets 48 mails through and one more every half hour. The attacker draws the
	// fast one's 6, then 12 an hour and the 2 that the owner's right answers give back: it holds
	// for (48 - 6) / (12 + 2 - 2) = 3.5 hours.
	const half, full = 29 * time.Minute, 3*time.Hour + 25*time.Minute
	all := []siege{
		{"no attack", false, false, false, often, 0, soon, 1, false},
		{"guesses kept empty", true, false, false, often, 0, soon, 1, false},
		{"mails used up, slow bucket not yet empty", false, true, false, half, full, soon, 1, false},
		{"both, slow bucket not yet empty", true, true, false, half, full, soon, 1, false},
		{"guesses spent as the owner reads the mail", false, false, true, often, 0, soon, 2, false},
		{"mails used up, slow bucket empty", false, true, false, often, 0, later, 2, false},
		{"both, slow bucket empty", true, true, false, often, 0, later, 2, false},
		{"mails used up and guesses spent as the owner reads, slow bucket empty", false, true, true, often, 0, later, 2, false},
		{"both, slow bucket empty", true, true, false, daily, 0, later, 2, false},
	}
	if m == settings.Passwordless {
		// A mail goes as often as the bucket of such addresses refills.
		refill := 24 * time.Hour / rig.NewMailsPerDay
		all = append(all, siege{"mails used up, an address never proven", false, true, false, often, 2 * 24 * time.Hour,
			refill + 2*lab.ReadingTime, 2, true})
	}
	return all
}

func lockout(r *rig.Run, m settings.Mode) {
	for _, s := range sieges(m) {
		days := r.Scale(14, 1)
		if s.every > 12*time.Hour {
			days = r.Scale(30, 2)
		}
		s.lay(r, m, days)
	}
}

func (s siege) lay(r *rig.Run, m settings.Mode, days int) {
	// One siege runs on the engine, for two days; the others in memory, which answers the same.
	engine := s.guesses && s.mails && s.within < 10*time.Minute && m == settings.Passwordless && !r.Small
	if engine {
		days = 2
	}
	l := r.Lab(lab.Plan{Mode: m, Memory: !engine})
	p := &lab.Patient{Lab: l, Who: lab.Owner(1), CodeLifetime: rig.CodeLifetime, Cooldown: rig.Cooldown}
	if s.neverProven {
		p.Who = lab.Newcomer(1)
	}
	b := &besieger{lab: l, victim: p.Who, siege: s, owner: p}
	visitAt := lab.Epoch.Add(min(s.every, 3*time.Hour+31*time.Minute))
	end := lab.Epoch.Add(cmp.Or(s.lasts, time.Duration(days)*24*time.Hour))
	const tick = 10 * time.Second
	for now := lab.Epoch; now.Before(end) || p.Here; now = now.Add(tick) {
		r.Alive()
		l.Clock.Until(now)
		b.act()
		if !now.Before(visitAt) && now.Before(end) {
			p.Arrive()
			visitAt = visitAt.Add(s.every)
		}
		p.Act()
	}
	s.addRow(r, m, engine, p, b.calls)
}

func (s siege) addRow(r *rig.Run, m settings.Mode, engine bool, p *lab.Patient, calls int) {
	took, mails, out := p.Summary()
	worst, where := took[len(took)-1], ""
	if engine {
		where = " (on the engine)"
	}
	r.Add(m, fmt.Sprintf("%s; the owner comes every %s%s", s.name, report.Short(s.every), where), calls,
		fmt.Sprintf("%d visits, %d kept out; at most %d mail(s), median %s, longest %s", len(p.Visits), out, mails,
			report.Short(took[len(took)/2]), report.Short(worst)),
		fmt.Sprintf("%d mail(s), %s", s.opened, report.Short(s.within)),
		rig.Unless(out == 0, "the owner was kept out %d times", out),
		rig.Unless(worst <= s.within, "the owner waited %s", report.Short(worst)),
		rig.Unless(mails <= s.opened, "the owner had to open %d mails", mails))
}

// besieger is the attacker.
type besieger struct {
	lab    *lab.Lab
	victim lab.Person
	siege  siege
	owner  *lab.Patient
	calls  int
	next   time.Time
}

// act begins a sign-in each minute, as fast as the cool-down lets mails go, or each hour where
// guesses alone are the aim; and gives every answer that guesses are the aim of.
func (b *besieger) act() {
	now := b.lab.Clock.Now()
	for range rig.GuessBurst {
		if !b.siege.sniper || !b.owner.Here || b.owner.ReadAt.IsZero() || !b.signIn(true) {
			break
		}
	}
	if now.Before(b.next) || !b.siege.guesses && !b.siege.mails {
		return
	}
	pause := rig.Cooldown
	if !b.siege.mails {
		pause = time.Hour
	} else if b.siege.neverProven {
		pause = 20 * time.Second
	}
	b.next = now.Add(pause)
	b.signIn(b.siege.guesses)
}

// signIn begins a sign-in, spends its short answers if asked to, and reports whether it had any.
func (b *besieger) signIn(guesses bool) (short bool) {
	b.calls++
	s := b.lab.Start(b.victim)
	short = rig.IsShort(s)
	for guesses && rig.IsShort(s) {
		b.calls++
		s.Answer(rig.Guess(b.calls, s.Digits()))
	}
	return short
}
