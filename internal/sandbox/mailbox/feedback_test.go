package mailbox_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
)

// published is what counts of an event that SES published.
type published struct {
	eventbus.Event
	Detail struct {
		EventType string
		Bounce    struct {
			BounceType, BounceSubType, FeedbackID string
			BouncedRecipients                     []struct{ EmailAddress, Action, Status, DiagnosticCode string }
		}
		Complaint struct {
			ComplaintFeedbackType string
			ComplainedRecipients  []struct{ EmailAddress string }
		}
		Mail struct {
			MessageID, Source, SourceArn, SendingAccountID string
			Destination                                    []string
			Tags                                           map[string][]string
		}
	}
}

// listen publishes the events about mails through the set "codes".
func listen(t testing.TB, p post) func() []published {
	t.Helper()
	var all []published
	p.heard = func(e eventbus.Event) {
		text, err := json.Marshal(e.Detail)
		if err != nil {
			t.Error(err)
		}
		d := published{Event: e}
		if err := json.Unmarshal(text, &d.Detail); err != nil {
			t.Error(err)
		}
		all = append(all, d)
	}
	return func() []published { return all }
}

// returning is a mail with a tag, to an address and through a set.
func returning(to, set string) func(*sesv2.SendEmailInput) {
	return func(in *sesv2.SendEmailInput) {
		in.Destination.ToAddresses = []string{to}
		in.EmailTags = []types.MessageTag{{Name: aws.String("emailotp-item"), Value: aws.String("key-1")},
			{Name: aws.String("ses:feedback-id-a"), Value: aws.String("codes")}}
		if set != "" {
			in.ConfigurationSetName = &set
		}
	}
}

func TestMailThatComesBackIsPublishedAsSESDoes(t *testing.T) {
	for _, c := range []struct{ to, detailType, kind, subType string }{
		{"bounce@simulator.amazonses.com", "Email Bounced", "Bounce", "General"},
		{"Bounce+label@simulator.amazonses.com", "Email Bounced", "Bounce", "General"},
		{"suppressionlist@simulator.amazonses.com", "Email Bounced", "Bounce", "Suppressed"},
		{"listed@example.com", "Email Bounced", "Bounce", "OnAccountSuppressionList"},
		{"complaint@simulator.amazonses.com", "Email Complaint Received", "Complaint", ""},
	} {
		p := office(t, "create")
		heard := listen(t, p)
		p.service.Suppress("Listed@example.com")
		if err := p.send(t.Context(), returning(c.to, "codes")); err != nil {
			t.Fatalf("%s: %v", c.to, err)
		}
		if len(heard()) != 1 {
			t.Fatalf("%s: %d events", c.to, len(heard()))
		}
		e := heard()[0]
		if e.Source != "aws.ses" || e.DetailType != c.detailType || e.Detail.EventType != c.kind ||
			!slices.Equal(e.Resources, []string{arn + "configuration-set/codes"}) {
			t.Errorf("%s: event %+v", c.to, e)
		}
		mail := e.Detail.Mail
		if !slices.Equal(mail.Destination, []string{c.to}) || mail.SourceArn != arn+"identity/example.com" ||
			mail.Source != "Codes <codes@example.com>" || mail.MessageID == "" || mail.SendingAccountID != "123456789012" {
			t.Errorf("%s: mail %+v", c.to, mail)
		}
		for name, want := range map[string]string{"emailotp-item": "key-1", "ses:configuration-set": "codes",
			"ses:from-domain": "example.com", "ses:caller-identity": "f", "ses:feedback-id-a": "codes"} {
			if !slices.Equal(mail.Tags[name], []string{want}) {
				t.Errorf("%s: tag %s is %v, want %s", c.to, name, mail.Tags[name], want)
			}
		}
		if c.kind == "Complaint" {
			if r := e.Detail.Complaint.ComplainedRecipients; len(r) != 1 || r[0].EmailAddress != c.to ||
				e.Detail.Complaint.ComplaintFeedbackType != "abuse" {
				t.Errorf("%s: complaint %+v", c.to, e.Detail.Complaint)
			}
			continue
		}
		if b := e.Detail.Bounce; b.BounceType != "Permanent" || b.BounceSubType != c.subType ||
			len(b.BouncedRecipients) != 1 || b.BouncedRecipients[0].EmailAddress != c.to || b.FeedbackID == "" {
			t.Errorf("%s: bounce %+v", c.to, b)
		}
	}
}

func TestNothingIsSaidOfMailThatArrivesOrOfSetsThatDoNotPublish(t *testing.T) {
	for name, change := range map[string]func(*sesv2.SendEmailInput){
		"a person":                returning("user@example.com", "codes"),
		"the success address":     returning("success@simulator.amazonses.com", "codes"),
		"an automatic answer":     returning("ooto@simulator.amazonses.com", "codes"),
		"a set that is silent":    returning("bounce@simulator.amazonses.com", "silent"),
		"a mail without any set":  returning("bounce@simulator.amazonses.com", ""),
		"a refused mail's bounce": returning("bounce@simulator.amazonses.com", "none"),
	} {
		p := office(t, "developer")
		heard := listen(t, p)
		if err := p.send(t.Context(), change); err != nil && !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("%s: %v", name, err)
		}
		if len(heard()) != 0 {
			t.Errorf("%s: %d events", name, len(heard()))
		}
	}
}
