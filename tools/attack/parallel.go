package main

import (
	"fmt"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
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
	var t tally
	sessions := manyStarts(r.lab(plan{mode: m}), &t)
	r.atOnce(crowd, func(i int) { _, errs[i] = sessions[i].verify(guess(i, 8), nil) })
	compared := t.wrong()
	r.add(m, "wrong answers at once, each in its own sign-in", crowd,
		fmt.Sprintf("%d compared", compared), fmt.Sprintf("≤ %d", guessBurst),
		unless(compared <= guessBurst, "%d answers were compared, %d is the budget", compared, guessBurst),
		unless(t.right.Load() == 0, "a guess was right"), oddError(errs))

	var accepted atomic.Int64
	sessions = manyStarts(r.lab(plan{mode: m}), nil)
	code := sessions[0].code()
	r.atOnce(crowd, func(i int) {
		var right bool
		if right, errs[i] = sessions[i].verify(code, nil); right {
			accepted.Add(1)
		}
	})
	n := accepted.Load()
	r.add(m, "the right answer at once, in sign-ins that share its code", crowd, fmt.Sprintf("%d accepted", n),
		"exactly 1",
		unless(n == 1, "%d sign-ins were let in by one code", n), oddError(errs))
}

// manyStarts begins sign-ins of one owner.
func manyStarts(l *lab, t *tally) []*signIn {
	sessions := make([]*signIn, crowd)
	for i := range sessions {
		sessions[i] = l.start(owner(1))
		sessions[i].tally = t
	}
	return sessions
}

// replayedSession sends answers with one Session to the user pool many times at once.
func replayedSession(r *run, m settings.Mode) {
	for _, right := range []bool{true, false} {
		l := r.lab(plan{mode: m})
		l.user(userSpec{Email: victim, EmailVerified: true})
		began, err := l.enter(victim, knownPassword)
		r.check(err)
		answer, what := l.inbox.code(victim), "right"
		if !right {
			answer, what = wrongCode(answer), "wrong"
		}
		var tokens, next atomic.Int64
		r.atOnce(replays, func(int) {
			switch a, err := l.answerCode(began, victim, answer); {
			case err == nil && a.signedIn():
				tokens.Add(1)
			case err == nil:
				next.Add(1)
			}
		})
		effects, compared := tokens.Load()+next.Load(), l.key.all.compared.Load()
		r.add(m, "one Session at once with a "+what+" answer", replays,
			fmt.Sprintf("%d got tokens, %d went on, %d compared", tokens.Load(), next.Load(), compared), "1 in all",
			unless(effects == 1, "%d uses of one Session had an effect", effects),
			unless(right == (tokens.Load() == 1), "tokens were given %d times for a %s answer", tokens.Load(), what),
			unless(compared == 1, "%d answers of one Session were compared", compared))
	}
}
