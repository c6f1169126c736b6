package lab

import (
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

// Patient is an owner who does only what a sign-in page offers: begins a sign-in, waits for a mail
// with a code of the length that the page names, takes half a minute to type it, requests another
// mail when none comes, and begins again when the newest code is refused or nothing helps.
type Patient struct {
	Lab *Lab
	Who Person
	// CodeLifetime is how long a code is valid, Cooldown the least time between two mails.
	CodeLifetime, Cooldown time.Duration

	// Here is true during a visit.
	Here    bool
	began   time.Time // of the visit
	started time.Time // of the sign-in
	s       *SignIn
	ReadAt  time.Time       // when the mail that is being read is typed; zero for none
	opened  []time.Time     // the mails of this visit whose codes were typed, by when they came
	refused map[string]bool // codes that were refused in this sign-in
	Visits  []Visit
}

// Visit is one attempt to get in, with any number of sign-ins.
type Visit struct {
	Took time.Duration
	// Opened is how many different codes the owner typed.
	Opened int
	// In is true if the visit ended in a sign-in.
	In bool
}

const (
	// ReadingTime is how long an owner takes to type a code.
	ReadingTime = 30 * time.Second
	// patience is how long an owner tries before the visit counts as kept out.
	patience = 2 * time.Hour
	// emptyBox is how long an owner waits for a mail before beginning again.
	emptyBox = 3 * time.Minute
)

// Arrive begins a visit, if none is under way.
func (p *Patient) Arrive() {
	if !p.Here {
		p.Here, p.began, p.opened = true, p.Lab.Clock.Now(), nil
		p.begin()
	}
}

func (p *Patient) begin() {
	p.started, p.ReadAt, p.refused = p.Lab.Clock.Now(), time.Time{}, map[string]bool{}
	p.s = p.Lab.Start(p.Who)
}

// code returns the newest mail's code and when it came, if it can be this sign-in's: of the right
// length, not older than codes live, and not refused before.
func (p *Patient) code() (code string, at time.Time) {
	l, ok := p.Lab.Inbox.Newest(p.Who.Email())
	code = l.Of(p.s.Digits())
	if !ok || p.Lab.Clock.Now().Sub(l.At) >= p.CodeLifetime || p.refused[code] {
		return "", l.At
	}
	return code, l.At
}

// Act does what the owner does at this moment.
func (p *Patient) Act() {
	if !p.Here {
		return
	}
	now := p.Lab.Clock.Now()
	code, _ := p.code()
	mail := code != ""
	switch {
	case now.Sub(p.began) > patience:
		p.leave(false)
	case p.s.End != Open:
		p.begin()
	case mail && p.ReadAt.IsZero():
		p.ReadAt = now.Add(ReadingTime)
	case mail && !now.Before(p.ReadAt):
		p.enter()
	case mail:
	case !now.Before(p.s.Time(contract.ParamExpiresAt)), now.Sub(p.started) >= emptyBox:
		p.begin()
	case !now.Before(p.s.Time(contract.ParamResendAvailableAt)) && p.s.Public[contract.ParamResendsLeft] != "0":
		p.s.Resend()
	}
}

// enter types the newest mail's code. If it is refused, the owner begins again as soon as the page
// offers nothing else.
func (p *Patient) enter() {
	code, at := p.code()
	p.ReadAt = time.Time{}
	if !slices.Contains(p.opened, at) {
		p.opened = append(p.opened, at)
	}
	p.s.Answer(code)
	p.refused[code] = true
	if p.s.End == Signed {
		p.leave(true)
	} else if p.Lab.Clock.Now().Sub(p.started) > 2*p.Cooldown {
		p.begin()
	}
}

// Summary returns how long each visit took, in order of length, the most mails that one needed, and
// how many visits ended outside.
func (p *Patient) Summary() (took []time.Duration, mails, out int) {
	for _, v := range p.Visits {
		took, mails = append(took, v.Took), max(mails, v.Opened)
		if !v.In {
			out++
		}
	}
	slices.Sort(took)
	return took, mails, out
}

func (p *Patient) leave(in bool) {
	p.Here = false
	p.Visits = append(p.Visits, Visit{p.Lab.Clock.Now().Sub(p.began), len(p.opened), in})
}
