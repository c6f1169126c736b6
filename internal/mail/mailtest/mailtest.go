// Package mailtest has a configuration and a message for tests of mails.
package mailtest

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// A short code and a long one.
const (
	ShortCode = "12345678"
	LongCode  = "12345678901234567890"
)

// Config returns a configuration with everything set but languages and templates.
func Config(mode mail.Mode) mail.Config {
	return mail.Config{
		Mail: settings.Mail{From: "codes@example.com", ReplyTo: "help@example.com", ProductName: "Example",
			SupportAddress: "help@example.com"}, Mode: mode,
		Footer: "Example, 1 Example Street, 12345 Example", Origin: "https://id.example.com", FeedbackID: "sign-in",
	}
}

// Message returns a message with everything set, requested at 1:30 in New York.
func Message(tag, code string) mail.Message {
	return mail.Message{
		To: "jane@example.com", Code: code, ExpiresIn: 5 * time.Minute,
		RequestedAt: time.Date(2026, 11, 21, 6, 30, 59, 0, time.UTC), Zoneinfo: "America/New_York", Locale: tag,
	}
}
