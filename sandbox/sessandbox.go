package sandbox

import (
	"fmt"
	"net/mail"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/mailbox"
)

// SESSandbox is an account in the SES sandbox. Its SES refuses recipients that are no verified
// identities of the account, as MessageRejected, and a role without ses:SendEmail on the
// recipient's identity, as AccessDeniedException. The mailbox simulator is allowed. [Fault] with
// Throttle refuses for the rate.
type SESSandbox struct {
	// VerifiedRecipients are the account's verified identities beside the template's: addresses
	// such as "you@example.com", and domains such as "example.com", which stand for their
	// subdomains too.
	VerifiedRecipients []string
}

func (o *SESSandbox) validate() error {
	if o == nil {
		return nil
	}
	for _, r := range o.VerifiedRecipients {
		address := r
		if !strings.Contains(r, "@") {
			address = "any@" + r
		}
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address || !strings.Contains(r, ".") {
			return fmt.Errorf("VerifiedRecipients must be addresses such as you@example.com or domains such as example.com "+
				"(received: %q)", r)
		}
	}
	return nil
}

// identities returns the verified identities beside the template's.
func (o *SESSandbox) identities(arn func(name string) string) (all []mailbox.Identity) {
	if o == nil {
		return nil
	}
	for _, r := range o.VerifiedRecipients {
		all = append(all, mailbox.Identity{Name: r, ARN: arn(r)})
	}
	return all
}
