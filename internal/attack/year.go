package attack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// season is one simulation of somebody who guesses one account's codes for a year.
type season struct {
	mode settings.Mode
	// visits is how often a day the owner signs in.
	visits int
	pace   pace
	// engine says that the budgets lie in the real engine, else in memory.
	engine bool
	days   int
}

// pace is how the guesses are spread: the attacker comes every so often and does what guess does.
type pace struct {
	name  string
	every time.Duration
	guess func(g *guesser, ctx context.Context)
}

// paces are what the policy invites: take everything as soon as a sign-in's guesses are back, take
// them one by one, save up and take everything at once from sign-ins begun before, or never rest.
func paces() []pace {
	return []pace{
		{"all, as soon as three are back", attempts * time.Hour, (*guesser).all},
		{"one an hour", time.Hour, (*guesser).one},
		{"saved up for ten hours, then at once", guessBurst * time.Hour, (*guesser).burst},
		{"every answer of a sign-in an hour, long codes too", time.Hour, (*guesser).hammer},
	}
}

// guesser is the attacker: every guess is a code that was not tried before, and counts if verify
// compared it.
type guesser struct {
	lab    *lab
	victim person
	short  tally
	long   tally
	tried  int64
	lucky  int64
	odd    error
}

// one gives a single guess.
func (g *guesser) one(ctx context.Context) {
	if s := g.lab.start(ctx, g.victim); s.short() {
		g.guess(ctx, s)
	}
}

// all begins sign-ins until a long code is asked for, and uses every answer. Against a budget that
// never ends it stops when enough is proven.
func (g *guesser) all(ctx context.Context) {
	for range 4 * guessBurst {
		s := g.lab.start(ctx, g.victim)
		if !s.short() {
			return
		}
		for s.short() {
			g.guess(ctx, s)
		}
	}
}

// burst begins as many sign-ins as the bucket could feed before it gives the first guess.
func (g *guesser) burst(ctx context.Context) {
	var begun []*signIn
	for range guessBurst/attempts + 2 {
		begun = append(begun, g.lab.start(ctx, g.victim))
	}
	for _, s := range begun {
		for s.short() {
			g.guess(ctx, s)
		}
	}
}

// hammer uses every answer of a sign-in, whatever code it asks for.
func (g *guesser) hammer(ctx context.Context) {
	for s := g.lab.start(ctx, g.victim); s.end == open; {
		g.guess(ctx, s)
	}
}

// guess gives one answer and counts the comparison it led to.
func (g *guesser) guess(ctx context.Context, s *signIn) {
	g.tried++
	t, digits := &g.short, s.digits()
	if digits == longDigits {
		t = &g.long
	}
	s.answer(counting(ctx, t), guess(g.tried, digits))
	if s.end == signed {
		g.lucky++
	}
	if err := unexpected(s.err); err != nil {
		g.odd = err
	}
}

// longDigits is the length of the code that takes over when the guesses are spent: 20 digits are
// above the 64 bits from which NIST asks for no limit.
const longDigits = 20

// play runs the simulation and returns the attacker and how often the owner got in.
func (s season) play(ctx context.Context, b *bench) (*guesser, *regular, error) {
	l, err := b.lab(plan{mode: s.mode, memory: !s.engine})
	if err != nil {
		return nil, nil, err
	}
	defer l.close()
	l.inbox.keep = 4
	g := &guesser{lab: l, victim: owner(1)}
	o := &regular{lab: l, who: g.victim}
	end := epoch.Add(time.Duration(s.days) * 24 * time.Hour)
	attackAt, visitAt := epoch, end
	if s.visits > 0 {
		visitAt = epoch.Add(7 * time.Minute)
	}
	for ctx.Err() == nil {
		if !attackAt.Before(end) && !visitAt.Before(end) {
			return g, o, nil
		}
		if attackAt.After(visitAt) {
			l.clock.until(visitAt)
			o.visit(ctx)
			visitAt = visitAt.Add(24 * time.Hour / time.Duration(s.visits))
			continue
		}
		l.clock.until(attackAt)
		s.pace.guess(g, ctx)
		attackAt = attackAt.Add(s.pace.every)
	}
	return g, o, ctx.Err()
}

