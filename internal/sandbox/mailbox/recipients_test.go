package mailbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go"
)

// The caller "wide" may send from every identity, the caller "create" from example.com alone.
func TestAnAccountInTheSandboxMailsToVerifiedIdentitiesAlone(t *testing.T) {
	const unverified = "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
	const denied = "is not authorized to perform: ses:SendEmail on resource: " + arn + "identity/"
	for _, c := range []struct{ what, caller, from, to, code, text string }{
		{"a verified address", "wide", "", "you@elsewhere.example", "", ""},
		{"an address of a verified domain", "wide", "", "any@below.verified.example", "", ""},
		{"the sender's own domain", "create", "", "user@example.com", "", ""},
		{"the simulator", "create", "", "success+label@simulator.amazonses.com", "", ""},
		{"another address", "wide", "", "other@elsewhere.example", "MessageRejected", unverified + "other@elsewhere.example"},
		{"two of three", "wide", "", "a@b.example,you@elsewhere.example,c@d.example", "MessageRejected",
			unverified + "a@b.example, c@d.example"},
		{"an unverified sender too", "wide", "codes@other.example", "a@b.example", "MessageRejected",
			unverified + "codes@other.example, a@b.example"},
		{"no right on a verified address", "create", "", "you@elsewhere.example", "AccessDeniedException",
			denied + "you@elsewhere.example"},
		{"no right on a verified domain", "create", "", "any@verified.example", "AccessDeniedException",
			denied + "verified.example"},
		{"no right on another address", "create", "", "a@b.example", "AccessDeniedException", denied + "a@b.example"},
	} {
		p := office(t, c.caller)
		p.service.EnterSandbox("you@elsewhere.example", "verified.example")
		err := p.send(t.Context(), func(in *sesv2.SendEmailInput) {
			in.Destination.ToAddresses = strings.Split(c.to, ",")
			if c.from != "" {
				in.FromEmailAddress = &c.from
			}
		})
		var api smithy.APIError
		if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &api) || api.ErrorCode() != c.code ||
			!strings.HasSuffix(
				strings.TrimSuffix(api.ErrorMessage(), " because no identity-based policy allows the ses:SendEmail "+
					"action"), c.text)) {
			t.Errorf("%s: %v, want %s %q", c.what, err, c.code, c.text)
		}
		if n := len(p.store.Messages("", time0, 0)); (n == 1) != (c.code == "" && !strings.Contains(c.to, "simulator")) {
			t.Errorf("%s: %d mails arrived", c.what, n)
		}
	}
}
