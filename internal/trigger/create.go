package trigger

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Create is the create-auth-challenge trigger: it decides which code a round has, mails it where
// that is due, and leaves behind what verify needs to test an answer.
type Create struct {
	Settings settings.Settings
	Reporter *Reporter
	Keys     otp.Generator
	Store    Store
	Renderer Renderer
	Sender   Sender
	// Now is the clock, Random the source of nonces and ids: crypto/rand.Reader.
	Now    func() time.Time
	Random io.Reader
}

type createResponse struct {
	PublicChallengeParameters  map[string]string `json:"publicChallengeParameters"`
	PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
	ChallengeMetadata          string            `json:"challengeMetadata"`
}

// Handler returns the trigger as lambda.Start takes it.
func (c Create) Handler() Handler { return Handler{c.Reporter, c.respond} }

func policyOf(s settings.Settings) guard.Policy {
	return guard.Policy{CodeLength: s.CodeLength, CodeTTL: s.CodeTTL, Attempts: s.MaxAttempts,
		Guesses: guard.Bucket{Burst: s.GuessBurst, Refill: s.GuessRefill}}
}

// round is one call of the trigger.
type round struct {
	c      Create
	e      *event
	r      *report
	a      account
	policy guard.Policy
	now    time.Time
	fresh  otp.Nonce
	id     string
	// last is the metadata of the sign-in's last round, nil in the first; resend says that its
	// answer asked for a resend, tooSoon that the cool-down of this very sign-in still runs.
	last            *flow.Metadata
	resend, tooSoon bool
	// bounced says that the account's address is marked: no mail goes there.
	bounced bool
	before  guard.Item
}

func (c Create) respond(ctx context.Context, e *event, r *report) (any, error) {
	if e.Request.ChallengeName != flow.CustomChallenge {
		return nil, &failure{RefusedMalformed, "wrong-challenge", fmt.Errorf("asked to create a challenge of another kind than %s", flow.CustomChallenge)}
	}
	x := &round{c: c, e: e, r: r, a: accountOf(e, c.Settings), policy: policyOf(c.Settings), now: c.Now()}
	if err := x.a.mayBeMailed(e, c.Settings); err != nil {
		return nil, err
	}
	if err := x.recall(); err != nil {
		return nil, err
	}
	item, err := c.Store.Read(ctx, x.a.key)
	if err != nil {
		return nil, &failure{RefusedUnavailable, "table-read", err}
	}
	if err := x.draw(item); err != nil {
		return nil, err
	}
	if x.last != nil {
		x.resend = item.Resend == x.last.ID && x.last.Resent < flow.MaxResends
		x.tooSoon = x.resend && x.now.Before(x.last.Sent.Add(guard.Cooldown))
	}
	d, m, err := x.settle(ctx, item)
	if err != nil {
		return nil, err
	}
	return x.conclude(ctx, d, m)
}

// recall reads what the round before left behind.
func (x *round) recall() error {
	rows := x.e.rows()
	if len(rows) == 0 || rows[len(rows)-1].Name != flow.CustomChallenge {
		return nil
	}
	last, err := flow.ParseMetadata(rows[len(rows)-1].Metadata)
	if err != nil {
		return &failure{RefusedMalformed, "foreign-metadata", err}
	}
	x.last = &last
	return nil
}

// draw draws what is random. A nonce is always younger than the last one that was used, even where
// the clocks of two instances differ, or its code would count as an old one.
func (x *round) draw(item guard.Item) (err error) {
	issued := x.now
	if used := time.UnixMilli(item.Used); !issued.After(used) {
		issued = used.Add(time.Millisecond)
	}
	if x.fresh, err = otp.NewNonce(issued, x.c.Random); err != nil {
		return &failure{RefusedUnavailable, "random", err}
	}
	id := make([]byte, 12)
	if _, err = io.ReadFull(x.c.Random, id); err != nil {
		return &failure{RefusedUnavailable, "random", err}
	}
	x.id = base64.RawURLEncoding.EncodeToString(id)
	return nil
}

// decide asks the policy.
func (x *round) decide(item guard.Item) guard.Decision {
	if x.last == nil {
		return x.policy.Start(item, x.a.class, x.now, x.fresh)
	}
	own := guard.Session{Nonce: x.last.Nonce, Digits: x.last.Digits, Expires: x.last.Expires, Unsent: x.last.Unsent}
	switch {
	case x.tooSoon:
		return guard.Decision{Action: guard.Keep, Nonce: own.Nonce, Digits: own.Digits}
	case x.resend:
		return x.policy.Resend(item, x.a.class, x.now, x.fresh, own)
	}
	return x.policy.Again(item, x.a.class, x.now, x.fresh, own)
}

// delivers reports whether a sign-in with this decision is to look as if a mail went out.
func (x *round) delivers(d guard.Decision) bool {
	return x.last == nil || d.Action == guard.Mail || x.resend && !x.tooSoon
}

