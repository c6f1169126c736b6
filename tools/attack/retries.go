package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/report"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// Cognito waits five seconds for a trigger and then calls it again, beside the first call. Here it
// waits a shorter time, and the services are slower than that, within their clients' 1.5 seconds.
const (
	poolWaits    = 600 * time.Millisecond
	serviceTakes = 900 * time.Millisecond
)

// slowness is a call that takes longer than the pool waits, a number of times.
type slowness struct {
	name  string
	call  serviceCall
	calls int
}

var slownesses = []slowness{
	{"mail", mailing, 1}, {"mail, twice", mailing, 2}, {"reading the item", reading, 1},
	{"claiming the mail", firstUpdate, 2}, {"the key", codeMAC, 1}, {"the key's second MAC", bindingMAC, 1},
	{"counting the guess", countingGuess, 1}, {"comparing", comparing, 1},
	{"using the code up", usingUp, 1}, {"using the code up, twice", usingUp, 2},
}

// retries makes the pool call triggers again while their first calls still run, and makes functions
// die: one mail each time, and the owner gets in.
func retries(r *rig.Run, m settings.Mode) {
	r.Parallel(len(slownesses), 5, func(r *rig.Run, i int) { slownesses[i].outwait(r, m) })
	for _, at := range []string{"Read", "Claim", "Claim done", "Send", "Send done"} {
		dieAt(r, m, at, false)
	}
	for _, at := range []string{"SpendGuess", "SpendGuess done", "Use", "Use done"} {
		dieAt(r, m, at, true)
	}
}

// outwait signs in while a service is slow.
func (s slowness) outwait(r *rig.Run, m settings.Mode) {
	var mails int
	var in bool
	var err error
	impatient := func(o *lab.PoolOptions) { o.TriggerTimeout, o.TriggerAttempts = poolWaits, 3 }
	late := inTime(r, lab.Plan{Mode: m, Pool: impatient}, s.calls, func(l *lab.Lab) {
		var a lab.PoolAnswer
		slow := s.call.with(lab.Fault{Latency: serviceTakes}, s.calls)
		if !s.call.answering {
			l.Gateway.Inject(slow)
		}
		mails, in = 0, false
		if a, err = l.Enter(lab.Victim, lab.KnownPassword); err != nil {
			return
		}
		l.Settle() // the first call still runs, and its mail may be on the way
		if letters := l.MailsTo(lab.Victim); len(letters) > 0 {
			if s.call.answering {
				l.Gateway.Inject(slow)
			}
			a, err = l.AnswerCode(a, lab.Victim, letters[0].Code)
			l.Settle()
			mails, in = len(l.MailsTo(lab.Victim)), err == nil && a.SignedIn()
		}
	})
	r.Add(m, "trigger called again, slow: "+s.name, 1, fmt.Sprintf("%d mail(s), signed in: %v", mails, in),
		"1 mail, signed in", late,
		rig.Unless(mails == 1, "%d mails for one sign-in", mails), rig.Unless(in, "the owner did not get in: %v", err))
}

// dieAt ends create or verify at one of its calls. The owner goes on as a page would: begins again,
// and requests the mail again if none comes.
func dieAt(r *rig.Run, m settings.Mode, at string, answering bool) {
	d := &lab.Reaper{Never: make(chan struct{})}
	defer close(d.Never)
	l := r.Lab(lab.Plan{Mode: m, Memory: true, Weaken: d.Weakness()})
	l.Inbox.Hook = func(_ string, accepted bool) error {
		d.Pass(map[bool]string{false: "Send", true: "Send done"}[accepted])
		return nil
	}
	who := lab.Owner(1)
	if !answering {
		d.Arm(at)
	}
	s := l.Start(who)
	if answering {
		d.Arm(at)
		s.Answer(s.Code())
	}
	dead := s.Err

	began := l.Clock.Now()
	s = l.Start(who)
	l.Clock.Advance(20 * time.Second)
	if l.Inbox.Mails(who.Email()) == 0 {
		l.Clock.Until(began.Add(rig.Cooldown))
		s.Resend()
	}
	s.Answer(s.Code())
	mails, took := l.Inbox.Mails(who.Email()), l.Clock.Now().Sub(began)

	when := "before " + at
	if call, after := strings.CutSuffix(at, " done"); after {
		when = "after " + call
	}
	// A call whose answer was lost may have used the code up: a second mail is then due.
	most := 1
	if answering {
		most = 2
	}
	r.Add(m, "the function dies "+when, 1, fmt.Sprintf("%d mail(s), signed in after %s", mails, report.Short(took)),
		fmt.Sprintf("%d mail(s), 2.0 min", most),
		rig.Unless(errors.Is(dead, lab.ErrDied), "it did not die there: %v", dead),
		rig.Unless(s.End == lab.Signed, "the owner did not get in"),
		rig.Unless(mails >= 1 && mails <= most, "%d mails", mails),
		rig.Unless(took <= 2*time.Minute, "it took %s", report.Short(took)))
}
