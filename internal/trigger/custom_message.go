package trigger

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
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

// anonymous are the sources of requests that need no sign-in. Cognito calls the trigger only for
// names that exist, and shows its error, so an error would show who has an account.
var anonymous = []string{customMessage + "ForgotPassword", customMessage + "ResendCode"}

// dress answers a custom-message event with subject and HTML. The text of an SMS, which the same
// event may be about, stays as it is. Of the user's attributes only locale is read, and nothing
// that a client sent.
//
// The adopter's own function runs first. A text that it sets stays, unless Cognito would refuse it.
// Its failure goes to Cognito, except for [anonymous] sources: there only its texts are lost.
//
// EmailOTP's own part never fails, for the same reason. Cognito sends its own text where the
// response is returned as it came.
func (c Create) dress(ctx context.Context, e *event, r *report) (any, error) {
	left, response := passThrough(e.payload), e.raw["response"]
	if c.Chained != nil {
		answer, err := chain(ctx, c.Chained, e, r)
		switch {
		case err == nil:
			left, response = answer, responseOf(answer)
		case !slices.Contains(anonymous, e.TriggerSource):
			return nil, err
		default:
			r.goOn(err)
		}
	}
	source := strings.TrimPrefix(e.TriggerSource, customMessage)
	kind, isOurs := cognitoKinds[source]
	switch {
	case !isOurs:
		r.record(slog.LevelInfo, "left", "another-message")
		return left, nil
	case e.Request.CodeParameter != mail.CodePlaceholder,
		kind == mail.Invitation && e.Request.UsernameParameter != mail.UsernamePlaceholder:
		r.record(slog.LevelWarn, "left", "another-placeholder")
		r.count(settings.Faults)
		return left, nil
	}
	texts, err := c.message(e, kind, response, r)
	if err != nil {
		r.record(slog.LevelError, "left", "message-unwritten")
		r.cause(wordsf(err, "the message could not be written"))
		r.count(settings.Faults)
		return left, nil
	}
	r.record(slog.LevelInfo, "written", string(kind))
	if kind == mail.Invitation {
		r.count(settings.InvitationsMailed)
	}
	return texts, nil
}

// message returns the response with subject and HTML, where it has none of the adopter's.
func (c Create) message(e *event, kind mail.CognitoKind, from json.RawMessage, r *report) (map[string]any, error) {
	m, err := c.Renderer.Cognito(kind, e.attribute("locale"))
	if err != nil {
		return nil, err
	}
	response := map[string]any{}
	if err := json.Unmarshal(from, &response); err != nil || response == nil {
		return nil, words("the event's response is no object")
	}
	theirs := mail.CognitoMail{}
	theirs.Subject, _ = response["emailSubject"].(string)
	theirs.HTML, _ = response["emailMessage"].(string)
	if err := theirs.Check(kind); err != nil {
		r.attrs = append(r.attrs, slog.String("chained", "chained-text"))
		r.count(settings.ChainedFaults)
		theirs = mail.CognitoMail{}
	}
	if sms := response["smsMessage"]; sms != nil {
		if _, isText := sms.(string); !isText {
			r.count(settings.ChainedFaults)
			response["smsMessage"] = nil // Cognito would refuse the response, for users who exist alone
		}
	}
	response["emailSubject"] = cmp.Or(theirs.Subject, m.Subject)
	response["emailMessage"] = cmp.Or(theirs.HTML, m.HTML)
	return response, nil
}

// responseOf returns the response of an answer that checkAnswer accepts.
func responseOf(answer []byte) json.RawMessage {
	var e map[string]json.RawMessage
	_ = json.Unmarshal(answer, &e) // checkAnswer has read it
	return e["response"]
}
