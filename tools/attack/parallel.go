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
	var t lab.Tally
	sessions := manyStarts(r.Lab(lab.Plan{Mode: m}), &t)
	_, errs := r.atOnce(crowd, func(i int) (bool, error) { return sessions[i].Verify(guess(i, 8), nil) })
	compared := t.Wrong()
	r.add(m, "wrong answers at once, each in its own sign-in", crowd,
		fmt.Sprintf("%d compared", compared), fmt.Sprintf("≤ %d", guessBurst),
		unless(compared <= guessBurst, "%d answers were compared, %d is the budget", compared, guessBurst),
		unless(t.Right.Load() == 0, "a guess was right"), oddError(errs))

	sessions = manyStarts(r.Lab(lab.Plan{Mode: m}), nil)
	code := sessions[0].Code()
	n, errs := r.atOnce(crowd, func(i int) (bool, error) { return sessions[i].Verify(code, nil) })
	r.add(m, "the right answer at once, in sign-ins that share its code", crowd, fmt.Sprintf("%d accepted", n),
		"exactly 1", unless(n == 1, "%d sign-ins were let in by one code", n), oddError(errs))
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
		var effects atomic.Int64
		tokens, _ := r.atOnce(replays, func(int) (bool, error) {
			a, err := l.AnswerCode(began, lab.Victim, answer)
			if err == nil {
				effects.Add(1)
			}
			return err == nil && a.SignedIn(), err
		})
		n, compared := int(effects.Load()), l.Key.All.Compared.Load()
		r.add(m, "one Session at once with a "+what+" answer", replays,
			fmt.Sprintf("%d got tokens, %d went on, %d compared", tokens, n-tokens, compared), "1 in all",
			unless(n == 1, "%d uses of one Session had an effect", n),
			unless(right == (tokens == 1), "tokens were given %d times for a %s answer", tokens, what),
			unless(compared == 1, "%d answers of one Session were compared", compared))
	}
}
