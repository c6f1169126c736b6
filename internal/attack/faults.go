package attack

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// trouble is a service that fails at one step, in one way.
type trouble struct {
	step  string
	fault gateway.Fault
	// answering says that it begins before the answer, else before the sign-in.
	answering bool
	// way is how it fails.
	way string
}

// once is trouble that one repetition of the call heals.
const once = "answer lost once"

// troubles are every call of a sign-in in every way to fail.
func troubles() []trouble {
	type step struct {
		name, service, operation string
		after                    int
		answering                bool
	}
	steps := []step{
		{"reading the item", gateway.DynamoDB, "GetItem", 0, false},
		{"the first of claim and lane", gateway.DynamoDB, "UpdateItem", 0, false},
		{"the second of claim and lane", gateway.DynamoDB, "UpdateItem", 1, false},
		{"the code's MAC", gateway.KMS, "GenerateMac", 0, false},
		{"the binding's MAC", gateway.KMS, "GenerateMac", 1, false},
		{"the mail", gateway.SES, "SendEmail", 0, false},
		{"counting the guess", gateway.DynamoDB, "UpdateItem", 0, true},
		{"comparing", gateway.KMS, "VerifyMac", 0, true},
		{"using the code up", gateway.DynamoDB, "UpdateItem", 1, true},
	}
	ways := []struct {
		name  string
		fault gateway.Fault
	}{
		{"down", gateway.Fault{Status: http.StatusInternalServerError, Error: "InternalFailure"}},
		{"denied", gateway.Fault{Status: http.StatusBadRequest, Error: "AccessDeniedException"}},
		{"throttled", gateway.Fault{Throttle: true}},
		{"done, the answer lost", gateway.Fault{LoseAnswer: true}},
		{once, gateway.Fault{LoseAnswer: true}},
	}
	var all []trouble
	for _, s := range steps {
		for _, w := range ways {
			f := w.fault
			// Two calls where the client repeats one: the repetition fails too. Longer trouble would hit what
			// cleans up.
			f.Service, f.Operation, f.After, f.Calls = s.service, s.operation, s.after, 2
			if s.service == gateway.SES || w.name == "denied" || w.name == once {
				f.Calls = 1
			}
			all = append(all, trouble{s.name, f, s.answering, w.name})
		}
	}
	return all
}

// faults lets every call of a sign-in fail in every way: the client reads a fixed sentence, no mail is
// counted that was not sent, no guess compared that was not counted, and the owner gets in at once
// when the trouble is over.
func faults(ctx context.Context, r *run) error {
	all := troubles()
	results := make([]aftermath, len(all)*len(bothModes))
	err := sideBySide(ctx, len(results), 12, func(ctx context.Context, i int) (err error) {
		results[i], err = all[i%len(all)].strike(ctx, r, bothModes[i/len(all)])
		return err
	})
	if err != nil {
		return err
	}
	for n, m := range bothModes {
		rest := results[n*len(all) : (n+1)*len(all)]
		for first := 0; first < len(all); {
			last := first
			for last < len(all) && all[last].step == all[first].step {
				last++
			}
			row, broken := stepRow(m, all[first:last], rest[first:last])
			r.add(row, broken...)
			first = last
		}
	}
	return nil
}

// stepRow judges one step over all ways in which it failed.
func stepRow(m settings.Mode, ways []trouble, results []aftermath) (Row, []string) {
	var broken []string
	told := 0
	for i, w := range ways {
		if results[i].refused {
			told++
		}
		if w.way == once && results[i].refused {
			broken = append(broken, once+": one lost answer ended the sign-in")
		}
		for _, b := range results[i].broken {
			if b != "" {
				broken = append(broken, w.way+": "+b)
			}
		}
	}
	return Row{Mode: string(m), Tried: ways[0].step + ": down, denied, throttled, answer lost, lost once", Count: int64(len(ways)),
		Result: fmt.Sprintf("%d refused in a fixed sentence, %d went through", told, len(ways)-told), Bound: "nothing half done"}, broken
}

// aftermath is what one trouble led to.
type aftermath struct {
	refused bool
	broken  []string
}

// sentence is what a client reads when a service fails.
const sentence = "Sign-in codes are not available just now; please try again in a few minutes (emailotp:unavailable)"

