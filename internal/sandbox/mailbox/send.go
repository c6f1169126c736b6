package mailbox

import (
	"encoding/json"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
)

// outgoing is a mail that was read but not yet accepted.
type outgoing struct {
	from, fromAddress string // the header, and the bare address in it
	to, recipients    []string
	subject           string
	text, html        string
	headers           [][2]string
	identityARN       string
	configurationSet  string
	feedbackAddress   string
	raw               []byte
	replyTo           []string
	tags              [][2]string
}

type request struct {
	FromEmailAddress               string
	FromEmailAddressIdentityArn    string
	FeedbackForwardingEmailAddress string
	ConfigurationSetName           string
	ReplyToAddresses               []string
	Destination                    struct{ ToAddresses, CcAddresses, BccAddresses []string }
	EmailTags                      []struct{ Name, Value string }
	Content                        struct {
		Simple   *simpleContent
		Raw      *struct{ Data []byte }
		Template json.RawMessage
	}
}

type simpleContent struct {
	Subject     *content
	Body        struct{ Text, Html *content }
	Headers     []struct{ Name, Value string }
	Attachments []json.RawMessage
}

type content struct{ Data, Charset string }

// parse reads a SendEmail body and makes those checks that SES makes before rights and identities.
func parse(body []byte) (*outgoing, *refusal) {
	var r request
	if err := awsjson.Unmarshal(body, &r); err != nil {
		return nil, badRequest("the body is not the JSON that SendEmail takes")
	}
	m := &outgoing{
		from: r.FromEmailAddress, identityARN: r.FromEmailAddressIdentityArn, configurationSet: r.ConfigurationSetName,
		feedbackAddress: r.FeedbackForwardingEmailAddress, to: r.Destination.ToAddresses, replyTo: r.ReplyToAddresses,
	}
	for _, tag := range r.EmailTags {
		// Names that begin with "ses:" are SES's own; these three a sender may set.
		feedbackID := slices.Contains([]string{"ses:feedback-id-a", "ses:feedback-id-b", "ses:feedback-id-c"}, tag.Name)
		if bad := checkTag("name", tag.Name); bad != nil && !feedbackID {
			return nil, bad
		}
		if bad := checkTag("value", tag.Value); bad != nil {
			return nil, bad
		}
		m.tags = append(m.tags, [2]string{tag.Name, tag.Value})
	}
	var bad *refusal
	switch {
	case r.Content.Simple != nil && r.Content.Raw == nil:
		bad = m.simple(r.Content.Simple)
	case r.Content.Raw != nil && r.Content.Simple == nil:
		bad = m.readRaw(r.Content.Raw.Data,
			len(r.Destination.ToAddresses)+len(r.Destination.CcAddresses)+len(r.Destination.BccAddresses) == 0)
	case r.Content.Template != nil:
		return nil, refuse(501, "NotEmulated", "the EmailOTP sandbox does not emulate SES templates")
	default:
		return nil, badRequest("Content must have one of Simple, Raw and Template.")
	}
	if bad != nil {
		return nil, bad
	}
	m.recipients = append(m.recipients, r.Destination.ToAddresses...)
	m.recipients = append(m.recipients, r.Destination.CcAddresses...)
	m.recipients = append(m.recipients, r.Destination.BccAddresses...)
	return m, m.addresses()
}

func (m *outgoing) simple(s *simpleContent) *refusal {
	if s.Subject == nil {
		return badRequest("Content.Simple.Subject is required.")
	}
	if s.Body.Text == nil && s.Body.Html == nil {
		return badRequest("Content.Simple.Body must have Text or Html.")
	}
	if len(s.Attachments) > 0 {
		return refuse(501, "NotEmulated", "the EmailOTP sandbox does not emulate attachments")
	}
	m.subject = s.Subject.Data
	if strings.ContainsAny(m.subject, "\r\n") {
		return badRequest("Subject must not contain line breaks.")
	}
	if s.Body.Text != nil {
		m.text = s.Body.Text.Data
	}
	if s.Body.Html != nil {
		m.html = s.Body.Html.Data
	}
	if len(s.Headers) > 15 {
		return badRequest("At most 15 headers are allowed (received: %d).", len(s.Headers))
	}
	for _, h := range s.Headers {
		if !headerName(h.Name) || h.Value == "" || len(h.Value) > 995 || strings.ContainsFunc(h.Value,
			func(r rune) bool { return r < ' ' || r > '~' }) {
			return badRequest("Invalid header <%s>: a name is 1 to 126 printable ASCII characters without a colon, a "+
				"value 1 to 995 printable ASCII characters.", h.Name)
		}
		m.headers = append(m.headers, [2]string{h.Name, h.Value})
	}
	return nil
}

