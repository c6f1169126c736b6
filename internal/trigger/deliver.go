package trigger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Simulator is SES's mailbox simulator: mail for names that nobody has goes there, so that it takes
// as long as mail to people.
const Simulator = "success@simulator.amazonses.com"

// outgoing is the mail of a round.
type outgoing struct {
	code otp.Code
	// real says that the code is to be mailed to the account's address; decoy, that a mail without
	// a code goes to the simulator instead. Neither: no mail.
	real, decoy bool
	// before and claimed are the item around the claim; claiming says that the claim was won, or
	// failed in a way that leaves open whether it was.
	before, claimed guard.Item
	claiming        bool
	// lane is the key of what was spent from the pool's budget, empty for nothing. laneSpent says that
	// the lane had nothing left, nearEnd that it soon won't.
	lane               string
	laneSpent, nearEnd bool
	// refused says that the mail service refused the recipient, uncertain that it did not answer.
	refused   bool
	uncertain error
}

// maxClaims is how often a lost claim is decided anew. Each loss means that another call of the same
// user won, so the second decision joins that one's code; more than two are never expected.
const maxClaims = 4

// settle decides, claims the mail where one is due, spends from the pool's lane and derives the code:
// all three side by side. A claim that another call won is decided anew, which as a rule joins the
// winner's code: one mail for one sign-in, however often Cognito repeats the call.
func (x *round) settle(ctx context.Context, item guard.Item) (guard.Decision, *outgoing, error) {
	m := &outgoing{}
	d := x.decide(item)
	if err := x.undeliverable(item, d); err != nil {
		return d, m, err
	}
	won, err := x.attempt(ctx, item, d, m, true)
	for tries := 1; err == nil && d.Action == guard.Mail && !won; tries++ {
		if item, err = x.c.Store.Read(ctx, x.a.key); err != nil {
			err = &failure{RefusedUnavailable, "table-read", err}
			break
		}
		if d.Nonce == x.fresh && item.Nonce == d.Claimed.Nonce {
			// Nobody else has this nonce: the claim was ours, and only its answer was lost.
			x.before, m.claiming, won = item, true, true
			break
		}
		d = x.decide(item)
		if err = x.undeliverable(item, d); err != nil {
			break
		}
		if d.Action == guard.Mail && tries == maxClaims {
			d = guard.Decision{Action: guard.Silent, Nonce: d.Nonce, Digits: d.Digits}
		}
		won, err = x.attempt(ctx, item, d, m, false)
	}
	m.real = won && m.lane != "" && !x.unmailed()
	m.decoy = !m.real && m.lane != "" && !x.password()
	if err != nil || !m.real && !m.decoy {
		// Nothing will be mailed, so nothing may count as mailed.
		err = errors.Join(err, x.takeBack(ctx, m))
	}
	return d, m, err
}

// undeliverable notes whether the account's address is marked, and returns the refusal for somebody who
// proved the password and to whom a mail would be due. In passwordless mode nobody is told.
func (x *round) undeliverable(item guard.Item, d guard.Decision) error {
	x.bounced = !x.a.unknown && item.Bounced != "" && item.Bounced == addressMark(x.a.address)
	if !x.bounced || !x.password() || !x.delivers(d) {
		return nil
	}
	x.suppressed(d)
	x.r.say(slog.LevelWarn, "refused", "address-bounced")
	return told(RefusedUndeliverable)
}

// suppressed counts a mail that is not sent because of the mark, and names the item: whoever clears
// the mark has to find it.
func (x *round) suppressed(d guard.Decision) {
	x.r.attrs = append(x.r.attrs, slog.String("item", x.a.key))
	if d.Action == guard.Mail {
		x.r.count(settings.MailsSuppressed)
	}
}

// unmailed reports whether no mail may go to the account, whatever is decided: a stand-in takes its
// place, with the same calls.
func (x *round) unmailed() bool { return x.a.unknown || x.bounced }

// attempt carries one decision out and reports whether its claim was won.
func (x *round) attempt(ctx context.Context, item guard.Item, d guard.Decision, m *outgoing, first bool) (won bool, err error) {
	x.before, m.before, m.claimed, m.claiming = item, item, d.Claimed, false
	steps := []func() error{
		func() (err error) {
			won, err = x.claim(ctx, item, d)
			m.claiming = d.Action == guard.Mail && (won || err != nil)
			return err
		},
		func() (err error) { m.code, err = x.derive(ctx, d); return err },
	}
	if first {
		steps = append(steps, func() error { return x.spendLane(ctx, d, m) })
	}
	err = together(steps...)
	return won, err
}

