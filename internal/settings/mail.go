package settings

import (
	"cmp"
	"strings"
)

// Mail is the part of the settings that shapes the mail. The mail's configuration embeds it too, so
// that a value has one definition from the construct's props to the mail.
type Mail struct {
	// From is the sender's bare address. It has no default.
	From string `json:"from,omitempty"`
	// FromName is the sender's display name; empty for ProductName.
	FromName string `json:"fromName,omitempty"`
	// ReplyTo is the bare address that replies go to; empty for From.
	ReplyTo string `json:"replyTo,omitempty"`
	// ProductName is the mail's name for the service.
	ProductName string `json:"productName,omitempty"`
	// SupportAddress is the bare address that the mail offers to users who requested no code; empty
	// for none.
	SupportAddress string `json:"supportAddress,omitempty"`
	// DefaultLocale is the language for users without a usable locale attribute, a BCP 47 tag;
	// empty for English.
	DefaultLocale string `json:"defaultLocale,omitempty"`
}

// mailFields are the mail's settings in the list that [Fields] returns.
var mailFields = []Field{
	{Prop: "Sender", Key: "sender", Variable: "EMAILOTP_FROM", readers: readByCreate,
		pointer: func(s *Settings) any { return &s.From }},
	text("SenderName", "senderName", "EMAILOTP_FROM_NAME", func(s *Settings) any { return &s.FromName }),
	text("ReplyTo", "replyTo", "EMAILOTP_REPLY_TO", func(s *Settings) any { return &s.ReplyTo }),
	text("ProductName", "productName", "EMAILOTP_PRODUCT_NAME", func(s *Settings) any { return &s.ProductName }),
	text("SupportAddress", "supportAddress", "EMAILOTP_SUPPORT_ADDRESS",
		func(s *Settings) any { return &s.SupportAddress }),
	text("DefaultLocale", "defaultLocale", "EMAILOTP_LOCALE", func(s *Settings) any { return &s.DefaultLocale }),
}

// Product returns the name of the service: ProductName, or the sender's domain where there is none.
func (m Mail) Product() string {
	_, domain, _ := strings.Cut(m.From, "@")
	return cmp.Or(m.ProductName, domain)
}
