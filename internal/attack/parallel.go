package attack

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// crowd is how many answers are given at once.
const crowd = 200

// parallelAnswers gives many answers at the same moment, each in a sign-in of its own, so that no
// sign-in's own count stops any.
func parallelAnswers(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		if err := parallelWrong(ctx, r, m); err != nil {
			return err
		}
		if err := parallelRight(ctx, r, m); err != nil {
			return err
		}
	}
	return nil
}

func parallelWrong(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m})
	if err != nil {
		return err
	}
	defer l.close()
	sessions := manyStarts(ctx, l, owner(1))
	var t tally
	errs := atOnce(len(sessions), func(i int) error {
		_, err := sessions[i].verify(counting(ctx, &t), guess(int64(i), 8), nil)
		return err
	})
	compared := t.wrong()
	r.add(Row{Mode: string(m), Tried: "wrong answers at once, each in its own sign-in", Count: crowd,
		Result: fmt.Sprintf("%d compared", compared), Bound: fmt.Sprintf("≤ %d", guessBurst)},
		unless(compared <= guessBurst, "%d answers were compared, %d is the budget", compared, guessBurst),
		unless(t.right.Load() == 0, "a guess was right"), firstOdd(errs))
	return nil
}

func parallelRight(ctx context.Context, r *run, m settings.Mode) error {
	l, err := r.bench.lab(plan{mode: m})
	if err != nil {
		return err
	}
	defer l.close()
	sessions := manyStarts(ctx, l, owner(1))
	code := l.inbox.code(owner(1).email())
	var t tally
	var accepted atomic.Int64
	errs := atOnce(len(sessions), func(i int) error {
		right, err := sessions[i].verify(counting(ctx, &t), code, nil)
		if right {
			accepted.Add(1)
		}
		return err
	})
	n := accepted.Load()
	r.add(Row{Mode: string(m), Tried: "the right answer at once, in sign-ins that share its code", Count: crowd,
		Result: fmt.Sprintf("%d accepted", n), Bound: "exactly 1"},
		unless(n == 1, "%d sign-ins were let in by one code", n), firstOdd(errs))
	return nil
}

// manyStarts begins sign-ins of one person until the crowd is complete.
func manyStarts(ctx context.Context, l *lab, who person) []*signIn {
	sessions := make([]*signIn, crowd)
	for i := range sessions {
		sessions[i] = l.start(ctx, who)
	}
	return sessions
}

// atOnce runs f n times, all set off by one signal, and returns the errors.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wait sync.WaitGroup
	signal := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-signal
			errs[i] = f(i)
		})
	}
	close(signal)
	wait.Wait()
	return errs
}

// firstOdd names the first error that no client may read.
func firstOdd(errs []error) string {
	for _, err := range errs {
		if err := unexpected(err); err != nil {
			return fmt.Sprintf("a client was told %v", err)
		}
	}
	return ""
}

// replays is how often one Session is used at the same moment.
const replays = 50

// replayedSession answers with one Session many times at once, by way of the user pool: right, wrong,
// and as a resend.
func replayedSession(ctx context.Context, r *run) error {
	for _, m := range bothModes {
		for _, right := range []bool{true, false} {
			if err := replay(ctx, r, m, right); err != nil {
				return err
			}
		}
	}
	return nil
}

func replay(ctx context.Context, r *run, m settings.Mode, right bool) error {
	l, err := r.bench.lab(plan{mode: m})
	if err != nil {
		return err
	}
	defer l.close()
	const name = "user00001@example.com"
	if err := l.user(ctx, userpool.UserSpec{Email: name, EmailVerified: true}); err != nil {
		return err
	}
	began, err := l.enter(ctx, name, password)
	if err != nil {
		return err
	}
	answer, what := l.inbox.code(name), "right"
	if !right {
		answer, what = wrongCode(answer), "wrong"
	}
	var tokens, next atomic.Int64
	atOnce(replays, func(int) error {
		a, err := l.answerTo(ctx, "CUSTOM_CHALLENGE", began, name, "ANSWER", answer)
		switch {
		case err == nil && a.AuthenticationResult != nil:
			tokens.Add(1)
		case err == nil:
			next.Add(1)
		}
		return err
	})
	compared := l.key.all.compared.Load()
	row := Row{Mode: string(m), Tried: "one Session at once with a " + what + " answer", Count: replays,
		Result: fmt.Sprintf("%d got tokens, %d went on, %d compared", tokens.Load(), next.Load(), compared), Bound: "1 in all"}
	r.add(row, unless(tokens.Load()+next.Load() == 1, "%d uses of one Session had an effect", tokens.Load()+next.Load()),
		unless(right == (tokens.Load() == 1), "tokens were given %d times for a %s answer", tokens.Load(), what),
		unless(compared == 1, "%d answers of one Session were compared", compared))
	return nil
}