// conclude binds the code to this round, beside the mail, and forms the answer.
func (x *round) conclude(ctx context.Context, d guard.Decision, m *outgoing) (any, error) {
	meta := x.metadata(d, m)
	challenge := otp.Challenge{ID: x.id, Client: x.e.CallerContext.ClientID, Nonce: d.Nonce, Digits: d.Digits, Expires: meta.Expires}
	var binding []byte
	err := together(
		func() (err error) {
			if binding, err = otp.Bind(ctx, x.c.Keys, x.a.subject, challenge, m.code); err != nil {
				return &failure{RefusedUnavailable, "key", err}
			}
			return nil
		},
		func() error { return x.send(ctx, m) },
	)
	if err != nil {
		return nil, err
	}
	x.summarize(d, m)
	p := private{challenge, binding, keyName(x.c.Settings.KeyARN), flow.MaxResends - meta.Resent}
	return createResponse{x.public(d, meta), p.parameters(), meta.String()}, nil
}

// metadata is what the later rounds of the sign-in are left.
func (x *round) metadata(d guard.Decision, sent *outgoing) flow.Metadata {
	now, ttl := x.now.Truncate(time.Second), x.c.Settings.CodeTTL
	m := flow.Metadata{ID: x.id, Nonce: d.Nonce, Digits: d.Digits, Expires: now.Add(ttl), Sent: now,
		Unsent: d.Action == guard.Silent || d.Action == guard.Mail && !sent.real}
	if x.last == nil {
		return m
	}
	m.Wrong, m.Resent = flow.Counts(flow.Row{Metadata: x.last.String()}, x.resend)
	if d.Action != guard.Keep {
		return m
	}
	m.Unsent = x.last.Unsent
	if !x.delivers(d) || x.password() {
		m.Sent, m.Expires = x.last.Sent, x.last.Expires
	} else if end := d.Nonce.Issued().Add(guard.Lifetime); m.Expires.After(end) {
		// The sign-in looks as if the mail went out again, and its code lives on as far as any may.
		m.Expires = end.Truncate(time.Second)
	}
	return m
}

func (x *round) password() bool { return x.c.Settings.Mode == settings.Password }

// shown returns when a round's code expires as far as the client is told. In passwordless mode that
// follows from the sign-in's own mails, sent or not.
func (x *round) shown(m flow.Metadata) time.Time {
	if x.password() {
		return m.Expires
	}
	return m.Sent.Add(x.c.Settings.CodeTTL)
}

// public is what the client is told. In passwordless mode it is computed from this sign-in alone,
// so that nothing shows what others did to the account; after a proven password it is the truth.
func (x *round) public(d guard.Decision, meta flow.Metadata) map[string]string {
	p := public{meta: meta, now: x.now, maxAttempts: x.c.Settings.MaxAttempts, reason: x.reason(d),
		expires: x.shown(meta), resendAt: meta.Sent.Add(guard.Cooldown), password: x.password()}
	if p.password {
		p.destination = mail.Mask(x.a.address)
		after := x.before
		if d.Action == guard.Mail {
			after = d.Claimed
		}
		// Rounded up: a client that waits for it must not be too early.
		p.resendAt = x.policy.MailAllowedAt(after, x.a.class, x.now).Add(time.Second - 1).Truncate(time.Second)
	}
	return p.parameters()
}

func (x *round) reason(d guard.Decision) string {
	switch {
	case x.last == nil:
		return ReasonSent
	case x.tooSoon, x.resend && x.password() && d.Action != guard.Mail:
		return ReasonResendTooSoon
	case x.resend:
		return ReasonResent
	case d.Digits != x.last.Digits:
		return ReasonNewCode
	case !x.now.Before(x.shown(*x.last)):
		return ReasonExpired
	}
	return ReasonWrongCode
}

// summarize says what happened in the log and counts it.
func (x *round) summarize(d guard.Decision, m *outgoing) {
	r := x.r
	r.attrs = append(r.attrs, slog.Int("digits", d.Digits))
	switch {
	case m.refused:
		r.say(slog.LevelWarn, "challenge", "recipient-refused")
		r.count(settings.RecipientsRefused)
	case m.real:
		r.say(slog.LevelInfo, "challenge", "mailed")
		r.count(settings.CodesSent)
		if x.resend {
			r.count(settings.CodesResent)
		}
		if d.Digits == otp.LongDigits {
			r.count(settings.LongCodesSent)
		}
	case x.bounced && x.delivers(d):
		r.say(slog.LevelWarn, "challenge", "address-bounced")
		x.suppressed(d)
	case m.laneSpent:
		r.say(slog.LevelWarn, "challenge", "pool-mail-budget")
		r.count(settings.PoolMailsRefused)
	case x.a.unknown:
		r.say(slog.LevelInfo, "challenge", "stand-in")
	case d.Action == guard.Join:
		r.say(slog.LevelInfo, "challenge", "joined")
		r.count(settings.CodesJoined)
	case d.Budget && x.delivers(d):
		r.say(slog.LevelWarn, "challenge", "user-mail-budget")
		r.count(settings.UserMailsRefused)
	default:
		r.say(slog.LevelInfo, "challenge", "kept")
	}
	if m.uncertain != nil {
		r.cause(m.uncertain)
	}
	if m.nearEnd {
		r.count(settings.PoolMailsNearEnd)
	}
}
