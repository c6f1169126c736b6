package sandbox

import (
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// Message is a mail in the inbox; its JSON is that of the inbox's API. ID names it. To is the bare
// address of the recipient, several joined with ", "; Recipients lists those of Cc and Bcc too.
// From is the header as it was sent, Subject the subject. Text and HTML are the two bodies, of
// which one may be empty. Headers holds the other headers by name. Raw is the mail as it was sent,
// where it was sent as MIME. SentAt is the machine's time, whatever the sandbox's clock is.
type Message = mailbox.Message

// MessageFilter chooses mails; its zero value chooses all.
type MessageFilter struct {
	// To is a recipient's address, compared without regard to case.
	To string
	// Since excludes mails that were sent before, by the machine's time.
	Since time.Time
}
