package trigger_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	adopters "github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// message is a custom-message event with an attribute and metadata that no mail may have.
func message(source string) event {
	return event{Version: "1", UserPoolID: "eu-west-1_Example01", UserName: "name",
		TriggerSource: "CustomMessage_" + source,
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
	logged := w.log.String()
	if strings.Contains(logged, "jane@") || !strings.Contains(logged, `"written"`) ||
		strings.Count(logged, `"InvitationsMailed":1`) != 1 {
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

// answeringWith answers with the event and the given texts in its response.
func answeringWith(t *testing.T, texts map[string]any) *chained {
	return &chained{invoke: func(_ context.Context, in []byte) ([]byte, error) {
		var e event
		if err := json.Unmarshal(in, &e); err != nil {
			return nil, err
		}
		maps.Copy(e.Response, texts)
		return marshal(t, e), nil
	}}
}

// What the adopter's function sets stays, and EmailOTP writes the rest. A text that Cognito would
// refuse would tell a stranger who has an account.
func TestTheAdoptersMessagesStay(t *testing.T) {
	long := strings.Repeat("x", 19_996)
	for name, c := range map[string]struct {
		source              string
		theirs              map[string]any
		subject, body, fits bool // theirs
	}{
		"nothing":         {"ForgotPassword", nil, false, false, true},
		"an SMS":          {"ForgotPassword", map[string]any{"smsMessage": "{####} by SMS"}, false, false, true},
		"an SMS number":   {"ForgotPassword", map[string]any{"smsMessage": 7.0}, false, false, true},
		"a subject":       {"SignUp", map[string]any{"emailSubject": "Theirs"}, true, false, true},
		"a body":          {"ResendCode", map[string]any{"emailMessage": long + "{####}"}, false, false, false},
		"the longest":     {"ResendCode", map[string]any{"emailMessage": long[2:] + "{####}"}, false, true, true},
		"both":            {"ForgotPassword", map[string]any{"emailSubject": "Theirs", "emailMessage": "{####}"}, true, true, true},
		"no placeholder":  {"ForgotPassword", map[string]any{"emailSubject": "Theirs", "emailMessage": "1234"}, false, false, false},
		"no name":         {"AdminCreateUser", map[string]any{"emailMessage": "{####}"}, false, false, false},
		"a name":          {"AdminCreateUser", map[string]any{"emailMessage": "{####} {username}"}, false, true, true},
		"a header":        {"SignUp", map[string]any{"emailSubject": "Theirs\r\nBcc: x@example.com"}, false, false, false},
		"a long subject":  {"SignUp", map[string]any{"emailSubject": strings.Repeat("é", 141)}, false, false, false},
		"another type":    {"SignUp", map[string]any{"emailSubject": 7, "emailMessage": []any{"{####}"}}, false, false, true},
		"an empty string": {"SignUp", map[string]any{"emailSubject": "", "emailMessage": ""}, false, false, true},
	} {
		w := newWorld(t, settings.Password)
		w.chained = answeringWith(t, c.theirs)
		got, err := w.invoke(settings.CreateAuthChallenge, message(c.source))
		if err != nil {
			t.Fatal(name, err)
		}
		subject, _ := got["emailSubject"].(string)
		body, _ := got["emailMessage"].(string)
		if (subject == c.theirs["emailSubject"]) != c.subject || (body == c.theirs["emailMessage"]) != c.body ||
			subject == "" || !strings.Contains(body, "{####}") {
			t.Errorf("%s: subject %q, body %.80q", name, subject, body)
		}
		sms := cmp.Or(c.theirs["smsMessage"], any("as it came"))
		if sms == 7.0 {
			sms = nil // Cognito would refuse the response
		}
		if got["smsMessage"] != sms {
			t.Errorf("%s: SMS %v", name, got["smsMessage"])
		}
		if logged := strings.Contains(w.log.String(), `"chained":"chained-text"`); logged == c.fits {
			t.Errorf("%s: logged %s", name, w.log.String())
		}
	}
}

// A source that EmailOTP does not write is the adopter's alone, byte for byte.
func TestAnotherMessageIsTheAdoptersAlone(t *testing.T) {
	const answer = ` {"response": {"smsMessage": "<{####}>"}} `
	w := newWorld(t, settings.Password)
	w.chained = answering(answer)
	out, err := w.handler(settings.CreateAuthChallenge).Invoke(t.Context(), marshal(t, message("Authentication")))
	if err != nil || string(out) != answer {
		t.Errorf("answered %s, %v", out, err)
	}
}

// Where a stranger reaches the trigger by any name, a failure of the adopter's function must not
// show who has an account.
func TestAFailureOfTheAdoptersMessagesIsHiddenFromStrangers(t *testing.T) {
	for _, source := range []string{"ForgotPassword", "ResendCode"} {
		for name, c := range map[string]struct {
			c      *chained
			reason string
		}{
			"an error":  {failing(&adopters.Error{Message: "no mail for user@example.com", Type: "No"}), "chained-error"},
			"slow":      {failing(context.DeadlineExceeded), "chained-slow"},
			"no answer": {answering("null"), "chained-answer"},
		} {
			w := newWorld(t, settings.Password)
			w.chained = c.c
			got, err := w.invoke(settings.CreateAuthChallenge, message(source))
			if body, _ := got["emailMessage"].(string); err != nil || !strings.Contains(body, "{####}") {
				t.Errorf("%s, %s: %v, %v", source, name, got, err)
			}
			w.logHas(`"chained":"`+c.reason+`"`, `"ChainedDuration":`)
			w.logLacks("@", `"Faults"`)
		}
	}
}
