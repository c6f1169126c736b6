package userpool

import (
	"context"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/users"
)

// message is what CustomMessage receives about a mail of Cognito's own. The source is the second
// part of triggerSource.
type message struct {
	source, clientID string
	account          *users.Account
	metadata         map[string]string
}

// The longest mail that CustomMessage may write, in characters.
const (
	maxMessage        = 20_000
	maxMessageSubject = 140
)

// mail sends own, or what CustomMessage writes in its place. The code is the temporary password of
// an invitation, which alone has a username.
func (p *Pool) mail(ctx context.Context, m message, own CognitoMail, code, username string) error {
	out, err := p.triggers.CustomMessage(ctx, m.source, m.clientID, m.account, m.metadata)
	if err != nil {
		return err
	}
	if out.EmailMessage != nil || out.EmailSubject != nil {
		if !p.cfg.MailsByOwnIdentity {
			return refusal.InvalidOutput("a mail of CustomMessage needs EmailSendingAccount DEVELOPER")
		}
		if err := checkMessage(out, m.source); err != nil {
			return err
		}
	}
	fill := strings.NewReplacer(triggers.CodePlaceholder, html.EscapeString(code), triggers.UsernamePlaceholder,
		html.EscapeString(username))
	if out.EmailSubject != nil {
		own.Subject = fill.Replace(*out.EmailSubject)
	}
	if out.EmailMessage != nil {
		own.Text, own.HTML = "", fill.Replace(*out.EmailMessage)
	}
	return p.deliver(ctx, own)
}

// checkMessage refuses an answer that Cognito refuses. Its wording is not established.
func checkMessage(out triggers.CustomMessageResponse, source string) error {
	if s := out.EmailSubject; s != nil && (*s == "" || utf8.RuneCountInString(*s) > maxMessageSubject) {
		return refusal.InvalidOutput("emailSubject must have 1 to %d characters", maxMessageSubject)
	}
	body := out.EmailMessage
	switch {
	case body == nil:
	case utf8.RuneCountInString(*body) > maxMessage:
		return refusal.InvalidOutput("emailMessage must have at most %d characters", maxMessage)
	case !strings.Contains(*body, triggers.CodePlaceholder):
		return refusal.InvalidOutput("emailMessage lacks %s", triggers.CodePlaceholder)
	case source == "AdminCreateUser" && !strings.Contains(*body, triggers.UsernamePlaceholder):
		return refusal.InvalidOutput("emailMessage lacks %s", triggers.UsernamePlaceholder)
	}
	return nil
}
