package trigger

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Marker marks addresses that mail came back from; package guard/dynamo has the real one.
type Marker interface {
	// MarkBounced marks the address with the given hash in the item. False means that there is no
	// such item or that it bears this mark already.
	MarkBounced(ctx context.Context, key, addressHash string, now time.Time) (bool, error)
}

// MailEvents is the mail-events function. EventBridge hands it what SES says of mails that came
// back; a permanent bounce or a complaint marks the account's item with a hash of the address, and
// the create trigger sends no more mail there.
//
// It is asynchronous: Lambda invokes it again, twice, where it returns an error. So it returns one
// only where that may help. An event that can't be read or is none of ours is logged and done with.
type MailEvents struct {
	Settings settings.Settings
	Reporter *Reporter
	Store    Marker
	// Now is the clock.
	Now func() time.Time
}

// errNotMarked is what Lambda is told where the table did not answer; the log has the cause.
var errNotMarked = errors.New("the address could not be marked; the event is tried again")

// maxMailEvent is the longest event that is read, in bytes. What SES says of one of our mails takes a
// few thousand.
const maxMailEvent = 256 << 10

// Invoke takes one event. It never panics; see [MailEvents] for its error.
func (m MailEvents) Invoke(ctx context.Context, payload []byte) (out []byte, err error) {
	r := &report{message: "mail event", pool: m.Settings.UserPoolID}
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, errNotMarked
			r.say(slog.LevelError, "failed closed", "panic")
			r.cause(fmt.Errorf("panic with a %T", p))
			r.count(settings.Faults)
		}
		m.Reporter.write(ctx, r)
	}()
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	if err := m.take(ctx, payload, r); err != nil {
		return nil, err
	}
	return []byte("null"), nil
}

func (m MailEvents) take(ctx context.Context, payload []byte, r *report) error {
	e, reason := readMailEvent(payload)
	if reason != "" {
		r.say(slog.LevelWarn, "ignored", reason)
		return nil
	}
	r.attrs = append(r.attrs, slog.String("item", e.item))
	if reason := e.undecided(); reason != "" {
		r.say(slog.LevelInfo, "ignored", reason)
		return nil
	}
	switch marked, err := m.Store.MarkBounced(ctx, e.item, addressMark(e.address), m.Now()); {
	case err != nil:
		r.say(slog.LevelError, "failed closed", "table-mark")
		r.cause(err)
		r.count(settings.Faults)
		return errNotMarked
	case !marked:
		r.say(slog.LevelInfo, "ignored", "no-item-or-marked-before")
	case e.kind == "Complaint":
		r.say(slog.LevelWarn, "marked", "complaint")
		r.count(settings.AddressesComplained)
	default:
		r.say(slog.LevelWarn, "marked", "permanent-bounce")
		r.count(settings.AddressesBounced)
	}
	return nil
}

// addressMark is an address as an item's mark has it: a hash, so that the table names nobody.
func addressMark(address string) string {
	h := otp.HashAddress(address)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// mailEvent is what counts of SES's event about a mail.
type mailEvent struct {
	kind          string // "Bounce" or "Complaint"
	item, address string
	bounceType    string // "Permanent", "Transient" or "Undetermined"
	feedbackType  string // of a complaint; "not-spam" takes one back
}

// undecided returns why an event that can be read is no reason to stop mailing, empty where it is one.
func (e mailEvent) undecided() string {
	switch {
	case e.kind == "Bounce" && e.bounceType != "Permanent":
		// A full mailbox or a server that is down: the next mail may arrive.
		return "not-permanent"
	case e.feedbackType == "not-spam":
		return "not-spam"
	}
	return ""
}

// readMailEvent reads an event of EventBridge with what SES publishes about a mail, or returns why it
// is none that this function can use. Nothing that it returns repeats the event's words but the item's key.
func readMailEvent(payload []byte) (mailEvent, string) {
	if len(payload) > maxMailEvent {
		return mailEvent{}, "event-too-large"
	}
	var envelope struct {
		Source string `json:"source"`
		Detail struct {
			EventType string `json:"eventType"`
			Bounce    struct {
				BounceType string `json:"bounceType"`
			} `json:"bounce"`
			Complaint struct {
				FeedbackType string `json:"complaintFeedbackType"`
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
	// The address that was mailed to. Who bounced in the end (Final-Recipient) may be another, where
	// mail is forwarded, and some mailbox providers leave the complainer out.
	if len(d.Mail.Destination) != 1 || mail.ValidateAddress(strings.TrimSpace(d.Mail.Destination[0])) != nil {
		return mailEvent{}, "no-recipient"
	}
	return mailEvent{kind: d.EventType, item: items[0], address: d.Mail.Destination[0],
		bounceType: d.Bounce.BounceType, feedbackType: d.Complaint.FeedbackType}, ""
}

// isKey reports whether s has the form of an item's key.
func isKey(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32 && !strings.ContainsAny(s, "\r\n")
}
