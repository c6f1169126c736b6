package main

import (
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// season is one simulation of an attacker who guesses the codes of one account for a year.
type season struct {
	// visits is how often a day the owner signs in.
	visits int
	pace   pace
	// engine is true if the budgets lie in the real engine, false if in memory.
	engine bool
}

// pace is how the guesses are spread: every so often the attacker does what guess does.
type pace struct {
	name  string
	every time.Duration
	guess func(g *guesser)
}

// The paces that the policy invites.
var (
	soon   = pace{"all, as soon as three are back", rig.Attempts * time.Hour, (*guesser).all}
	hourly = pace{"one an hour", time.Hour, (*guesser).one}
	saved  = pace{"saved up for ten hours, then at once", rig.GuessBurst * time.Hour, (*guesser).burst}
	always = pace{"every answer of a sign-in an hour, long codes too", time.Hour, (*guesser).hammer}
)

// seasons are each pace with and without an owner, the worst ones in both modes, and the owner who
// gives the attacker most. They run on the engine as far as a year of calls takes less than half a
// minute.
func seasons(m settings.Mode) []season {
	const engine, memory = true, false
	if m == settings.Password {
		return []season{{0, soon, engine}, {0, saved, engine}, {1, soon, memory}}
	}
	return []season{
		{0, soon, engine}, {0, hourly, engine}, {0, saved, engine}, {0, always, memory},
		{1, soon, engine}, {1, hourly, memory}, {1, saved, memory}, {1, always, memory}, {10, saved, memory},
	}
}

func yearOfGuesses(r *rig.Run, m settings.Mode) {
	if m == settings.Passwordless {
		sameStore(r)
	}
	all := seasons(m)
	r.Parallel(len(all), 3, func(r *rig.Run, i int) { all[i].play(r, m, r.Scale(365, 7)) })
}

// guesser is the attacker. Every guess is a code that was not tried before.
type guesser struct {
	lab         *lab.Lab
	victim      lab.Person
	short, long lab.Tally
	tried       int
	lucky       int
	odd         error
}

// one gives a single guess.
func (g *guesser) one() {
	if s := g.lab.Start(g.victim); rig.IsShort(s) {
		g.guess(s)
	}
}

// all uses every answer of new sign-ins until a long code is due. Against a budget without an end
// it stops when enough is proven.
func (g *guesser) all() {
	for range 4 * rig.GuessBurst {
		s := g.lab.Start(g.victim)
		if !rig.IsShort(s) {
			return
		}
		for rig.IsShort(s) {
			g.guess(s)
		}
	}
}

// burst begins as many sign-ins as the bucket could feed before it gives the first guess.
func (g *guesser) burst() {
	var begun []*lab.SignIn
	for range rig.GuessBurst/rig.Attempts + 2 {
		begun = append(begun, g.lab.Start(g.victim))
	}
	for _, s := range begun {
		for rig.IsShort(s) {
			g.guess(s)
		}
	}
}

// hammer uses every answer of a sign-in, whatever code is due.
func (g *guesser) hammer() {
	for s := g.lab.Start(g.victim); s.End == lab.Open; {
		g.guess(s)
	}
}

// guess gives one answer and counts the comparison.
func (g *guesser) guess(s *lab.SignIn) {
	g.tried++
	digits := s.Digits()
	if s.Tally = &g.short; digits == rig.LongDigits {
		s.Tally = &g.long
	}
	if s.Answer(rig.Guess(g.tried, digits)); s.End == lab.Signed {
		g.lucky++
	}
	if err := rig.Unexpected(s.Err); err != nil {
		g.odd = err
	}
}

// play runs the simulation and adds its row.
func (s season) play(r *rig.Run, m settings.Mode, days int) {
	l := r.Lab(lab.Plan{Mode: m, Memory: !s.engine})
	g := &guesser{lab: l, victim: lab.Owner(1)}
	visits, made := 0, 0
	end := lab.Epoch.Add(time.Duration(days) * 24 * time.Hour)
	attackAt, visitAt := lab.Epoch, end
	if s.visits > 0 {
		visitAt = lab.Epoch.Add(7 * time.Minute)
	}
	for attackAt.Before(end) || visitAt.Before(end) {
		if attackAt.After(visitAt) {
			l.Clock.Until(visitAt)
			if visits++; comeOnce(l, g.victim) {
				made++
			}
			visitAt = visitAt.Add(24 * time.Hour / time.Duration(s.visits))
			continue
		}
		l.Clock.Until(attackAt)
		s.pace.guess(g)
		attackAt = attackAt.Add(s.pace.every)
	}
	s.addRow(r, m, days, g, visits, made)
}

// comeOnce signs the owner in with the newest mail. After a refused short code the owner requests
// the mail again.
func comeOnce(l *lab.Lab, who lab.Person) (in bool) {
	s := l.Start(who)
	for range 4 {
		l.Clock.Advance(20 * time.Second)
		if s.Answer(s.Code()); s.End != lab.Open {
			break
		}
		l.Clock.Advance(rig.Cooldown)
		s.Resend()
	}
	return s.End == lab.Signed
}

func (s season) addRow(r *rig.Run, m settings.Mode, days int, g *guesser, visits, made int) {
	compared, most := g.short.Wrong(), rig.MaxGuesses(days)
	bound := fmt.Sprintf("≤ %s in %d days", report.Grouped(most), days)
	comes := fmt.Sprintf("the owner comes %d times a day", s.visits)
	switch s.visits {
	case 0:
		comes, most, bound = "no owner comes", rig.InARow, fmt.Sprintf("≤ %d in a row", rig.InARow)
	case 1:
		comes = "the owner comes daily"
	}
	where := "in memory"
	if s.engine {
		where = "on the engine"
	}
	result := fmt.Sprintf("%s compared: %s", report.Grouped(compared), rig.Chances(compared))
	if long := g.long.Wrong(); long > 0 {
		result += fmt.Sprintf("; %s at long codes: %.0e", report.Grouped(long), rig.Chance(long, rig.LongDigits))
	}
	r.Add(m, fmt.Sprintf("%s; %s (%s)", s.pace.name, comes, where), g.tried, result, bound,
		rig.Unless(compared <= most, "%d short guesses were compared, %d is the most", compared, most),
		rig.Unless(g.lucky == 0, "a guess was right, %d times", g.lucky),
		rig.OddError([]error{g.odd}),
		rig.Unless(float64(made) >= 0.99*float64(visits), "the owner got in %d times of %d", made, visits))
}
