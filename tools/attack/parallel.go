package main

import (
	"fmt"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// crowd is how many answers are given at once, replays how often one Session is used at once.
const (
	crowd   = 200
	replays = 50
)

// parallelAnswers gives many answers at the same moment, each in a sign-in of its own, so that no
// count of a single sign-in stops any.
func parallelAnswers(r *run, m settings.Mode) {
	errs := make([]error, crowd)
	var t lab.Tally
	sessions := manyStarts(r.Lab(lab.Plan{Mode: m}), &t)
	r.atOnce(crowd, func(i int) { _, errs[i] = sessions[i].Verify(guess(i, 8), nil) })
	compared := t.Wrong()
	r.add(m, "wrong answers at once, each in its own sign-in", crowd,
		fmt.Sprintf("%d compared", compared), fmt.Sprintf("≤ %d", guessBurst),
		unless(compared <= guessBurst, "%d answers were compared, %d is the budget", compared, guessBurst),
		unless(t.Right.Load() == 0, "a guess was right"), oddError(errs))

	var accepted atomic.Int64
	sessions = manyStarts(r.Lab(lab.Plan{Mode: m}), nil)
	code := sessions[0].Code()
	r.atOnce(crowd, func(i int) {
		var right bool
		if right, errs[i] = sessions[i].Verify(code, nil); right {
			accepted.Add(1)
		}
	})
	n := accepted.Load()
	r.add(m, "the right answer at once, in sign-ins that share its code", crowd, fmt.Sprintf("%d accepted", n),
		"exactly 1",
		unless(n == 1, "%d sign-ins were let in by one code", n), oddError(errs))
}

// manyStarts begins sign-ins of one owner.
func manyStarts(l *lab.Lab, t *lab.Tally) []*lab.SignIn {
	sessions := make([]*lab.SignIn, crowd)
	for i := range sessions {
		sessions[i] = l.Start(lab.Owner(1))
		sessions[i].Tally = t
	}
	return sessions
}

// replayedSession sends answers with one Session to the user pool many times at once.
func replayedSession(r *run, m settings.Mode) {
	for _, right := range []bool{true, false} {
		l := r.Lab(lab.Plan{Mode: m})
		l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
		began, err := l.Enter(lab.Victim, lab.KnownPassword)
		r.Check(err)
		answer, what := l.Inbox.Code(lab.Victim), "right"
		if !right {
			answer, what = wrongCode(answer), "wrong"
		}
		var tokens, next atomic.Int64
		r.atOnce(replays, func(int) {
			switch a, err := l.AnswerCode(began, lab.Victim, answer); {
			case err == nil && a.SignedIn():
				tokens.Add(1)
			case err == nil:
				next.Add(1)
			}
		})
		effects, compared := tokens.Load()+next.Load(), l.Key.All.Compared.Load()
		r.add(m, "one Session at once with a "+what+" answer", replays,
			fmt.Sprintf("%d got tokens, %d went on, %d compared", tokens.Load(), next.Load(), compared), "1 in all",
			unless(effects == 1, "%d uses of one Session had an effect", effects),
			unless(right == (tokens.Load() == 1), "tokens were given %d times for a %s answer", tokens.Load(), what),
			unless(compared == 1, "%d answers of one Session were compared", compared))
	}
}
