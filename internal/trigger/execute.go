package trigger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Simulator is SES's mailbox simulator. Mail for unknown names goes there, so that it takes as long
// as other mail.
const Simulator = "success@simulator.amazonses.com"

// execution is one call of the create trigger: it carries out a plan.
type execution struct {
	c Create
	e *event
	r *report
	f facts
	// claimed is the plan whose claim may have taken effect, nil for none.
	claimed *plan
	// counted is what was counted in a quota and granted, nil for nothing.
	counted *count
}

// codes are the code of a plan, the code that its mail has, and the long code of the same nonce.
type codes struct{ code, mailed, long otp.Code }

type count struct{ key, counter string }

// maxClaims is how often a lost claim is planned anew. Each loss means that another call of the
// same user won, so the second plan joins that one's code as a rule.
const maxClaims = 4

// settle plans the round, claims the mail where one is due, counts it in the pool's quota and
// derives the code: all three in parallel. A claim that another call won is planned anew, which as
// a rule joins the winner's code: one mail for one sign-in, however often Cognito repeats the call.
func (x *execution) settle(ctx context.Context) (plan, codes, error) {
	for tries := 0; ; tries++ {
		x.f.lastTry = tries == maxClaims
		p := decide(x.f)
		if p.refusal != nil {
			x.report(p)
			return p, codes{}, errors.Join(p.refusal, x.takeBack(ctx))
		}
		code, grant, won, err := x.attempt(ctx, p)
		if err == nil && !won {
			won, err = x.reread(ctx, &p)
		}
		switch {
		case err != nil:
			return p, code, errors.Join(err, x.takeBack(ctx))
		case !won:
			continue
		}
		p = p.granted(grant)
		if p.send == sendNothing && !p.keepClaim {
			// Nothing is mailed, so nothing may count as mailed.
			err = x.takeBack(ctx)
		}
		return p, code, err
	}
}

// attempt carries out the part of a plan that precedes the mail. won is false where the claim was
// lost. What an earlier attempt counted in a quota is returned.
func (x *execution) attempt(ctx context.Context, p plan) (code codes, grant guard.Grant, won bool, err error) {
	earlier := x.counted
	x.counted = nil
	err = inParallel(
		func() (err error) { won, err = x.write(ctx, p); return err },
		func() (err error) { code, err = x.derive(ctx, p); return err },
		func() (err error) { grant, err = x.count(ctx, p); return err },
		func() error { return x.uncount(ctx, earlier) },
	)
	return code, grant, won, err
}

// write claims the mail, or writes as much without effect where none is due, so that a stranger
// can't tell by time. It returns false for a claim that was lost.
func (x *execution) write(ctx context.Context, p plan) (bool, error) {
	if p.write == writeNothing {
		return true, nil
	}
	won, err := x.c.Store.Claim(ctx, x.f.account.key, p.before, p.after, x.f.now)
	if p.write == writeTouch {
		won = true
	} else if won || err != nil {
		x.claimed = &p
	}
	if err != nil {
		return won, unavailable("table-claim", err)
	}
	return won, nil
}

// reread reads the item after a lost claim. It returns true where the claim was this call's after
// all, and only its answer was lost: no other call has this nonce.
func (x *execution) reread(ctx context.Context, p *plan) (bool, error) {
	item, err := x.c.Store.Read(ctx, x.f.account.key)
	if err != nil {
		return false, unavailable("table-read", err)
	}
	x.f.item = item
	if fresh := x.f.fresh.String(); item.Nonce != fresh && item.Withheld.Nonce != fresh {
		return false, nil
	}
	x.claimed = p
	return true, nil
}

func (x *execution) derive(ctx context.Context, p plan) (c codes, err error) {
	digits := p.digits
	if p.hasLong {
		digits = p.after.Digits
	}
	c.mailed, c.long, err = otp.DeriveBoth(ctx, x.c.Keys, x.f.account.subject, p.nonce, digits)
	if err != nil {
		return c, unavailable("key", err)
	}
	if c.code = c.mailed; p.digits == otp.LongDigits {
		c.code = c.long
	}
	return c, nil
}

