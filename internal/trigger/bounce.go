package trigger

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// MailEvents is the mail-events function. EventBridge sends it what SES publishes about bounces and
// complaints. A permanent bounce or a complaint marks the account's item with a hash of the
// address, and the create trigger sends no more mail there while the mark lasts. Each permanent
// bounce also takes mails from the day's quota for unproven addresses.
//
// It is asynchronous: Lambda invokes it again, twice, where it returns an error. So it returns one
// only where that may help. An event that can't be read or has another origin is logged only.
type MailEvents struct {
	Settings settings.Settings
	Reporter *Reporter
	Store    guard.Store
	// Now is the clock.
	Now func() time.Time
}

// errNotMarked is what Lambda receives where the table did not answer; the log has the cause.
var errNotMarked = errors.New("the address could not be marked; the event is tried again")

// maxMailEvent is the longest event that is read, in bytes. SES's event about one of these mails
// has a few thousand.
const maxMailEvent = 256 << 10

// Invoke handles one event. It never panics; see [MailEvents] for its error.
func (m MailEvents) Invoke(ctx context.Context, payload []byte) (out []byte, err error) {
	r := &report{message: "mail event", pool: m.Settings.UserPoolID}
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, errNotMarked
			refuse(r, &failure{RefusedUnavailable, "panic", words(fmt.Sprintf("panic with a %T", p))})
		}
		m.Reporter.write(ctx, r)
	}()
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	if err := m.handle(ctx, payload, r); err != nil {
		return nil, err
	}
	return []byte("null"), nil
}

func (m MailEvents) handle(ctx context.Context, payload []byte, r *report) error {
	e, reason := readMailEvent(payload, m.Now())
	if reason != "" {
		r.record(slog.LevelWarn, "ignored", reason)
		if reason == "malformed-event" {
			r.count(settings.Faults)
		}
		return nil
	}
	r.attrs = append(r.attrs, slog.String("item", e.item))
	if reason := e.ignored(); reason != "" {
		r.record(slog.LevelInfo, "ignored", reason)
		return nil
	}
	mark := guard.ComplaintMark(guard.HashOfAddress(e.address), e.at)
	if e.kind == "Bounce" {
		mark = guard.BounceMark(guard.HashOfAddress(e.address), e.subType, e.at)
	}
	item, marked, err := m.Store.MarkBounced(ctx, e.item, mark, m.Now())
	switch {
	case err != nil:
		refuse(r, unavailable("table-mark", err))
		return errNotMarked
	case !marked:
		r.record(slog.LevelInfo, "ignored", "no-item-or-marked-before")
	case e.kind == "Complaint":
		r.record(slog.LevelWarn, "marked", "complaint")
		r.count(settings.AddressesComplained)
	default:
		r.record(slog.LevelWarn, "marked", "permanent-bounce")
		r.count(settings.AddressesBounced)
		// The quota is for addresses that were never proven. A proven address was no attacker's
		// choice: its mailbox has gone since.
		if item.UsedAt == 0 {
			m.countBounce(ctx, r)
		}
	}
	return nil
}

// countBounce counts the bounce in the day's quota. A failure is not tried again: the repeated
// event would find its mark and count nothing.
func (m MailEvents) countBounce(ctx context.Context, r *report) {
	key := guard.QuotaKey(guard.UnprovenMails, m.Settings.UserPoolID, m.Now())
	if _, err := m.Store.CountQuota(ctx, key, guard.BounceCounter, m.Now()); err != nil {
		r.cause(wordsf(err, "the bounce could not be counted in the quota"))
		r.count(settings.Faults)
	}
}

// mailEvent is the part of SES's event about a mail that is used.
type mailEvent struct {
	kind          string // "Bounce" or "Complaint"
	item, address string
	at            time.Time
	bounceType    string // "Permanent", "Transient" or "Undetermined"
	subType       string // of a bounce; "NoEmail" for example
	feedbackType  string // of a complaint; "not-spam" takes one back
}

// ignored returns why an event that can be read is no reason to stop mailing, empty where it is
// one.
func (e mailEvent) ignored() string {
	switch {
	case e.kind == "Bounce" && e.bounceType != "Permanent":
		// A full mailbox or a server that is down: the next mail may arrive.
		return "not-permanent"
	case e.feedbackType == "not-spam":
		return "not-spam"
	}
	return ""
}

// readMailEvent reads an event of EventBridge with what SES publishes about a mail, or returns the
// reason why this function can't use it. An event without a time, or with a future one, is of now.
func readMailEvent(payload []byte, now time.Time) (mailEvent, string) {
	if len(payload) > maxMailEvent {
		return mailEvent{}, "event-too-large"
	}
	var envelope struct {
		Source string `json:"source"`
		Detail struct {
			EventType string `json:"eventType"`
			Bounce    struct {
				BounceType    string `json:"bounceType"`
				BounceSubType string `json:"bounceSubType"`
				Timestamp     string `json:"timestamp"`
			} `json:"bounce"`
			Complaint struct {
				FeedbackType string `json:"complaintFeedbackType"`
				Timestamp    string `json:"timestamp"`
			} `json:"complaint"`
			Mail struct {
				Destination []string            `json:"destination"`
				Tags        map[string][]string `json:"tags"`
			} `json:"mail"`
		} `json:"detail"`
	}
	if json.Unmarshal(payload, &envelope) != nil {
		return mailEvent{}, "malformed-event"
	}
	d := envelope.Detail
	if envelope.Source != "aws.ses" || !slices.Contains([]string{"Bounce", "Complaint"}, d.EventType) {
		return mailEvent{}, "another-event"
	}
	items := d.Mail.Tags[settings.ItemTag]
	if len(items) != 1 || !isKey(items[0]) {
		return mailEvent{}, "no-item"
	}
	// The address that was mailed to. The address that bounced in the end (Final-Recipient) may be
	// another, where mail is forwarded, and some mailbox providers leave the complainer out.
	if len(d.Mail.Destination) != 1 || mail.ValidateAddress(strings.TrimSpace(d.Mail.Destination[0])) != nil {
		return mailEvent{}, "no-recipient"
	}
	at, err := time.Parse(time.RFC3339, cmp.Or(d.Bounce.Timestamp, d.Complaint.Timestamp))
	if err != nil || at.After(now) {
		at = now
	}
	return mailEvent{kind: d.EventType, item: items[0], address: d.Mail.Destination[0], at: at,
		bounceType: d.Bounce.BounceType, subType: d.Bounce.BounceSubType, feedbackType: d.Complaint.FeedbackType}, ""
}

// isKey reports whether s has the form of an item's key.
func isKey(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32 && !strings.ContainsAny(s, "\r\n")
}
