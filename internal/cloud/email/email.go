// Package email sends mails by Amazon SES, API version 2.
package email

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Sender sends from one address.
type Sender struct {
	client                              *sesv2.Client
	from, identityARN, configurationSet string
	backoff                             backoff
	// hold delays the return of a mail that SES throttled to the end of the backoff, where decoys
	// exist: the time of an answer would tell them apart.
	hold bool
}

// timeout is for a request. SES has no idempotency token, so a second request could be a second
// mail: see [cloud.Once].
const timeout = 2 * time.Second

// New returns the sender that the settings name.
func New(s settings.Settings, lookup cloud.Lookup, options ...cloud.Option) (*Sender, error) {
	c, err := cloud.Config(cloud.SESv2, lookup, timeout, append(options, cloud.Once())...)
	if err != nil {
		return nil, err
	}
	return &Sender{
		client: sesv2.NewFromConfig(c), from: s.From, identityARN: s.IdentityARN, configurationSet: s.ConfigurationSet,
		backoff: standard, hold: s.Mode == settings.Passwordless,
	}, nil
}

// Send sends the mail and returns the errors that [trigger.Sender] defines. While SES throttles the
// account, Send tries again until [trigger.ErrThrottled]. A decoy then waits as long without a
// further call, so that it leaves the account's rate to codes, and counts as sent.
func (s *Sender) Send(ctx context.Context, m mail.Mail) error {
	in := s.input(m)
	b := s.backoff.start(ctx)
	_, err := s.client.SendEmail(ctx, in)
	if !isThrottled(err) {
		return s.classify(err, m.To)
	}
	for !m.Decoy && isThrottled(err) && b.wait(ctx) {
		_, err = s.client.SendEmail(ctx, in)
	}
	if s.hold || m.Decoy {
		b.waitForEnd(ctx)
	}
	switch {
	case m.Decoy:
		return nil
	case isThrottled(err):
		return fmt.Errorf("send mail: %w: %w", trigger.ErrThrottled, err)
	}
	return s.classify(err, m.To)
}

func (s *Sender) input(m mail.Mail) *sesv2.SendEmailInput {
	utf8 := aws.String("UTF-8")
	content := func(text string) *types.Content { return &types.Content{Data: &text, Charset: utf8} }
	message := &types.Message{
		Subject: content(m.Subject),
		Body:    &types.Body{Text: content(m.Text), Html: content(m.HTML)},
	}
	for _, h := range m.Headers {
		message.Headers = append(message.Headers, types.MessageHeader{Name: &h.Name, Value: &h.Value})
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &m.From,
		Destination:      &types.Destination{ToAddresses: []string{m.To}},
		ReplyToAddresses: m.ReplyTo,
		Content:          &types.EmailContent{Simple: message},
	}
	for _, t := range m.Tags {
		in.EmailTags = append(in.EmailTags, types.MessageTag{Name: &t.Name, Value: &t.Value})
	}
	if s.identityARN != "" {
		in.FromEmailAddressIdentityArn = &s.identityARN
	}
	if s.configurationSet != "" {
		in.ConfigurationSetName = &s.configurationSet
	}
	return in
}

// classify returns nil, an error that wraps [trigger.ErrRecipient] or [trigger.ErrUncertain], or
// another one, which means that the mail was not sent. No error has the text of SES, which may hold
// an address.
func (s *Sender) classify(err error, to string) error {
	switch {
	case err == nil:
		return nil
	case s.isRecipientRefused(err, to):
		return fmt.Errorf("send mail: %w: %w", trigger.ErrRecipient, err)
	case errors.Is(err, cloud.ErrNoAnswer), status(err)/100 == 2: // accepted, and the rest of the answer lost
		return fmt.Errorf("send mail: %w: %w", trigger.ErrUncertain, err)
	}
	return fmt.Errorf("send mail: %w", err)
}

// isRecipientRefused reports whether SES refuses the recipient and not the sender, which is refused
// with the same codes. MessageRejected names the identities that are not verified. An account in
// the SES sandbox also checks the role's rights on the recipient's identity, which
// AccessDeniedException names.
func (s *Sender) isRecipientRefused(err error, to string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	text, from := strings.ToLower(api.ErrorMessage()), strings.ToLower(s.from)
	switch api.ErrorCode() {
	case "MessageRejected":
		return !strings.Contains(text, from) && !strings.Contains(text, ": "+domainOf(from))
	case "AccessDeniedException":
		_, identity, _ := strings.Cut(text, ":identity/")
		if end := strings.IndexAny(identity, "`'\" ,"); end >= 0 {
			identity = identity[:end]
		}
		return covers(identity, strings.ToLower(to)) && !covers(identity, from)
	}
	return false
}

// covers reports whether the identity is the address, its domain or a domain above; all in lower
// case.
func covers(identity, address string) bool {
	domain := domainOf(address)
	return identity != "" && (identity == address || identity == domain || strings.HasSuffix(domain, "."+identity))
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// status returns the HTTP status of the answer, or 0 for none.
func status(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