func headerName(name string) bool {
	return name != "" && len(name) <= 126 && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' ||
			r > '~' || r == ':'
	})
}

// maxTag is the length of a message tag's name and value, in bytes.
const maxTag = 256

// checkTag refuses a message tag's name or value in SES's words.
func checkTag(what, s string) *refusal {
	switch {
	case s == "":
		return badRequest("The tag %s must be specified.", what)
	case len(s) > maxTag:
		return badRequest("Tag %s cannot exceed %d characters.", what, maxTag)
	case strings.ContainsFunc(s, func(r rune) bool {
		return ('a' > r || r > 'z') && ('A' > r || r > 'Z') && ('0' > r || r > '9') && r != '_' && r != '-'
	}):
		return badRequest("Invalid tag %s <%s>: only alphanumeric ASCII characters, '_', and '-' are allowed.", what, s)
	}
	return nil
}

// addresses checks sender and recipients and cuts them down to bare addresses.
func (m *outgoing) addresses() *refusal {
	if m.from == "" {
		return badRequest("FromEmailAddress is required.")
	}
	var ok bool
	if m.fromAddress, ok = bare(m.from); !ok {
		return badRequest("Missing final '@domain'")
	}
	if len(m.recipients) == 0 {
		return badRequest("At least one recipient is required.")
	}
	if len(m.recipients) > 50 {
		return badRequest("Recipient count exceeds 50.")
	}
	bareOnes := make([]string, 0, len(m.recipients)) // the request's own slices stay as they are
	for _, to := range m.recipients {
		address, ok := bare(to)
		if !ok {
			return badRequest("Missing final '@domain'")
		}
		bareOnes = append(bareOnes, address)
	}
	m.recipients = bareOnes
	for _, to := range append(m.replyTo[:len(m.replyTo):len(m.replyTo)], m.feedback()...) {
		if _, ok := bare(to); !ok {
			return badRequest("Missing final '@domain'")
		}
	}
	return nil
}

func (m *outgoing) feedback() []string {
	if m.feedbackAddress == "" {
		return nil
	}
	return []string{m.feedbackAddress}
}

// bare reads one address, with a display name or without. SES accepts local parts in ASCII only.
func bare(s string) (string, bool) {
	a, err := mail.ParseAddress(s)
	if err != nil || len(a.Address) > 320 || strings.ContainsAny(s, "\r\n") {
		return "", false
	}
	at := strings.LastIndexByte(a.Address, '@')
	for _, r := range a.Address[:at] {
		if r > '~' {
			return "", false
		}
	}
	return a.Address, true
}

// context has the condition keys of a SendEmail call.
func (m *outgoing) context() map[string][]string {
	c := map[string][]string{"ses:fromaddress": {m.fromAddress}, "ses:recipients": m.recipients, "ses:apiversion": {"2"}}
	if a, err := mail.ParseAddress(m.from); err == nil && a.Name != "" {
		c["ses:fromdisplayname"] = []string{a.Name}
	}
	if m.feedbackAddress != "" {
		c["ses:feedbackaddress"] = []string{m.feedbackAddress}
	}
	return c
}

// message is the mail as it arrives.
func (m *outgoing) message(id, region string, to []string, now time.Time) Message {
	headers := map[string]string{
		"From": m.from, "To": strings.Join(m.to, ", "), "Subject": m.subject,
		"Date": now.UTC().Format(time.RFC1123Z), "Message-ID": "<" + id + "@" + region + ".amazonses.com>",
		"MIME-Version": "1.0",
	}
	if len(m.replyTo) > 0 {
		headers["Reply-To"] = strings.Join(m.replyTo, ", ")
	}
	if m.configurationSet != "" {
		headers["X-SES-CONFIGURATION-SET"] = m.configurationSet
	}
	if len(m.tags) > 0 {
		var pairs []string
		for _, tag := range m.tags {
			pairs = append(pairs, tag[0]+"="+tag[1])
		}
		headers["X-SES-MESSAGE-TAGS"] = strings.Join(pairs, ", ")
	}
	for _, h := range m.headers {
		headers[h[0]] = h[1]
	}
	from := m.from
	if decoded, err := new(mime.WordDecoder).DecodeHeader(from); err == nil {
		from = decoded
	}
	return Message{
		ID: id, To: strings.Join(to, ", "), From: from, Subject: m.subject, Text: m.text, HTML: m.html,
		Headers: headers, SentAt: now, Recipients: to, Raw: m.raw,
	}
}