// claim takes the mail for this call, or writes as much without effect where none is due, so that a
// stranger can't tell by time.
func (x *round) claim(ctx context.Context, item guard.Item, d guard.Decision) (won bool, err error) {
	if d.Action == guard.Mail {
		won, err = x.c.Store.Claim(ctx, x.a.key, item, d.Claimed, x.now)
	} else if x.delivers(d) && !x.password() {
		err = x.c.Store.Touch(ctx, x.a.key, x.now)
	}
	if err != nil {
		err = &failure{RefusedUnavailable, "table-claim", err}
	}
	return won, err
}

// lane returns the pool's lane for a decision: stand-ins and mails that only look sent share one.
func (x *round) lane(d guard.Decision) guard.Lane {
	s := x.c.Settings
	switch {
	case x.unmailed() || d.Action != guard.Mail:
		return guard.Lane{Name: "unknown", PerHour: s.PoolMailsUnknown}
	case x.a.class == guard.Unverified:
		return guard.Lane{Name: "unverified", PerHour: s.PoolMailsUnverified}
	}
	return guard.Lane{Name: "verified", PerHour: s.PoolMailsVerified}
}

// spendLane takes one mail from the pool's budget, if this call is to look as if a mail went out.
func (x *round) spendLane(ctx context.Context, d guard.Decision, m *outgoing) error {
	if !x.delivers(d) || d.Action != guard.Mail && x.password() {
		return nil
	}
	lane := x.lane(d)
	shard, err := rand.Int(x.c.Random, big.NewInt(int64(lane.Shards())))
	if err != nil {
		return &failure{RefusedUnavailable, "random", err}
	}
	key := lane.Key(x.e.UserPoolID, int(shard.Int64()), x.now)
	used, ok, err := x.c.Store.SpendLane(ctx, key, lane.PerWindow(), x.now)
	if err != nil {
		return &failure{RefusedUnavailable, "table-lane", err}
	}
	if m.laneSpent = !ok; ok {
		m.lane, m.nearEnd = key, lane.NearEnd(used)
	}
	return nil
}

func (x *round) derive(ctx context.Context, d guard.Decision) (otp.Code, error) {
	code, err := otp.Derive(ctx, x.c.Keys, x.a.subject, d.Nonce, d.Digits)
	if err != nil {
		return code, &failure{RefusedUnavailable, "key", err}
	}
	return code, nil
}

// send mails the code, or something of the same size to the simulator.
func (x *round) send(ctx context.Context, m *outgoing) error {
	if !m.real && !m.decoy {
		return nil
	}
	message := mail.Message{To: x.a.address, Code: m.code.Reveal(), ExpiresIn: x.c.Settings.CodeTTL, RequestedAt: x.now,
		Locale: x.e.attribute("locale"), Zoneinfo: x.e.attribute("zoneinfo")}
	if m.decoy {
		message.To, message.Code = Simulator, strings.Repeat("0", len(message.Code))
	}
	rendered, err := x.c.Renderer.Render(message)
	if err != nil {
		return errors.Join(&failure{RefusedUnavailable, "mail-render", err}, x.takeBack(ctx, m))
	}
	// Decoys have the tag too, or their requests would be shorter. The renderer's own tags are shared
	// between mails and must not be appended to.
	rendered.Tags = append(slices.Clone(rendered.Tags), mail.Tag{Name: settings.ItemTag, Value: x.a.key})
	switch err := x.c.Sender.Send(ctx, rendered); {
	case err == nil:
	case errors.Is(err, ErrRecipient):
		// One person's mailbox is no reason to tell a stranger anything.
		m.refused = m.real
	case errors.Is(err, ErrUncertain):
		// Sent, as far as anyone knows: a second mail would be worse than a resend asked for.
		m.uncertain = err
	default:
		return errors.Join(&failure{RefusedUnavailable, "mail-refused", err}, x.takeBack(ctx, m))
	}
	return nil
}

// takeBackTime is what takeBack may take; [Handler.Invoke] keeps more than that in reserve.
const takeBackTime = 300 * time.Millisecond

// takeBack undoes claim and lane where a mail surely was not sent: it must not count as sent. It runs
// even where the invocation's own time is up.
func (x *round) takeBack(ctx context.Context, m *outgoing) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTime)
	defer cancel()
	err := together(
		func() error {
			if !m.claiming {
				return nil
			}
			return x.c.Store.Release(ctx, x.a.key, m.before, m.claimed, x.now)
		},
		func() error {
			if m.lane == "" {
				return nil
			}
			return x.c.Store.ReturnLane(ctx, m.lane)
		},
	)
	if err != nil {
		return &failure{RefusedUnavailable, "table-release", err}
	}
	return nil
}

// together runs all functions side by side and waits for all of them: a claim must not be forgotten
// because a call beside it failed first. A panic in one becomes its error.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, f := range all {
		wait.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic with a %T", p)
				}
			}()
			errs[i] = f()
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
