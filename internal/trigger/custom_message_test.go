package trigger_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// message is a custom-message event with an attribute and metadata that no mail may have.
func message(source string) event {
	return event{Version: "1", UserPoolID: "eu-west-1_Example01", UserName: "name", TriggerSource: "CustomMessage_" + source,
		CallerContext: map[string]any{"clientId": "CLIENT_ID_NOT_APPLICABLE"},
		Request: map[string]any{
			"userAttributes": map[string]any{"locale": "de-AT", "name": "attribute-of-the-user", "email": "jane@example.com"},
			"codeParameter":  "{####}", "usernameParameter": "{username}", "linkParameter": "{##Click Here##}",
			"clientMetadata": map[string]any{"locale": "fr", "greeting": "words-of-the-client"},
		},
		Response: map[string]any{"smsMessage": "as it came", "emailMessage": nil, "emailSubject": nil}}
}

func TestCustomMessageWritesCognitosMails(t *testing.T) {
	w := newWorld(t, settings.Password)
	for source, heading := range map[string]string{
		"AdminCreateUser": "Ihr neues Konto", "ForgotPassword": "Passwort zurücksetzen",
		"SignUp": "E-Mail-Adresse bestätigen", "ResendCode": "E-Mail-Adresse bestätigen",
		"UpdateUserAttribute": "E-Mail-Adresse bestätigen", "VerifyUserAttribute": "E-Mail-Adresse bestätigen",
	} {
		got, err := w.invoke(settings.CreateAuthChallenge, message(source))
		if err != nil {
			t.Fatal(source, err)
		}
		body, _ := got["emailMessage"].(string)
		subject, _ := got["emailSubject"].(string)
		if !strings.HasPrefix(subject, heading) || !strings.Contains(body, "{####}") || got["smsMessage"] != "as it came" {
			t.Errorf("%s: subject %q, SMS %v", source, subject, got["smsMessage"])
		}
		for _, foreign := range []string{"attribute-of-the-user", "words-of-the-client", "jane@example.com"} {
			if strings.Contains(subject+body, foreign) {
				t.Errorf("%s: the mail has %q", source, foreign)
			}
		}
	}
	if logged := w.log.String(); strings.Contains(logged, "jane@") || !strings.Contains(logged, `"written"`) {
		t.Errorf("logged %s", logged)
	}
}

// An error would tell a stranger who has an account, so Cognito's own text is left in its place.
func TestCustomMessageLeavesWhatItCannotWrite(t *testing.T) {
	for name, change := range map[string]func(*world, *event){
		"another source":       func(_ *world, e *event) { e.TriggerSource = "CustomMessage_Authentication" },
		"a source of tomorrow": func(_ *world, e *event) { e.TriggerSource = "CustomMessage_Unknown" },
		"another placeholder":  func(_ *world, e *event) { e.Request["codeParameter"] = "<b>" },
		"no placeholder":       func(_ *world, e *event) { delete(e.Request, "codeParameter") },
		"no name": func(_ *world, e *event) {
			e.TriggerSource, e.Request["usernameParameter"] = "CustomMessage_AdminCreateUser", nil
		},
		"a renderer that fails": func(w *world, _ *event) { w.cognitoErr = errors.New("jane@example.com") },
		"no response":           func(_ *world, e *event) { e.Response = nil },
	} {
		w, e := newWorld(t, settings.Password), message("ForgotPassword")
		change(w, &e)
		got, err := w.invoke(settings.CreateAuthChallenge, e)
		if err != nil || got["emailMessage"] != nil || got["emailSubject"] != nil {
			t.Errorf("%s: %v, %v", name, got["emailSubject"], err)
		}
		if strings.Contains(w.log.String(), "jane@") {
			t.Errorf("%s: logged %s", name, w.log.String())
		}
	}
}
