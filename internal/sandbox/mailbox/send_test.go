package mailbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/eventbus"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/gateway"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

const arn = "arn:aws:ses:eu-west-1:123456789012:"

// desk is where the events of a service go; nil drops them.
type desk struct{ heard func(eventbus.Event) }

func (d *desk) publish(e eventbus.Event) {
	if d.heard != nil {
		d.heard(e)
	}
}

type post struct {
	*desk
	service *mailbox.Service
	store   *mailbox.Store
	client  *sesv2.Client
}

// office has the identities example.com and person@elsewhere.example, and the sets "codes" and
// "paused". Set "codes" publishes. The caller "create" may send as codes@example.com, the caller
// "wide" as anybody.
func office(t testing.TB, caller string) post {
	t.Helper()
	principal := func(resources []string, conditions ...iam.Condition) iam.Principal {
		return iam.Principal{Function: "f", RoleARN: "arn:aws:iam::123456789012:role/f",
			Policies: []iam.Policy{{Statements: []iam.Statement{
				{Effect: "Allow", Actions: []string{"ses:SendEmail"}, Resources: resources, Conditions: conditions},
			}}}}
	}
	callers := gateway.Callers{
		"create": principal([]string{arn + "identity/example.com", arn + "configuration-set/codes"},
			iam.Condition{Operator: "StringEquals", Key: "ses:FromAddress", Values: []string{"codes@example.com"}}),
		"no-set": principal([]string{arn + "identity/example.com"}),
		"wide":   principal([]string{"*"}),
	}
	store := mailbox.NewStore(0)
	events := &desk{}
	service := mailbox.New(mailbox.Config{
		Publish: events.publish,
		Region:  "eu-west-1", Account: "123456789012", Partition: "aws",
		Identities: []mailbox.Identity{{Name: "example.com", ARN: arn + "identity/example.com"},
			{Name: "person@elsewhere.example", ARN: arn + "identity/person@elsewhere.example"}},
		ConfigurationSets: []mailbox.ConfigurationSet{{Name: "codes", ARN: arn + "configuration-set/codes",
			BusEvents: []string{"bounce", "COMPLAINT"}}, {Name: "silent", ARN: arn + "configuration-set/silent"},
			{Name: "paused", ARN: arn + "configuration-set/paused", SendingDisabled: true}},
	}, callers, store)
	server := httptest.NewServer(gateway.New(map[string]gateway.Service{gateway.SES: service}, nil,
		slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	return post{events, service, store, sesv2.New(sesv2.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(caller, "x", ""),
	})}
}

func (p post) send(ctx context.Context, change ...func(*sesv2.SendEmailInput)) error {
	in := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("Codes <codes@example.com>"),
		Destination:      &types.Destination{ToAddresses: []string{"user@example.com"}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("Your code")},
			Body: &types.Body{Text: &types.Content{Data: aws.String("1234 5678")},
				Html: &types.Content{Data: aws.String("<p>1234 5678</p>")}},
		}},
	}
	for _, f := range change {
		f(in)
	}
	_, err := p.client.SendEmail(ctx, in)
	return err
}

func TestAMailArrivesWithAllThatWasSent(t *testing.T) {
	p := office(t, "create")
	err := p.send(t.Context(), func(in *sesv2.SendEmailInput) {
		in.ConfigurationSetName = aws.String("codes")
		in.ReplyToAddresses = []string{"help@example.com"}
		in.EmailTags = []types.MessageTag{{Name: aws.String("mode"), Value: aws.String("passwordless")}}
		in.Content.Simple.Headers = []types.MessageHeader{{Name: aws.String("Auto-Submitted"),
			Value: aws.String("auto-generated")}}
	})
	if err != nil {
		t.Fatal(err)
	}
	m := p.store.Messages("USER@example.com", time0, 0)[0]
	if m.To != "user@example.com" || m.From != "Codes <codes@example.com>" || m.Subject != "Your code" ||
		m.Text != "1234 5678" || m.HTML != "<p>1234 5678</p>" || m.ID == "" || m.SentAt.IsZero() {
		t.Errorf("mail: %+v", m)
	}
	for name, want := range map[string]string{"Reply-To": "help@example.com", "Auto-Submitted": "auto-generated",
		"X-SES-MESSAGE-TAGS": "mode=passwordless", "X-SES-CONFIGURATION-SET": "codes", "Subject": "Your code"} {
		if m.Headers[name] != want {
			t.Errorf("header %s is %q, want %q", name, m.Headers[name], want)
		}
	}
}

