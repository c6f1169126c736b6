package trigger

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Create is the create-auth-challenge trigger. It decides which code a round has, mails it where
// that is due, and leaves what verify needs to test an answer.
//
// It has the mail's configuration, so a pool may call it as its custom-message trigger too.
//
// One pure function, decide, makes a plan of what is known. The methods of execution carry it out.
type Create struct {
	Settings settings.Settings
	Reporter *Reporter
	Keys     otp.Generator
	Store    guard.Store
	Renderer Renderer
	Sender   Sender
	// Chained is the adopter's own custom-message function; nil for none.
	Chained Chained
	// Now is the clock, Random the source of nonces and ids: crypto/rand.Reader.
	Now    func() time.Time
	Random io.Reader
}

type createResponse struct {
	PublicChallengeParameters  map[string]string `json:"publicChallengeParameters"`
	PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
	ChallengeMetadata          string            `json:"challengeMetadata"`
}

// Handler returns the trigger as the argument of lambda.Start.
func (c Create) Handler() Handler { return Handler{c.Reporter, c.respond} }

func (c Create) respond(ctx context.Context, e *event, r *report) (any, error) {
	if strings.HasPrefix(e.TriggerSource, customMessage) {
		return c.dress(ctx, e, r)
	}
	if e.Request.ChallengeName != flow.CustomChallenge {
		return nil, &failure{refusal: RefusedMalformed, reason: "wrong-challenge"}
	}
	x := &execution{c: c, e: e, r: r, f: facts{settings: c.Settings, account: accountOf(e, c.Settings), now: c.Now()}}
	if err := x.f.account.checkMailable(e, c.Settings); err != nil {
		return nil, err
	}
	if err := x.recall(); err != nil {
		return nil, err
	}
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.draw(); err != nil {
		return nil, err
	}
	if x.f.device = x.acceptsDevice(); x.f.device && e.action() == contract.ActionDevice {
		return x.askDevice(), nil
	}
	p, code, err := x.settle(ctx)
	if err != nil {
		return nil, err
	}
	return x.conclude(ctx, p, code)
}

// recall reads what the round before left.
func (x *execution) recall() error {
	rows := x.e.rows()
	if len(rows) == 0 || rows[len(rows)-1].Name != flow.CustomChallenge {
		return nil
	}
	if flow.IsDevice(rows[len(rows)-1].Metadata) {
		x.f.afterDevice = true
		return nil
	}
	last, err := flow.ParseMetadata(rows[len(rows)-1].Metadata)
	if err != nil {
		return &failure{refusal: RefusedMalformed, reason: "foreign-metadata", cause: err}
	}
	x.f.last = &last
	return nil
}

// read reads the account's item and, from the second round on, whether a resend was requested.
// Verify notes no request past the limit.
func (x *execution) read(ctx context.Context) error {
	err := inParallel(
		func() (err error) { x.f.item, err = x.c.Store.Read(ctx, x.f.account.key); return err },
		func() (err error) {
			if x.f.last != nil {
				x.f.resend, err = x.c.Store.ResendAsked(ctx, guard.ResendKey(x.e.UserPoolID, x.f.last.ID))
			}
			return err
		},
	)
	if err != nil {
		return unavailable("table-read", err)
	}
	return nil
}

// draw draws what is random. A nonce is always younger than the last one that was used, even where
// the clocks of two instances differ, or its code would count as an old one.
func (x *execution) draw() (err error) {
	issued := x.f.now
	if used := time.UnixMilli(x.f.item.Used); !issued.After(used) {
		issued = used.Add(time.Millisecond)
	}
	if x.f.fresh, err = otp.NewNonce(issued, x.c.Random); err != nil {
		return unavailable("random", err)
	}
	id := make([]byte, 12)
	if _, err = io.ReadFull(x.c.Random, id); err != nil {
		return unavailable("random", err)
	}
	x.f.id = base64.RawURLEncoding.EncodeToString(id)
	return nil
}

// conclude binds the code to this round, beside the mail, and forms the answer.
func (x *execution) conclude(ctx context.Context, p plan, c codes) (any, error) {
	challenge := otp.Challenge{ID: x.f.id, Client: x.e.CallerContext.ClientID,
		Nonce: p.nonce, Digits: p.digits, Expires: p.meta.Expires}
	var binding []byte
	err := inParallel(
		func() (err error) {
			if binding, err = otp.Bind(ctx, x.c.Keys, x.f.account.subject, challenge, c.code); err != nil {
				return unavailable("key", err)
			}
			return nil
		},
		func() (err error) { p, err = x.send(ctx, p, c); return err },
	)
	if err != nil {
		return nil, err
	}
	x.report(p)
	private := private{challenge: challenge, binding: binding, key: p.key, resends: flow.MaxResends - p.meta.Resent,
		mailRefund: guard.PolicyOf(x.c.Settings).Mails(x.f.account.class)[0].Refill, device: x.f.device}
	return createResponse{p.shown, private.parameters(), p.meta.String()}, nil
}

// report logs and counts what the plan states.
func (x *execution) report(p plan) {
	x.r.attrs = append(x.r.attrs, slog.Int("digits", p.digits))
	if p.item {
		x.r.attrs = append(x.r.attrs, slog.String("item", x.f.account.key))
	}
	message := "challenge"
	if p.refusal != nil {
		message = "refused"
	}
	x.r.record(p.level, message, p.reason)
	x.r.count(p.metrics...)
}
