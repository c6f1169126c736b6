package attack

import (
	"context"
	"slices"
	"time"
)

// patient is an owner as people are: begins a sign-in, waits for a mail with a code of the length that
// the page asks for, needs half a minute to read and type it, asks for another where none comes, and
// begins anew where the newest code was refused or nothing helps. It only ever does what a sign-in
// page offers.
type patient struct {
	lab *lab
	who person

	arrived bool
	began   time.Time // of the visit
	started time.Time // of the sign-in
	s       *signIn
	readAt  time.Time // when the mail that is being read is typed, zero for none
	opened  []string  // codes that were typed in this visit
	visits  []visit
	refused map[string]bool // codes that were refused in this sign-in
}

// visit is one attempt to get in, however many sign-ins it took.
type visit struct {
	took   time.Duration
	opened int
	// overtaken says that a short code was refused and a long one let the owner in: somebody spent the
	// guesses between the mail and the answer.
	overtaken bool
	in        bool
}

const (
	readingTime = 30 * time.Second
	// patience is how long an owner tries before the visit counts as kept out.
	patience = 2 * time.Hour
	// waiting is how long an owner looks at an empty box before beginning anew.
	waiting = 3 * time.Minute
)

// arrive begins a visit, if none is under way.
func (p *patient) arrive(ctx context.Context) {
	if p.arrived {
		return
	}
	p.arrived, p.began, p.opened = true, p.lab.clock.now(), nil
	p.begin(ctx)
}

func (p *patient) begin(ctx context.Context) {
	p.started, p.readAt, p.refused = p.lab.clock.now(), time.Time{}, map[string]bool{}
	p.s = p.lab.start(ctx, p.who)
}

// mail returns the newest mail if it can be this sign-in's: a code of the right length that is not
// older than codes live, and was not refused before.
func (p *patient) mail() (letter, bool) {
	l, ok := p.lab.inbox.newest(p.who.email())
	fresh := p.lab.clock.now().Sub(l.at) < codeLifetime
	return l, ok && fresh && len(l.code) == p.s.digits() && !p.refused[l.code]
}

// act does what the owner does at this moment.
func (p *patient) act(ctx context.Context) {
	if !p.arrived {
		return
	}
	now := p.lab.clock.now()
	_, mail := p.mail()
	switch {
	case now.Sub(p.began) > patience:
		p.leave(false)
	case p.s.end != open:
		p.begin(ctx)
	case mail && p.readAt.IsZero():
		p.readAt = now.Add(readingTime)
	case mail && !now.Before(p.readAt):
		p.enter(ctx)
	case mail:
	case !now.Before(p.s.told("expiresAt")), now.Sub(p.started) >= waiting:
		p.begin(ctx)
	case !now.Before(p.s.told("resendAvailableAt")) && p.s.public["resendsLeft"] != "0":
		p.s.resend(ctx)
	}
}

// enter types the newest mail's code. Where it is refused though it is the newest, the owner begins
// anew once the page offers nothing else.
func (p *patient) enter(ctx context.Context) {
	l, _ := p.mail()
	p.readAt = time.Time{}
	if !slices.Contains(p.opened, l.code) {
		p.opened = append(p.opened, l.code)
	}
	p.s.answer(ctx, l.code)
	p.refused[l.code] = true
	if p.s.end == signed {
		p.leave(true)
	} else if now := p.lab.clock.now(); now.Sub(p.started) > 2*cooldown {
		p.begin(ctx)
	}
}

func (p *patient) leave(in bool) {
	p.arrived = false
	v := visit{took: p.lab.clock.now().Sub(p.began), opened: len(p.opened), in: in}
	if n := len(p.opened); n > 1 {
		v.overtaken = len(p.opened[0]) < longDigits && len(p.opened[n-1]) == longDigits
	}
	p.visits = append(p.visits, v)
}
