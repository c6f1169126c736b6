package trigger

import (
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// customMessage begins the sources of the custom-message trigger.
const customMessage = "CustomMessage_"

// cognitoKinds are the mails that are written, by their source without [customMessage]. The codes
// of native MFA (Authentication) keep Cognito's text.
var cognitoKinds = map[string]mail.CognitoKind{
	"AdminCreateUser": mail.Invitation, "ForgotPassword": mail.Reset, "SignUp": mail.Confirmation,
	"ResendCode": mail.Confirmation, "UpdateUserAttribute": mail.Confirmation, "VerifyUserAttribute": mail.Confirmation,
}

// dress answers a custom-message event with subject and HTML. The text of an SMS, which the same
// event may be about, stays as it is. Of the user's attributes only locale is read, and nothing
// that a client sent.
//
// It never fails. Cognito calls the trigger for users that exist, and shows the client its error: a
// failure would tell a stranger who has an account. Cognito sends its own text where the response
// is returned as it came.
func (c Create) dress(e *event, r *report) any {
	source := strings.TrimPrefix(e.TriggerSource, customMessage)
	kind, isOurs := cognitoKinds[source]
	switch {
	case !isOurs:
		r.record(slog.LevelInfo, "left", "another-message")
		return passThrough(e.payload)
	case e.Request.CodeParameter != mail.CodePlaceholder,
		kind == mail.Invitation && e.Request.UsernameParameter != mail.UsernamePlaceholder:
		r.record(slog.LevelWarn, "left", "another-placeholder")
		r.count(settings.Faults)
		return passThrough(e.payload)
	}
	response, err := c.message(e, kind)
	if err != nil {
		r.record(slog.LevelError, "left", "message-unwritten")
		r.cause(wordsf(err, "the message could not be written"))
		r.count(settings.Faults)
		return passThrough(e.payload)
	}
	r.record(slog.LevelInfo, "written", string(kind))
	return response
}

// message returns the event's response with subject and HTML set.
func (c Create) message(e *event, kind mail.CognitoKind) (map[string]any, error) {
	m, err := c.Renderer.Cognito(kind, e.attribute("locale"))
	if err != nil {
		return nil, err
	}
	response := map[string]any{}
	if err := json.Unmarshal(e.raw["response"], &response); err != nil || response == nil {
		return nil, words("the event's response is no object")
	}
	response["emailSubject"], response["emailMessage"] = m.Subject, m.HTML
	return response, nil
}