func TestSESRefusesAsItDoes(t *testing.T) {
	from := func(address string) func(*sesv2.SendEmailInput) {
		return func(in *sesv2.SendEmailInput) { in.FromEmailAddress = &address }
	}
	to := func(address ...string) func(*sesv2.SendEmailInput) {
		return func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = address }
	}
	set := func(name string) func(*sesv2.SendEmailInput) {
		return func(in *sesv2.SendEmailInput) { in.ConfigurationSetName = &name }
	}
	tag := func(name, value string) func(*sesv2.SendEmailInput) {
		return func(in *sesv2.SendEmailInput) { in.EmailTags = []types.MessageTag{{Name: &name, Value: &value}} }
	}
	for name, c := range map[string]struct {
		caller, code, text string
		change             func(*sesv2.SendEmailInput)
	}{
		"an unverified sender": {"developer", "MessageRejected",
			"Email address is not verified. The following identities failed the check in region EU-WEST-1: codes@other.example",
			from("codes@other.example")},
		"another name of an address": {"developer", "MessageRejected", "not verified", from("other@elsewhere.example")},
		"a set that isn't there": {"developer", "NotFoundException", "Configuration set <none> does not exist.",
			set("none")},
		"a paused set": {"developer", "SendingPausedException", "paused", set("paused")},
		"another sender by the role": {"create", "AccessDeniedException",
			"is not authorized to perform: ses:SendEmail on resource: " + arn + "identity/example.com",
			from("boss@example.com")},
		"a set outside the role": {"no-set", "AccessDeniedException", "configuration-set/codes", set("codes")},
		"no right beats no identity": {"create", "AccessDeniedException", "identity/codes@other.example",
			from("codes@other.example")},
		"right but no identity":    {"wide", "MessageRejected", "not verified", from("codes@other.example")},
		"no sender":                {"developer", "BadRequestException", "FromEmailAddress", from("")},
		"a sender that is none":    {"developer", "BadRequestException", "Missing final '@domain'", from("codes")},
		"a recipient that is none": {"developer", "BadRequestException", "Missing final '@domain'", to("person@")},
		"a line break in a name": {"developer", "BadRequestException", "Missing final",
			to("Person\r\nBcc: x@example.com <user@example.com>")},
		"letters beyond ASCII": {"developer", "BadRequestException", "Missing final", to("ädä@example.com")},
		"no recipient":         {"developer", "BadRequestException", "At least one recipient", to()},
		"51 recipients": {"developer", "BadRequestException", "exceeds 50",
			to(strings.Split(strings.TrimSuffix(strings.Repeat("a@example.com ", 51), " "), " ")...)},
		"a header with a line break": {"developer", "BadRequestException", "Invalid header <X-A>",
			func(in *sesv2.SendEmailInput) {
				in.Content.Simple.Headers = []types.MessageHeader{{Name: aws.String("X-A"),
					Value: aws.String("a\r\nBcc: b@example.com")}}
			}},
		"a subject with a line break": {"developer", "BadRequestException", "Subject",
			func(in *sesv2.SendEmailInput) { in.Content.Simple.Subject.Data = aws.String("a\nb") }},
		"a tag with a space": {"developer", "BadRequestException",
			"Invalid tag name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.", tag("a b", "c")},
		"a tag with a dot":        {"developer", "BadRequestException", "Invalid tag name <a.b>", tag("a.b", "c")},
		"a tag's value with an @": {"developer", "BadRequestException", "Invalid tag value <a@b>", tag("a", "a@b")},
		"a tag without a value":   {"developer", "BadRequestException", "The tag value must be specified.", tag("a", "")},
		"a tag that is too long": {"developer", "BadRequestException", "Tag name cannot exceed 256 characters.",
			tag(strings.Repeat("a", 257), "c")},
		"a tag of SES's own": {"developer", "BadRequestException", "Invalid tag name <ses:operation>",
			tag("ses:operation", "c")},
		"a feedback id with a :": {"developer", "BadRequestException", "Invalid tag value <a:b>",
			tag("ses:feedback-id-a", "a:b")},
		"no body": {"developer", "BadRequestException", "Text or Html",
			func(in *sesv2.SendEmailInput) { in.Content.Simple.Body = &types.Body{} }},
		"an identity of another name": {"developer", "MessageRejected", "not verified", func(in *sesv2.SendEmailInput) {
			in.FromEmailAddressIdentityArn = aws.String(arn + "identity/person@elsewhere.example")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := office(t, c.caller)
			err := p.send(t.Context(), c.change)
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != c.code || !strings.Contains(api.ErrorMessage(), c.text) {
				t.Errorf("got %v, want %s with %q", err, c.code, c.text)
			}
			if n := len(p.store.Messages("", time0, 0)); n != 0 {
				t.Errorf("%d mails arrived", n)
			}
		})
	}
}

