package attack

import (
	"context"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Cognito waits five seconds for a trigger and then calls it again, beside the first call. Here it waits
// a shorter time, and the services are slower than that.
const (
	poolWaits    = 400 * time.Millisecond
	serviceTakes = 600 * time.Millisecond
)

// slowness is a service that takes longer than the pool waits.
type slowness struct {
	name  string
	fault gateway.Fault
	// answering says that the service turns slow before the answer, else before the sign-in.
	answering bool
}

func slownesses() []slowness {
	slow := func(service, operation string, after, calls int) gateway.Fault {
		return gateway.Fault{Service: service, Operation: operation, After: after, Calls: calls, Latency: serviceTakes}
	}
	return []slowness{
		{"mail", slow(gateway.SES, "SendEmail", 0, 1), false},
		{"mail, twice", slow(gateway.SES, "SendEmail", 0, 2), false},
		{"reading the item", slow(gateway.DynamoDB, "GetItem", 0, 1), false},
		{"claiming the mail", slow(gateway.DynamoDB, "UpdateItem", 0, 2), false},
		{"the key", slow(gateway.KMS, "GenerateMac", 0, 1), false},
		{"the key's second MAC", slow(gateway.KMS, "GenerateMac", 1, 1), false},
		{"counting the guess", slow(gateway.DynamoDB, "UpdateItem", 0, 1), true},
		{"comparing", slow(gateway.KMS, "VerifyMac", 0, 1), true},
		{"using the code up", slow(gateway.DynamoDB, "UpdateItem", 1, 1), true},
		{"using the code up, twice", slow(gateway.DynamoDB, "UpdateItem", 1, 2), true},
	}
}

// retries has the pool call triggers again while their first calls still run, and has calls die in the
// middle: one mail each time, and the owner gets in.
func retries(ctx context.Context, r *run) error {
	all := slownesses()
	n := len(all) * len(bothModes)
	rows, broken := make([]Row, n), make([][]string, n)
	err := sideBySide(ctx, n, 8, func(ctx context.Context, i int) (err error) {
		rows[i], broken[i], err = all[i%len(all)].outwait(ctx, r, bothModes[i/len(all)])
		return err
	})
	for i := range rows {
		if rows[i].Tried != "" {
			r.add(rows[i], broken[i]...)
		}
	}
	if err != nil {
		return err
	}
	for _, m := range bothModes {
		if err := deaths(ctx, r, m); err != nil {
			return err
		}
	}
	return nil
}

// outwait signs in while a service is slow.
func (s slowness) outwait(ctx context.Context, r *run, m settings.Mode) (Row, []string, error) {
	l, err := r.bench.lab(plan{mode: m, wire: true, pool: func(_ *userpool.Config, o *userpool.Options) {
		o.TriggerTimeout, o.TriggerAttempts = poolWaits, 3
	}})
	if err != nil {
		return Row{}, nil, err
	}
	defer l.close()
	if err := l.user(ctx, userpool.UserSpec{Email: victim, EmailVerified: true}); err != nil {
		return Row{}, nil, err
	}
	if !s.answering {
		l.front.Inject(s.fault)
	}
	a, err := l.enter(ctx, victim, password)
	if err != nil {
		return s.judged(m, 0, false, err)
	}
	// The first call still runs: whatever it is going to mail comes within the service's time.
	pause(ctx, 2*serviceTakes)
	letters := l.services.to(victim)
	if len(letters) == 0 {
		return s.judged(m, 0, false, nil)
	}
	if s.answering {
		l.front.Inject(s.fault)
	}
	done, err := l.answerTo(ctx, "CUSTOM_CHALLENGE", a, victim, "ANSWER", letters[0].code)
	pause(ctx, serviceTakes)
	return s.judged(m, len(l.services.to(victim)), err == nil && done.AuthenticationResult != nil, err)
}

func (s slowness) judged(m settings.Mode, mails int, in bool, err error) (Row, []string, error) {
	row := Row{Mode: string(m), Tried: "trigger called again, slow: " + s.name, Count: 1,
		Result: fmt.Sprintf("%d mail(s), signed in: %v", mails, in), Bound: "1 mail, signed in"}
	return row, []string{unless(mails == 1, "%d mails for one sign-in", mails), unless(in, "the owner did not get in: %v", err)}, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
