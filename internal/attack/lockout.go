package attack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// siege is an attack on one owner's way in that never rests.
type siege struct {
	name string
	// guesses and mails say what the attacker keeps empty.
	guesses, mails bool
	// sniper spends the guesses in the moment in which the owner has a short code: an attacker who
	// knows when the owner comes, which nothing shows, so the worst case and not an expected one.
	sniper bool
	// every is how far the owner's visits lie apart.
	every time.Duration
	// within and opened bound each visit: minutes, and mails to open.
	within time.Duration
	opened int
	bound  string
}

func sieges() []siege {
	const often, daily = 4*time.Hour - 13*time.Minute, 24*time.Hour - 17*time.Minute
	return []siege{
		{name: "nobody attacks", every: often, within: 5 * time.Minute, opened: 1, bound: "1 mail, 5 min"},
		{name: "guesses kept empty", guesses: true, every: often, within: 5 * time.Minute, opened: 1, bound: "1 mail, 5 min"},
		{name: "mails used up, slow bucket not yet empty", mails: true, every: often, within: 5 * time.Minute, opened: 1, bound: "1 mail, 5 min"},
		{name: "both, slow bucket not yet empty", guesses: true, mails: true, every: often, within: 5 * time.Minute, opened: 1, bound: "1 mail, 5 min"},
		{name: "guesses spent as the owner reads the mail", sniper: true, every: often, within: 5 * time.Minute, opened: 2, bound: "2 mails, 5 min"},
		{name: "both, slow bucket empty", guesses: true, mails: true, every: daily, within: 35 * time.Minute, opened: 2, bound: "2 mails, 35 min"},
	}
}

func lockout(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		for _, s := range sieges() {
			days := scale(r, 14, 1)
			if s.every > 12*time.Hour {
				days = scale(r, 30, 2)
			}
			if err := s.lay(ctx, r, m, days); err != nil {
				return err
			}
		}
	}
	return nil
}

// tick is how long everybody waits between two looks at the clock.
const tick = 10 * time.Second

func (s siege) lay(ctx context.Context, r *run, m settings.Mode, days int) error {
	// One siege runs on the engine, for a day; the others in memory, which answers the same.
	engine := s.guesses && s.mails && s.within < 10*time.Minute && m == settings.Passwordless && !r.opts.Small
	if engine {
		days = 2
	}
	l, err := r.bench.lab(plan{mode: m, memory: !engine})
	if err != nil {
		return err
	}
	defer l.close()
	l.inbox.keep = 4
	p := &patient{lab: l, who: owner(1)}
	b := &besieger{lab: l, victim: p.who, siege: s, owner: p}
	visitAt := epoch.Add(3*time.Hour + 31*time.Minute)
	end := epoch.Add(time.Duration(days) * 24 * time.Hour)
	for now := epoch; now.Before(end) || p.arrived; now = now.Add(tick) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.clock.until(now)
		b.act(ctx)
		if !now.Before(visitAt) && now.Before(end) {
			p.arrive(ctx)
			visitAt = visitAt.Add(s.every)
		}
		p.act(ctx)
	}
	row, broken := s.row(m, engine, p, b)
	r.add(row, broken...)
	return nil
}

// besieger is the attacker.
type besieger struct {
	lab    *lab
	victim person
	siege  siege
	owner  *patient
	calls  int64
	next   time.Time
}

// act does what the attacker does at this moment: every minute, as fast as the cool-down lets a mail
// go, a sign-in; and every answer of it, where guesses are the aim.
func (b *besieger) act(ctx context.Context) {
	now := b.lab.clock.now()
	if b.siege.sniper {
		if b.owner.arrived && !b.owner.readAt.IsZero() {
			b.spend(ctx)
		}
		return
	}
	if now.Before(b.next) || !b.siege.guesses && !b.siege.mails {
		return
	}
	b.next = now.Add(cooldown)
	if !b.siege.mails {
		b.next = now.Add(time.Hour)
	}
	b.calls++
	s := b.lab.start(ctx, b.victim)
	for b.siege.guesses && s.short() {
		b.calls++
		s.answer(ctx, guess(b.calls, s.digits()))
	}
}

// spend uses up all guesses that there are.
func (b *besieger) spend(ctx context.Context) {
	for range guessBurst {
		s := b.lab.start(ctx, b.victim)
		if !s.short() {
			return
		}
		for s.short() {
			b.calls++
			s.answer(ctx, guess(b.calls, s.digits()))
		}
	}
}

func (s siege) row(m settings.Mode, engine bool, p *patient, b *besieger) (Row, []string) {
	var took []time.Duration
	var opened []int
	out := 0
	for _, v := range p.visits {
		took, opened = append(took, v.took), append(opened, v.opened)
		if !v.in {
			out++
		}
	}
	slices.Sort(took)
	worst, mails := took[len(took)-1], slices.Max(opened)
	store := ""
	if engine {
		store = " (on the engine)"
	}
	return Row{Mode: string(m), Tried: fmt.Sprintf("%s; the owner comes every %s%s", s.name, short(s.every), store), Count: b.calls,
			Result: fmt.Sprintf("%d visits, %d kept out; at most %d mail(s), median %s, longest %s", len(p.visits), out, mails, short(took[len(took)/2]), short(worst)),
			Bound:  s.bound}, []string{
			unless(out == 0, "the owner was kept out %d times", out),
			unless(worst <= s.within, "the owner waited %s", short(worst)),
			unless(mails <= s.opened, "the owner had to open %d mails", mails),
		}
}

// short writes a duration without zeros.
func short(d time.Duration) string {
	if d >= time.Hour {
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f min", d.Minutes())
}