func TestNamesInASendEmailBodyCountToTheLetter(t *testing.T) {
	const body = `{"FromEmailAddress":"codes@example.com","Destination":{"ToAddresses":["user@example.com"]},"Content":{"Simple":{"Subject":{"Data":"s"},"Body":{"Text":{"Data":"t"}}}}}`
	for _, name := range []string{"", "FromEmailAddress", "Destination", "ToAddresses", "Content", "Simple",
		"Subject", "Body", "Text"} {
		p := office(t, "developer")
		changed := body
		if name != "" {
			changed = strings.Replace(body, `"`+name+`"`, `"`+strings.ToLower(name)+`"`, 1)
		}
		a := p.service.ServeCall(t.Context(), gateway.Call{Service: gateway.SES, Operation: "SendEmail",
			Body: []byte(changed)})
		if (a.Status == 200) != (name == "") || (len(p.store.Messages("", time0, 0)) == 1) != (name == "") {
			t.Errorf("%q in lower case: status %d, %s", name, a.Status, a.Body)
		}
	}
}

func TestADomainCoversItsAddressesAndThoseBelow(t *testing.T) {
	for _, sender := range []string{"any@example.com", "any@EXAMPLE.com", "any@mail.example.com",
		"person@elsewhere.example"} {
		p := office(t, "developer")
		if err := p.send(t.Context(), func(in *sesv2.SendEmailInput) { in.FromEmailAddress = &sender }); err != nil {
			t.Errorf("%s: %v", sender, err)
		}
	}
}

func TestTheMailboxSimulatorStaysOutOfTheInbox(t *testing.T) {
	p := office(t, "developer")
	for _, to := range []string{"success@simulator.amazonses.com", "success+label@simulator.amazonses.com",
		"bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com", "suppressionlist@simulator.amazonses.com"} {
		if err := p.send(t.Context(),
			func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{to} }); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	got := p.service.Simulated()
	if got["success"] != 2 || got["bounce"] != 1 || got["complaint"] != 1 || got["suppressionlist"] != 1 {
		t.Errorf("simulated: %v", got)
	}
	if n := len(p.store.Messages("", time0, 0)); n != 0 {
		t.Errorf("%d mails in the inbox", n)
	}
}

func TestASuppressedAddressIsAcceptedAndGetsNothing(t *testing.T) {
	p := office(t, "developer")
	p.service.Suppress("User@example.com")
	if err := p.send(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(p.store.Messages("", time0, 0)); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestARawMailIsTakenApart(t *testing.T) {
	raw := "From: =?utf-8?q?C=C3=B6des?= <codes@example.com>\r\nTo: user@example.com\r\nSubject: " +
		"=?utf-8?b?Q8O2ZGU=?=\r\nX-Kept: yes\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; " +
		"charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nC=C3=B6de 1234\r\n" +
		"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: " +
		"base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte("<p>Cöde</p>")) + "\r\n--b--\r\n"
	p := office(t, "developer")
	if _, err := p.client.SendEmail(t.Context(),
		&sesv2.SendEmailInput{Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(raw)}}}); err != nil {
		t.Fatal(err)
	}
	m := p.store.Messages("user@example.com", time0, 0)[0]
	if m.Subject != "Cöde" || m.From != "Cödes <codes@example.com>" || m.Text != "Cöde 1234" ||
		m.HTML != "<p>Cöde</p>" || m.Headers["X-Kept"] != "yes" || string(mailbox.Source(m)) != raw {
		t.Errorf("mail: %+v", m)
	}
}

func FuzzAnySendEmailBodyGetsAnAnswer(f *testing.F) {
	f.Add([]byte(`{"FromEmailAddress":"a@example.com","Destination":{"ToAddresses":["b@example.com"]},"Content":{"Simple":{"Subject":{"Data":"s"},"Body":{"Text":{"Data":"t"}}}}}`))
	raw, _ := json.Marshal(map[string]any{"Content": map[string]any{"Raw": map[string]any{"Data": []byte("From: " +
		"a@example.com\r\nTo: b@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x--")}}})
	f.Add(raw)
	f.Add([]byte(`{"Content":{"Template":{}}}`))
	p := office(f, "developer")
	f.Fuzz(func(t *testing.T, body []byte) {
		a := p.service.ServeCall(t.Context(), gateway.Call{Service: gateway.SES, Operation: "SendEmail", Body: body})
		if a.Status == 200 && !strings.Contains(string(a.Body), "MessageId") || a.Status != 200 &&
			a.Header.Get("X-Amzn-Errortype") == "" {
			t.Errorf("status %d, body %s", a.Status, a.Body)
		}
		for _, m := range p.store.Messages("", time0, 0) {
			mailbox.Source(m)
		}
		p.store.Delete()
	})
}