// count counts the mail or the decoy in the pool's quota.
func (x *execution) count(ctx context.Context, p plan) (guard.Grant, error) {
	if p.send == sendNothing {
		return guard.Refused, nil
	}
	c := count{p.quota.Key(x.e.UserPoolID, x.f.now), p.quota.Counter(p.established, x.f.now)}
	counters, err := x.c.Store.CountQuota(ctx, c.key, c.counter, x.f.now)
	if err != nil {
		return guard.Refused, unavailable("table-quota", err)
	}
	grant := p.quota.Judge(counters, p.established, x.f.now)
	if grant.OK() {
		x.counted = &c
	}
	return grant, nil
}

// uncount returns what was counted. The counts of refused mails stay: they bound the decoys.
func (x *execution) uncount(ctx context.Context, c *count) error {
	if c == nil {
		return nil
	}
	if err := x.c.Store.ReturnQuota(ctx, c.key, c.counter); err != nil {
		return unavailable("table-quota", err)
	}
	return nil
}

// send mails the code, or a decoy of the same size to the simulator, and returns the plan as the
// mail service leaves it.
func (x *execution) send(ctx context.Context, p plan, c codes) (plan, error) {
	if p.send == sendNothing {
		return p, nil
	}
	message := mail.Message{To: x.f.account.address, Code: c.mailed.Reveal(), ExpiresIn: x.c.Settings.CodeTTL,
		RequestedAt: x.f.now, Locale: x.e.attribute("locale"), Zoneinfo: x.e.attribute("zoneinfo")}
	if p.hasLong {
		message.Fallback = c.long.Reveal()
	}
	if p.send == sendDecoy {
		message.To, message.Code = Simulator, strings.Repeat("0", len(message.Code))
		message.Fallback = strings.Repeat("0", len(message.Fallback))
	}
	rendered, err := x.c.Renderer.Render(message)
	if err != nil {
		return p, errors.Join(unavailable("mail-render", err), x.takeBack(ctx))
	}
	rendered.Decoy = p.send == sendDecoy
	// Decoys have the tag too, or their requests would be shorter. The renderer's own tags are
	// shared between mails and must not be appended to.
	rendered.Tags = append(slices.Clone(rendered.Tags), mail.Tag{Name: settings.ItemTag, Value: x.f.account.key})
	switch err := x.c.Sender.Send(ctx, rendered); {
	case err == nil:
		return p, nil
	case errors.Is(err, ErrRecipient):
		return p.refusedRecipient(), nil
	case errors.Is(err, ErrUncertain):
		x.r.cause(err)
		return p.uncertain(), nil
	case errors.Is(err, ErrThrottled):
		return x.throttled(ctx, p, err)
	default:
		return p, errors.Join(unavailable("mail-refused", err), x.takeBack(ctx))
	}
}

// throttled returns the plan where the mail service throttled to the end. After a proven password
// the sign-in fails. In passwordless mode it goes on as if a mail was sent, because a throttled
// decoy does: an error for known names alone would tell them from unknown ones. For the same reason
// nothing is taken back.
func (x *execution) throttled(ctx context.Context, p plan, err error) (plan, error) {
	if !p.keepClaim {
		x.r.count(settings.MailsThrottled)
		return p, errors.Join(unavailable("mail-throttled", err), x.takeBack(ctx))
	}
	x.r.cause(err)
	return p.throttled(), nil
}

// takeBackTime is how long takeBack may take; [Handler.Invoke] keeps more than that in reserve.
const takeBackTime = 300 * time.Millisecond

// takeBack undoes the claim and the count where a mail surely was not sent: it must not count as
// sent. It runs even where the invocation's own time is up.
func (x *execution) takeBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTime)
	defer cancel()
	return inParallel(
		func() error {
			if x.claimed == nil {
				return nil
			}
			if err := x.c.Store.Release(ctx, x.f.account.key, x.claimed.before, x.claimed.after, x.f.now); err != nil {
				return unavailable("table-release", err)
			}
			return nil
		},
		func() error { return x.uncount(ctx, x.counted) },
	)
}

// inParallel runs all functions in parallel and waits for all of them: a claim must not be
// forgotten because a call beside it failed first. A panic in one becomes its error.
func inParallel(all ...func() error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, f := range all {
		wait.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = &failure{RefusedUnavailable, "panic", words(fmt.Sprintf("panic with a %T", p))}
				}
			}()
			errs[i] = f()
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