// strike signs in while a service fails, and again when it works.
func (t trouble) strike(ctx context.Context, r *run, m settings.Mode) (aftermath, error) {
	l, err := r.bench.lab(plan{mode: m, wire: true})
	if err != nil {
		return aftermath{}, err
	}
	defer l.close()
	if err := l.user(ctx, userpool.UserSpec{Email: victim, EmailVerified: true}); err != nil {
		return aftermath{}, err
	}
	if t.answering {
		return t.strikeAnswer(ctx, l)
	}
	l.front.Inject(t.fault)
	a, err := l.enter(ctx, victim, password)
	l.front.ClearFaults()
	var out aftermath
	if err != nil {
		out.refused = true
		out.broken = append(out.broken, wording(err))
		// Begun anew at once: what was not mailed must not be in the way.
		if a, err = l.enterCalm(ctx); err != nil {
			out.broken = append(out.broken, fmt.Sprintf("afterwards %v", err))
			return out, nil
		}
	}
	letters := l.services.to(victim)
	if len(letters) == 0 {
		out.broken = append(out.broken, "no mail came, and the next sign-in's mail was counted as sent")
		return out, nil
	}
	done, err := l.answerTo(ctx, "CUSTOM_CHALLENGE", a, victim, "ANSWER", letters[0].code)
	out.broken = append(out.broken, unless(err == nil && done.AuthenticationResult != nil, "the owner did not get in: %v", err),
		unless(len(letters) == 1, "%d mails", len(letters)))
	return out, nil
}

// strikeAnswer answers rightly while a service fails.
func (t trouble) strikeAnswer(ctx context.Context, l *lab) (aftermath, error) {
	a, err := l.enterCalm(ctx)
	if err != nil {
		return aftermath{}, err
	}
	letters := l.services.to(victim)
	if len(letters) != 1 {
		return aftermath{}, fmt.Errorf("%d mails before any trouble", len(letters))
	}
	l.front.Inject(t.fault)
	done, err := l.answerTo(ctx, "CUSTOM_CHALLENGE", a, victim, "ANSWER", letters[0].code)
	l.front.ClearFaults()
	var out aftermath
	compared := l.key.all.compared.Load()
	counted := t.step != "counting the guess" || t.fault.LoseAnswer
	if !counted {
		out.broken = append(out.broken, unless(compared == 0, "%d guesses compared that were not counted", compared))
	}
	if err == nil && done.AuthenticationResult != nil {
		return out, nil
	}
	out.refused = true
	if err != nil {
		out.broken = append(out.broken, wording(err))
	}
	return out, t.again(ctx, l, &out)
}

// again has the owner begin anew after a failed answer. The code may have been used up by a call whose
// answer was lost; then a new one has to come at once.
func (t trouble) again(ctx context.Context, l *lab, out *aftermath) error {
	a, err := l.enterCalm(ctx)
	if err != nil {
		out.broken = append(out.broken, fmt.Sprintf("afterwards %v", err))
		return nil
	}
	letters := l.services.to(victim)
	done, err := l.answerTo(ctx, "CUSTOM_CHALLENGE", a, victim, "ANSWER", letters[0].code)
	out.broken = append(out.broken, unless(err == nil && done.AuthenticationResult != nil, "the owner did not get in afterwards: %v", err),
		unless(len(letters) <= 2, "%d mails", len(letters)))
	return nil
}

// enterCalm signs in while nothing is made to fail. A machine that is busy with other work can still
// make a client's second run out, which is not the attack's doing: it tries again.
func (l *lab) enterCalm(ctx context.Context) (a answerOf, err error) {
	for range 3 {
		if a, err = l.enter(ctx, victim, password); err == nil || ctx.Err() != nil {
			break
		}
	}
	return a, err
}

// wording returns what is wrong with the words that a client read.
func wording(err error) string {
	e, ok := err.(*apiError)
	if !ok {
		return fmt.Sprintf("the harness failed: %v", err)
	}
	for _, trigger := range []string{"CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
		if e.kind == "UserLambdaValidationException" && e.message == trigger+" failed with error "+sentence+"." {
			return ""
		}
	}
	return "the client read " + e.Error()
}
