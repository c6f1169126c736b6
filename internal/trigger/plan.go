package trigger

import (
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/flow"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// facts is all that create knows when it decides.
type facts struct {
	settings settings.Settings
	account  account
	// item is the account's item as it was read.
	item guard.Item
	// last is the metadata of the sign-in's last round, nil in the first.
	last *flow.Metadata
	// afterDevice is true where the last round was a device's, and refused it: the code's rounds
	// begin.
	afterDevice bool
	// device is true where this round accepts a remembered device.
	device bool
	// resend is true where the last round's answer requested the mail again.
	resend bool
	// lastTry is true where no further claim will be tried: no mail can be sent then.
	lastTry bool
	now     time.Time
	// fresh is the nonce of a new code, id the id of the new challenge.
	fresh otp.Nonce
	id    string
}

// sending is what a round hands to the mail service.
type sending int

const (
	sendNothing sending = iota
	// sendDecoy is a mail without a code, to SES's simulator.
	sendDecoy
	// sendMail is the code, to the account's address.
	sendMail
)

// writing is what a round writes to the account's item.
type writing int

const (
	writeNothing writing = iota
	// writeTouch writes the item's mail state as it is, but for clamped times. It may lose to
	// another write.
	writeTouch
	// writeClaim claims a mail. If another write was faster, the round is planned anew.
	writeClaim
)

// plan is what create does in one round, as a value.
type plan struct {
	// refusal ends the sign-in; nil for none.
	refusal *Refusal
	// nonce, digits and key are the round's code.
	nonce  otp.Nonce
	digits int
	key    string
	// hasLong is true where the mail has the nonce's long code beside a short one.
	hasLong bool
	// write is done to the item before, which becomes after.
	write         writing
	before, after guard.Item
	// send is what is handed to the mail service once the pool's quota grants it.
	send        sending
	quota       guard.Quota
	established bool
	// keepClaim is true where the claim stays although the quota refused the mail.
	keepClaim bool
	// meta is what the later rounds of the sign-in are left, shown what the client is shown.
	meta  flow.Metadata
	shown map[string]string
	outcome
}

// outcome is what is logged and counted of a round.
type outcome struct {
	level   slog.Level
	reason  string
	metrics []settings.Metric
	// item is true where the log must name the item, for an operator to find it.
	item bool
}

// isPassword reports whether the caller has proven a password.
func (f facts) isPassword() bool { return f.settings.Mode == settings.Password }

// isCooling reports whether the cool-down of this very sign-in still runs.
func (f facts) isCooling() bool { return f.now.Before(f.last.Sent.Add(guard.Cooldown)) }

// isTooSoon reports whether a resend was requested within that cool-down.
func (f facts) isTooSoon() bool { return f.resend && f.isCooling() }

// isMarked reports whether the account's address has a bounce or a complaint.
func (f facts) isMarked() bool {
	return !f.account.unknown && f.item.IsMarked(guard.HashOfAddress(f.account.address), f.now)
}

// decide plans a round. It is pure.
func decide(f facts) plan {
	policy := guard.PolicyOf(f.settings)
	item := policy.Clamp(f.item, f.account.class, f.now)
	d := f.decision(policy, item)
	isDue := isDue(d)
	// In passwordless mode a round that could have mailed must look as if it did.
	looksMailed := f.last == nil || isDue || d.Action == guard.Silent || f.resend && !f.isTooSoon()
	p := plan{nonce: d.Nonce, digits: d.Digits, key: d.Key, before: f.item, after: item, keepClaim: !f.isPassword(),
		established: policy.Established(item, f.now)}
	p.outcome = f.outcome(d, looksMailed)
	switch {
	case looksMailed && f.isPassword() && f.isMarked():
		p.refusal = RefusedUndeliverable
		return p
	case d.Action == guard.Mail && !f.account.unknown && !f.isMarked():
		p.send = sendMail
	case looksMailed && !f.isPassword():
		p.send = sendDecoy
	}
	switch {
	case isDue:
		p.write, p.after = writeClaim, d.Claimed
		p.hasLong = d.Action == guard.Mail && d.Claimed.Fallback
	case p.send == sendDecoy, item != f.item:
		p.write = writeTouch
	}
	p.quota = f.quota(p.send)
	p.meta = f.metadata(d, p.send, looksMailed)
	p.shown = f.shown(d, p.after, p.meta)
	return p
}

// isDue reports whether a mail is due, even if it is withheld.
func isDue(d guard.Decision) bool { return d.Action == guard.Mail || d.Action == guard.Withhold }

// decision returns the policy's decision about the round.
func (f facts) decision(p guard.Policy, item guard.Item) (d guard.Decision) {
	if f.last == nil {
		d = p.Start(item, f.account.class, f.now, f.fresh)
	} else {
		own := guard.Session{Nonce: f.last.Nonce, Digits: f.last.Digits, Key: f.last.Key,
			Expires: f.last.Expires, Unsent: f.last.Unsent}
		switch {
		case f.isCooling() && own.Key == p.Key && (f.resend || !f.isPassword()):
			// The account's own cool-down may end sooner, by another sign-in's mail.
			d = guard.Decision{Action: guard.Keep, Nonce: own.Nonce, Digits: own.Digits, Key: own.Key, Unsent: own.Unsent}
		case f.resend && !f.isCooling(): // one that is too soon sends nothing
			d = p.Resend(item, f.account.class, f.now, f.fresh, own)
		default:
			d = p.Again(item, f.account.class, f.now, f.fresh, own)
		}
	}
	if f.lastTry && isDue(d) {
		d.Action, d.Unsent = guard.Silent, d.Action == guard.Mail || d.Unsent
	}
	return d
}

// quota returns the pool's quota that a round spends from.
func (f facts) quota(s sending) guard.Quota {
	switch {
	case s != sendMail:
		return guard.Quota{Kind: guard.DecoyMails, PerHour: f.settings.PoolMailsUnknown}
	case f.account.class == guard.Unverified:
		return guard.Quota{Kind: guard.UnprovenMails, PerHour: f.settings.PoolMailsUnverified,
			PerDay: f.settings.PoolMailsUnverifiedDay, Decoys: f.settings.PoolMailsUnknown}
	}
	return guard.Quota{Kind: guard.ProvenMails, PerHour: f.settings.PoolMailsVerified,
		Decoys: f.settings.PoolMailsUnknown}
}

// metadata returns what the later rounds of the sign-in are left.
func (f facts) metadata(d guard.Decision, s sending, looksMailed bool) flow.Metadata {
	now, ttl := f.now.Truncate(time.Second), f.settings.CodeTTL
	m := flow.Metadata{ID: f.id, Nonce: d.Nonce, Digits: d.Digits, Key: d.Key, Expires: now.Add(ttl), Sent: now,
		Unsent: d.Unsent || d.Action == guard.Mail && s != sendMail}
	if f.last == nil {
		if f.afterDevice {
			m.Wrong, m.Resent = flow.Counts(flow.Row{Metadata: flow.DeviceMetadata(f.id)}, false)
		}
		return m
	}
	m.Wrong, m.Resent = flow.Counts(flow.Row{Metadata: f.last.String()}, f.resend)
	if d.Action != guard.Keep {
		return m
	}
	if !looksMailed || f.isPassword() {
		m.Sent, m.Expires = f.last.Sent, f.last.Expires
	}
	return m
}

// shown returns the challenge parameters. In passwordless mode they are computed from this sign-in
// alone, so that nothing shows what others did to the account; after a proven password they are the
// truth.
func (f facts) shown(d guard.Decision, after guard.Item, m flow.Metadata) map[string]string {
	p := public{meta: m, now: f.now, maxAttempts: f.settings.MaxAttempts, reason: f.reason(d),
		resendAt: m.Sent.Add(guard.Cooldown), password: f.isPassword(),
		device: f.device}
	if p.password {
		p.destination = mail.Mask(f.account.address)
		// Rounded up: a client that waits for it must not be too early.
		allowed := guard.PolicyOf(f.settings).MailAllowedAt(after, f.account.class, f.now)
		p.resendAt = allowed.Add(time.Second - 1).Truncate(time.Second)
	}
	return p.parameters()
}

// reason returns why the client is asked (again).
func (f facts) reason(d guard.Decision) string {
	switch {
	case f.last == nil:
		return contract.ReasonSent
	case f.resend && !isDue(d) && (f.isTooSoon() || f.isPassword()):
		return contract.ReasonResendTooSoon
	case f.resend:
		return contract.ReasonResent
	case d.Action != guard.Keep:
		return contract.ReasonNewCode
	case !f.now.Before(f.last.Expires):
		return contract.ReasonExpired
	}
	return contract.ReasonWrongCode
}

// outcome returns what is logged and counted if everything works as planned.
func (f facts) outcome(d guard.Decision, looksMailed bool) outcome {
	due := func(m settings.Metric) (metrics []settings.Metric) {
		if d.Action == guard.Mail {
			metrics = append(metrics, m)
		}
		return metrics
	}
	switch {
	case f.isMarked() && looksMailed:
		return outcome{slog.LevelWarn, "address-bounced", due(settings.MailsSuppressed), true}
	case f.account.unmailable:
		return outcome{slog.LevelWarn, "address-unmailable", due(settings.AddressesUnmailable), false}
	case f.account.unknown:
		return outcome{reason: "decoy"}
	case d.Action == guard.Mail:
		metrics := []settings.Metric{settings.CodesSent}
		if f.resend {
			metrics = append(metrics, settings.CodesResent)
		}
		if d.Digits == otp.LongDigits {
			metrics = append(metrics, settings.LongCodesSent)
		}
		return outcome{reason: "mailed", metrics: metrics}
	case d.Action == guard.Join && !d.Unsent:
		return outcome{reason: "joined", metrics: []settings.Metric{settings.CodesJoined}}
	case d.Budget && looksMailed:
		return outcome{slog.LevelWarn, "user-mail-budget", []settings.Metric{settings.UserMailsRefused}, false}
	}
	return outcome{reason: "kept"}
}

// The metrics of a quota near its end, and of refusals, by kind of quota.
var (
	quotaNearEnd = map[guard.Kind]settings.Metric{
		guard.ProvenMails:   settings.PoolMailsNearEndVerified,
		guard.UnprovenMails: settings.PoolMailsNearEndUnverified,
		guard.DecoyMails:    settings.PoolMailsNearEndUnknown,
	}
	quotaRefused = map[guard.Kind]settings.Metric{
		guard.ProvenMails:   settings.PoolMailsRefusedVerified,
		guard.UnprovenMails: settings.PoolMailsRefusedUnverified,
		guard.DecoyMails:    settings.PoolMailsRefusedUnknown,
	}
)

// QuotaRefused returns the metrics that count a refusal by a quota of the kind.
func QuotaRefused(k guard.Kind) []settings.Metric {
	return []settings.Metric{settings.PoolMailsRefused, quotaRefused[k]}
}

// granted returns the plan as the pool's quota leaves it.
func (p plan) granted(g guard.Grant) plan {
	switch {
	case p.send == sendNothing:
		return p
	case g == guard.GrantedNearEnd:
		p.metrics = append(p.metrics, settings.PoolMailsNearEnd, quotaNearEnd[p.quota.Kind])
		return p
	case g.OK():
		return p
	}
	refused := QuotaRefused(p.quota.Kind)
	if p.send == sendMail {
		p.outcome, p.meta.Unsent = outcome{level: slog.LevelWarn, reason: "pool-mail-budget"}, true
	}
	p.metrics = append(p.metrics, refused...)
	p.send = sendNothing
	if g == guard.RefusedDecoy && p.keepClaim {
		p.send = sendDecoy
	}
	return p
}

// refusedRecipient returns the plan after the mail service refused this one recipient. The client
// is shown the same.
func (p plan) refusedRecipient() plan {
	if p.send == sendMail {
		p.outcome = outcome{slog.LevelWarn, "recipient-refused", []settings.Metric{settings.RecipientsRefused}, false}
	}
	return p
}

// throttled returns the plan after the mail service refused the mail for the account's rate. The
// client is shown the same, and a resend can be requested as after any other mail.
func (p plan) throttled() plan {
	p.metrics = []settings.Metric{settings.MailsThrottled}
	if p.send == sendMail {
		p.outcome = outcome{level: slog.LevelWarn, reason: "mail-throttled", metrics: p.metrics}
		p.meta.Unsent = true
	}
	return p
}

// uncertain returns the plan after the mail service did not answer: the mail may have been sent.
// The client is shown the same, for a second mail would be worse than a resend.
func (p plan) uncertain() plan {
	if p.send == sendMail {
		p.outcome = outcome{slog.LevelWarn, "mail-uncertain", []settings.Metric{settings.MailsUncertain}, false}
	}
	return p
}
