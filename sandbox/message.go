package sandbox

import "time"

// Message is a mail in the inbox. The JSON form is that of the inbox's API.
type Message struct {
	ID string `json:"id"`
	// To is the recipient's bare address; several are joined with ", ".
	To string `json:"to"`
	// From is the From header as it was sent.
	From    string `json:"from"`
	Subject string `json:"subject"`
	// Text and HTML are the two bodies; either may be empty.
	Text string `json:"text"`
	HTML string `json:"html"`
	// Headers are the mail's other headers by name.
	Headers map[string]string `json:"headers"`
	SentAt  time.Time         `json:"sentAt"`
}

// MessageFilter chooses mails; its zero value chooses all.
type MessageFilter struct {
	// To is a recipient's address, compared without regard to case.
	To string
	// Since leaves out mails that were sent before.
	Since time.Time
}
