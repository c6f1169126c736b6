// Package email sends mails by Amazon SES, API version 2.
package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Sender sends from one address.
type Sender struct {
	client                              *sesv2.Client
	from, identityARN, configurationSet string
}

// timeout is for the only attempt: SES has no idempotency token, so a second one could be a second mail.
const timeout = 2 * time.Second

// New returns the sender that the settings name.
func New(s settings.Settings, lookup cloud.Lookup, options ...cloud.Option) (*Sender, error) {
	c, err := cloud.Config(cloud.SESv2, lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	c.RetryMaxAttempts = 1
	return &Sender{sesv2.NewFromConfig(c), s.From, s.IdentityARN, s.ConfigurationSet}, nil
}

// Send sends the mail and sorts failures as [trigger.Sender] asks.
func (s *Sender) Send(ctx context.Context, m mail.Mail) error {
	_, err := s.client.SendEmail(ctx, s.input(m))
	return s.sort(err)
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

// sort tells apart what a failure means: this recipient is refused, or nothing was sent, or nobody knows.
func (s *Sender) sort(err error) error {
	if err == nil {
		return nil
	}
	var rejected *types.MessageRejected
	if errors.As(err, &rejected) {
		// The same exception reports a sender that is not verified, which is everybody's trouble: the
		// message then names the sender among the identities that failed.
		domain := s.from[strings.LastIndex(s.from, "@")+1:]
		text := strings.ToLower(rejected.ErrorMessage())
		if !strings.Contains(text, strings.ToLower(s.from)) && !strings.Contains(text, ": "+strings.ToLower(domain)) {
			return trigger.ErrRecipient
		}
		return errors.New("send mail: MessageRejected for the sender")
	}
	// The SDK wraps lost answers in the same type, with no status.
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		return fmt.Errorf("send mail: %w", err)
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("send mail: %w", err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isTimeout(err) || isBroken(err) {
		return fmt.Errorf("send mail: %w", trigger.ErrUncertain)
	}
	return fmt.Errorf("send mail: %w", err)
}
