package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// customMessages reads the prop, and renders every mail of Cognito's own: a text beyond Cognito's
// limits is refused here, since the trigger could only leave it out.
func (r *reader) customMessages(c *config, p *EmailOTPProps) {
	c.customMessages = propread.Flag(p.CustomMessages, false)
	if !c.customMessages || len(r.Problems) > 0 {
		return
	}
	renderer, err := mail.New(mail.Config{Mode: c.settings.Mode, Mail: c.settings.Mail})
	if c.mailFile != nil {
		renderer, err = mail.Load(c.mailFile)
	}
	if err == nil {
		err = renderer.CheckCognito()
	}
	if err != nil {
		r.Add("CustomMessages: %v", err)
	}
}

// mailBySender has the new pool mail by the sender's identity where its mails are EmailOTP's.
// Cognito refuses the trigger's answer from a pool that mails by Cognito's shared sender.
func (e *emailOTP) mailBySender() {
	c := &e.config
	if !c.customMessages || c.pool != nil || !propread.IsNil(c.poolProps.Email) {
		return
	}
	s := &c.settings
	email := &awscognito.CfnUserPool_EmailConfigurationProperty{
		EmailSendingAccount: jsii.String("DEVELOPER"), SourceArn: e.EmailIdentity().EmailIdentityArn(),
		From:             jsii.String(mail.FormatFrom(s.Mail)),
		ConfigurationSet: e.ConfigurationSet().ConfigurationSetName(),
	}
	if s.ReplyTo != "" {
		email.ReplyToEmailAddress = &s.ReplyTo
	}
	e.tree().Own().Node().DefaultChild().(awscognito.CfnUserPool).SetEmailConfiguration(email)
}
