package main

import (
	"fmt"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// crowd is how many answers are given at once.
const crowd = 200

// parallelAnswers gives many answers at the same moment, each in a sign-in of its own, so that no
// count of a single sign-in stops any.
func parallelAnswers(r *rig.Run, m settings.Mode) {
	var t lab.Tally
	sessions := manyStarts(r.Lab(lab.Plan{Mode: m}), &t)
	_, errs := r.AtOnce(crowd, func(i int) (bool, error) { return sessions[i].Verify(rig.Guess(i, 8), nil) })
	compared := t.Wrong()
	r.Add(m, "wrong answers at once, each in its own sign-in", crowd,
		fmt.Sprintf("%d compared", compared), fmt.Sprintf("≤ %d", rig.GuessBurst),
		rig.Unless(compared <= rig.GuessBurst, "%d answers were compared, %d is the budget", compared, rig.GuessBurst),
		rig.Unless(t.Right.Load() == 0, "a guess was right"), rig.OddError(errs))

	sessions = manyStarts(r.Lab(lab.Plan{Mode: m}), nil)
	code := sessions[0].Code()
	n, errs := r.AtOnce(crowd, func(i int) (bool, error) { return sessions[i].Verify(code, nil) })
	r.Add(m, "the right answer at once, in sign-ins that share its code", crowd, fmt.Sprintf("%d accepted", n),
		"exactly 1", rig.Unless(n == 1, "%d sign-ins were let in by one code", n), rig.OddError(errs))
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
func replayedSession(r *rig.Run, m settings.Mode) {
	for _, right := range []bool{true, false} {
		l := r.Lab(lab.Plan{Mode: m})
		l.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
		began, err := l.Enter(lab.Victim, lab.KnownPassword)
		r.Check(err)
		answer, what := l.Inbox.Code(lab.Victim), "right"
		if !right {
			answer, what = rig.WrongCode(answer), "wrong"
		}
		var effects atomic.Int64
		tokens, _ := r.AtOnce(rig.Replays, func(int) (bool, error) {
			a, err := l.AnswerCode(began, lab.Victim, answer)
			if err == nil {
				effects.Add(1)
			}
			return err == nil && a.SignedIn(), err
		})
		n, compared := int(effects.Load()), l.Key.All.Compared.Load()
		r.Add(m, "one Session at once with a "+what+" answer", rig.Replays,
			fmt.Sprintf("%d got tokens, %d went on, %d compared", tokens, n-tokens, compared), "1 in all",
			rig.Unless(n == 1, "%d uses of one Session had an effect", n),
			rig.Unless(right == (tokens == 1), "tokens were given %d times for a %s answer", tokens, what),
			rig.Unless(compared == 1, "%d answers of one Session were compared", compared))
	}
}
