package attack

import (
	"context"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// floods have mail sent as fast as the policy lets them: to one person, to many, to names that nobody
// has. What people need must still go.
func floods(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		if err := floodOne(ctx, r, m, "one person, a sign-in every 30 seconds", owner(1), slowMailBurst, slowMailsPerDay); err != nil {
			return err
		}
	}
	if err := floodOne(ctx, r, settings.Passwordless, "an address that nobody proved, every 30 seconds", newcomer(1), newMailBurst, newMailsPerDay); err != nil {
		return err
	}
	if err := floodResends(ctx, r); err != nil {
		return err
	}
	for _, f := range []laneFlood{
		{"invented names", nobody, lanes{verified: 600, unverified: 600, unknown: 60}, 60},
		{"addresses that nobody proved", newcomer, lanes{verified: 600, unverified: 60, unknown: 600}, 60},
	} {
		if err := f.pour(ctx, r); err != nil {
			return err
		}
	}
	return floodMany(ctx, r)
}

// floodOne begins sign-ins for one person for some days, and counts the mails of each.
func floodOne(ctx context.Context, r *run, m settings.Mode, name string, who person, burst, perDay int) error {
	l, err := r.bench.lab(plan{mode: m, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	l.inbox.keep = 2
	days, calls, before := scale(r, 3, 1), int64(0), 0
	var each []int
	for d := 1; d <= days && ctx.Err() == nil; d++ {
		for end := epoch.Add(time.Duration(d) * 24 * time.Hour); l.clock.now().Before(end); l.clock.advance(30 * time.Second) {
			l.start(ctx, who)
			calls++
		}
		now := l.inbox.mails(who.email())
		each, before = append(each, now-before), now
	}
	var broken []string
	for d, n := range each {
		most := perDay
		if d == 0 {
			most += burst
		}
		// Days are cut at a moment at which one more may just have come back.
		broken = append(broken, unless(n <= most+min(d, 1), "%d mails on day %d, %d is the most", n, d+1, most))
	}
	broken = append(broken, unless(each[0] > 0, "no mail at all"))
	r.add(Row{Mode: string(m), Tried: name, Count: calls, Result: fmt.Sprintf("%v mails on its days", each),
		Bound: fmt.Sprintf("≤ %d, then %d", burst+perDay, perDay)}, broken...)
	return ctx.Err()
}

// floodResends asks for resends in as many sign-ins as it can hold open.
func floodResends(ctx context.Context, r *run) error {
	l, err := r.bench.lab(plan{mode: settings.Passwordless, memory: true})
	if err != nil {
		return err
	}
	defer l.close()
	who, calls := owner(1), int64(0)
	for end := epoch.Add(time.Duration(scale(r, 24, 6)) * time.Hour); l.clock.now().Before(end) && ctx.Err() == nil; {
		held := []*signIn{l.start(ctx, who), l.start(ctx, who), l.start(ctx, who)}
		for range 5 {
			l.clock.advance(cooldown)
			for _, s := range held {
				s.resend(ctx)
				calls++
			}
		}
	}
	n, most := l.inbox.mails(who.email()), slowMailBurst+slowMailsPerDay*scale(r, 24, 6)/24
	r.add(Row{Mode: string(settings.Passwordless), Tried: "one person, by resends of three sign-ins at a time", Count: calls,
		Result: fmt.Sprintf("%d mails in %d h", n, scale(r, 24, 6)), Bound: fmt.Sprintf("≤ %d", most)}, unless(n <= most, "%d mails, %d is the most", n, most), unless(n > 0, "no mail at all"))
	return ctx.Err()
}

// lanes are a pool's mails an hour.
type lanes struct{ verified, unverified, unknown int }

func (n lanes) set(s *settings.Settings) {
	s.PoolMailsVerified, s.PoolMailsUnverified, s.PoolMailsUnknown = n.verified, n.unverified, n.unknown
}

// laneFlood uses up the lane of one kind of name, while real people sign in.
type laneFlood struct {
	name   string
	who    func(int) person
	lanes  lanes
	limits int // mails an hour of the lane that is flooded
}

// pour floods for two hours on the engine, with a real person every five minutes.
func (f laneFlood) pour(ctx context.Context, r *run) error {
	l, err := r.bench.lab(plan{mode: settings.Passwordless, change: f.lanes.set})
	if err != nil {
		return err
	}
	defer l.close()
	hours := scale(r, 2, 1)
	perMinute := 5
	people, in, calls := 0, 0, 0
	for minute := range hours * 60 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range perMinute {
			l.start(ctx, f.who(10_000+minute*perMinute+i))
			calls++
		}
		if minute%5 == 0 {
			people++
			s := l.start(ctx, owner(minute))
			if s.answer(ctx, l.inbox.code(owner(minute).email())); s.end == signed && l.inbox.mails(owner(minute).email()) == 1 {
				in++
			}
		}
		l.clock.advance(time.Minute)
	}
	sent := l.inbox.total - people
	// Ten minutes' worth at once, ten mails at least, and what refills.
	most := max(10, f.limits/6) + hours*f.limits
	r.add(Row{Mode: string(settings.Passwordless), Tried: f.name + fmt.Sprintf(", %d a minute where %d an hour are allowed", perMinute, f.limits), Count: int64(calls),
		Result: fmt.Sprintf("%d mails in %d h; %d of %d people got in with one mail", sent, hours, in, people), Bound: fmt.Sprintf("≤ %d; all", most)},
		unless(sent <= most, "%d mails, %d is the most", sent, most), unless(in == people, "%d of %d people were kept out", people-in, people),
		unless(sent > hours*f.limits/2, "the lane sent only %d mails", sent))
	return nil
}

// floodMany floods many real people at once: the pool's lane for proven addresses bounds that, and the
// simulator's mails for names that nobody has stay where they are.
func floodMany(ctx context.Context, r *run) error {
	n := lanes{verified: 600, unverified: 600, unknown: 600}
	l, err := r.bench.lab(plan{mode: settings.Passwordless, change: n.set})
	if err != nil {
		return err
	}
	defer l.close()
	people, calls := scale(r, 900, 200), 0
	for i := range people {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.start(ctx, owner(i))
		l.clock.advance(time.Second)
		calls++
	}
	toPeople := l.inbox.total - l.inbox.mails(trigger.Simulator)
	most := n.verified/6 + people*n.verified/3600 + 1
	r.add(Row{Mode: string(settings.Passwordless), Tried: "many people, one a second where 600 an hour are allowed", Count: int64(calls),
		Result: fmt.Sprintf("%d mails in %s", toPeople, short(time.Duration(people)*time.Second)), Bound: fmt.Sprintf("≤ %d", most)},
		unless(toPeople <= most, "%d mails to people, %d is the most", toPeople, most), unless(toPeople > most/2, "only %d mails", toPeople))
	return nil
}
