package mailbox

import (
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
)

// A feedback is what a receiving server reports about a mail that SES accepted.
type feedback struct {
	kind       string // of configuration sets' event destinations: "BOUNCE" or "COMPLAINT"
	subType    any    // nil where SES writes null
	status     string
	diagnostic string
}

// scenarios are those of the mailbox simulator with a bounce or complaint event. "success" and
// "ooto" have none.
var scenarios = map[string]feedback{
	"bounce": {"BOUNCE", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"},
	"suppressionlist": {"BOUNCE", "Suppressed", "5.1.1",
		"Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address."},
	"complaint": {"COMPLAINT", nil, "", ""},
}

// onSuppressionList is what becomes of a mail to an address on the account's own list.
var onSuppressionList = feedback{"BOUNCE", "OnAccountSuppressionList", "", "Amazon SES did not send the message " +
	"to this address because it is on the suppression list for your account."}

// object is a piece of an event's JSON.
type object = map[string]any

// publish puts an event on the bus, if the mail's configuration set sends such events there.
func (s *Service) publish(id string, m *outgoing, to, caller string, f feedback) {
	set, _ := s.configurationSet(m.configurationSet)
	if s.cfg.Publish == nil || !set.publishes(f.kind) {
		return
	}
	now := time.Now()
	e := eventbus.Event{Source: "aws.ses", Time: now, Resources: []string{set.ARN}, DetailType: "Email Bounced",
		Detail: s.bounce(id, m, to, caller, f, now)}
	if f.kind == "COMPLAINT" {
		e.DetailType, e.Detail = "Email Complaint Received", s.complaint(id, m, to, caller, f, now)
	}
	s.cfg.Publish(e)
}

func (c ConfigurationSet) publishes(kind string) bool {
	for _, k := range c.BusEvents {
		if strings.EqualFold(k, kind) {
			return true
		}
	}
	return false
}

func (s *Service) bounce(id string, m *outgoing, to, caller string, f feedback, now time.Time) object {
	recipient := object{"emailAddress": to, "action": "failed", "status": f.status, "diagnosticCode": f.diagnostic}
	return object{"eventType": "Bounce", "mail": s.described(id, m, caller, now), "bounce": object{
		"feedbackId": messageID(now), "bounceType": "Permanent", "bounceSubType": f.subType,
		"bouncedRecipients": []object{recipient},
		"timestamp":         stamp(now), "reportingMTA": "dns; a1-1.smtp-out." + s.cfg.Region + ".amazonses.com",
	}}
}

func (s *Service) complaint(id string, m *outgoing, to, caller string, f feedback, now time.Time) object {
	return object{"eventType": "Complaint", "mail": s.described(id, m, caller, now), "complaint": object{
		"feedbackId": messageID(now), "complaintSubType": f.subType, "complainedRecipients": []object{{"emailAddress": to}},
		"timestamp": stamp(now), "userAgent": "Amazon SES Mailbox " +
			"Simulator", "complaintFeedbackType": "abuse", "arrivalDate": stamp(now),
	}}
}

// described is the mail as every event about it has it.
func (s *Service) described(id string, m *outgoing, caller string, now time.Time) object {
	_, domain, _ := strings.Cut(m.fromAddress, "@")
	tags := map[string][]string{
		"ses:operation": {"SendEmail"}, "ses:configuration-set": {m.configurationSet}, "ses:source-ip": {"127.0.0.1"},
		"ses:from-domain": {domain}, "ses:caller-identity": {caller},
	}
	for _, tag := range m.tags {
		tags[tag[0]] = append(tags[tag[0]], tag[1])
	}
	headers := []object{{"name": "From", "value": m.from}, {"name": "To", "value": strings.Join(m.to, ", ")},
		{"name": "Subject", "value": m.subject}}
	for _, h := range m.headers {
		headers = append(headers, object{"name": h[0], "value": h[1]})
	}
	described := object{
		"timestamp": stamp(now), "source": m.from, "sendingAccountId": s.cfg.Account, "messageId": id,
		"destination": m.recipients, "headersTruncated": false, "headers": headers,
		"commonHeaders": object{"from": []string{m.from}, "to": m.to, "messageId": id, "subject": m.subject}, "tags": tags,
	}
	if identity, found := s.identityFor(m); found {
		described["sourceArn"] = identity.ARN
	}
	return described
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