// regular is an owner who signs in and reads the mail, within the simulation's moment.
type regular struct {
	lab          *lab
	who          person
	visits, made int
}

// visit signs in with the newest mail; past a refused short code by a resend, like a person.
func (o *regular) visit(ctx context.Context) {
	o.visits++
	s := o.lab.start(ctx, o.who)
	for range 4 {
		o.lab.clock.advance(20 * time.Second)
		s.answer(ctx, o.lab.inbox.code(o.who.email()))
		if s.end != open {
			break
		}
		o.lab.clock.advance(cooldown)
		s.resend(ctx)
	}
	if s.end == signed {
		o.made++
	}
}

// chosenSeasons are those that a run plays: each pace with and without an owner, the worst ones in
// both modes and with the owner who gives the attacker most, on the engine as far as it takes a year
// of calls within half a minute.
func chosenSeasons(days int) []season {
	p := paces()
	all, one, burst, hammer := p[0], p[1], p[2], p[3]
	const engine, memory = true, false
	return []season{
		{settings.Passwordless, 0, all, engine, days},
		{settings.Passwordless, 0, one, engine, days},
		{settings.Passwordless, 0, burst, engine, days},
		{settings.Passwordless, 0, hammer, memory, days},
		{settings.Passwordless, 1, all, engine, days},
		{settings.Passwordless, 1, one, memory, days},
		{settings.Passwordless, 1, burst, memory, days},
		{settings.Passwordless, 1, hammer, memory, days},
		{settings.Passwordless, 10, burst, memory, days},
		{settings.Password, 0, all, engine, days},
		{settings.Password, 0, burst, engine, days},
		{settings.Password, 1, all, memory, days},
	}
}

func yearOfGuessing(ctx context.Context, r *run) error {
	days := scale(r, 365, 7)
	if err := sameStore(ctx, r); err != nil {
		return err
	}
	seasons := chosenSeasons(days)
	rows, broken := make([]Row, len(seasons)), make([][]string, len(seasons))
	err := sideBySide(ctx, len(seasons), 3, func(ctx context.Context, i int) error {
		s := seasons[i]
		g, o, err := s.play(ctx, r.bench)
		if err != nil {
			return err
		}
		rows[i], broken[i] = s.row(g, o)
		r.say("%s: %s", rows[i].Tried, rows[i].Result)
		return nil
	})
	for i := range rows {
		if rows[i].Tried != "" {
			r.add(rows[i], broken[i]...)
		}
	}
	return err
}

// row judges a season.
func (s season) row(g *guesser, o *regular) (Row, []string) {
	compared, most := g.short.wrong(), maxGuesses(s.days)
	bound := fmt.Sprintf("≤ %s in %d days", grouped(most), s.days)
	visits := fmt.Sprintf("the owner comes %d times a day", s.visits)
	if s.visits == 1 {
		visits = "the owner comes daily"
	}
	if s.visits == 0 {
		visits, most, bound = "no owner comes", inARow, fmt.Sprintf("≤ %d in a row", inARow)
	}
	store := "in memory"
	if s.engine {
		store = "on the engine"
	}
	row := Row{Mode: string(s.mode), Tried: fmt.Sprintf("%s; %s (%s)", s.pace.name, visits, store), Count: g.tried,
		Result: fmt.Sprintf("%s compared: %s", grouped(compared), chances(compared)), Bound: bound}
	if long := g.long.wrong(); long > 0 {
		row.Result += fmt.Sprintf("; %s at long codes: %.0e", grouped(long), chance(long, longDigits))
	}
	got := float64(o.made) >= 0.99*float64(o.visits)
	return row, []string{
		unless(compared <= most, "%d short guesses were compared, %d is the most", compared, most),
		unless(g.lucky == 0, "a guess was right, %d times", g.lucky),
		unless(g.odd == nil, "a client was told %v", g.odd),
		unless(got, "the owner got in %d times of %d", o.made, o.visits),
	}
}

// sideBySide runs n jobs, at most so many at a time, and stops at the first error.
func sideBySide(ctx context.Context, n, atOnce int, job func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := job(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
