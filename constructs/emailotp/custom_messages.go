package emailotp

import (
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/mailread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/userpool"
)

// invitations checks the options about Cognito's mails against the mode and each other.
func (r *reader) invitations(c *config, p *EmailOTPProps) {
	if c.settings.InvitationByMail && p.Mode == ModePasswordless {
		r.Add("InvitationByMail has a meaning in ModePassword alone; leave it nil: " +
			"a passwordless pool has no temporary password to mail")
	}
	if !c.settings.CustomMessages {
		return
	}
	const unused = "UserPoolProps.%s has an EmailSubject or an EmailBody, which CustomMessages replaces; leave these " +
		"out, and " +
		"set the texts by Mail.Languages"
	if i := c.poolProps.UserInvitation; i != nil && (i.EmailSubject != nil || i.EmailBody != nil) {
		r.Add(unused, "UserInvitation")
	}
	if v := c.poolProps.UserVerification; v != nil && (v.EmailSubject != nil || v.EmailBody != nil) {
		r.Add(unused, "UserVerification")
	}
}

// customMessages renders every mail of Cognito's own: a text beyond Cognito's
// limits is refused here, since the trigger could only leave it out.
func (r *reader) customMessages(c *config) {
	if !c.settings.CustomMessages || len(r.Problems) > 0 {
		return
	}
	mailread.CheckCognito(&r.Reader, c.settings, c.mailFile)
}

// mailBySender has the new pool mail by the sender's identity where its mails are EmailOTP's.
// Cognito refuses the trigger's answer from a pool that mails by Cognito's shared sender.
func (e *emailOTP) mailBySender() {
	c := &e.config
	if !c.settings.CustomMessages || c.pool != nil || !propread.IsNil(c.poolProps.Email) {
		return
	}
	userpool.MailBy(e.tree().Resource(), c.settings.Mail, e.ses)
}
